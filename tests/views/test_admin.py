"""The operator's admin."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prompts_app.models import (
    BudgetDay,
    Invitation,
    LLMModel,
    Report,
    SiteGrant,
    SiteText,
    Spending,
    User,
)
from prompts_app.services import budget, share_tokens
from tests import factories
from tests.sharing import shared_entry

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")


@pytest.fixture
def operator(client: Client) -> User:
    """Whoever runs the site, signed in."""
    made: User = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    factories.second_step(made)
    client.force_login(made)
    return made


def test_strangers_come_in_by_the_sites_own_door(client: Client) -> None:
    response = client.get(HOME, follow=True)
    addresses = [address for address, _status in response.redirect_chain]
    assert addresses[-1].startswith(reverse("account_login"))
    assert any(one.origin.name.endswith("account/login.html") for one in response.templates)
    # Nor does the admin's own form take a password.
    response = client.post(
        reverse("admin:login"), {"username": "a@example.org", "password": factories.PASSWORD}
    )
    assert response["Location"].startswith(reverse("account_login"))


def test_authors_are_kept_out(client: Client) -> None:
    client.force_login(factories.profile().user)
    assert client.get(HOME, follow=True).status_code == 403


def test_the_door_leads_back_to_the_admin(client: Client) -> None:
    operator = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    secret = factories.second_step(operator)
    door = client.get(reverse("admin:login") + f"?next={HOME}")["Location"]
    response = client.post(
        door,
        {"login": "operator@example.org", "password": factories.PASSWORD, "next": HOME},
    )
    # The password alone opens nothing.
    assert response["Location"] == reverse("mfa_authenticate")
    assert client.get(HOME, follow=True).redirect_chain[-1][0] == reverse("mfa_authenticate")
    response = client.post(reverse("mfa_authenticate"), {"code": factories.code_of(secret)})
    assert response["Location"] == HOME
    assert client.get(HOME).status_code == 200


def test_without_a_second_step_the_door_asks_for_one(client: Client) -> None:
    operator = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    client.force_login(operator)
    for address in (HOME, reverse("admin:prompts_app_user_changelist")):
        response = client.get(address, follow=True)
        assert response.redirect_chain[-1][0] == reverse("mfa_index")
        assert "The administration opens once you have" in response.content.decode()
    # Recovery codes alone are no second step.
    RecoveryCodes.activate(operator)
    assert client.get(HOME).status_code == 302
    factories.second_step(operator)
    assert client.get(HOME).status_code == 200
    assert HOME in client.get(reverse("mfa_index")).content.decode()


def test_every_list_and_every_row_opens(client: Client, operator: User) -> None:
    entry = factories.entry()
    factories.site_model(entry)
    budget.reserve(entry.owner, BudgetDay.Purse.OWN, 1500)
    Invitation.objects.create(note="For Grace")
    Authenticator.objects.create(
        user=entry.owner, type=Authenticator.Type.TOTP, data={"secret": "TOPSECRET"}
    )
    SiteText.objects.create(kind="legal", language="en", text="Who we are.")
    Report.objects.create(page="/@ada/", author=entry.owner, reason="spam", visitor="0" * 64)
    for model, options in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        response = client.get(reverse(f"{name}_changelist"))
        assert response.status_code == 200, name
        assert "TOPSECRET" not in response.content.decode()
        row = options.get_queryset(response.wsgi_request).first()
        if row is None:
            continue
        response = client.get(reverse(f"{name}_change", args=[row.pk]))
        assert response.status_code == 200, name
        assert "TOPSECRET" not in response.content.decode()


def test_an_invitations_address_can_be_sent(client: Client, operator: User) -> None:
    response = client.post(
        reverse("admin:prompts_app_invitation_add"), {"note": "For Grace"}, follow=True
    )
    invitation = Invitation.objects.get()
    # At once, and ready to be copied.
    assert (
        f'data-copy-text="http://localhost:8000{reverse("invitation", args=[invitation.code])}"'
        in (response.content.decode())
    )
    page = client.get(reverse("admin:prompts_app_invitation_changelist")).content.decode()
    assert reverse("invitation", args=[invitation.code]) in page


def account_form(**fields: str) -> dict[str, str]:
    """Return what the form of an account without grant and limits sends."""
    return {
        "language": "",
        "time_zone": "UTC",
        "site_grant-TOTAL_FORMS": "1",
        "site_grant-INITIAL_FORMS": "0",
        "site_grant-0-daily_cap": "",
        "spending-TOTAL_FORMS": "1",
        "spending-INITIAL_FORMS": "0",
        "spending-0-daily_limit": "",
        "spending-0-tries_per_visitor": "",
        "spending-0-tries_per_entry": "",
        # Filled in, with what the page showed beside them.
        "spending-0-tries_per_day": str(settings.TRIES_PER_AUTHOR_PER_DAY),
        "initial-spending-0-tries_per_day": str(settings.TRIES_PER_AUTHOR_PER_DAY),
        "spending-0-tries_at_once_per_entry": str(settings.TRIES_AT_ONCE_PER_ENTRY),
        "initial-spending-0-tries_at_once_per_entry": str(settings.TRIES_AT_ONCE_PER_ENTRY),
        "spending-0-tries_at_once": str(settings.TRIES_AT_ONCE_PER_AUTHOR),
        "initial-spending-0-tries_at_once": str(settings.TRIES_AT_ONCE_PER_AUTHOR),
    } | fields


def test_a_grant_is_given_in_dollars(client: Client, operator: User) -> None:
    author = factories.profile().user
    page = reverse("admin:prompts_app_user_change", args=[author.pk])
    assert client.post(page, account_form()).status_code == 302
    assert not SiteGrant.objects.exists()
    assert not Spending.objects.exists()
    response = client.post(page, account_form(**{"site_grant-0-daily_cap": "1.25"}))
    assert response.status_code == 302
    assert SiteGrant.objects.get(user=author).daily_cap == 1_250_000
    assert 'value="1.25"' in client.get(page).content.decode()


def act(client: Client, action: str, *people: User) -> str:
    """Choose an action of the list of accounts, and return what is said."""
    response = client.post(
        reverse("admin:prompts_app_user_changelist"),
        {"action": action, "_selected_action": [one.pk for one in people]},
        follow=True,
    )
    page = response.content.decode()
    said = re.search(r'class="messagelist">(.*?)</ul>', page, re.DOTALL)
    assert said
    return said[1]


def test_a_suspended_author_is_out_at_once(client: Client, operator: User) -> None:
    shared = shared_entry(visibility="listed")
    author = shared.entry.owner
    attempt = factories.attempt(shared.entry)
    link = factories.share_link(author, shared.entry)
    public = [
        reverse("profile", args=[author.profile.handle]),
        reverse("entry", args=[author.profile.handle, shared.entry.slug]),
        reverse("try", args=[author.profile.handle, shared.entry.slug]),
        reverse("run", args=[shared.after.pk]),
        reverse("trial", args=[attempt.pk]),
        reverse("share", args=[share_tokens.token_of(link)]),
    ]
    theirs = Client()
    theirs.force_login(author)
    assert theirs.get(reverse("studio")).status_code == 200
    assert [Client().get(page).status_code for page in public] == [200] * len(public)
    assert f"Suspended: {author.email}" in act(client, "suspend", author)
    assert theirs.get(reverse("studio")).status_code == 302
    assert [Client().get(page).status_code for page in public] == [404] * len(public)
    credentials = {"login": author.email, "password": factories.PASSWORD}
    said = Client().post(reverse("account_login"), credentials, follow=True).content.decode()
    assert "This account is suspended" in said
    assert "They have not said here how to reach them" in said
    SiteText.objects.create(kind="contact", language="en", text="Write to [us](mailto:a@b.example)")
    said = Client().post(reverse("account_login"), credentials, follow=True).content.decode()
    assert "mailto:a@b.example" in said
    # A wrong password learns nothing of it.
    wrong = credentials | {"password": "wrong"}
    assert "suspended" not in Client().post(reverse("account_login"), wrong).content.decode()

    act(client, "lift", author)
    assert [Client().get(page).status_code for page in public] == [200] * len(public)
    assert Client().post(reverse("account_login"), credentials).status_code == 302
    assert "in use" in client.get(reverse("admin:prompts_app_user_changelist")).content.decode()


def test_the_last_operator_is_neither_suspended_nor_deleted(client: Client, operator: User) -> None:
    for action in ("suspend", "delete_later"):
        assert "stays: nobody else could open" in act(client, action, operator)
    operator.refresh_from_db()
    assert operator.is_active
    User.objects.create_superuser("second@example.org", factories.PASSWORD)
    client.post(
        reverse("admin:prompts_app_user_changelist"),
        {"action": "suspend", "_selected_action": [operator.pk]},
    )
    operator.refresh_from_db()
    assert not operator.is_active


def test_an_operator_deletes_an_account_and_takes_it_back(client: Client, operator: User) -> None:
    author = factories.profile().user
    act(client, "delete_later", author)
    author.refresh_from_db()
    assert author.may_return
    page = client.get(reverse("admin:prompts_app_user_changelist")).content.decode()
    assert "deleted on" in page
    act(client, "keep", author)
    author.refresh_from_db()
    assert (author.is_active, author.purge_at) == (True, None)


def test_an_open_site_is_told_what_it_lacks(
    client: Client, operator: User, settings: Settings
) -> None:
    lacking = "the site does not say who runs it"
    assert lacking not in client.get(HOME).content.decode()
    settings.ACCOUNT_SIGNUP = "open"
    assert lacking in client.get(HOME).content.decode()
    for kind in ("legal", "privacy"):
        SiteText.objects.create(kind=kind, language="fr", text="Qui nous sommes.")
    assert lacking not in client.get(HOME).content.decode()


def test_prices_of_the_sites_models_only(client: Client, operator: User) -> None:
    own = factories.model(factories.provider(factories.user()))
    sites = factories.site_model()
    assert client.get(_model(own)).status_code == 302
    response = client.post(
        _model(sites), {"input_price": "0.15", "output_price": "0.6", "enabled": "on"}
    )
    assert response.status_code == 302
    sites.refresh_from_db()
    assert (sites.input_price, sites.output_price) == (150_000, 600_000)


def _model(model: LLMModel) -> str:
    return reverse("admin:prompts_app_llmmodel_change", args=[model.pk])


def test_nothing_is_deleted_behind_the_sites_back(client: Client, operator: User) -> None:
    entry = factories.entry()
    for name, row in (("user", entry.owner), ("entry", entry), ("profile", entry.owner.profile)):
        address = reverse(f"admin:prompts_app_{name}_delete", args=[row.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403


def test_whoever_lost_their_phone_can_be_helped(client: Client, operator: User) -> None:
    lost = Authenticator.objects.create(
        user=factories.user(), type=Authenticator.Type.TOTP, data={"secret": "A"}
    )
    client.post(reverse("admin:mfa_authenticator_delete", args=[lost.pk]), {"post": "yes"})
    assert not Authenticator.objects.filter(pk=lost.pk).exists()
