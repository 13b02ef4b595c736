"""What the operator does: accounts, invitations, grants, and a look at the ledger."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prompts_app.forms.limits import DollarsField
from prompts_app.models import (
    BudgetDay,
    Entry,
    Invitation,
    LLMModel,
    Profile,
    Provider,
    Reservation,
    SiteGrant,
    Spending,
    User,
)
from prompts_app.templatetags.ledger import dollars

# The admin signs in like everyone else: one door, one second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Promptfolio"
admin.site.unregister(Group)
admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)


class ReadOnly(admin.ModelAdmin):
    """Rows that only the site itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody deletes."""
        return False


class GrantForm(forms.ModelForm):
    """The cap in dollars."""

    daily_cap = DollarsField(label=_("Dollars a day"))

    class Meta:
        model = SiteGrant
        fields = ("daily_cap",)


class SpendingForm(forms.ModelForm):
    """The budget in dollars."""

    daily_limit = DollarsField(label=_("Dollars a day"))
    money_per_visitor = DollarsField(label=_("Dollars per visitor and day"), required=False)
    money_per_entry = DollarsField(label=_("Dollars per entry and day"), required=False)

    class Meta:
        model = Spending
        fields = (
            *("daily_limit", "tries_per_visitor", "tries_per_entry", "tries_per_day"),
            *("tries_at_once", "tries_at_once_per_entry"),
            *("money_per_visitor", "money_per_entry", "paused"),
        )


class GrantInline(admin.StackedInline):
    """May the author use the site's own provider, and for how much a day?"""

    model = SiteGrant
    form = GrantForm


class SpendingInline(admin.StackedInline):
    """What the author allows visitors."""

    model = Spending
    form = SpendingForm


class UserForm(forms.ModelForm):
    """An account, its language one that the site speaks."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("as their browser asks")), *settings.LANGUAGES],
    )

    class Meta:
        model = User
        fields = ("is_active", "is_staff", "is_superuser", "language", "time_zone")


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Accounts are made with `manage.py create_author` or by signing up."""

    form = UserForm
    list_display = ("email", "is_active", "is_staff", "date_joined")
    search_fields = ("email", "profile__handle")
    fields = (
        *("email", "is_active", "is_staff", "is_superuser"),
        *("language", "time_zone", "date_joined"),
    )
    # People sign in by addresses they have confirmed; one written here would not be among them.
    readonly_fields = ("email", "date_joined")
    inlines = (GrantInline, SpendingInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A password typed for somebody else is no way to make an account."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Versions leave only through the site's own deletion; suspending is `is_active`."""
        return False


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnly):
    """The addresses people sign in with."""

    list_display = ("email", "user", "primary", "verified")
    search_fields = ("email",)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly):
    """Second steps. Deleting one helps whoever lost their phone; its secret is not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    search_fields = ("user__email",)
    exclude = ("data",)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """As the account's permissions say."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    """Send the address: it lets one person sign up, once."""

    list_display = ("__str__", "address", "created_at", "used_by")
    fields = ("note", "address", "used_by")
    readonly_fields = ("address", "used_by")
    list_select_related = ("used_by",)

    @admin.display(description=_("Address to send"))
    def address(self, invitation: Invitation) -> str:
        """Where the invited person begins."""
        if invitation._state.adding:
            return str(_("shown once it is saved"))
        return settings.SITE_URL + reverse("invitation", args=[invitation.code])


@admin.register(Profile)
class ProfileAdmin(ReadOnly):
    """Profiles as their authors wrote them."""

    list_display = ("handle", "name", "user")
    search_fields = ("handle", "name")


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    """Entries as their authors wrote them."""

    list_display = ("title", "owner", "visibility", "published_at")
    list_filter = ("visibility", "kind")
    search_fields = ("title", "slug")
    exclude = ("search_text",)


@admin.register(Provider)
class ProviderAdmin(ReadOnly):
    """Providers; keys are never shown."""

    list_display = ("name", "owner", "source", "base_url", "active")
    exclude = ("key_encrypted",)


class ModelForm(forms.ModelForm):
    """Prices in dollars; an empty one is unknown, and a model without prices cannot run."""

    input_price = DollarsField(label=_("Dollars per million tokens in"), required=False)
    output_price = DollarsField(label=_("Dollars per million tokens out"), required=False)
    picture_price = DollarsField(label=_("Dollars per picture"), required=False)

    class Meta:
        model = LLMModel
        fields = ("input_price", "output_price", "picture_price", "enabled")


@admin.register(LLMModel)
class LLMModelAdmin(admin.ModelAdmin):
    """The site's own models; those of authors are their own affair."""

    form = ModelForm
    list_display = ("name", "provider", "kind", "enabled")
    fields = ("name", "provider", "kind", "input_price", "output_price", "picture_price", "enabled")
    readonly_fields = ("name", "provider", "kind")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LLMModel]:
        """Leave out models of authors."""
        return super().get_queryset(request).filter(provider__owner__isnull=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Models come from LLM_MODELS or from an author's studio."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A model that is not wanted is switched off: runs name it."""
        return False


class Ledger(ReadOnly):
    """Rows of money, shown in dollars."""

    def shown(self, row: Any, name: str) -> str:
        """Return the row's amount as dollars."""
        amount = getattr(row, name)
        return "" if amount is None else dollars(amount)


@admin.register(BudgetDay)
class BudgetDayAdmin(Ledger):
    """What each author spent, by day."""

    list_display = (
        *("owner", "day", "purse", "limit_shown", "spent_shown", "reserved_shown"),
        "overrun_shown",
    )
    list_filter = ("purse",)
    date_hierarchy = "day"
    fields = list_display

    @admin.display(description=_("Budget"), ordering="limit")
    def limit_shown(self, row: BudgetDay) -> str:
        """What might be spent."""
        return self.shown(row, "limit")

    @admin.display(description=_("Spent"), ordering="spent")
    def spent_shown(self, row: BudgetDay) -> str:
        """What was spent."""
        return self.shown(row, "spent")

    @admin.display(description=_("Set aside"), ordering="reserved")
    def reserved_shown(self, row: BudgetDay) -> str:
        """What is set aside for calls under way."""
        return self.shown(row, "reserved")

    @admin.display(description=_("Billed beyond the most asked for"), ordering="overrun")
    def overrun_shown(self, row: BudgetDay) -> str:
        """The part of what was spent that no reservation covered."""
        return self.shown(row, "overrun")


@admin.register(Reservation)
class ReservationAdmin(Ledger):
    """Money set aside for single calls."""

    list_display = ("created_at", "budget_day", "amount_shown", "actual_shown", "assumed", "state")
    list_filter = ("state",)
    list_select_related = ("budget_day__owner",)
    fields = (*list_display, "lease_until")

    @admin.display(description=_("Set aside"), ordering="amount")
    def amount_shown(self, row: Reservation) -> str:
        """What the call might have cost."""
        return self.shown(row, "amount")

    @admin.display(description=_("Spent"), ordering="actual")
    def actual_shown(self, row: Reservation) -> str:
        """What it cost."""
        return self.shown(row, "actual")
