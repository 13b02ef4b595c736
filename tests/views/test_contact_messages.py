"""The studio's messages: who reads them, in which order, and how they go."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import ContactMessage, ShareLink, User
from prompts_app.services import share_tokens
from tests import factories

pytestmark = pytest.mark.django_db

LIST = reverse("studio_messages")


@pytest.fixture
def owner() -> User:
    """An author."""
    return factories.profile(contact_mode="form").user


@pytest.fixture
def signed_in(client: Client, owner: User) -> Client:
    """The author's browser."""
    client.force_login(owner)
    return client


def message(owner: User, **fields: Any) -> ContactMessage:
    """Return a message to the author."""
    values = {"name": "Grace", "email": "grace@example.org", "text": "Shall we talk?"} | fields
    return ContactMessage.objects.create(owner=owner, **values)


def page_of(message: ContactMessage) -> str:
    """Where the author reads it."""
    return reverse("studio_message", args=[message.pk])


def test_strangers_are_asked_to_sign_in(client: Client, owner: User) -> None:
    kept = message(owner)
    for address in (LIST, page_of(kept)):
        assert client.get(address)["Location"].startswith(reverse("account_login"))
    client.post(reverse("studio_message_delete", args=[kept.pk]))
    assert ContactMessage.objects.exists()


def test_other_authors_see_nothing(signed_in: Client) -> None:
    theirs = message(factories.profile().user, name="Somebody else")
    assert "Somebody else" not in signed_in.get(LIST).content.decode()
    assert signed_in.get(page_of(theirs)).status_code == 404
    deleting = reverse("studio_message_delete", args=[theirs.pk])
    assert signed_in.post(deleting).status_code == 404
    assert ContactMessage.objects.get().read_at is None


def test_wrong_methods(signed_in: Client, owner: User) -> None:
    kept = message(owner)
    assert signed_in.post(LIST).status_code == 405
    assert signed_in.post(page_of(kept)).status_code == 405
    assert signed_in.get(reverse("studio_message_delete", args=[kept.pk])).status_code == 405


def test_what_is_not_read_comes_first_and_opening_reads_it(signed_in: Client, owner: User) -> None:
    now = timezone.now()
    message(owner, name="Read now", created_at=now, read_at=now)
    old = message(owner, name="Unread old", created_at=now - timedelta(days=9))
    message(owner, name="Unread new", created_at=now - timedelta(days=1))
    shown = signed_in.get(LIST).content.decode()
    places = [shown.index(name) for name in ("Unread new", "Unread old", "Read now")]
    assert places == sorted(places)
    assert '<span class="count">2<' in signed_in.get(reverse("studio")).content.decode()
    signed_in.head(page_of(old))
    assert ContactMessage.objects.filter(read_at__isnull=True).count() == 2
    assert '<span class="count">1<' in signed_in.get(page_of(old)).content.decode()
    old.refresh_from_db()
    read = old.read_at
    signed_in.get(page_of(old))
    old.refresh_from_db()
    assert old.read_at == read is not None


def test_a_message_is_shown_as_text(signed_in: Client, owner: User) -> None:
    kept = message(owner, name="<b>Eve</b>", text="<script>alert(1)</script>\n\nSecond.", email="")
    shown = signed_in.get(page_of(kept)).content.decode()
    assert "&lt;script&gt;" in shown
    assert "<script>alert" not in shown
    assert "<b>Eve" not in shown + signed_in.get(LIST).content.decode()
    assert "not given" in shown


def test_pages_say_which_link_a_message_came_through(signed_in: Client, owner: User) -> None:
    link = ShareLink(owner=owner, label="Acme, autumn")
    share_tokens.mint(link)
    link.save()
    kept = message(owner, link=link, about="new_link", text="")
    for address in (LIST, page_of(kept)):
        shown = signed_in.get(address).content.decode()
        assert "Acme, autumn" in shown
        assert "Asks for a new link" in shown
    link.delete()
    assert "a deleted share link" in signed_in.get(page_of(kept)).content.decode()


def test_a_mail_that_never_went_is_told_of(signed_in: Client, owner: User) -> None:
    kept = message(owner, created_at=timezone.now() - timedelta(minutes=5))
    assert "No mail about this message" in signed_in.get(page_of(kept)).content.decode()
    ContactMessage.objects.update(mailed_at=timezone.now())
    assert "No mail about this message" not in signed_in.get(page_of(kept)).content.decode()


def test_a_deleted_message_is_gone(signed_in: Client, owner: User) -> None:
    kept = message(owner)
    response = signed_in.post(reverse("studio_message_delete", args=[kept.pk]), follow=True)
    assert "The message is deleted." in response.content.decode()
    assert not ContactMessage.objects.exists()
    assert signed_in.get(page_of(kept)).status_code == 404


def test_an_empty_list_says_what_comes_here(signed_in: Client, owner: User) -> None:
    assert "What people write to you" in signed_in.get(LIST).content.decode()
    owner.profile.contact_mode = "none"
    owner.profile.save()
    assert "Change your profile" in signed_in.get(LIST).content.decode()


@pytest.mark.parametrize("number", [2, 60])
def test_more_messages_make_no_more_queries(
    signed_in: Client,
    owner: User,
    number: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _turn in range(number):
        message(owner)
    with django_assert_max_num_queries(6):
        shown = signed_in.get(f"{LIST}?page=1").content.decode()
    assert ('rel="next"' in shown) is (number == 60)


def test_the_pages_speak_french(signed_in: Client, owner: User) -> None:
    for address in (LIST, page_of(message(owner))):
        shown = signed_in.get(address, headers={"accept-language": "fr"}).content.decode()
        assert '<html lang="fr">' in shown
