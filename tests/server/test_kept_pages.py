"""Public pages kept for a moment: never the wrong one, never somebody's own, never for long."""

import socket
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest

from tests.site import RunningSite

ENTRY = "/@ada/summaries/"


@pytest.fixture
def browser(site: RunningSite) -> Iterator[httpx2.Client]:
    """A visitor without any cookie."""
    with httpx2.Client(base_url=site.url, timeout=20, trust_env=False) as client:
        yield client


def test_public_pages_touch_neither_session_nor_csrf(browser: httpx2.Client) -> None:
    for path in ("/", "/explore/", "/@ada/", ENTRY, f"{ENTRY}v1/"):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "set-cookie" not in page.headers, path
        assert "csrfmiddlewaretoken" not in page.text, path
        assert page.headers["etag"], path
        assert "x-promptfolio-keep" not in page.headers, path


def test_unchanged_page_is_told_so(browser: httpx2.Client) -> None:
    page = browser.get(ENTRY)
    again = browser.get(ENTRY, headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_each_language_has_its_own(browser: httpx2.Client) -> None:
    english = browser.get(ENTRY, headers={"Accept-Language": "en"})
    french = browser.get(ENTRY, headers={"Accept-Language": "fr-CA,fr;q=0.9"})
    assert '<html lang="en"' in english.text
    assert '<html lang="fr"' in french.text
    assert english.headers["etag"] != french.headers["etag"]
    chosen = browser.get(ENTRY, headers={"Accept-Language": "fr", "Cookie": "language=en"})
    assert '<html lang="en"' in chosen.text


def test_compressed_and_plain_are_the_same_page(browser: httpx2.Client) -> None:
    plain = browser.get(ENTRY, headers={"Accept-Encoding": "identity"})
    packed = browser.get(ENTRY, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text


def test_head_has_the_headers_and_no_body(browser: httpx2.Client) -> None:
    page = browser.get(ENTRY, headers={"Accept-Encoding": "identity"})
    head = browser.head(ENTRY, headers={"Accept-Encoding": "identity"})
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == page.headers["content-type"]


def test_change_is_seen_within_seconds(site: RunningSite, browser: httpx2.Client) -> None:
    browser.get(ENTRY)
    site.python(
        "from prompts_app.models import Entry;"
        "Entry.objects.filter(slug='summaries').update(summary='Changed behind its back')"
    )
    deadline = time.monotonic() + 5
    while "Changed behind its back" not in browser.get(ENTRY).text:
        assert time.monotonic() < deadline


def test_whoever_has_a_session_gets_a_page_of_their_own(
    site: RunningSite, browser: httpx2.Client
) -> None:
    key = site.python(
        """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from prompts_app.models import User
user = User.objects.get(email="author@example.org")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""
    )
    browser.get(ENTRY)
    own = browser.get(ENTRY, headers={"Cookie": f"sessionid={key}"})
    assert "/studio/" in own.text
    assert "no-store" in own.headers["cache-control"]
    stranger = browser.get(ENTRY)
    assert "/studio/" not in stranger.text


@pytest.mark.parametrize(
    "path",
    [
        "/%00/",
        "/%ff%fe/",
        "/@ada/" + "x" * 3000 + "/",
        "/explore/?q=%00",
        "/explore/?q=%ff",
        "/explore/?q=" + "a" * 5000,
        "/explore/?after=nonsense&tag=%F0%9F%92%A9",
        f"{ENTRY}compare/?from=1e9&to=-1",
        f"{ENTRY}v99999999999999999999999/",
        f"{ENTRY}?case=" + quote("'; DROP TABLE entry"),
        "/media/../../etc/passwd",
        "/runs/not-a-uuid/",
    ],
)
def test_odd_addresses_never_break_the_site(browser: httpx2.Client, path: str) -> None:
    assert browser.get(path, follow_redirects=True).status_code in (200, 400, 404)


def test_raw_bytes_in_a_query_are_no_error(site: RunningSite) -> None:
    with socket.create_connection(("localhost", site.port), timeout=10) as raw:
        raw.sendall(b"GET /explore/?q=\xff\xfe HTTP/1.1\r\n")
        raw.sendall(b"Host: localhost\r\nConnection: close\r\n\r\n")
        assert raw.recv(64).split()[1] in (b"200", b"400")


def test_large_bodies_get_an_answer(browser: httpx2.Client) -> None:
    for size in (5_000_000, 12_000_000):
        response = browser.post("/language/", data={"next": "x" * size})
        assert response.status_code in (302, 400, 413)


def test_host_and_forged_headers(browser: httpx2.Client, site: RunningSite) -> None:
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert browser.get("/readyz", headers={"Host": "10.0.0.7"}).status_code == 200
    home = browser.get("/", headers={"X-Promptfolio-Stream": "x", "X_Forwarded_Host": "evil"})
    assert home.status_code == 200
