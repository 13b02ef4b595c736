"""The profile: who sees it, and what shows a skill."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, Profile, Run
from prompts_app.views import profiles
from prompts_app.views.skills import skills_shown
from tests import factories
from tests.clock import Clock

pytestmark = pytest.mark.django_db


def page(client: Client, profile: Profile, query: str = "") -> str:
    response = client.get(f"/@{profile.handle}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def titles(shown: str) -> list[str]:
    """Return the titles of the cards, in their order."""
    found = re.findall(r'class="card__title"[^>]*><a href="[^"]*">(.*?)</a>', shown)
    return [title.strip() for title in found]


def test_a_profile_shows_the_person_and_listed_entries(client: Client) -> None:
    profile = factories.profile(
        headline="Prompts for accountants",
        bio="I write **prompts**.",
        availability="open",
        skills=["Extraction", "Tone"],
        languages=["English"],
        links=[
            {"label": "Site", "url": "https://example.org/"},
            {"label": "Trap", "url": "javascript:alert(1)"},
        ],
    )
    factories.entry(profile.user, title="Listed", tags=("extraction",))
    factories.entry(profile.user, title="Unlisted", visibility=Entry.Visibility.UNLISTED)
    factories.entry(profile.user, title="Draft", published=False)
    factories.entry(title="Of another author")
    shown = page(client, profile)
    assert titles(shown) == ["Listed"]
    for text in ("Prompts for accountants", "<strong>prompts</strong>", "Open to work", "English"):
        assert text in shown
    assert 'href="https://example.org/"' in shown
    assert "javascript:" not in shown
    skills = shown[shown.index('id="h-skills"') : shown.index('id="h-languages"')]
    assert skills.count("Listed</a>") == 1


def test_a_profile_without_listed_entries_is_its_owners(client: Client) -> None:
    profile = factories.profile()
    factories.entry(profile.user, visibility=Entry.Visibility.UNLISTED)
    assert client.get(f"/@{profile.handle}/").status_code == 404
    client.force_login(profile.user)
    assert "Only you see this page" in page(client, profile)


def test_a_closed_account_has_no_profile(client: Client) -> None:
    profile = factories.entry().owner.profile
    profile.user.is_active = False
    profile.user.save()
    assert client.get(f"/@{profile.handle}/").status_code == 404


def test_only_reading_is_allowed(client: Client) -> None:
    profile = factories.entry().owner.profile
    assert client.post(f"/@{profile.handle}/").status_code == 405


def test_a_stranger_gets_no_cookie(client: Client) -> None:
    response = client.get(f"/@{factories.entry().owner.profile.handle}/")
    assert not response.cookies
    assert response["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_cards_claim_what_counted_runs_of_real_models_prove(client: Client) -> None:
    brief = {"text": "Brief", "assertion": {"type": "word-count", "value": {"max": 2}}}
    entry = factories.entry(content=factories.content("Naive. {{ text }}"))
    first = entry.published
    second = factories.version(
        entry, factories.content("Engineered. {{ text }}", constraints=[brief, {"text": "Kind"}])
    )
    assert first is not None
    case = factories.case(entry)

    def card() -> str:
        return page(client, factories.judged(entry).owner.profile)

    factories.run(second, case, output="a pasted one", origin=Run.Origin.PASTED)
    assert "proof-line" not in card()
    factories.run(second, case, output="far too many words", is_demo=True)
    shown = card()
    assert "<span>Keeps 0 of 1 tested constraint</span>" in shown
    assert "<span>demo model</span>" in shown
    factories.run(second, case, output="two words")
    shown = card()
    assert "<span>Keeps 1 of 1 tested constraint</span>" in shown
    assert "<span>demo model</span>" not in shown
    factories.run(first, case, output="so many, many words")
    assert "<span>Keeps 1 of 1 tested constraint; the starting point, 0</span>" in card()


def test_pages_follow_each_other_both_ways(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "PAGE", 3)
    profile = factories.profile()
    made = [factories.entry(profile.user, title=f"E{number}") for number in range(8)]
    # The order must hold where moments are equal too.
    Entry.objects.filter(pk__in=[one.pk for one in made[2:6]]).update(
        published_at=made[2].published_at
    )
    wanted = [f"E{number}" for number in (7, 6, 5, 4, 3, 2, 1, 0)]
    seen, query, back = [], "", []
    for _turn in range(3):
        shown = page(client, profile, query)
        seen += titles(shown)
        back.append(titles(shown))
        older = re.search(r'rel="next" href="[^"?]*(\?after=\d+)"', shown)
        query = older[1] if older else ""
    assert seen == wanted
    assert query == ""
    for position in (1, 0):
        newer = re.search(r'rel="prev" href="[^"?]*(\?before=\d+)"', shown)
        assert newer
        shown = page(client, profile, newer[1])
        assert titles(shown) == back[position]
    assert 'rel="prev"' not in shown


@pytest.mark.parametrize(
    "query", ["after=x", "after=0", "before=-1", "after=%C2%B2", "after=9" * 9]
)
def test_a_page_that_never_was_is_not_found(client: Client, query: str) -> None:
    profile = factories.entry().owner.profile
    assert client.get(f"/@{profile.handle}/?{query}").status_code == 404


def test_nobody_pages_past_entries_they_may_not_see(client: Client) -> None:
    profile = factories.entry().owner.profile
    hidden = factories.entry(profile.user, visibility=Entry.Visibility.UNLISTED)
    assert client.get(f"/@{profile.handle}/?after={hidden.pk}").status_code == 404


def test_the_page_speaks_french(client: Client) -> None:
    profile = factories.entry().owner.profile
    response = client.get(f"/@{profile.handle}/", headers={"accept-language": "fr"})
    assert '<html lang="fr">' in response.content.decode()


@pytest.mark.parametrize("number", [3, 30])
def test_queries_stay_the_same(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    profile = factories.profile(bio="Bio", skills=["one", "two", "three"])
    for _turn in range(number):
        entry = factories.entry(profile.user, tags=("one", "two"))
        assert entry.published is not None
        factories.run(entry.published)
    page(client, profile)
    with django_assert_max_num_queries(8):
        page(client, profile)
    with django_assert_max_num_queries(8):
        page(client, profile, f"?after={entry.pk}")


def test_certifications_stand_with_issuer_and_date(client: Client) -> None:
    profile = factories.profile(
        certifications=[
            {
                "name": "Lasting",
                "issuer": "An institute",
                "issued": "2025-11",
                "expires": "",
                "url": "",
            },
            {
                "name": "Ended <b>",
                "issuer": "A school",
                "issued": "2019-01",
                "expires": "2020-02",
                "url": "https://example.org/c",
            },
        ]
    )
    factories.entry(profile.user)
    shown = page(client, profile)
    for text in ("An institute", "November 2025", "Ended &lt;b&gt;", "ended:", "February 2020"):
        assert text in shown
    assert 'href="https://example.org/c" rel="nofollow noopener"' in shown
    french = client.get(f"/@{profile.handle}/", headers={"accept-language": "fr"})
    assert "novembre 2025" in french.content.decode()


@pytest.mark.parametrize(
    ("today", "over"),
    [(datetime(2027, 5, 31, 23, tzinfo=UTC), False), (datetime(2027, 6, 1, tzinfo=UTC), True)],
)
def test_a_certification_is_valid_to_the_end_of_its_month(
    client: Client, today: datetime, over: bool
) -> None:
    row = {"name": "C", "issuer": "I", "issued": "2025-05", "expires": "2027-05", "url": ""}
    profile = factories.profile(certifications=[row])
    factories.entry(profile.user)
    with Clock(today):
        assert ("ended:" in page(client, profile)) is over


@pytest.mark.parametrize(
    "rubbish",
    [
        *({}, "text", 7, None, [None, 1, "x", [], {}]),
        [{"name": 3, "issuer": [], "issued": 4, "url": {}, "label": 5}],
        [{"name": "N", "issuer": None, "issued": "2025-99", "expires": "x", "url": "javascript:1"}],
    ],
)
def test_no_old_row_breaks_the_page(client: Client, rubbish: Any) -> None:
    profile = factories.profile(contact_mode="email", contact_email="no address")
    factories.entry(profile.user)
    for name in ("certifications", "links", "skills", "languages"):
        # An empty list is what a column that may not be null holds at least.
        Profile.objects.filter(pk=profile.pk).update(
            **{name: rubbish if rubbish is not None else []}
        )
    shown = page(client, profile)
    assert "javascript:" not in shown
    assert "mailto:" not in shown
    assert client.get(reverse("profile_contact", args=[profile.handle])).status_code == 404


def test_a_mail_address_cannot_carry_more_than_itself(client: Client) -> None:
    profile = factories.profile(contact_mode="email", contact_email="a&b?c@example.org")
    factories.entry(profile.user)
    assert 'href="mailto:a%26b%3Fc@example.org"' in page(client, profile)


def test_skills_of_a_link_lead_through_the_link(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    profile = factories.profile(skills=["Extraction", "Tone"])
    first = factories.entry(profile.user, title="First", tags=("extraction",))
    second = factories.entry(profile.user, title="Second", tags=("extraction", "tone"))
    factories.entry(profile.user, title="Not of the link", tags=("tone",))
    factories.entry(title="Another author's", slug=first.slug, tags=("tone",))
    with django_assert_num_queries(1):
        shown = skills_shown(profile, [second, first], lambda slug: f"/s/token/{slug}/")
    assert [(one["name"], [entry["title"] for entry in one["entries"]]) for one in shown] == [
        ("Extraction", ["Second", "First"]),
        ("Tone", ["Second"]),
    ]
    assert shown[1]["entries"][0]["url"] == f"/s/token/{second.slug}/"
