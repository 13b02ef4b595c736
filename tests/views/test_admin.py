"""The operator's admin."""

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from prompts_app.models import BudgetDay, Invitation, LLMModel, SiteGrant, Spending, User
from prompts_app.services import budget
from tests import factories

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")


@pytest.fixture
def operator(client: Client) -> User:
    """Whoever runs the site, signed in."""
    made: User = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
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
    User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    door = client.get(reverse("admin:login") + f"?next={HOME}")["Location"]
    response = client.post(
        door,
        {"login": "operator@example.org", "password": factories.PASSWORD, "next": HOME},
    )
    assert response["Location"] == HOME


def test_every_list_and_every_row_opens(client: Client, operator: User) -> None:
    entry = factories.entry()
    factories.site_model(entry)
    budget.reserve(entry.owner, BudgetDay.Purse.OWN, 1500)
    Invitation.objects.create(note="For Grace")
    Authenticator.objects.create(
        user=operator, type=Authenticator.Type.TOTP, data={"secret": "TOPSECRET"}
    )
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
    client.post(reverse("admin:prompts_app_invitation_add"), {"note": "For Grace"})
    invitation = Invitation.objects.get()
    page = client.get(reverse("admin:prompts_app_invitation_changelist")).content.decode()
    assert reverse("invitation", args=[invitation.code]) in page


def account_form(**fields: str) -> dict[str, str]:
    """Return what the form of an account without grant and limits sends."""
    return {
        "is_active": "on",
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


def test_a_suspended_author_is_out_at_once(client: Client, operator: User) -> None:
    author = factories.entry().owner
    theirs = Client()
    theirs.force_login(author)
    assert theirs.get(reverse("studio")).status_code == 200
    form = account_form()
    del form["is_active"]
    client.post(reverse("admin:prompts_app_user_change", args=[author.pk]), form)
    assert theirs.get(reverse("studio")).status_code == 302
    assert Client().get(reverse("profile", args=[author.profile.handle])).status_code == 404


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
    assert not Authenticator.objects.exists()
