"""What the operator does: accounts, invitations, grants, and a look at the ledger."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

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

# The admin signs in like everyone else: one door, one second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(Group)


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


class GrantInline(admin.StackedInline):
    """May the author use the site's own provider, and for how much a day?"""

    model = SiteGrant
    extra = 0


class SpendingInline(admin.StackedInline):
    """What the author allows visitors."""

    model = Spending
    extra = 0


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Accounts are made with `manage.py create_author` or by signing up."""

    list_display = ("email", "is_active", "is_staff", "date_joined")
    search_fields = ("email", "profile__handle")
    fields = ("email", "is_active", "is_staff", "is_superuser", "language", "date_joined")
    readonly_fields = ("date_joined",)
    inlines = (GrantInline, SpendingInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A password typed for somebody else is no way to make an account."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Versions leave only through the site's own deletion; suspending is `is_active`."""
        return False


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    """The address to send is /accounts/invitation/CODE/."""

    list_display = ("note", "code", "created_at", "used_by")
    fields = ("note", "code", "used_by")
    readonly_fields = ("code", "used_by")


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


@admin.register(Provider)
class ProviderAdmin(ReadOnly):
    """Providers; keys are never shown."""

    list_display = ("name", "owner", "source", "base_url", "active")
    exclude = ("key_encrypted",)


@admin.register(LLMModel)
class LLMModelAdmin(admin.ModelAdmin):
    """Prices of the site's own models can be set here."""

    list_display = ("name", "provider", "kind", "input_price", "output_price", "enabled")
    fields = ("name", "provider", "kind", "input_price", "output_price", "picture_price", "enabled")
    readonly_fields = ("name", "provider", "kind")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Models come from LLM_MODELS or from an author's studio."""
        return False


@admin.register(BudgetDay)
class BudgetDayAdmin(ReadOnly):
    """What each author spent, by day."""

    list_display = ("owner", "day", "purse", "limit", "spent", "reserved")
    list_filter = ("purse",)


@admin.register(Reservation)
class ReservationAdmin(ReadOnly):
    """Money set aside for single calls."""

    list_display = ("created_at", "budget_day", "amount", "actual", "assumed", "state")
    list_filter = ("state",)
