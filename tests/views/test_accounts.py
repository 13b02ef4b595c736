"""Signing in, signing up, passwords, addresses and second steps: one look, one set of manners."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse
from pytest_django import Settings

from prompts_app.models import Invitation, User
from prompts_app.services import accounts, post
from prompts_app.services.accounts import create_author
from prompts_app.urls import account_routes
from tests import factories

pytestmark = pytest.mark.django_db

LOGIN = reverse("account_login")
SIGNUP = reverse("account_signup")
EMAIL = "ada@example.org"


@pytest.fixture
def author() -> User:
    """An author as the operator makes them."""
    return create_author(EMAIL, factories.PASSWORD, handle="ada", name="Ada")


def sign_in(client: Client, password: str = factories.PASSWORD, email: str = EMAIL) -> int:
    """Send the form and return the status."""
    return client.post(LOGIN, {"login": email, "password": password}).status_code


def confirm(client: Client) -> None:
    """Type the password once more, as changes of the second step ask for it."""
    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})


def signed_in(client: Client) -> bool:
    """Say whether the browser belongs to somebody."""
    return "_auth_user_id" in client.session


def test_an_author_signs_in_and_out(client: Client, author: User) -> None:
    assert (
        "Accounts on this site are made by whoever runs it." in client.get(LOGIN).content.decode()
    )
    response = client.post(LOGIN, {"login": EMAIL.upper(), "password": factories.PASSWORD})
    assert (response.status_code, response["Location"]) == (302, reverse("studio"))
    assert client.get(reverse("account_logout")).status_code == 200
    assert signed_in(client)
    response = client.post(reverse("account_logout"))
    assert (response.status_code, response["Location"]) == (302, reverse("home"))
    assert not signed_in(client)
    # Nothing is left to be told at the next sign-in.
    assert sign_in(client) == 302
    assert "notice" not in client.get(reverse("studio_profile")).content.decode()


def test_the_wanted_page_comes_after_signing_in(client: Client, author: User) -> None:
    wanted = reverse("studio_limits")
    page = client.get(client.get(wanted)["Location"]).content.decode()
    assert f'name="next" value="{wanted}"' in page
    fields = {"login": EMAIL, "password": factories.PASSWORD}
    assert client.post(LOGIN, fields | {"next": wanted})["Location"] == wanted


def test_signing_in_leads_nowhere_else(client: Client, author: User) -> None:
    fields = {"login": EMAIL, "password": factories.PASSWORD, "next": "https://evil.example/"}
    assert client.post(LOGIN, fields)["Location"] == reverse("studio")


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong"),
        (EMAIL, ""),
        (EMAIL, "nul\x00"),
        ("nobody@example.org", factories.PASSWORD),
        ("not an address", factories.PASSWORD),
        ("", ""),
        ("a\x00@example.org", factories.PASSWORD),
        ("x" * 5000 + "@example.org", "y" * 5000),
    ],
)
def test_a_wrong_sign_in_is_refused_with_input_kept(
    client: Client, author: User, email: str, password: str
) -> None:
    response = client.post(LOGIN, {"login": email, "password": password})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'role="alert"' in page
    assert "placeholder" not in page
    if email == EMAIL:
        assert f'value="{EMAIL}"' in page
    if password:
        assert password not in page
    assert not signed_in(client)


def test_the_same_words_whether_the_account_exists(client: Client, author: User) -> None:
    pages = []
    for email in (EMAIL, "nobody@example.org"):
        page = client.post(LOGIN, {"login": email, "password": "wrong"}).content.decode()
        pages.append(re.search(r"notice__body.*?</p>", page, re.DOTALL))
    assert pages[0] is not None
    assert pages[1] is not None
    assert pages[0][0] == pages[1][0]


def test_guessing_passwords_is_slowed_down(client: Client, author: User) -> None:
    for _attempt in range(5):
        assert sign_in(client, "wrong") == 422
    # The right password does not help now, wherever it is typed.
    assert sign_in(client) == 422
    assert not signed_in(client)
    other = Client(REMOTE_ADDR="203.0.113.9")
    assert sign_in(other) == 422
    # Other accounts are free, from elsewhere and from here.
    factories_user = create_author("b@example.org", factories.PASSWORD, handle="b-b", name="B")
    assert sign_in(client, email=factories_user.email) == 302


def test_many_attempts_from_one_place_are_stopped_with_a_page(client: Client, author: User) -> None:
    def attempt(number: int, **where: str) -> int:
        fields = {"login": f"a{number}@example.org", "password": ""}
        return client.post(LOGIN, fields, **where).status_code  # type: ignore[arg-type]

    assert {attempt(number) for number in range(30)} == {422}
    assert attempt(31) == 429
    # A forwarding header that no proxy of ours wrote does not make it another place.
    assert attempt(32, HTTP_X_FORWARDED_FOR="198.51.100.7") == 429
    assert attempt(33, REMOTE_ADDR="198.51.100.7") == 422
    page = client.post(LOGIN, {"login": "a", "password": ""}).content.decode()
    assert "Too many attempts" in page
    assert "site-header" in page


def test_behind_a_proxy_each_visitor_counts_alone(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    seen = [
        Client(HTTP_X_FORWARDED_FOR=f"198.51.100.9, 203.0.113.{number}")
        .post(LOGIN, {"login": "a", "password": ""})
        .status_code
        for number in range(32)
    ]
    assert set(seen) == {422}


def test_sign_up_is_closed_and_says_how_to_get_an_account(client: Client) -> None:
    page = client.get(SIGNUP).content.decode()
    assert "Sign-up is closed" in page
    assert "Ask them for one" in page
    assert 'name="password1"' not in page
    client.post(SIGNUP, {"email": EMAIL, "password1": factories.PASSWORD})
    assert not User.objects.exists()


def test_an_open_site_asks_to_confirm_the_address(
    client: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.ACCOUNT_SIGNUP = "open"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert SIGNUP in client.get(LOGIN).content.decode()
    response = client.post(SIGNUP, {"email": EMAIL, "password1": factories.PASSWORD}, follow=True)
    assert "Confirm your e-mail address" in response.content.decode()
    assert sign_in(Client()) == 302
    assert EmailAddress.objects.get().verified is False
    post.delivered()
    link = re.search(r"https?://\S+confirm-email/\S+", str(mailoutbox[0].body))
    assert link is not None
    # Another browser, without a session: what happened is said all the same.
    other = Client()
    assert "Is ada@example.org your address?" in other.get(link[0]).content.decode()
    response = other.post(link[0], follow=True)
    assert EmailAddress.objects.get().verified
    assert "You have confirmed" in response.content.decode()
    assert sign_in(other) == 302
    assert "Three steps to an entry you can send" in other.get(reverse("studio")).text
    assert "does not work any more" in Client().get(link[0]).content.decode()


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("not an address", factories.PASSWORD, "email"),
        (EMAIL, "short", "password1"),
        (EMAIL, "password123", "password1"),
        (EMAIL, EMAIL, "password1"),
        (EMAIL, "nul\x00nul\x00nul\x00", "password1"),
        ("", "", "email"),
    ],
)
def test_a_bad_sign_up_is_refused_at_its_field(
    client: Client, settings: Settings, email: str, password: str, field: str
) -> None:
    settings.ACCOUNT_SIGNUP = "open"
    response = client.post(SIGNUP, {"email": email, "password1": password})
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not User.objects.exists()


def test_an_invitation_opens_sign_up_once(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_SIGNUP = "invite"
    invitation = Invitation.objects.create(note="For Ada")
    address = reverse("invitation", args=[invitation.code])
    assert "by invitation" in client.get(SIGNUP).content.decode()
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (302, SIGNUP)
    assert 'name="password1"' in client.get(SIGNUP).content.decode()
    response = client.post(SIGNUP, {"email": EMAIL, "password1": factories.PASSWORD}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("studio")
    assert "Three steps to an entry you can send" in response.text
    invitation.refresh_from_db()
    assert invitation.used_by == User.objects.get(email=EMAIL)
    other = Client()
    assert other.get(address).status_code == 404
    assert "by invitation" in other.get(SIGNUP).content.decode()


def test_an_invitation_used_meanwhile_closes_the_form(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_SIGNUP = "invite"
    invitation = Invitation.objects.create()
    client.get(reverse("invitation", args=[invitation.code]))
    invitation.used_by = factories.user()
    invitation.save()
    response = client.post(SIGNUP, {"email": EMAIL, "password1": factories.PASSWORD})
    assert "has been used already" in response.content.decode()
    assert not User.objects.filter(email=EMAIL).exists()


def test_an_invitation_does_not_open_a_closed_site(client: Client) -> None:
    invitation = Invitation.objects.create()
    response = client.get(reverse("invitation", args=[invitation.code]), follow=True)
    assert "Sign-up is closed" in response.content.decode()


@pytest.mark.parametrize("code", ["nothing", "x" * 300, "a%00b", "a%0d%0ab", "..%2f..", "é"])
def test_unknown_invitations_are_not_found(client: Client, code: str) -> None:
    assert client.get(f"/accounts/invitation/{code}/").status_code == 404
    assert django_settings.SESSION_COOKIE_NAME not in client.cookies


def test_an_invitation_cannot_be_posted(client: Client) -> None:
    code = Invitation.objects.create().code
    assert client.post(reverse("invitation", args=[code])).status_code == 405


def test_a_forgotten_password_is_replaced(
    client: Client, author: User, mailoutbox: list[EmailMessage]
) -> None:
    page = client.post(reverse("account_reset_password"), {"email": EMAIL}, follow=True)
    assert "Look into your mail" in page.content.decode()
    post.delivered()
    link = re.search(r"https?://\S+password/reset/key/\S+", str(mailoutbox[0].body))
    assert link is not None
    form = client.get(link[0], follow=True)
    address = form.redirect_chain[-1][0]
    assert "Choose a new password" in form.content.decode()
    fields = {"password1": "an entirely new one", "password2": "another one than that"}
    assert client.post(address, fields).status_code == 422
    fields["password2"] = fields["password1"]
    done = client.post(address, fields, follow=True)
    assert "Your password is changed" in done.content.decode()
    assert sign_in(Client()) == 422
    assert sign_in(Client(), "an entirely new one") == 302
    assert "does not work any more" in Client().get(link[0], follow=True).content.decode()


def test_nobody_learns_who_has_an_account(client: Client, author: User) -> None:
    pages = [
        client.post(reverse("account_reset_password"), {"email": email}, follow=True)
        for email in (EMAIL, "nobody@example.org")
    ]
    assert pages[0].redirect_chain == pages[1].redirect_chain


def test_a_password_is_changed(client: Client, author: User) -> None:
    sign_in(client)
    address = reverse("account_change_password")
    fields = {"oldpassword": "wrong", "password1": "x" * 12, "password2": "x" * 12}
    response = client.post(address, fields)
    assert response.status_code == 422
    assert 'id="id_oldpassword_error"' in response.content.decode()
    fields["oldpassword"] = factories.PASSWORD
    assert client.post(address, fields).status_code == 302
    assert signed_in(client)
    assert sign_in(Client(), "x" * 12) == 302


def test_addresses_are_added_and_removed(
    client: Client, author: User, mailoutbox: list[EmailMessage]
) -> None:
    sign_in(client)
    confirm(client)
    address = reverse("account_email")
    second = {"email": "second@example.org"}
    assert client.post(address, {"action_add": "1", "email": "no address"}).status_code == 422
    assert client.post(address, {"action_add": "1"} | second).status_code == 302
    post.delivered()
    assert mailoutbox[0].to == ["second@example.org"]
    assert "not confirmed" in client.get(address).content.decode()
    assert client.post(address, {"action_remove": "1"} | second).status_code == 302
    assert EmailAddress.objects.count() == 1


def test_a_second_step_is_set_up_used_and_switched_off(client: Client, author: User) -> None:
    sign_in(client)
    page = client.get(reverse("mfa_index")).content.decode()
    assert "Signing in asks for your password only." in page
    confirm(client)
    address = reverse("mfa_activate_totp")
    page = client.get(address).content.decode()
    picture = client.get(reverse("totp_picture"))
    assert picture["Content-Type"] == "image/svg+xml"
    assert "data:" not in page
    assert reverse("totp_picture") in page
    # What one scans is what one may type.
    assert (
        client.get(reverse("totp_picture")).content == client.get(reverse("totp_picture")).content
    )
    secret = client.session["mfa.totp.secret"]
    assert secret in page
    assert client.post(address, {"code": "000000x"}).status_code == 422
    response = client.post(address, {"code": factories.code_of(secret)}, follow=True)
    assert "Recovery codes" in response.content.decode()
    codes = re.findall(r"<li>([0-9a-z]{8})</li>", response.content.decode())
    assert len(codes) == 10
    assert client.get(reverse("mfa_download_recovery_codes")).content.decode().split() == codes

    other = Client()
    response = other.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD}, follow=True)
    assert "One more step" in response.content.decode()
    assert not signed_in(other)
    assert other.get(reverse("studio")).status_code == 302
    step = reverse("mfa_authenticate")
    assert other.post(step, {"code": "nonsense"}).status_code == 422
    assert other.post(step, {"code": codes[0]})["Location"] == reverse("studio")
    assert signed_in(other)

    assert "10" not in client.get(reverse("mfa_index")).content.decode().split("Recovery codes")[1]
    assert client.get(reverse("mfa_generate_recovery_codes")).status_code == 200
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


def test_the_code_to_scan_is_for_its_owner_alone(client: Client, author: User) -> None:
    assert client.get(reverse("totp_picture")).status_code == 302
    # Signed in long ago: the password is asked for once more.
    client.force_login(author)
    for name in ("totp_picture", "mfa_activate_totp"):
        assert client.get(reverse(name))["Location"].startswith(reverse("account_reauthenticate"))
    page = client.get(reverse("account_reauthenticate")).content.decode()
    assert "Is it you?" in page
    address = reverse("account_reauthenticate")
    assert client.post(address, {"password": "wrong"}).status_code == 422
    assert client.post(address, {"password": factories.PASSWORD}).status_code == 302
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def names(routes: list[URLPattern | URLResolver]) -> Iterator[str]:
    """Every named address of the accounts that takes no argument."""
    for route in routes:
        if isinstance(route, URLResolver):
            if route.app_name != "admin":
                yield from names(route.url_patterns)
        elif route.name and route.name.startswith(("account_", "mfa_")):
            try:
                reverse(route.name)
            except NoReverseMatch:
                continue
            yield route.name


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("who", ["visitor", "author", "author with a second step"])
def test_every_page_about_accounts_is_one_of_this_site(
    client: Client, author: User, who: str, language: str
) -> None:
    own = Path(django_settings.BASE_DIR) / "templates"
    client.cookies["language"] = language
    if who != "visitor":
        sign_in(client)
        confirm(client)
    if who.endswith("step"):
        client.get(reverse("mfa_activate_totp"))
        secret = client.session["mfa.totp.secret"]
        client.post(reverse("mfa_activate_totp"), {"code": factories.code_of(secret)})
    opened = 0
    for name in dict.fromkeys(names(account_routes)):
        response = client.get(reverse(name))
        assert response.status_code in (200, 302, 404), name
        if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            opened += 1
            page = response.content.decode()
            assert f'<html lang="{language}">' in page, name
            assert 'class="site-header"' in page, name
            assert page.count("<h1") == 1, name
            assert Path(response.templates[0].origin.name).is_relative_to(own), name
            assert "<ul>" not in page.split('class="form"')[-1].split("</form>")[0], name
            assert not re.search(r"<script[^>]*>[^<]|style=|data:image", page), name
    assert opened >= {"visitor": 5, "author": 5}.get(who, 7)


def test_unusual_accounts_get_pages_of_this_site_too(client: Client, author: User) -> None:
    for name in ("account_inactive", "account_email_verification_sent"):
        assert "site-header" in client.get(reverse(name)).content.decode()
    accounts.suspend(author)
    response = client.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD}, follow=True)
    assert "This account is suspended" in response.content.decode()
    nobody = factories.user()
    nobody.set_unusable_password()
    nobody.save()
    client.force_login(nobody)
    page = client.get(reverse("account_change_password"), follow=True).content.decode()
    assert "Choose a password" in page
