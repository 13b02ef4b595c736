"""`manage.py create_author`: accounts while sign-up is closed."""

import io
import re

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from prompts_app.models import Profile, SiteGrant, User
from tests import factories

pytestmark = pytest.mark.django_db


def create_author(email: str = "ada@example.org", **options: object) -> str:
    """Run the command and return what it prints."""
    out = io.StringIO()
    call_command("create_author", email, stdout=out, **({"handle": "ada"} | options))
    return out.getvalue()


def test_the_new_author_signs_in_with_the_password_it_prints(client: Client) -> None:
    printed = create_author("Ada@Example.org", name="Ada Lovelace")
    assert (
        f"ada@example.org may sign in at http://localhost:8000{reverse('account_login')}" in printed
    )
    password = re.search(r"Password: (\S+)", printed)
    assert password is not None
    fields = {"login": "ada@example.org", "password": password[1]}
    assert client.post(reverse("account_login"), fields)["Location"] == reverse("studio")
    assert client.get(reverse("studio")).status_code == 200
    author = User.objects.get()
    assert (author.is_staff, author.is_superuser, author.profile.name) == (
        False,
        False,
        "Ada Lovelace",
    )
    assert EmailAddress.objects.get(user=author).verified
    assert not SiteGrant.objects.exists()


def test_a_given_password_is_not_printed() -> None:
    assert factories.PASSWORD not in create_author(password=factories.PASSWORD)
    assert Profile.objects.get().name == "ada"


def test_an_operator_may_use_the_admin(client: Client) -> None:
    create_author(password=factories.PASSWORD, operator=True, site_budget_usd="2.5")
    operator = User.objects.get()
    assert SiteGrant.objects.get(user=operator).daily_cap == 2_500_000
    factories.second_step(operator)
    client.force_login(operator)
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("handle", ["a", "x" * 41, "ada lovelace", "adà", "Admin", "explore", ""])
def test_a_bad_handle_is_refused_with_a_sentence(handle: str) -> None:
    with pytest.raises(CommandError, match=r"^\w.*\.$"):
        create_author(handle=handle)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "bad", [{"email": "no address"}, {"password": "short"}, {"password": "password123"}]
)
def test_bad_addresses_and_passwords_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(CommandError, match=r"\.$"):
        create_author(**bad)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "taken",
    [{"email": "ADA@example.org", "handle": "other"}, {"email": "b@example.org", "handle": "ADA"}],
)
def test_what_somebody_has_is_refused(taken: dict[str, str]) -> None:
    create_author()
    with pytest.raises(CommandError, match="taken"):
        create_author(**taken)
    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1


def test_a_wrong_budget_is_refused() -> None:
    with pytest.raises(Exception, match="--site-budget-usd"):
        create_author(site_budget_usd="much")
    assert not User.objects.exists()
