"""What the operator does: models and a look at the ledger; accounts and reports are beside it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

# Imported for what they register.
from prompts_app import admin_accounts, admin_reports  # noqa: F401
from prompts_app.admin_base import ReadOnly
from prompts_app.forms.limits import DollarsField
from prompts_app.models import BudgetDay, Entry, LLMModel, Profile, Provider, Reservation
from prompts_app.templatetags.ledger import dollars


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
