"""Where one is signed in, and signing out elsewhere."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import User
from prompts_app.services import accounts, sessions
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = reverse("usersessions_list")
STUDIO = reverse("studio")
EMAIL = "ada@example.org"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def author() -> User:
    """An author as the operator makes them."""
    return accounts.create_author(EMAIL, factories.PASSWORD, handle="ada", name="Ada")


def browser(agent: str = LINUX, address: str = "203.0.113.7") -> Client:
    """A browser that signed in by the form."""
    made = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    response = made.post(reverse("account_login"), {"login": EMAIL, "password": factories.PASSWORD})
    assert response.status_code == 302
    return made


def is_in(client: Client) -> bool:
    return client.get(STUDIO).status_code == 200


def test_the_list_names_browsers_and_ends_one(author: User) -> None:
    here, phone, third = browser(), browser(PHONE, "198.51.100.2"), browser("curl/8")
    page = here.get(PAGE).content.decode()
    assert page.index("Firefox on Linux") < page.index("Safari on iPhone")
    assert "198.51.100.2" in page
    assert "A browser" in page
    assert page.count("this one") == 1
    chosen = UserSession.objects.get(ip="198.51.100.2").pk
    response = here.post(PAGE, {"session": chosen}, follow=True)
    assert "That browser is signed out." in response.content.decode()
    assert [is_in(one) for one in (here, phone, third)] == [True, False, True]
    assert here.post(PAGE, {"session": chosen}).status_code == 404


def test_everywhere_else_at_once(author: User) -> None:
    here, others = browser(), [browser(PHONE), browser()]
    response = here.post(PAGE, follow=True)
    assert "2 other browsers are signed out." in response.content.decode()
    assert is_in(here)
    assert not any(is_in(one) for one in others)
    assert "signed in nowhere else" in here.get(PAGE).content.decode()


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "٣", "9" * 40, "1.5", "\x00"])
def test_nobody_ends_what_is_not_theirs(author: User, number: str) -> None:
    here = browser()
    assert here.post(PAGE, {"session": number}).status_code == 404
    stranger = Client()
    stranger.force_login(factories.profile().user)
    own = UserSession.objects.get(user=author).pk
    assert stranger.post(PAGE, {"session": own}).status_code == 404
    # Nor one's own by mistake: for that there is "Sign out".
    assert here.post(PAGE, {"session": own}).status_code == 404
    assert is_in(here)
    assert EMAIL not in stranger.get(PAGE).content.decode()


def test_whoever_came_in_another_way_is_listed_too(client: Client, author: User) -> None:
    client.force_login(author)
    assert "this one" in client.get(PAGE, REMOTE_ADDR="203.0.113.9").content.decode()


def test_a_changed_password_signs_out_the_others(author: User) -> None:
    here, other = browser(), browser(PHONE)
    fields = {"oldpassword": factories.PASSWORD, "password1": "x" * 12, "password2": "x" * 12}
    assert here.post(reverse("account_change_password"), fields).status_code == 302
    assert is_in(here)
    assert not is_in(other)
    assert "Safari" not in here.get(PAGE).content.decode()
    assert here.get(PAGE).content.decode().count("this one") == 1


def test_a_session_that_is_over_leads_to_the_form_and_back(author: User) -> None:
    here = browser()
    Session.objects.all().delete()
    wanted = reverse("studio_limits")
    door = here.get(wanted)["Location"]
    assert re.fullmatch(rf"{reverse('account_login')}\?next={wanted}", door)
    fields = {"login": EMAIL, "password": factories.PASSWORD, "next": wanted}
    assert here.post(door, fields)["Location"] == wanted
    assert sessions.forget_ended() == 0


def test_more_browsers_no_more_queries(
    author: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    here = browser()
    here.get(PAGE)
    with django_assert_max_num_queries(12) as few:
        here.get(PAGE)
    expected = len(few)
    for _one in range(5):
        browser(PHONE)
    with django_assert_max_num_queries(expected):
        here.get(PAGE)
