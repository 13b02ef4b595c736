"""What pages of share links report, whom they count, and how a visitor stays out."""

import logging
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.html import escape

from prompts_app.models import ShareLink, Visit, VisitDay
from prompts_app.services import share_tokens, visits
from prompts_app.views.share_counting import COOKIE
from tests import factories
from tests.clock import Clock
from tests.visiting import (
    CHROME,
    FIREFOX,
    HEADLESS,
    SLACK,
    address,
    browser,
    link_with,
    nonce_in,
    opened,
    own_salts,
    tell,
)

pytestmark = pytest.mark.django_db
__all__ = ["own_salts"]


@pytest.fixture
def link() -> ShareLink:
    """A link with one entry."""
    return link_with([factories.entry(title="Shown")])


def kinds() -> list[str]:
    """Return the kind of every visit there is."""
    return list(Visit.objects.order_by("began_at").values_list("kind", flat=True))


def test_a_page_that_reports_is_counted_once(link: ShareLink) -> None:
    slug, ann = link.items.get().entry.slug, browser()
    nonce = opened(link, ann)
    assert not VisitDay.objects.exists()
    for _again in range(2):
        assert tell(link, ann, nonce) == 204
        assert tell(link, ann, nonce, "interact") == 204
        assert tell(link, ann, nonce, "entry", entry=[slug, "none-such"]) == 204
    day = VisitDay.objects.get()
    assert (day.opens, day.visitors, day.filtered) == (1, 1, 0)
    assert list(day.entries.values()) == [1]
    assert Visit.objects.get().interacted
    # A reload counts nothing, another browser does.
    tell(link, ann, opened(link, ann))
    assert kinds() == ["human"]
    other = browser(FIREFOX)
    tell(link, other, opened(link, other))
    assert kinds() == ["human", "human"]


@pytest.mark.parametrize("agent", [CHROME, SLACK, HEADLESS, "curl/8.1", ""])
def test_get_and_head_never_count_or_set_a_cookie(link: ShareLink, agent: str) -> None:
    client = browser(agent, HTTP_SEC_PURPOSE="prefetch")
    for path in ("", "visit/", "uncount/"):
        for answer in (client.get(address(link, path)), client.head(address(link, path))):
            assert answer.status_code == (405 if path else 200)
            assert not answer.cookies
    assert not VisitDay.objects.exists()
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    ("agent", "kind"), [(SLACK, "preview"), (HEADLESS, "scanner"), ("", "scanner")]
)
def test_programs_that_run_scripts_stand_apart(link: ShareLink, agent: str, kind: str) -> None:
    client = browser(agent)
    tell(link, client, opened(link, client))
    day = VisitDay.objects.get()
    assert (kinds(), day.opens, day.filtered) == ([kind], 0, 1)


def test_the_author_is_not_counted(link: ShareLink) -> None:
    client = browser()
    client.force_login(link.owner)
    page = client.get(address(link)).content.decode()
    assert "this link is your own" in page
    nonce = nonce_in(page)
    tell(link, client, nonce)
    # The page stays the author's after they have signed out, and a visitor's page is theirs once
    # they are signed in.
    tell(link, browser(FIREFOX), nonce_in(client.get(address(link)).content.decode()))
    client.cookies.clear()
    late = opened(link, client)
    client.force_login(link.owner)
    tell(link, client, late)
    assert set(kinds()) == {"owner"}
    assert VisitDay.objects.get().opens == 0
    # Another author is a visitor.
    stranger = browser(address="198.51.100.99")
    stranger.force_login(factories.profile().user)
    tell(link, stranger, opened(link, stranger))
    assert VisitDay.objects.get().opens == 1


@pytest.mark.parametrize("forged", ["", "x", "W10:abc", "é\x00", "." * 3000])
def test_forged_nonces_count_nothing(link: ShareLink, forged: str) -> None:
    assert tell(link, browser(), forged) == 204
    assert not Visit.objects.exists()
    assert not VisitDay.objects.exists()


def test_nonces_of_other_links_and_other_keys_count_nothing(link: ShareLink) -> None:
    other = link_with(owner=link.owner)
    assert tell(link, browser(), opened(other, browser())) == 204
    nonce = opened(link, browser())
    assert tell(link, browser(), nonce[:-1] + ("A" if nonce[-1] != "A" else "B")) == 204
    assert not Visit.objects.exists()


def test_old_nonces_count_nothing(link: ShareLink) -> None:
    with Clock() as clock:
        early, late = opened(link, browser()), opened(link, browser(FIREFOX))
        clock.move(timedelta(hours=2, seconds=-1))
        assert tell(link, browser(), early) == 204
        clock.move(timedelta(seconds=1))
        assert tell(link, browser(FIREFOX), late) == 204
    assert Visit.objects.count() == 1


def test_what_is_no_event_counts_nothing(link: ShareLink) -> None:
    nonce = opened(link, browser())
    for body in ({}, {"nonce": nonce}, {"nonce": nonce, "event": "x"}, {"event": "open"}):
        assert browser().post(address(link, "visit/"), body).status_code == 204
    assert browser().post(address(link, "visit/"), b"{", "application/json").status_code == 204
    assert not Visit.objects.exists()


def test_large_reports_are_refused(link: ShareLink) -> None:
    nonce = opened(link, browser())
    body = f"nonce={nonce}&event=open&entry={'x' * 5000}"
    kind = "application/x-www-form-urlencoded"
    assert browser().post(address(link, "visit/"), body, kind).status_code == 413
    assert not Visit.objects.exists()


@pytest.mark.parametrize("seconds", [-1, 0])
def test_nothing_counts_from_the_moment_a_link_expires(link: ShareLink, seconds: int) -> None:
    with Clock() as clock:
        link.expires_at = clock.now + timedelta(hours=1)
        link.save()
        nonce = opened(link, browser())
        clock.now = link.expires_at + timedelta(seconds=seconds)
        status = tell(link, browser(), nonce)
    assert (status, Visit.objects.count()) == ((204, 1) if seconds else (410, 0))


def test_nothing_counts_on_links_that_do_not_open(link: ShareLink) -> None:
    nonce = opened(link, browser())
    share_tokens.set_password(link, "rosebud")
    link.save()
    assert tell(link, browser(), nonce) == 403
    with_pass = browser()
    with_pass.cookies[share_tokens.cookie_name(link)] = share_tokens.pass_for(link)
    assert tell(link, with_pass, nonce) == 204
    assert Visit.objects.count() == 1
    ShareLink.objects.update(revoked_at=timezone.now())
    unknown = browser().post("/s/none-such/visit/", {"nonce": nonce, "event": "open"})
    other = browser(FIREFOX)
    other.cookies = with_pass.cookies
    assert tell(link, other, nonce) == unknown.status_code == 404
    assert browser().post(address(link, "uncount/")).status_code == 404
    assert Visit.objects.count() == 1


@pytest.mark.parametrize("signal", ["HTTP_SEC_GPC", "HTTP_DNT"])
def test_signals_of_the_browser_are_honoured(link: ShareLink, signal: str) -> None:
    client = browser(**{signal: "1"})
    page = client.get(address(link)).content.decode()
    assert nonce_in(page) == ""
    assert "visit.js" not in page
    assert "Your browser asks sites not to track you" in page
    assert "<button" not in page.split('id="counting"')[1].split("</section>")[0]
    assert tell(link, client, opened(link, browser())) == 204
    assert not Visit.objects.exists()
    # "0" is the wish to be counted like everybody.
    assert opened(link, browser(**{signal: "0"}))


def test_dont_count_me_and_back(link: ShareLink) -> None:
    client = browser()
    nonce = opened(link, client)
    page = client.get(address(link)).content.decode()
    assert escape("Don’t count me") in page
    answer = client.post(address(link, "uncount/"), {"next": address(link)})
    assert (answer.status_code, answer["Location"]) == (303, f"{address(link)}#counting")
    assert list(answer.cookies) == [COOKIE]
    cookie = answer.cookies[COOKIE]
    assert (cookie.value, cookie["path"], cookie["samesite"]) == ("1", "/s/", "Lax")
    assert (cookie["max-age"], cookie["httponly"]) == (365 * 24 * 3600, True)
    page = client.get(address(link)).content.decode()
    assert nonce_in(page) == ""
    assert "Count me again" in page
    assert tell(link, client, nonce) == 204
    # On every link of the site.
    assert opened(link_with(), client) == ""
    assert not Visit.objects.exists()
    assert client.post(address(link, "uncount/"), {"count": "1"}).status_code == 303
    assert tell(link, client, opened(link, client)) == 204
    assert kinds() == ["human"]


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/s/", "//elsewhere.example/s/", "/studio/", "/s\\x", ""]
)
def test_the_way_back_stays_within_the_link(link: ShareLink, target: str) -> None:
    answer = browser().post(address(link, "uncount/"), {"next": target})
    assert answer["Location"] == f"{address(link)}#counting"


def test_reports_need_no_csrf_token(link: ShareLink) -> None:
    client = Client(enforce_csrf_checks=True, HTTP_USER_AGENT=CHROME)
    assert tell(link, client, opened(link, client)) == 204
    assert client.post(address(link, "uncount/")).status_code == 303
    assert kinds() == ["human"]


def test_tokens_stand_in_no_log(link: ShareLink) -> None:
    handler = next(one for one in logging.getLogger("django").handlers if one.formatter)
    token = share_tokens.token_of(link)
    try:
        raise ValueError(address(link, "visit/"))
    except ValueError:
        record = logging.LogRecord(
            *("django.request", logging.ERROR, __file__, 1, "Internal Server Error: %s"),
            *((address(link),), sys.exc_info()),
        )
    line = handler.format(record)
    assert "Internal Server Error: /s/[token]/" in line
    assert "/s/[token]/visit/" in line
    assert token not in line


def table(link: ShareLink) -> str:
    """Return what the author is shown."""
    return render_to_string("shares/_visits.html", {"table": visits.table_of(link)})


def test_no_visit_is_never_told_as_not_opened(link: ShareLink) -> None:
    with translation.override("en"):
        text = table(link)
        assert "No counted visit." in text
        assert "not opened" not in text.lower()
        assert "<table" not in text
        client = browser(SLACK)
        tell(link, client, opened(link, client))
        visits.note_try(link)
        text = table(link)
        assert "No counted visit." in text
        assert "link previews (1)" in text


def test_refused_tries_are_told_by_their_reason(link: ShareLink) -> None:
    with translation.override("en"):
        for code in ("link_limit", "link_limit", "link_budget"):
            visits.note_refusal(link, code)
        text = table(link)
        assert "<span>3 refused</span>" not in text
        assert "Refused</th>" in text
        assert "All the tries of the share link were used up." in text
        assert text.index("All the tries") < text.index("share link’s budget did not cover")
        client = browser(CHROME)
        tell(link, client, opened(link, client))
        assert "<span>3 refused</span>" in table(link)


def test_the_table_tells_numbers_and_titles(link: ShareLink) -> None:
    slug = link.items.get().entry.slug
    for agent in (CHROME, FIREFOX):
        client = browser(agent)
        tell(link, client, opened(link, client), "open", "entry", entry=[slug])
    visits.note_download(link)
    with translation.override("en"):
        text = table(link)
    for words in ("opened 2 times", "2 visitors", "0 tries", "1 download", "Shown", "in 2 visits"):
        assert words in text
    assert "198.51.100.7" not in text
    assert 'style="' not in text


def test_many_visits_need_the_queries_of_few(link: ShareLink) -> None:
    def measured(number: int) -> int:
        client = browser(address=f"198.51.100.{number}")
        with CaptureQueriesContext(connection) as queries:
            tell(link, client, opened(link, client), "open", "interact")
        return len(queries)

    measured(1)
    few = measured(2)
    for number in range(3, 30):
        measured(number)
    assert measured(30) == few
