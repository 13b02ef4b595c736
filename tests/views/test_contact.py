"""Writing to an author: through the profile, a share link, and for a new link."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prompts_app.models import ContactMessage, Profile, ShareLink
from prompts_app.services import contact, share_tokens
from tests import factories
from tests.clock import Clock

pytestmark = pytest.mark.django_db

TEXT = "We liked your triage prompt. Shall we talk?"
FIELDS = {"name": "Grace Hopper", "email": "grace@example.org", "text": TEXT}


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stands still until moved."""
    with Clock() as clock:
        yield clock


@pytest.fixture
def profile(clock: Clock) -> Profile:
    """An author whose pages have a form."""
    made = factories.profile(handle="ada", name="Ada Byron", contact_mode="form")
    factories.entry(made.user)
    return made


@pytest.fixture
def page(profile: Profile) -> str:
    """The page with the form."""
    return reverse("profile_contact", args=[profile.handle])


def shared(profile: Profile, **fields: Any) -> tuple[ShareLink, str]:
    """Return a share link of the author, and its token."""
    link = ShareLink(owner=profile.user, **fields)
    token = share_tokens.mint(link)
    link.save()
    return link, token


def stamp_in(shown: str) -> str:
    """Return what the form says of when it was opened."""
    found = re.search(r'name="stamp" value="([^"]+)"', shown)
    assert found
    return found[1]


def opened(client: Client, page: str, clock: Clock, wait: float = 10) -> dict[str, str]:
    """Open the form, wait, and return its fields as they would be sent."""
    shown = client.get(page).content.decode()
    clock.move(timedelta(seconds=wait))
    return FIELDS | {"stamp": stamp_in(shown), "website": ""}


def test_a_message_is_kept_once_and_the_page_says_so(
    client: Client, profile: Profile, page: str, clock: Clock
) -> None:
    assert f'href="{page}"' in client.get("/@ada/").content.decode()
    fields = opened(client, page, clock)
    response = client.post(page, fields)
    assert response.status_code == 303
    message = ContactMessage.objects.get()
    assert (message.owner, message.link, message.about) == (profile.user, None, "message")
    assert (message.name, message.email, message.text) == tuple(FIELDS.values())
    assert message.read_at is None
    assert message.mailed_at is None
    assert "Your message is with Ada Byron" in client.get(response["Location"]).content.decode()
    # A reload or a double click is the same message.
    assert client.post(page, fields)["Location"] == response["Location"]
    assert ContactMessage.objects.count() == 1


@pytest.mark.parametrize("sent", ["x", "00000000-0000-0000-0000-000000000000"])
def test_nothing_is_said_to_be_sent_that_was_not(client: Client, page: str, sent: str) -> None:
    assert "Send the message" in client.get(f"{page}?sent={sent}").content.decode()


@pytest.mark.parametrize("mode", ["none", "email"])
def test_without_a_form_there_is_no_page(
    client: Client, profile: Profile, page: str, mode: str
) -> None:
    Profile.objects.update(contact_mode=mode, contact_email="ada@work.example")
    assert client.get(page).status_code == 404
    assert client.post(page, FIELDS).status_code == 404
    shown = client.get("/@ada/").content.decode()
    assert page not in shown
    assert ("mailto:ada@work.example" in shown) is (mode == "email")
    assert profile.user.email not in shown


def test_whose_profile_is_hidden_gets_no_messages(client: Client, clock: Clock) -> None:
    factories.profile(handle="hidden", contact_mode="form")
    page = reverse("profile_contact", args=["hidden"])
    assert client.get(page).status_code == 404
    assert client.post(page, FIELDS).status_code == 404


def test_only_forms_write(client: Client, page: str) -> None:
    assert client.put(page).status_code == 405


def test_the_public_profile_stays_without_cookies(client: Client, page: str) -> None:
    response = client.get("/@ada/")
    assert not response.cookies
    assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
    form = client.get(page)
    assert "no-store" in form["Cache-Control"]
    assert 'content="noindex"' in form.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("name", "Grace\nBcc: everyone@example.org"),
        ("name", "turned \u202e round"),
        ("email", "grace"),
        ("email", "grace@example.org\nBcc: everyone@example.org"),
        ("email", "grace@example.org\x00"),
        ("email", "g" * 250 + "@example.org"),
        ("text", ""),
        ("text", "too short"),
        ("text", " " * 20),
        ("text", "x" * 4001),
        ("text", "nul\x00 and ten characters"),
        ("text", "http://a.example HTTPS://b.example www.c.example http://d.example"),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_is_lost(
    client: Client, page: str, clock: Clock, field: str, value: str
) -> None:
    fields = opened(client, page, clock) | {field: value}
    response = client.post(page, fields)
    shown = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in shown
    assert "grace@example.org" in shown or field == "email"
    assert TEXT in shown or field == "text"
    assert not ContactMessage.objects.exists()
    # The same form, put right, is sent.
    assert client.post(page, FIELDS | {"stamp": stamp_in(shown)}).status_code == 303


def test_an_address_is_not_asked_for(client: Client, page: str, clock: Clock) -> None:
    response = client.post(page, opened(client, page, clock) | {"email": ""})
    assert response.status_code == 303
    assert ContactMessage.objects.get().email == ""


@pytest.mark.parametrize(
    ("wait", "status"), [(2.999, 422), (3, 303), (86_400, 303), (86_400.001, 422)]
)
def test_forms_are_sent_by_people_in_their_time(
    client: Client, page: str, clock: Clock, wait: float, status: int
) -> None:
    fields = opened(client, page, clock, wait)
    response = client.post(page, fields)
    assert response.status_code == status
    if status == 422:
        shown = response.content.decode()
        assert TEXT in shown
        clock.move(timedelta(seconds=5))
        assert client.post(page, fields | {"stamp": stamp_in(shown)}).status_code == 303
    assert ContactMessage.objects.count() == 1


@pytest.mark.parametrize("stamp", ["", "x", "a:b:c", "author 1:x:1:signature", "\x00"])
def test_forms_that_were_never_opened_are_not_taken(
    client: Client, page: str, clock: Clock, stamp: str
) -> None:
    response = client.post(page, FIELDS | {"stamp": stamp})
    assert response.status_code == 422
    assert not ContactMessage.objects.exists()


def test_a_form_opened_for_one_author_sends_nothing_to_another(
    client: Client, page: str, clock: Clock
) -> None:
    other = factories.profile(handle="other", contact_mode="form")
    factories.entry(other.user)
    fields = opened(client, page, clock)
    assert client.post("/@other/contact/", fields).status_code == 422
    assert not ContactMessage.objects.exists()


def test_who_fills_in_every_field_is_asked_again(client: Client, page: str, clock: Clock) -> None:
    fields = opened(client, page, clock)
    response = client.post(page, fields | {"website": "https://spam.example"})
    shown = response.content.decode()
    assert response.status_code == 422
    assert "spam.example" not in shown
    assert not ContactMessage.objects.exists()
    # Some browsers fill in what nobody sees: their people get through.
    assert client.post(page, fields).status_code == 303


def test_a_visitor_and_an_author_have_their_days(
    client: Client, profile: Profile, page: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact, "PER_AUTHOR", 7)

    def send(address: str) -> int:
        response = client.post(page, opened(client, page, clock), REMOTE_ADDR=address)
        if response.status_code == 429:
            assert TEXT in response.content.decode()
        return response.status_code

    assert [send("192.0.2.1") for _turn in range(6)] == [303] * 5 + [429]
    # One connection of IPv6 is one visitor.
    assert [send(f"2001:db8::{turn}") for turn in range(1, 4)] == [303, 303, 429]
    assert ContactMessage.objects.count() == 7
    other = factories.profile(handle="other", contact_mode="form")
    factories.entry(other.user)
    assert client.post("/@other/contact/", opened(client, "/@other/contact/", clock)).status_code
    clock.move(timedelta(days=1))
    assert send("192.0.2.1") == 303
    assert "192.0.2.1" not in str(list(ContactMessage.objects.values()))


def test_visitors_of_two_authors_cannot_be_joined(client: Client, page: str, clock: Clock) -> None:
    other = factories.profile(handle="other", contact_mode="form")
    factories.entry(other.user)
    for address in (page, "/@other/contact/"):
        assert client.post(address, opened(client, address, clock)).status_code == 303
    first, second = ContactMessage.objects.values_list("visitor", flat=True)
    assert first
    assert first != second


def test_csrf_is_checked(page: str, clock: Clock) -> None:
    strict = Client(enforce_csrf_checks=True)
    fields = opened(strict, page, clock)
    assert Client(enforce_csrf_checks=True).post(page, fields).status_code == 403
    token = strict.cookies["csrftoken"].value
    assert strict.post(page, fields | {"csrfmiddlewaretoken": token}).status_code == 303


def test_the_form_speaks_french(client: Client, page: str) -> None:
    shown = client.get(page, headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="fr">' in shown


def test_a_share_link_has_its_form_and_its_message_names_the_link(
    client: Client, profile: Profile, clock: Clock
) -> None:
    link, token = shared(profile, label="Acme, autumn", language="fr")
    page = reverse("share_contact", args=[token])
    response = client.get(page)
    shown = response.content.decode()
    assert '<html lang="fr">' in shown
    assert response["Cache-Control"] == "no-store, private"
    assert response["X-Robots-Tag"].startswith("noindex")
    # Nothing leads from it to the rest of the site.
    leads = re.findall(r'<a [^>]*href="([^"]*)"', shown)
    assert set(leads) == {"#content", "../"}
    assert client.post(page, opened(client, page, clock)).status_code == 303
    message = ContactMessage.objects.get()
    assert (message.link, message.owner, message.about) == (link, profile.user, "message")
    # The profile may be hidden: the link is enough.
    profile.user.entries.update(visibility="links")
    assert client.get(page).status_code == 200
    Profile.objects.update(contact_mode="none")
    assert client.get(page).status_code == 404


def test_an_expired_link_can_be_asked_for_again(
    client: Client, profile: Profile, clock: Clock
) -> None:
    link, token = shared(profile, label="Acme", expires_at=timezone.now(), password="locked")
    page = reverse("share_ask", args=[token])
    shown = client.get(page).content.decode()
    assert "Ask Ada Byron for a new one." in shown
    clock.move(timedelta(seconds=4))
    wish = {"stamp": stamp_in(shown), "website": "", "name": "", "email": "", "text": ""}
    response = client.post(page, wish | {"email": "grace"})
    assert response.status_code == 422
    assert 'id="id_email_error"' in response.content.decode()
    response = client.post(page, wish)
    assert response.status_code == 303
    message = ContactMessage.objects.get()
    assert (message.link, message.about, message.text) == (link, "new_link", "")
    assert "Ada Byron knows that you ask" in client.get(response["Location"]).content.decode()
    for turn in range(5):
        clock.move(timedelta(seconds=4))
        again = client.get(page).content.decode()
        clock.move(timedelta(seconds=4))
        status = client.post(page, wish | {"stamp": stamp_in(again)}).status_code
        assert status == (303 if turn < 4 else 429)


def test_a_link_that_is_not_expired_needs_no_asking(
    client: Client, profile: Profile, clock: Clock
) -> None:
    _link, token = shared(profile, expires_at=timezone.now() + timedelta(seconds=1))
    page = reverse("share_ask", args=[token])
    assert client.get(page).status_code == 303
    assert client.post(page, FIELDS).status_code == 303
    assert not ContactMessage.objects.exists()
    clock.move(timedelta(seconds=1))
    assert client.get(page).status_code == 200
