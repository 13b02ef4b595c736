"""What an account is told by mail: in this site's own words, with what to do and what if not."""

import re
from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core import context
from django.conf import settings as site
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from prompts_app.models import User
from prompts_app.services import accounts, post
from tests import factories

pytestmark = pytest.mark.django_db

EMAIL = "o'hara+a&b@example.org"
NEW_PASSWORD = "an entirely new one"
# Every mail that allauth sends with the settings of this site.
LETTERS = (
    *("email_confirmation", "email_confirmation_signup"),
    *("account_already_exists", "password_reset_key"),
)
NOTICES = {
    "account/email/password_changed": "was changed",
    "account/email/password_reset": "was replaced",
    "account/email/password_set": "was given a password",
    "account/email/email_changed": f"from {EMAIL} to grace@example.org",
    "account/email/email_deleted": f"{EMAIL} was removed",
    "mfa/email/totp_activated": "asks for its codes, too",
    "mfa/email/totp_deactivated": "no longer asks for its codes",
    "mfa/email/recovery_codes_generated": "no longer work",
    "mfa/email/webauthn_added": "A passkey was added",
    "mfa/email/webauthn_removed": "A passkey was removed",
}


@pytest.fixture
def author() -> User:
    """An account whose address is confirmed and full of signs that HTML would escape."""
    author = accounts.create_author(EMAIL, factories.PASSWORD, handle="ohara", name="O'Hara")
    EmailAddress.objects.update_or_create(
        user=author, email=EMAIL, defaults={"verified": True, "primary": True}
    )
    return author


@pytest.fixture
def home(client: Client, author: User) -> Client:
    """Where the account is signed in."""
    signed = client.post(reverse("account_login"), {"login": EMAIL, "password": factories.PASSWORD})
    assert signed.status_code == 302
    return client


def told(outbox: list[EmailMessage], subject: str) -> str:
    """Return the one mail that came, after looking at what all of them have in common."""
    post.delivered()
    [mail] = outbox
    outbox.clear()
    assert mail.subject == f"[Promptfolio] {subject}"
    body = str(mail.body)
    assert "on Promptfolio" in body
    assert "If this was not you" in body
    assert body.endswith("-- \nPromptfolio · http://localhost:8000")
    assert not re.search(r"&(amp|#|lt|quot)|\n\n\n|Hello from|You are receiving|example\.com", body)
    assert max(map(len, body.splitlines())) < 200
    return body


@pytest.mark.parametrize(
    "name", [*(f"account/email/{one}" for one in LETTERS), *NOTICES, "account/email/base_message"]
)
@pytest.mark.parametrize("part", ["subject", "message"])
def test_none_of_them_is_allauths(name: str, part: str) -> None:
    if name.endswith("base_message"):
        name, part = name.removesuffix("_message"), "message"
    found = get_template(f"{name}_{part}.txt").origin.name  # type: ignore[attr-defined]
    assert Path(found).is_relative_to(site.BASE_DIR)


@pytest.mark.parametrize("name", NOTICES)
def test_a_change_is_told_with_where_it_came_from(
    author: User, mailoutbox: list[EmailMessage], name: str
) -> None:
    request = RequestFactory().post("/", HTTP_USER_AGENT="Lynx <2.9> & co")
    request.user, request.session = AnonymousUser(), {}  # type: ignore[assignment]
    more = {"from_email": EMAIL, "to_email": "grace@example.org", "deleted_email": EMAIL}
    with context.request_context(request):
        get_adapter().send_notification_mail(name, author, more)
    subject = get_template(f"{name}_subject.txt").render().strip()
    body = told(mailoutbox, subject)
    assert NOTICES[name] in body
    assert "From the network address: 127.0.0.1" in body
    assert "With the browser: Lynx <2.9> & co" in body
    assert re.search(r"http://localhost:8000/accounts/(password/reset|login)/", body)


def test_whoever_signs_up_confirms_their_address(
    client: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.ACCOUNT_SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION = "open", "mandatory"
    fields = {"email": EMAIL, "password1": factories.PASSWORD}
    client.post(reverse("account_signup"), fields)
    body = told(mailoutbox, "Confirm your e-mail address")
    assert f"made an account on Promptfolio with the address {EMAIL}" in body
    assert re.search(r"(?m)^http://\S+/confirm-email/\S+$", body)


def test_whoever_has_an_account_is_led_to_it(
    client: Client, author: User, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.ACCOUNT_SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION = "open", "mandatory"
    client.post(reverse("account_signup"), {"email": EMAIL, "password1": factories.PASSWORD})
    body = told(mailoutbox, "You have an account already")
    assert re.search(r"(?m)^http://\S+/password/reset/$", body)


def test_a_password_is_replaced_and_then_changed(
    home: Client, author: User, mailoutbox: list[EmailMessage]
) -> None:
    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": EMAIL})
    body = told(mailoutbox, "Set a new password")
    link = re.search(r"(?m)^http://\S+/password/reset/key/\S+$", body)
    assert link
    form = browser.get(link[0], follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert "signed out" in told(mailoutbox, "Your password was replaced")
    browser.post(reverse("account_login"), {"login": EMAIL, "password": NEW_PASSWORD})
    fields: dict[str, Any] = {"oldpassword": NEW_PASSWORD}
    fields |= dict.fromkeys(("password1", "password2"), factories.PASSWORD)
    browser.post(reverse("account_change_password"), fields)
    assert "signed out" in told(mailoutbox, "Your password was changed")


def test_another_address_is_confirmed_and_the_old_one_told(
    home: Client, author: User, mailoutbox: list[EmailMessage]
) -> None:
    home.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    second = "grace@example.org"
    home.post(reverse("account_email"), {"action_add": "1", "email": second})
    body = told(mailoutbox, "Confirm your e-mail address")
    assert f"The address {second} was entered in an account" in body
    EmailAddress.objects.update(verified=True)
    home.post(reverse("account_email"), {"action_primary": "1", "email": second})
    assert "keep this mail" in told(mailoutbox, "The address of your account was changed")


def test_to_an_address_nobody_has_no_mail_goes(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    post.delivered()
    assert mailoutbox == []
