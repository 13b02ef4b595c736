"""Share links in the studio: the list, and the page of one that is ready to send."""

import io
import logging
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from prompts_app.models import Entry, ShareItem, ShareLink, User, Visit, VisitDay
from prompts_app.services import share_tokens, shares, versions
from tests import factories

pytestmark = pytest.mark.django_db

PAGES = (
    "studio_link",
    "studio_link_edit",
    "studio_link_duplicate",
    "studio_link_code_svg",
    "studio_link_code_png",
)


def made(owner: User, entries: int = 1, **fields: Any) -> ShareLink:
    """Return a link of `owner` with so many entries of theirs."""
    chosen = [shares.Chosen(factories.entry(owner)) for _number in range(entries)]
    values: dict[str, Any] = {"label": "Acme, May"} | fields
    return shares.make_link(owner, chosen, **values)


@pytest.fixture
def author(client: Client) -> User:
    """An author, signed in."""
    owner = factories.profile(name="Ada Byron", headline="Prompt engineer").user
    client.force_login(owner)
    return owner


def text_of(client: Client, name: str, link: ShareLink | None = None) -> str:
    """Return a page of the studio."""
    response = client.get(reverse(name, args=[link.pk] if link else []))
    assert response.status_code == 200
    return response.content.decode()


def test_without_a_link_the_list_says_what_they_are_for(client: Client, author: User) -> None:
    page = text_of(client, "studio_links")
    assert "No link yet" in page
    assert reverse("studio_link_new") in page


def test_the_list_says_for_whom_each_is_and_what_became_of_it(client: Client, author: User) -> None:
    live = made(author, company="Acme", role="Prompt engineer", tries_allowed=12)
    entry = live.items.get().entry
    for counts in (True, True, False):
        factories.attempt(entry, link=live, counts=counts)
    made(author, label="Over", expires_at=timezone.now() - timedelta(seconds=1))
    shares.revoke(made(author, label="Taken back", allows_tries=False))
    page = text_of(client, "studio_links")
    rows = re.findall("<tr>(.*?)</tr>", page, re.DOTALL)[1:]
    newest, over, first = rows
    assert "Taken back" in newest
    assert "Revoked" in newest
    assert "none allowed" in newest
    assert (
        reverse("studio_link_revoke", args=[ShareLink.objects.get(label="Taken back").pk])
        not in newest
    )
    assert "Expired" in over
    assert "Acme, May" in first
    assert "Prompt engineer, Acme" in first
    assert "Live" in first
    assert "2 of 12" in first
    address = shares.address_of(live)
    assert f'data-copy-text="{address}"' in first
    assert f'href="{address}"' in first


def test_the_pages_hold_what_nobody_else_may_keep(client: Client, author: User) -> None:
    link = made(author)
    for name in PAGES:
        assert "no-store" in client.get(reverse(name, args=[link.pk]))["Cache-Control"]
    assert "no-store" in client.get(reverse("studio_links"))["Cache-Control"]


def test_links_are_nobody_elses(client: Client, author: User) -> None:
    link = made(author)
    addresses = [reverse(name, args=[link.pk]) for name in (*PAGES, "studio_link_revoke")]
    client.force_login(factories.profile().user)
    for address in addresses:
        method = client.post if "revoke" in address else client.get
        assert method(address).status_code == 404
    assert "Acme" not in text_of(client, "studio_links")
    client.logout()
    for address in [*addresses, reverse("studio_links"), reverse("studio_link_new")]:
        response = client.post(address) if "revoke" in address else client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")
    link.refresh_from_db()
    assert not link.is_revoked


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("studio_link", "post"),
        ("studio_link_revoke", "get"),
        ("studio_link_edit", "put"),
        ("studio_link_duplicate", "delete"),
        ("studio_link_code_svg", "post"),
    ],
)
def test_other_methods_are_refused(client: Client, author: User, name: str, method: str) -> None:
    link = made(author)
    assert getattr(client, method)(reverse(name, args=[link.pk])).status_code == 405
    assert client.post(reverse("studio_links")).status_code == 405
    assert client.get(reverse("studio_link_note")).status_code == 405


def test_a_link_tells_its_address_and_no_title_does(
    client: Client, author: User, caplog: pytest.LogCaptureFixture
) -> None:
    link = made(author)
    token = share_tokens.token_of(link)
    with caplog.at_level(logging.DEBUG):
        page = text_of(client, "studio_link", link)
    assert f'value="http://localhost:8000/s/{token}/"' in page
    title = re.search("<title>(.*?)</title>", page)
    assert title is not None
    assert "Acme, May" in title[1]
    assert token not in title[1]
    assert token not in caplog.text
    assert token not in "".join(re.findall(r'(?:src|action)="(.*?)"', page))


def test_five_lines_tell_of_it_in_its_language(client: Client, author: User) -> None:
    author.time_zone = "Europe/Paris"
    author.save()
    entries = [factories.entry(author, title=f"Entry {number}") for number in range(4)]
    proof = {
        "kept": 9, "tested": 10, "stated": 0, "runs": 20, "models": 2, "demo": False,
        "checked": "", "baseline_kept": None, "baseline_number": None, "tokens": None,
    }  # fmt: skip
    for entry in entries[:2]:
        Entry.objects.filter(pk=entry.pk).update(proof=proof)
    former = entries[1].published
    factories.version(entries[1])
    chosen = [
        shares.Chosen(entries[0]),
        # The proof is another version's.
        shares.Chosen(entries[1], former, "For your invoices."),
        *(shares.Chosen(entry) for entry in entries[2:]),
    ]
    link = shares.make_link(
        author,
        chosen,
        company="Acme",
        role="Ingénieure",
        language="fr",
        password="a secret word",
        expires_at=datetime(2126, 12, 22, 22, 59, tzinfo=UTC),
    )
    page = text_of(client, "studio_link", link)
    found = re.search('<pre class="summary".*?>(.*?)</pre>', page, re.DOTALL)
    assert found is not None
    lines = found[1].split("\n")
    assert lines[0] == "Ada Byron, Prompt engineer · Ingénieure, Acme"
    assert lines[1] == "Entry 0 — Contraintes testées respectées : 9 sur 10"
    assert lines[2] == "Entry 1 — For your invoices."
    assert lines[3].startswith("Entry 2 — What entry")
    assert lines[4].startswith(shares.address_of(link))
    assert "22 décembre 2126 à 23:59 CET" in lines[4]
    assert len(lines) == 5
    assert "a secret word" not in page

    mail = re.search('href="(mailto:[^"]*)"', page)
    assert mail is not None
    parts = urlsplit(mail[1].replace("&amp;", "&"))
    letter = parse_qs(parts.query, strict_parsing=True)
    assert (parts.scheme, parts.path) == ("mailto", "")
    assert "Ingénieure, Acme" in letter["subject"][0]
    assert letter["body"][0].split("\r\n")[4] == lines[4]


def test_the_code_leads_to_the_address(client: Client, author: User) -> None:
    link = made(author)
    picture = client.get(reverse("studio_link_code_svg", args=[link.pk]))
    assert picture["Content-Type"] == "image/svg+xml"
    drawing = ElementTree.fromstring(picture.content)
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    # It scales with whatever shows it.
    assert "viewBox" in drawing.attrib
    assert "width" not in drawing.attrib
    picture = client.get(reverse("studio_link_code_png", args=[link.pk]))
    assert picture["Content-Type"] == "image/png"
    pixels = Image.open(io.BytesIO(picture.content))
    assert pixels.width == pixels.height > 500
    page = text_of(client, "studio_link", link)
    assert reverse("studio_link_code_svg", args=[link.pk]) in page
    assert reverse("studio_link_code_png", args=[link.pk]) in page


def test_an_address_made_with_another_key_is_not_there(client: Client, author: User) -> None:
    link = made(author)
    ShareLink.objects.update(token_encrypted=b"unreadable")
    page = text_of(client, "studio_link", link)
    assert "Its address cannot be read" in page
    assert "/s/" not in page
    assert "Acme, May" in text_of(client, "studio_links")
    assert client.get(reverse("studio_link_code_png", args=[link.pk])).status_code == 404


def test_a_link_is_revoked_at_once_and_may_open_again(client: Client, author: User) -> None:
    link = made(author)
    address = reverse("studio_link_revoke", args=[link.pk])
    page = client.post(address, follow=True).content.decode()
    assert "Its address opens nothing any more." in page
    assert "Visitors see the same as at an address that never was." in page
    first = ShareLink.objects.get()
    assert first.is_revoked
    # Twice changes nothing.
    client.post(address)
    assert ShareLink.objects.get().revoked_at == first.revoked_at
    token = share_tokens.token_of(link)
    page = client.post(address, {"undo": "1"}, follow=True).content.decode()
    assert "The link opens again" in page
    again = share_tokens.find(token)
    assert again is not None
    assert not again.is_revoked


def test_what_a_link_leaves_out_is_said(client: Client, author: User) -> None:
    link = made(author, 3)
    hidden, pinned, shown = (item.entry for item in link.items.all())
    Entry.objects.filter(pk=hidden.pk).update(visibility=Entry.Visibility.DRAFT)
    former = pinned.published
    assert former is not None
    ShareItem.objects.filter(entry=pinned).update(version=former)
    factories.version(pinned)
    versions.withdraw_version(former)
    page = text_of(client, "studio_link", link)
    assert len(re.findall("so the link leaves (?:it|the entry) out", page)) == 2
    assert [one.entry for one in share_tokens.shown_by(link)] == [shown]
    Entry.objects.update(visibility=Entry.Visibility.DRAFT)
    assert "It shows no entry at the moment." in text_of(client, "studio_link", link)


def test_the_pages_open_in_french(client: Client, author: User) -> None:
    link = made(author)
    client.cookies["language"] = "fr"
    for name, args in [
        ("studio_links", []),
        ("studio_link_new", []),
        *((name, [link.pk]) for name in PAGES[:3]),
    ]:
        page = client.get(reverse(name, args=args)).content.decode()
        assert '<html lang="fr">' in page


def test_more_links_need_no_more_queries(client: Client, author: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("studio_links")).status_code == 200
        return len(captured)

    entry = factories.entry(author)
    for number in range(10):
        shares.make_link(author, [shares.Chosen(entry)], label=f"Link {number}")
    few = asked()
    for number in range(10, 200):
        shares.make_link(author, [shares.Chosen(entry)], label=f"Link {number}")
    assert asked() == few
    page = client.get(reverse("studio_links"), {"page": "4"}).content.decode()
    assert "Link 0" in page
    assert client.get(reverse("studio_links"), {"page": "no"}).status_code == 200


def test_more_visits_need_no_more_queries(client: Client, author: User) -> None:
    link = made(author, 3)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("studio_link", args=[link.pk])).status_code == 200
        return len(captured)

    def visit(number: int, days: int) -> None:
        today = timezone.now().astimezone(UTC).date()
        Visit.objects.bulk_create(
            Visit(
                id=uuid.uuid4(),
                link=link,
                kind=Visit.Kind.HUMAN,
                day=today - timedelta(days=one % days),
                visitor=f"{one:064x}",
            )
            for one in range(number)
        )
        VisitDay.objects.filter(link=link).delete()
        VisitDay.objects.bulk_create(
            VisitDay(
                link=link,
                day=today - timedelta(days=one),
                opens=number // days,
                visitors=number // days,
                entries={str(item.entry_id): 1 for item in link.items.all()},
            )
            for one in range(days)
        )

    visit(10, 5)
    few = asked()
    visit(9_990, 200)
    assert asked() == few
