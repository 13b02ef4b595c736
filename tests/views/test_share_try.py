"""Trying through a share link: what it shows, what it hides, and that it ends with the link."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, LLMModel, Picture, Reservation, ShareLink, Try, VisitDay
from prompts_app.services import budget, judging, share_tokens, spending, tries, tryit
from prompts_app.services.cases import withdraw_case
from prompts_app.services.rules import rules_of
from prompts_app.services.visitors import Visitor
from prompts_app.views import try_streams
from tests import factories
from tests.clock import Clock

pytestmark = pytest.mark.django_db

SECRET = "Answer as the old lighthouse keeper would"
RULE = "only a lighthouse keeper says fathoms"
JSON, STREAM = {"Accept": "application/json"}, {"Accept": "text/event-stream"}
NOW = datetime(2026, 5, 12, 22, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def entry() -> Entry:
    """An entry shown through links only: version 2 is published, version 1 its one-liner."""
    entry = factories.entry(
        title="Summaries",
        content=factories.content("Answer: {{ text }}"),
        visibility=Entry.Visibility.LINKS,
    )
    rule = {"type": "icontains", "value": RULE}
    factories.version(
        entry,
        factories.content(
            SECRET + ": {{ text }}", constraints=[{"text": "Speaks of depth.", "assertion": rule}]
        ),
    )
    factories.site_model(entry)
    entry.refresh_from_db()
    return entry


@pytest.fixture
def link(entry: Entry) -> ShareLink:
    """A link to it that shows prompts."""
    return factories.share_link(entry.owner, entry, expires_at=NOW + timedelta(days=9))


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands while the link is open."""
    with Clock(NOW) as found:
        yield found


def change(link: ShareLink, **fields: Any) -> None:
    ShareLink.objects.filter(pk=link.pk).update(**fields)


def address(link: ShareLink, slug: str = "summaries") -> str:
    return f"/s/{share_tokens.token_of(link)}/{slug}/try/"


def form(**more: Any) -> dict[str, Any]:
    model = LLMModel.objects.get()
    values = {"attempt": str(uuid.uuid4()), "value-text": "A text", "model": str(model.pk)}
    return values | more


def page(client: Client, link: ShareLink, query: str = "") -> str:
    response = client.get(address(link) + query)
    assert response.status_code == 200
    for name, value in (
        ("Cache-Control", "no-store"),
        ("X-Robots-Tag", "noindex"),
        ("Referrer-Policy", "same-origin"),
    ):
        assert value in response[name]
    return response.content.decode()


def kept(link: ShareLink, entry: Entry, **fields: Any) -> Try:
    """A finished try through the link, judged."""
    attempt = factories.attempt(entry, link=link, output="Ten fathoms, says he", **fields)
    Try.objects.filter(pk=attempt.pk).update(expires_at=timezone.now() + timedelta(days=30))
    assert entry.published is not None
    assert rules_of(entry.published.content)
    verdicts = judging.judge_now(entry.published.content, attempt, float("inf"))
    Try.objects.filter(pk=attempt.pk).update(verdicts=verdicts)
    return Try.objects.get(pk=attempt.pk)


def test_the_page_is_the_public_one_without_the_site_around_it(
    client: Client, clock: Clock, link: ShareLink, entry: Entry
) -> None:
    shown = page(client, link)
    assert "Try it: Summaries" in shown
    assert f'action="{address(link)}"' in shown
    assert "30 of 30 tries left on this link." in shown
    assert "left for you today" not in shown
    assert "while this link is open" in shown
    assert "/explore/" not in shown
    assert "/accounts/" not in shown
    assert f"/@{entry.owner.profile.handle}/" not in shown
    assert client.get(f"/@{entry.owner.profile.handle}/summaries/try/").status_code == 404
    Entry.objects.update(visibility=Entry.Visibility.LISTED)
    assert (
        "left for you today"
        in client.get(f"/@{entry.owner.profile.handle}/summaries/try/").content.decode()
    )


def test_a_try_belongs_to_its_link(
    client: Client, clock: Clock, link: ShareLink, entry: Entry
) -> None:
    data = form(compare="baseline")
    response = client.post(address(link), data, headers=JSON)
    assert [one["version"] for one in response.json()["columns"]] == [2, 1]
    assert {one.link for one in Try.objects.all()} == {link}
    assert spending.by_link(entry.owner)[0].tries == 1
    shown = page(client, link)
    assert "29 of 30 tries left on this link." in shown
    # The same id again only shows what there is.
    again = client.post(address(link), data, headers=JSON)
    assert again.json() == response.json()
    assert Try.objects.count() == 2


def test_a_pinned_version_is_what_runs(client: Client, clock: Clock, entry: Entry) -> None:
    first = entry.versions.get(number=1)
    factories.run(first, output="Recorded of version 1")
    assert entry.published is not None
    factories.run(entry.published, output="Recorded of version 2")
    pinned, latest = (factories.share_link(entry.owner, one) for one in (first, entry))
    for link, number, other in ((pinned, 1, 2), (latest, 2, 1)):
        shown = page(client, link)
        assert f"Recorded of version {number}" in shown
        assert f"Recorded of version {other}" not in shown
        data = form()
        client.post(address(link), data, headers=JSON)
        assert Try.objects.get(pk=data["attempt"]).version.number == number
    # There is nothing to compare the one-liner with.
    assert 'name="compare"' not in page(client, pinned)


def test_it_opens_with_the_entrys_first_example(
    client: Client, clock: Clock, link: ShareLink, entry: Entry
) -> None:
    first, gone = (
        factories.case(entry, name, values={"text": f"Text of {name}"}) for name in ("One", "Gone")
    )
    withdraw_case(gone)
    shown = page(client, link)
    assert re.search(r'name="value-text"[^>]*(>\s*| value=")Text of One', shown)
    assert f'data-case="{first.pk}" aria-current="true"' in shown
    assert "Text of Gone" not in shown
    assert (Try.objects.count(), Reservation.objects.count()) == (0, 0)
    own = page(client, link, "?case=")
    assert not re.search(r'name="value-text"[^>]*(>\s*| value=")Text of One', own)


def test_other_entries_are_not_there(client: Client, clock: Clock, link: ShareLink) -> None:
    other = factories.entry(link.owner, title="Others")
    assert client.get(address(link, other.slug)).status_code == 404
    assert client.post(address(link, other.slug), form()).status_code == 404
    assert client.get("/s/nonsense/summaries/try/").status_code == 404
    assert client.put(address(link)).status_code == 405
    # An entry that is another author's is on no link, whatever the rows say.
    stranger = factories.share_link(factories.profile().user, link.items.get().entry)
    assert client.get(address(stranger)).status_code == 404


@pytest.mark.parametrize("shows", [True, False])
def test_hidden_prompts_are_hidden_on_every_address(
    client: Client, clock: Clock, link: ShareLink, entry: Entry, shows: bool
) -> None:
    change(link, shows_prompts=shows)
    attempt = kept(link, entry)
    assert entry.published is not None
    factories.run(entry.published, factories.case(entry), verdicts=attempt.verdicts)
    said = page(client, link)
    trial = client.get(f"/tries/{attempt.pk}/").content.decode()
    stream = client.post(f"/tries/{attempt.pk}/run/", headers=STREAM).content.decode()
    again = client.post(
        address(link), form(attempt=str(attempt.group)), headers=STREAM
    ).content.decode()
    fresh = Try.objects.select_related("link", "version", "entry").get(pk=attempt.pk)
    _name, done = try_streams.ending(fresh)
    assert SECRET not in said
    for text in (trial, stream, again, str(done)):
        assert "Speaks of depth." in text
        assert (SECRET in text) is shows
        assert (RULE in text) is shows
    assert (RULE in said) is shows


def test_the_address_ends_with_the_link(
    client: Client, clock: Clock, link: ShareLink, entry: Entry
) -> None:
    ends = NOW + timedelta(days=9)
    done, waiting = kept(link, entry), kept(link, entry, state=Try.State.WAITING)
    picture = factories.picture(entry.owner, attempt=done)
    public = factories.attempt(entry)
    Try.objects.filter(pk=public.pk).update(expires_at=ends + timedelta(days=1))
    gets = [f"/tries/{done.pk}/", f"/media/{picture.pk}.png", f"/media/{picture.pk}-small.webp"]
    posts = [f"/tries/{waiting.pk}/run/", f"/tries/{done.pk}/run/"]

    def statuses() -> set[int]:
        found = {_closed(client.get(path)) for path in gets}
        return found | {_closed(client.post(path, headers=STREAM)) for path in posts}

    clock.now = ends - SECOND
    assert statuses() == {200}
    assert client.get(address(link)).status_code == 200
    clock.now = ends + SECOND
    assert statuses() == {404}
    assert client.post(f"/tries/{done.pk}/delete/").status_code == 404
    assert client.get(address(link)).status_code == 410
    assert client.post(address(link), form()).status_code == 410
    assert client.get(f"/tries/{public.pk}/").status_code == 200
    change(link, expires_at=None)
    assert statuses() == {200}
    change(link, revoked_at=clock.now)
    assert statuses() == {404}
    assert client.get(address(link)).status_code == 404
    assert client.post(address(link), form()).status_code == 404
    assert Picture.objects.filter(pk=picture.pk).exists()


def _closed(response: Any) -> int:
    """The status of an answer; a file is read to its end."""
    if response.streaming:
        b"".join(response.streaming_content)
    return int(response.status_code)


def test_a_locked_link_asks_first(client: Client, clock: Clock, link: ShareLink) -> None:
    share_tokens.set_password(link, "anchor")
    link.save()
    assert client.get(address(link)).status_code == 403
    assert client.post(address(link), form()).status_code == 403
    client.cookies[share_tokens.cookie_name(link)] = share_tokens.pass_for(link)
    assert client.post(address(link), form(), headers=JSON).status_code == 303


@pytest.mark.parametrize(
    ("fields", "code", "sentence"),
    [
        ({"allows_tries": False}, "link_closed", "lets nobody try the prompts."),
        ({"tries_allowed": 0}, "link_limit", "All the tries of this link are used up."),
        ({"budget": 10}, "link_budget", "What is left of this link’s budget does not cover"),
    ],
)
def test_a_refusal_says_why_and_shows_what_was_recorded(
    client: Client, clock: Clock, link: ShareLink, entry: Entry, fields: dict[str, Any],
    code: str, sentence: str,
) -> None:  # fmt: skip
    assert entry.published is not None
    factories.run(entry.published, output="What was recorded")
    change(link, **fields)
    data = form() if code != "link_closed" else form(model="")
    response = client.post(address(link), data, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (409, code)
    assert "Retry-After" not in response.headers
    shown = client.post(address(link), data).content.decode()
    assert sentence in shown
    assert re.search(r'data-try-recorded="">\s*<p', shown)
    assert "What was recorded" in shown
    assert not Try.objects.exists()
    # Told to the author; of whoever wishes not to be counted, and of themselves, nothing is.
    client.post(address(link), data, headers={"Sec-GPC": "1"})
    owner = Client()
    owner.force_login(entry.owner)
    owner.post(address(link), data)
    assert VisitDay.objects.get(link=link).refusals == {code: 2}
    if code == "link_closed":
        shown = page(client, link)
        assert sentence in shown
        assert "data-run>" not in shown


def test_the_owner_previews_but_tries_nothing_once_it_is_over(
    client: Client, clock: Clock, link: ShareLink, entry: Entry
) -> None:
    client.force_login(entry.owner)
    change(link, expires_at=NOW - SECOND)
    assert "This link is open no more" in page(client, link)
    response = client.post(address(link), form(model=""), headers=JSON)
    assert response.json()["code"] == "link_over"


def test_the_links_language_is_that_of_its_tries(
    client: Client, clock: Clock, link: ShareLink, entry: Entry
) -> None:
    change(link, language="fr")
    attempt = kept(link, entry)
    trial = f"/tries/{attempt.pk}/"
    assert '<html lang="fr">' in page(client, link)
    assert '<html lang="fr">' in client.get(trial).content.decode()
    assert client.get(trial)["Content-Language"] == "fr"
    client.cookies["language"] = "en"
    assert '<html lang="en">' in client.get(trial).content.decode()


def test_ones_own_page_leads_back_to_the_link(
    client: Client, clock: Clock, link: ShareLink, entry: Entry
) -> None:
    attempt = kept(link, entry)
    shown = client.get(f"/tries/{attempt.pk}/").content.decode()
    assert f'href="{address(link)}"' in shown
    assert "It closes before if the link it came through does." in shown
    assert f"/@{entry.owner.profile.handle}/" not in shown
    assert "/explore/" not in shown
    response = client.post(f"/tries/{attempt.pk}/delete/")
    assert response.headers["Location"] == address(link)
    assert client.get(f"/tries/{attempt.pk}/").status_code == 404
    assert spending.by_link(entry.owner)[0].tries == 1


def test_more_entries_and_cases_make_no_more_queries(
    client: Client, clock: Clock, link: ShareLink, entry: Entry,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    page(client, link)
    with django_assert_num_queries(11) as few:
        page(client, link)
    for position in range(1, 4):
        other = factories.entry(entry.owner)
        link.items.create(entry=other, position=position)
        factories.case(entry)
    with django_assert_num_queries(len(few)):
        page(client, link)


def test_what_is_under_way_ends_well_when_its_link_does(
    clock: Clock, link: ShareLink, entry: Entry
) -> None:
    assert entry.published is not None
    entry.published.entry = entry
    column = tryit.Column(entry.published, tryit.models_for(entry)[0])
    visitor = Visitor("1" * 64, "1" * 64)
    (admitted,) = tryit.admit(uuid.uuid4(), [column], {"text": "x"}, visitor, link)
    change(link, revoked_at=NOW)
    budget.settle(admitted.reservation, 7)
    tries.write_down(admitted.attempt, state=Try.State.DONE, output="All of it", cost=7)
    assert Try.objects.get().output == "All of it"
    assert spending.by_link(entry.owner)[0].used == 7


@pytest.mark.usefixtures("clock")
def test_it_leads_nowhere_but_to_the_link(client: Client, link: ShareLink) -> None:
    opening = page(client, link)
    response = client.post(address(link), form(), follow=True)
    assert response.redirect_chain
    for shown in (opening, response.text):
        assert f'class="brand" href="/s/{share_tokens.token_of(link)}/"' in shown
        assert 'href="/"' not in shown
