"""The page of a share link: what a recruiter sees in ninety seconds, and nothing beside it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prompts_app.models import Entry, Spending, Version
from prompts_app.services import share_page, share_tokens
from prompts_app.services.matrix import headline
from tests import factories
from tests.sharing import (
    ANSWER,
    NAIVE_ANSWER,
    address,
    places_in,
    publish,
    shared_entry,
    text_of,
    with_cover,
)

pytestmark = pytest.mark.django_db


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return text_of(response)


def test_the_first_screen_says_who_why_and_what_is_proved(client: Client) -> None:
    owner = factories.profile(
        name="Ada Byron", headline="Prompts that hold", availability="open"
    ).user
    shared = shared_entry(owner, title="Count the beds")
    link = factories.share_link(owner, shared.entry, note="Your advert asks for *care*.")
    text = page(client, address(link))
    first, rest = text.split('class="section summed"', 1)
    day = timezone.now()
    for said in (
        "<h1>Ada Byron</h1>",
        "Prompts that hold",
        "Open to work",
        "<em>care</em>",
        "Count the beds",
        f"Keeps 1 of 2 tested constraints, on 1 model, last run on {day.day} {day:%B} {day.year}",
    ):
        assert said in first
    assert ANSWER in rest
    assert NAIVE_ANSWER in rest
    assert "Where it still fails" in rest
    failing = rest.split("Where it still fails")[1].split("</ul>")[0]
    assert "Twelve beds" in failing
    assert "Knows the rule" in failing
    assert "Names flowers" not in failing
    assert "Watch for: Counts them twice" in failing
    shared.entry.cases.update(comment="It <b>adds</b> both beds.")
    failing = page(client, address(link)).split("Where it still fails")[1].split("</ul>")[0]
    assert f"{shared.entry.owner.profile.name}: “It &lt;b&gt;adds&lt;/b&gt; both beds.”" in failing
    # What was feared beforehand is less than what is known now.
    assert "Watch for" not in failing
    # 1200 micro-dollars a run, 1.5 seconds.
    assert "$1.20" in rest
    assert "1.5 s" in rest


def test_the_line_says_what_is_written_down_at_the_entry(client: Client) -> None:
    shared = shared_entry()
    link = factories.share_link(shared.entry.owner, shared.entry)
    [found] = share_page.summaries(link)
    proof = headline(shared.entry)
    assert proof == shared.entry.proof
    assert proof is not None
    assert found.group is not None
    assert (found.group.kept, len(found.group.tested), found.group.models) == (
        proof["kept"],
        proof["tested"],
        proof["models"],
    )
    assert found.group.last_run_at is not None
    assert found.group.last_run_at.isoformat() == proof["checked"]


def test_it_shows_entries_in_the_links_order_at_the_links_versions(client: Client) -> None:
    owner = factories.profile().user
    first, second = (shared_entry(owner, title=f"Title {name}") for name in ("one", "two"))
    later = publish(first.entry)
    link = factories.share_link(owner, second.entry, first.version)
    text = page(client, address(link))
    titles = re.findall(r'<h2 id="h-entry-\d"[^>]*>([^<]+)<', text)
    assert titles == ["Title two", "Title one"]
    [followed, pinned] = share_page.summaries(link)
    assert followed.shown.version.pk == second.version.pk
    assert pinned.shown.version.pk == first.version.pk != later.pk
    # The pinned version's own runs, not those of the published one, which has none.
    assert pinned.group is not None
    assert pinned.group.kept == 1
    assert text.count("Keeps 1 of 2 tested constraints") == 4


def test_beyond_three_stand_below_the_first_screen(client: Client) -> None:
    owner = factories.profile().user
    entries = [factories.entry(owner, title=f"Number {number}") for number in range(5)]
    link = factories.share_link(owner, *entries)
    text = page(client, address(link))
    opening = text.split("</header>")[0]
    assert opening.count("shown__line") == 3
    assert "Number 2" in opening
    assert "Number 3" not in opening
    assert text.split('class="section summed"')[0].count("shown__line") == 5


def test_queries_do_not_grow_with_the_entries(client: Client) -> None:
    def queries(number: int) -> int:
        owner = factories.profile(bio="About *me*.", skills=["care"]).user
        shown = [with_cover(shared_entry(owner)).entry for _one in range(number)]
        path = address(factories.share_link(owner, *shown, note="Hello."))
        page(client, path)
        with CaptureQueriesContext(connection) as captured:
            page(client, path)
        return len(captured)

    few, many = queries(1), queries(7)
    assert few == many
    assert many <= 10


def test_it_leads_nowhere_else(client: Client) -> None:
    shared = with_cover(shared_entry())
    link = factories.share_link(shared.entry.owner, shared.entry)
    for rest in ("", f"{shared.entry.slug}/", f"runs/{shared.after.pk}/"):
        for place in places_in(page(client, address(link, rest))):
            inside = place.startswith((address(link), "/static/", "#", "?"))
            assert inside or place == "/language/", place


def test_the_note_is_made_safe(client: Client) -> None:
    link = factories.share_link(
        factories.profile().user,
        note="<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>",
    )
    text = page(client, address(link))
    assert "alert(1)</script>" not in text
    assert "javascript:" not in text
    assert "<img src=x" not in text


def test_run_it_is_offered_only_where_it_can_run() -> None:
    shared = shared_entry()
    owner = shared.entry.owner
    link = factories.share_link(owner, shared.entry)

    def offered() -> bool:
        found = share_tokens.find(share_tokens.token_of(link))
        assert found is not None
        [summary] = share_page.summaries(found)
        return summary.can_run

    assert not offered()
    model = factories.site_model(shared.entry)
    assert offered()
    for field, value in (
        ("allows_tries", False),
        ("expires_at", timezone.now() - timedelta(seconds=1)),
        ("revoked_at", timezone.now()),
    ):
        kept = getattr(link, field)
        setattr(link, field, value)
        link.save()
        assert not offered(), field
        setattr(link, field, kept)
        link.save()
    spending = Spending.of(owner)
    spending.paused = True
    spending.save()
    assert not offered()
    spending.paused = False
    spending.save()
    assert offered()
    model.enabled = False
    model.save()
    assert not offered()


def test_an_entry_without_runs_still_looks_whole(client: Client) -> None:
    entry = factories.entry(summary="What it does.")
    text = page(client, address(factories.share_link(entry.owner, entry)))
    assert "Not tested yet" in text
    assert "What it does." in text
    assert "Where it still fails" not in text


def test_what_can_no_longer_be_shown_is_left_out(client: Client) -> None:
    owner = factories.profile().user
    withdrawn, kept = factories.entry(owner), factories.entry(owner)
    draft = factories.entry(owner, published=False)
    version = withdrawn.versions.get()
    link = factories.share_link(owner, version, kept, draft)
    Version.objects.filter(pk=version.pk).update(content={}, withdrawn_at=timezone.now())
    text = page(client, address(link))
    assert text.count('class="section summed"') == 1
    for entry in (withdrawn, draft):
        assert client.get(address(link, f"{entry.slug}/")).status_code == 404


def test_entries_for_links_alone_are_shown_here_and_nowhere_else(client: Client) -> None:
    shared = shared_entry(visibility=Entry.Visibility.LINKS, title="Only for you")
    link = factories.share_link(shared.entry.owner, shared.entry)
    assert "Only for you" in page(client, address(link))
    assert client.get(address(link, f"{shared.entry.slug}/")).status_code == 200
    handle = shared.entry.owner.profile.handle
    assert client.get(f"/@{handle}/{shared.entry.slug}/").status_code == 404
    assert client.get(f"/runs/{shared.after.pk}/").status_code == 404
    token = share_tokens.token_of(link)
    for path in ("/", "/explore/", "/sitemap.xml", "/feed.atom", "/robots.txt"):
        text = text_of(client.get(path))
        assert "Only for you" not in text, path
        assert shared.entry.slug not in text, path
        assert token not in text, path


def test_it_speaks_the_links_language_unless_the_visitor_chose(client: Client) -> None:
    shared = shared_entry()
    link = factories.share_link(shared.entry.owner, shared.entry, language="fr")
    french = client.get(address(link), headers={"accept-language": "en"})
    assert french["Content-Language"] == "fr"
    assert '<html lang="fr"' in text_of(french)
    client.post("/language/", {"language": "en", "next": address(link)})
    assert '<html lang="en"' in page(client, address(link))


def test_the_language_switch_comes_back_to_the_link(client: Client) -> None:
    link = factories.share_link(factories.profile().user)
    response = client.post("/language/", {"language": "fr", "next": address(link)})
    assert (response.status_code, response["Location"]) == (302, address(link))
