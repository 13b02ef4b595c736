"""The profile: who sees it, and what shows a skill."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, Profile, Run
from prompts_app.views import profiles
from tests import factories

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
    assert "demo model" not in shown
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
