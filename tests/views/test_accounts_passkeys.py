"""Passkeys: added, used alone and as second step, renamed, removed; nothing hostile breaks them."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from fido2.utils import websafe_encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompts_app.models import User
from prompts_app.services import accounts, post
from tests import factories, passkeys
from tests.passkeys import Passkey

pytestmark = pytest.mark.django_db

LOGIN = reverse("account_login")
STEP = reverse("mfa_authenticate")
EMAIL = "ada@example.org"


@pytest.fixture
def author() -> User:
    """An author as the operator makes them."""
    return accounts.create_author(EMAIL, factories.PASSWORD, handle="ada", name="Ada")


@pytest.fixture
def home(author: User) -> Client:
    """The author's own browser: signed in, and asked for the password just now."""
    browser = here()
    browser.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD})
    browser.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    return browser


def here() -> Client:
    """A browser that calls the site by the name passkeys work under."""
    return Client(SERVER_NAME="localhost")


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_passkey_alone_signs_in_to_the_wanted_page(home: Client) -> None:
    passkey = Passkey()
    response = passkeys.add(home, passkey)
    # The first second step comes with codes for the day it is lost.
    assert response["Location"] == reverse("mfa_view_recovery_codes")
    assert "Phone" in home.get(reverse("mfa_list_webauthn")).content.decode()
    browser = here()
    wanted = reverse("studio_limits")
    response = passkeys.sign_in(browser, passkey, next=wanted)
    assert (response.status_code, response["Location"]) == (302, wanted)
    assert signed_in(browser)


def test_a_passkey_is_the_second_step_after_the_password(home: Client, author: User) -> None:
    passkey = Passkey(verifies=False)
    passkeys.add(home, passkey, passwordless="")
    browser = here()
    response = browser.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD})
    assert response["Location"] == STEP
    assert not signed_in(browser)
    page = browser.get(STEP).content.decode()
    assert "Use a passkey" in page
    # Somebody else's passkey does not do, nor one that signs for another site.
    stranger = Passkey()
    stranger.handle = passkey.handle
    assert browser.post(STEP, {"credential": stranger.get(passkeys.asked(page))}).status_code == 422
    page = browser.get(STEP).content.decode()
    passkey.origin = "https://evil.example"
    assert browser.post(STEP, {"credential": passkey.get(passkeys.asked(page))}).status_code == 422
    passkey.origin = passkeys.ORIGIN
    page = browser.get(STEP).content.decode()
    response = browser.post(STEP, {"credential": passkey.get(passkeys.asked(page))})
    assert response["Location"] == reverse("studio")
    assert signed_in(browser)
    # It never asks for a finger, so alone it opens nothing.
    other = here()
    assert passkeys.sign_in(other, passkey)["Location"] == LOGIN
    assert not signed_in(other)


def test_what_was_signed_once_is_not_taken_twice(home: Client) -> None:
    passkey = Passkey()
    passkeys.add(home, passkey)
    browser, address = here(), reverse("mfa_login_webauthn")
    accept = {"accept": "application/json"}
    signed = passkey.get(browser.get(address, headers=accept).json()["request_options"])
    assert browser.post(address, {"credential": signed})["Location"] == reverse("studio")
    thief = here()
    thief.get(address, headers=accept)
    assert thief.post(address, {"credential": signed})["Location"] == LOGIN
    assert not signed_in(thief)
    assert "Incorrect code" in thief.get(LOGIN).content.decode()


def test_without_a_passkey_nothing_is_asked(client: Client, author: User) -> None:
    factories.second_step(author)
    client.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD})
    page = client.get(STEP).content.decode()
    assert "data-passkey" not in page
    assert "Type the code your authenticator app shows" in page


def test_a_passkey_is_renamed_and_removed(home: Client, author: User) -> None:
    passkeys.add(home, Passkey())
    kept = Authenticator.objects.get(type="webauthn")
    rename = reverse("mfa_edit_webauthn", args=[kept.pk])
    for bad in ("", "x" * 61, "a\x00b", "a\u202eb"):
        response = home.post(rename, {"name": bad})
        assert response.status_code == 422
        assert 'id="id_name_error"' in response.content.decode()
    assert home.post(rename, {"name": "Key in the drawer"}).status_code == 302
    assert "Key in the drawer" in home.get(reverse("mfa_list_webauthn")).content.decode()
    # Nobody else's hands.
    other = Client()
    stranger = factories.profile().user
    other.force_login(stranger)
    other.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    remove = reverse("mfa_remove_webauthn", args=[kept.pk])
    for address in (rename, remove):
        assert other.get(address).status_code == 404
        assert other.post(address, {"name": "Mine"}).status_code == 404
    assert "Key in the drawer" in home.get(remove).content.decode()
    assert home.post(remove).status_code == 302
    # The codes went with the last second step.
    assert not Authenticator.objects.filter(user=author).exists()


def test_a_first_passkey_signs_out_whoever_came_in_by_the_password(
    home: Client, author: User
) -> None:
    elsewhere = here()
    elsewhere.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD})
    passkeys.add(home, Passkey())
    assert elsewhere.get(reverse("studio")).status_code == 302
    assert home.get(reverse("studio")).status_code == 200


def test_changes_ask_for_the_password_first(author: User) -> None:
    browser = here()
    browser.force_login(author)
    response = browser.get(reverse("mfa_add_webauthn"))
    assert response["Location"].startswith(reverse("account_reauthenticate"))


def test_the_passkey_itself_answers_is_it_you(home: Client, author: User) -> None:
    passkey = Passkey()
    passkeys.add(home, passkey)
    browser = here()
    passkeys.sign_in(browser, passkey)
    address = reverse("mfa_reauthenticate_webauthn")
    options = passkeys.asked(browser.get(address).content.decode())
    wanted = reverse("mfa_generate_recovery_codes")
    response = browser.post(f"{address}?next={wanted}", {"credential": passkey.get(options)})
    assert response["Location"] == wanted
    assert browser.get(wanted).status_code == 200


def test_the_account_is_told_by_mail(home: Client, author: User, mailoutbox: list[Any]) -> None:
    passkeys.add(home, Passkey())
    post.delivered()
    assert [mail.to for mail in mailoutbox] == [[EMAIL]]


def test_sign_ins_by_passkey_are_counted(author: User) -> None:
    address, accept = reverse("mfa_login_webauthn"), {"accept": "application/json"}
    seen = [here().get(address, headers=accept).status_code for _one in range(31)]
    assert seen == [200] * 30 + [429]


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
parts = st.sampled_from(
    ["id", "rawId", "type", "response", "clientExtensionResults", "authenticatorAttachment"]
)
inner_parts = st.sampled_from(
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
)
texts = st.text(max_size=30) | st.binary(max_size=60).map(websafe_encode)
shaped = st.dictionaries(parts, texts | json_values).flatmap(
    lambda outer: st.dictionaries(inner_parts, texts | json_values).map(
        lambda response: outer | {"response": response}
    )
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=60) | json_values.map(json.dumps) | shaped.map(json.dumps))
def test_no_answer_of_a_browser_breaks_a_page(home: Client, credential: str) -> None:
    address = reverse("mfa_add_webauthn")
    home.get(address)
    assert home.post(address, {"credential": credential}).status_code == 422
    from prompts_app.forms.passkeys import PasskeySignInForm, PasskeyStepForm

    for form in (
        PasskeySignInForm(data={"credential": credential}),
        PasskeyStepForm(user=User.objects.get(email=EMAIL), data={"credential": credential}),
    ):
        assert not form.is_valid()


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "9" * 29_000, '"' + "x" * 40_000 + '"', '"\\u0000"']
)
def test_no_text_is_too_much(home: Client, text: str) -> None:
    address = reverse("mfa_add_webauthn")
    home.get(address)
    assert home.post(address, {"credential": text}).status_code == 422
    response = here().post(reverse("mfa_login_webauthn"), {"credential": text})
    assert response["Location"] == LOGIN
