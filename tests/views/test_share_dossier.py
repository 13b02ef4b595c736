"""A link's dossier: for whoever may open the link, as long as it opens, and never an error page."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prompts_app.models import Entry, PreviewCard, RenderedText
from prompts_app.services import dossiers, share_tokens
from prompts_app.typeset.pages import MAX_CHARACTERS
from tests import factories, papers
from tests.clock import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> Entry:
    return factories.entry(factories.profile(name="Ada Éxample/../x").user, title="Invoices")


def test_the_dossier_is_a_pdf_to_look_at(client: Client, entry: Entry) -> None:
    _link, token = papers.link(entry.owner, entry)
    response = client.get(papers.dossier_url(token))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'inline; filename="dossier-ada-example-x.pdf"'
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert "Invoices" in papers.text_of(response.content)
    assert not response.cookies


def test_no_other_method_is_taken(client: Client, entry: Entry) -> None:
    _link, token = papers.link(entry.owner, entry)
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(papers.dossier_url(token)).status_code == 405
    assert client.head(papers.dossier_url(token)).status_code == 200


def test_unknown_and_revoked_links_have_none(client: Client, entry: Entry) -> None:
    _link, token = papers.link(entry.owner, entry, revoked_at=timezone.now())
    for one in (token, "unknown", "A" * 22):
        response = client.get(papers.dossier_url(one))
        assert response.status_code == 404
        assert "no-store" in response["Cache-Control"]


def test_an_expired_link_has_none(client: Client, entry: Entry) -> None:
    with Clock() as clock:
        over = clock.now + timedelta(hours=1)
        _link, token = papers.link(entry.owner, entry, expires_at=over)
        clock.now = over - timedelta(seconds=1)
        assert client.get(papers.dossier_url(token)).status_code == 200
        clock.now = over + timedelta(seconds=1)
        response = client.get(papers.dossier_url(token))
        assert response.status_code == 410
        assert not response.content.startswith(b"%PDF")


def test_a_locked_link_asks_for_its_password_first(client: Client, entry: Entry) -> None:
    link, token = papers.link(entry.owner, entry, password="open sesame")
    assert client.get(papers.dossier_url(token)).status_code == 403
    client.cookies[share_tokens.cookie_name(link)] = share_tokens.pass_for(link)
    assert client.get(papers.dossier_url(token)).status_code == 200
    share_tokens.set_password(link, "another")
    link.save()
    assert client.get(papers.dossier_url(token)).status_code == 403


def test_the_owner_may_always_look_and_other_authors_may_not(client: Client, entry: Entry) -> None:
    _link, token = papers.link(entry.owner, entry, password="open sesame")
    client.force_login(entry.owner)
    assert client.get(papers.dossier_url(token)).status_code == 200
    client.force_login(factories.profile().user)
    assert client.get(papers.dossier_url(token)).status_code == 403


def test_what_cannot_be_set_is_said_calmly(client: Client, entry: Entry) -> None:
    long = factories.content("word " * (MAX_CHARACTERS // 5 + 1))
    factories.version(entry, long)
    _link, token = papers.link(entry.owner, entry)
    response = client.get(papers.dossier_url(token))
    assert response.status_code == 503
    assert "cannot be made" in response.content.decode()
    assert "Retry-After" not in response
    assert "no-store" in response["Cache-Control"]


def test_too_many_at_once_are_asked_to_wait(
    client: Client, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossiers, "_PATIENCE", 0.01)
    _link, token = papers.link(entry.owner, entry)
    with ExitStack() as turns:
        for _number in range(2):
            turns.enter_context(dossiers._turn())
        response = client.get(papers.dossier_url(token))
        assert response.status_code == 503
        assert response["Retry-After"] == "10"
    assert client.get(papers.dossier_url(token)).status_code == 200


def test_an_unopened_page_makes_no_card(client: Client, entry: Entry) -> None:
    _link, token = papers.link(entry.owner, entry)
    client.get(papers.dossier_url(token))
    assert not PreviewCard.objects.exists()
    assert RenderedText.objects.count() <= 1


def test_the_visitors_language_does_not_change_the_document(client: Client, entry: Entry) -> None:
    _link, token = papers.link(entry.owner, entry, language="en")
    client.cookies["language"] = "fr"
    response = client.get(reverse("share_dossier", args=[token]))
    assert "At a glance" in papers.text_of(response.content)
