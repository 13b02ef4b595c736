"""Nobody learns from sign-in, reset or sign-up who has an account; nobody guesses for long."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prompts_app.models import User
from prompts_app.services import accounts, post
from tests import factories, slow_mail

pytestmark = pytest.mark.django_db

LOGIN = reverse("account_login")
SIGNUP = reverse("account_signup")
RESET = reverse("account_reset_password")
STEP = reverse("mfa_authenticate")
EMAIL = "ada@example.org"
NOBODY = "nobody@example.org"


@pytest.fixture
def author() -> User:
    """An author as the operator makes them."""
    return accounts.create_author(EMAIL, factories.PASSWORD, handle="ada", name="Ada")


@pytest.fixture
def opened(settings: Settings) -> None:
    """A site where strangers sign up, with passwords that take their time as in production."""
    settings.ACCOUNT_SIGNUP = "open"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]


def without_address(response: Any) -> tuple[Any, str]:
    """Return what one is told, but for the address one typed oneself and the form's token."""
    page = response.content.decode()
    for address in (EMAIL, NOBODY):
        page = page.replace(address, "")
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
    return response.redirect_chain, page


ASKED = [
    (LOGIN, "login", {"password": "a wrong password"}),
    (RESET, "email", {}),
    (SIGNUP, "email", {"password1": "an entirely new one"}),
]


@pytest.mark.parametrize(("address", "field", "fields"), ASKED)
def test_the_answer_is_the_same_to_the_byte(
    author: User, opened: None, address: str, field: str, fields: dict[str, str]
) -> None:
    told = [
        without_address(Client().post(address, fields | {field: email}, follow=True))
        for email in (EMAIL, NOBODY)
    ]
    assert told[0] == told[1]
    post.delivered()


@pytest.mark.parametrize(("address", "field", "fields"), ASKED)
def test_and_takes_as_much_work(
    author: User, opened: None, address: str, field: str, fields: dict[str, str]
) -> None:
    author.set_password(factories.PASSWORD)
    author.save()
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(6):
        for email in (EMAIL, f"nobody{number}@example.org"):
            cache.clear()
            # What this thread computes, however busy the machine is.
            started = time.thread_time()
            Client().post(address, fields | {field: email})
            took[email == EMAIL].append(time.thread_time() - started)
    post.delivered()
    # Far less than the hash of a password takes, which all but the reset make one of.
    started = time.thread_time()
    author.set_password(factories.PASSWORD)
    one_hash = time.thread_time() - started
    assert abs(min(took[True]) - min(took[False])) < one_hash / 3, (took, one_hash)


@pytest.mark.parametrize(("address", "field", "fields"), ASKED[1:])
def test_and_nobody_waits_for_the_mail_server(
    author: User,
    opened: None,
    settings: Settings,
    address: str,
    field: str,
    fields: dict[str, str],
) -> None:
    settings.EMAIL_BACKEND = "tests.slow_mail.SlowBackend"
    slow_mail.may_go_on.clear()
    slow_mail.taken.clear()
    assert Client().post(address, fields | {field: EMAIL}).status_code == 302
    assert slow_mail.taken == []
    slow_mail.may_go_on.set()
    post.delivered()
    assert slow_mail.taken == [EMAIL]


def test_a_code_is_guessed_five_times_wherever_from(author: User) -> None:
    secret = factories.second_step(author)
    for number in range(5):
        guesser = Client(REMOTE_ADDR=f"203.0.113.{number}")
        guesser.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD})
        assert guesser.post(STEP, {"code": "000000"}).status_code == 422
    late = Client(REMOTE_ADDR="198.51.100.1")
    late.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD})
    response = late.post(STEP, {"code": factories.code_of(secret)})
    assert response.status_code == 422
    assert "Too many" in response.content.decode()
    assert "_auth_user_id" not in late.session


def test_a_code_opens_once(author: User) -> None:
    code = factories.code_of(factories.second_step(author))
    first, second = Client(), Client()
    for browser in (first, second):
        browser.post(LOGIN, {"login": EMAIL, "password": factories.PASSWORD})
    assert first.post(STEP, {"code": code}).status_code == 302
    assert second.post(STEP, {"code": code}).status_code == 422


def test_links_for_a_new_password_are_few(author: User, mailoutbox: list[Any]) -> None:
    for number in range(9):
        Client(REMOTE_ADDR=f"203.0.113.{number}").post(RESET, {"email": EMAIL})
    post.delivered()
    assert len(mailoutbox) == 5


@pytest.mark.django_db(transaction=True)
def test_limits_hold_however_many_guess_at_once(settings: Settings) -> None:
    accounts.create_author(EMAIL, factories.PASSWORD, handle="ada", name="Ada")
    User.objects.filter(email=EMAIL).update(password="unusable")

    def guess(number: int) -> int:
        try:
            response = Client(REMOTE_ADDR=f"203.0.113.{number}").post(
                LOGIN, {"login": EMAIL, "password": f"guess {number}"}
            )
            return b"Too many" not in response.content
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        checked = sum(threads.map(guess, range(24)))
    assert checked <= 5


def test_others_do_not_push_a_limit_out(author: User) -> None:
    for _attempt in range(5):
        Client().post(LOGIN, {"login": EMAIL, "password": "wrong"})
    # More strangers than the cache's default would keep.
    cache.set_many({f"allauth:rl:stranger:{number}": [1.0] for number in range(600)}, 300)
    cache.set("one-more", 1, 300)
    right = {"login": EMAIL, "password": factories.PASSWORD}
    assert Client(REMOTE_ADDR="198.51.100.9").post(LOGIN, right).status_code == 422
