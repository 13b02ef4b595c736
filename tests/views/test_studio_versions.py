"""Publishing, history and withdrawing in the studio."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Draft, Entry, Version
from prompts_app.services import entries
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(client: Client) -> Entry:
    """An entry with a draft and no version, whose author is signed in."""
    made = factories.entry(published=False, content=factories.content("First {{ text }}"))
    client.force_login(made.owner)
    return made


def address(entry: Entry) -> str:
    """Return the address of the versions page."""
    return reverse("studio_versions", args=[entry.slug])


def withdrawal(entry: Entry, number: int) -> str:
    """Return the address of the page that withdraws a version."""
    return reverse("studio_withdraw", args=[entry.slug, number])


def save(entry: Entry, prompt: str) -> int:
    """Save another text in the draft; return its revision."""
    draft = Draft.objects.get(entry=entry)
    return entries.save_draft(entry, factories.content(prompt), draft.revision).revision


def test_the_first_version_needs_no_note(client: Client, entry: Entry) -> None:
    assert "Publish version 1" in client.get(address(entry)).content.decode()
    response = client.post(address(entry), {"revision": "1", "change_note": ""}, follow=True)
    entry.refresh_from_db()
    assert entry.published == entry.versions.get(number=1)
    page = response.content.decode()
    assert "Version 1 is published." in page
    settings = reverse("studio_entry_settings", args=[entry.slug])
    assert f'<a href="{settings}">Say in the settings who may</a>' in page
    Entry.objects.update(visibility=Entry.Visibility.LISTED)
    assert "Say in the settings who may" not in client.get(address(entry)).content.decode()
    assert "The draft is the same as version 1" in page


def test_later_versions_say_what_changed(client: Client, entry: Entry) -> None:
    client.post(address(entry), {"revision": "1"})
    revision = save(entry, "Second {{ text }}")
    page = client.get(address(entry)).content.decode()
    assert "Publish version 2" in page
    assert "<del>First</del>" in page
    assert "<ins>Second</ins>" in page
    response = client.post(address(entry), {"revision": str(revision), "change_note": " "})
    assert response.status_code == 422
    assert "Say what changed since the last version." in response.content.decode()
    client.post(address(entry), {"revision": str(revision), "change_note": "Better first word"})
    assert entry.versions.get(number=2).change_note == "Better first word"


def test_what_the_author_has_not_seen_is_not_published(client: Client, entry: Entry) -> None:
    revision = save(entry, "Saved in another tab")
    response = client.post(address(entry), {"revision": "1", "change_note": "Note"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "saved elsewhere meanwhile" in page
    assert f'name="revision" value="{revision}"' in page
    assert "Note" in page
    assert not entry.versions.exists()


def test_nothing_and_nothing_new_are_not_published(client: Client, entry: Entry) -> None:
    client.post(address(entry), {"revision": "1"})
    response = client.post(address(entry), {"revision": "1", "change_note": "Again"})
    assert response.status_code == 422
    assert "Nothing changed since the last version" in response.content.decode()
    revision = save(entry, "  \n")
    assert "The draft is empty." in client.get(address(entry)).content.decode()
    response = client.post(address(entry), {"revision": str(revision), "change_note": "Empty"})
    assert response.status_code == 422
    assert entry.versions.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"revision": ""},
        {"revision": "x"},
        {"revision": "-1"},
        {"revision": "99999999999999999999"},
        {"revision": "\x00"},
        {"revision": "1", "change_note": "x" * 301},
        {"revision": "1", "change_note": "\x00"},
        {"revision": "1", "change_note": "\u202e"},
        {"revision": "1", "change_note": "two\nlines"},
    ],
)
def test_bad_input_publishes_nothing(client: Client, entry: Entry, data: dict[str, str]) -> None:
    assert client.post(address(entry), data).status_code == 422
    assert not entry.versions.exists()


def test_withdrawing_asks_for_the_number_and_erases(client: Client, entry: Entry) -> None:
    client.post(address(entry), {"revision": "1"})
    factories.version(entry, factories.content("Secret {{ text }}"), "Leaked")
    factories.run(entry.versions.get(number=2), output="Secret answer")
    page = client.get(withdrawal(entry, 2)).content.decode()
    assert "Visitors will see version 1 instead." in page
    assert "The draft still holds the same text" in page
    for typed in ("", "1", "two", "x" * 50, "\x00"):
        response = client.post(withdrawal(entry, 2), {"number": typed})
        assert response.status_code == 422
        assert response.context["form"].errors["number"]
    assert not Version.objects.filter(withdrawn_at__isnull=False).exists()
    response = client.post(withdrawal(entry, 2), {"number": "2"}, follow=True)
    assert "Version 2 is withdrawn" in response.content.decode()
    version = entry.versions.get(number=2)
    assert version.content == {}
    entry.refresh_from_db()
    assert entry.published == entry.versions.get(number=1)
    # A second time there is nothing to do.
    assert client.post(withdrawal(entry, 2), {"number": "2"}).status_code == 302


def test_after_withdrawing_the_last_one_publishing_goes_on(client: Client, entry: Entry) -> None:
    client.post(address(entry), {"revision": "1"})
    assert "No other version is left" in client.get(withdrawal(entry, 1)).content.decode()
    client.post(withdrawal(entry, 1), {"number": "v1"})
    page = client.get(address(entry)).content.decode()
    assert "Publish version 2" in page
    assert "the number stays taken" in page
    client.post(address(entry), {"revision": "1", "change_note": "Without the secret"})
    assert entry.versions.filter(number=2).exists()


def test_versions_are_their_authors_own(client: Client, entry: Entry) -> None:
    client.post(address(entry), {"revision": "1"})
    for number in (2, 99999999999999999999):
        assert client.get(withdrawal(entry, number)).status_code == 404
    assert client.put(withdrawal(entry, 1)).status_code == 405
    revision = str(save(entry, "Other"))
    client.force_login(factories.profile().user)
    for response in (
        client.post(address(entry), {"revision": revision, "change_note": "Mine now"}),
        client.get(withdrawal(entry, 1)),
        client.post(withdrawal(entry, 1), {"number": "1"}),
    ):
        assert response.status_code == 404
    client.logout()
    for response in (
        client.post(address(entry), {"revision": revision, "change_note": "Mine now"}),
        client.post(withdrawal(entry, 1), {"number": "1"}),
    ):
        assert response.status_code == 302
    assert [one.withdrawn_at for one in entry.versions.all()] == [None]


def test_history_asks_the_same_number_of_queries_for_more(
    client: Client, entry: Entry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.post(address(entry), {"revision": "1"})
    client.get(address(entry))
    with django_assert_max_num_queries(9) as first:
        client.get(address(entry))
    expected = len(first)
    factories.versions_of(entry, 40)
    with django_assert_max_num_queries(expected):
        page = client.get(address(entry)).content.decode()
    assert "Compare with version 40" in page


def test_the_pages_speak_french(client: Client, entry: Entry) -> None:
    client.post(address(entry), {"revision": "1"})
    client.cookies["language"] = "fr"
    for where in (address(entry), withdrawal(entry, 1)):
        response = client.get(where)
        assert response.status_code == 200
        assert '<html lang="fr"' in response.content.decode()
