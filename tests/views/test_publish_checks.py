"""Before publishing, the page says what to mend, where, and lets the author go on."""

import re
import time

import pytest
from django.test import Client
from django.urls import reverse

from prompts_app.models import Entry
from prompts_app.services import publish_checks
from tests import factories

pytestmark = pytest.mark.django_db
KEY = "gsk" + "_aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYaB3dE5fG7hJ9kL2mN4pQ"
RULE = {"text": "Brief.", "assertion": {"type": "word-count", "value": {"max": 9}}}


def made(client: Client, **content: object) -> Entry:
    entry = factories.entry(
        published=False, content=factories.content("Sum up {{ text }}", **content)
    )
    client.force_login(entry.owner)
    return entry


def page(client: Client, entry: Entry) -> str:
    text = client.get(reverse("studio_versions", args=[entry.slug])).content.decode()
    return re.sub(r"\s+", " ", text)


def test_each_find_says_where_it_is_and_a_secret_is_not_repeated(client: Client) -> None:
    entry = made(
        client,
        messages=[{"role": "user", "content": f"Line one\nUse {KEY} for {{{{ text }}}}"}],
        context="Written by anna@firm.co.uk",
        variables=[factories.variable("text", default="A\u200bB")],
        constraints=[RULE | {"text": "Call 01.42.27.65.98 when in doubt."}],
    )
    case = factories.case(entry, "A letter", values={"text": "From bert@firm.co.uk"})
    shown = page(client, entry)
    editor = reverse("studio_entry", args=[entry.slug])
    assert "A key of Groq" in shown
    assert KEY not in shown
    assert f'href="{editor}#id_messages-0-content">Message 1, line 2</a>' in shown
    assert f'href="{editor}#id_variables-0-default">Variable text</a>' in shown
    assert "U+200B" in shown
    assert f'href="{editor}#id_context">Context</a>' in shown
    assert f'href="{editor}#id_constraints-0-text">Constraint 1</a>' in shown
    edit = reverse("studio_case", args=[entry.slug, case.pk])
    assert f'href="{edit}#id_value-text">' in shown
    assert 'id="id_value-text"' in client.get(edit).content.decode()
    assert "There are no test cases." not in shown
    assert "version 1 all the same" in shown


def box(text: str) -> str:
    """What the page's tick that a key is not real would send."""
    found = re.search(r'<input [^>]*name="not_real"[^>]*value="(\w+)"', text)
    assert found is not None
    return found[1]


def test_a_key_is_published_only_once_somebody_says_that_it_is_not_real(client: Client) -> None:
    entry = made(client, context=f"Key: {KEY}")
    address = reverse("studio_versions", args=[entry.slug])
    response = client.post(address, {"revision": "1"})
    shown = response.content.decode()
    assert response.status_code == 422
    assert "Take the key out of the prompt." in shown
    assert 'href="#id_not_real"' in shown
    assert re.search(r'<input [^>]*name="not_real"[^>]* autofocus', shown)
    for tick in ("on", "1", "f" * 64):
        assert client.post(address, {"revision": "1", "not_real": tick}).status_code == 422
    assert not entry.versions.exists()
    ticked = {"revision": "1", "not_real": box(shown)}
    assert client.post(address, ticked).status_code == 302
    assert entry.versions.get().content["context"] == f"Key: {KEY}"


def test_a_tick_counts_only_for_the_keys_that_were_shown(client: Client) -> None:
    entry = made(client, context=f"Key: {KEY}")
    address = reverse("studio_versions", args=[entry.slug])
    ticked = {"revision": "1", "not_real": box(page(client, entry))}
    entry.summary = f"Uses {KEY}"
    entry.save()
    response = client.post(address, ticked)
    assert response.status_code == 422
    shown = response.content.decode()
    assert "Other keys were found since." in shown
    assert not re.search(r'name="not_real"[^>]* checked', shown)
    noted = ticked | {"not_real": box(shown), "change_note": f"Without {KEY}", "seen": "1"}
    response = client.post(address, noted)
    assert response.status_code == 422
    assert not entry.versions.exists()
    ticked = noted | {"not_real": box(response.content.decode())}
    assert client.post(address, ticked).status_code == 302


def test_what_is_no_key_asks_for_no_tick(client: Client) -> None:
    entry = made(client, context="Written by anna@firm.co.uk")
    assert "not_real" not in page(client, entry)
    address = reverse("studio_versions", args=[entry.slug])
    assert client.post(address, {"revision": "1"}).status_code == 302


def test_what_is_missing_is_said_until_it_is_there(client: Client) -> None:
    entry = made(client)
    shown = page(client, entry)
    for sentence in ("There is no baseline", "There are no test cases", "No constraint is tested"):
        assert sentence in shown
    assert "version 1 all the same" not in shown
    factories.case(entry, "One", values={"text": "x"})
    factories.version(entry)
    entry.draft.refresh_from_db()
    entry.draft.content = factories.content("Better: {{ text }}", constraints=[RULE])
    entry.draft.save()
    assert "Before you publish" not in page(client, entry)


def test_the_note_is_looked_at_when_it_is_sent(client: Client) -> None:
    entry = made(client)
    address = reverse("studio_versions", args=[entry.slug])
    sent = {"revision": "1", "change_note": "Asked by carl@firm.co.uk"}
    response = client.post(address, sent)
    shown = response.content.decode()
    assert response.status_code == 422
    assert "#id_change_note" in shown
    assert 'value="Asked by carl@firm.co.uk"' in shown
    assert 'name="seen" value="1"' in shown
    assert client.post(address, sent | {"seen": "1"}).status_code == 302
    assert entry.versions.get().change_note == sent["change_note"]


def test_nothing_is_said_where_nothing_can_be_published(client: Client) -> None:
    entry = made(client, context=KEY)
    factories.version(entry, content=entry.draft.content)
    assert "Before you publish" not in page(client, entry)


def test_more_text_than_anybody_waits_for_is_said_to_be_too_much(client: Client) -> None:
    entry = made(client)
    long = {f"v{n}": "some words " * 1800 for n in range(20)}
    for n in range(5):
        factories.case(entry, f"Case {n}", values=long)
    began = time.process_time()
    found = publish_checks.checks_of(entry, entry.draft.content, list(entry.cases.all()))
    assert time.process_time() - began < 5
    assert any("too much text" in one.what for one in found)
