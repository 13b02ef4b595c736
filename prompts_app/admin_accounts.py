"""Accounts in the admin: its door, people, invitations, second steps."""

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from prompts_app import access_accounts
from prompts_app.admin_base import ReadOnly
from prompts_app.forms.limits import DollarsField
from prompts_app.models import Invitation, SiteGrant, Spending, User
from prompts_app.services import accounts, leaving

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)
# Everybody sees their own; where others are signed in is nobody else's affair.
admin.site.unregister(UserSession)


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
        fields = ("is_staff", "is_superuser", "language", "time_zone")


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Accounts are made with `manage.py create_author` or by signing up."""

    form = UserForm
    list_display = ("email", "condition", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "profile__handle")
    fields = (
        *("email", "condition", "is_staff", "is_superuser"),
        *("language", "time_zone", "date_joined"),
    )
    # People sign in by addresses they have confirmed; one written here would not be among them.
    readonly_fields = ("email", "condition", "date_joined")
    inlines = (GrantInline, SpendingInline)
    actions = ("suspend", "lift", "delete_later", "keep")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A password typed for somebody else is no way to make an account."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Versions leave only through the site's own deletion."""
        return False

    @admin.display(description=_("State"), ordering="is_active")
    def condition(self, user: User) -> str:
        """Whether it is open, and if not why."""
        parts = []
        if user.suspended_at:
            parts.append(
                gettext("suspended since %(day)s")
                % {"day": date_format(user.suspended_at, "DATE_FORMAT")}
            )
        if user.purge_at:
            parts.append(
                gettext("deleted on %(day)s") % {"day": date_format(user.purge_at, "DATE_FORMAT")}
            )
        if not parts:
            parts.append(gettext("in use") if user.is_active else gettext("switched off"))
        return ", ".join(parts)

    @admin.action(
        description=_("Suspend: close pages, links, tries and sign-in"), permissions=["change"]
    )
    def suspend(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Close the chosen accounts."""
        self._each(request, chosen, accounts.suspend, gettext("suspended"))

    @admin.action(description=_("Lift the suspension"), permissions=["change"])
    def lift(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Open them again."""
        self._each(request, chosen, accounts.lift, gettext("no longer suspended"))

    @admin.action(description=_("Delete everything in 14 days"), permissions=["change"])
    def delete_later(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Close them, and delete them when the delay is over."""
        self._each(request, chosen, leaving.leave, gettext("closed, and deleted in 14 days"))

    @admin.action(description=_("Take the deletion back"), permissions=["change"])
    def keep(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """As signing in would."""
        self._each(request, chosen, leaving.come_back, gettext("kept, unless suspended"))

    def _each(
        self, request: HttpRequest, chosen: QuerySet[User], act: Callable[[User], object], done: str
    ) -> None:
        """Do it to one after the other, and say so; the last operator stays."""
        for user in chosen:
            try:
                act(user)
            except accounts.LastOperator:
                self.message_user(
                    request,
                    gettext("%(email)s stays: nobody else could open this administration.")
                    % {"email": user.email},
                    messages.ERROR,
                )
            else:
                self.message_user(request, f"{done}: {user.email}", messages.SUCCESS)


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

    list_display = ("__str__", "link", "created_at", "used_by")
    fields = ("note", "link", "used_by")
    readonly_fields = ("link", "used_by")
    list_select_related = ("used_by",)

    class Media:
        js = (Script("js/copy.js", type="module"),)

    def response_add(
        self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Stay with it: its address is what it was made for."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return redirect("admin:prompts_app_invitation_change", obj.pk)

    @admin.display(description=_("Address to send"))
    def link(self, invitation: Invitation) -> str:
        """Where the invited person begins, with a button to copy it."""
        if invitation._state.adding:
            return str(_("shown once it is saved"))
        if invitation.used_by_id:
            return str(_("used"))
        address = settings.SITE_URL + reverse("invitation", args=[invitation.code])
        return format_html(
            '<code>{}</code> <button type="button" class="button" data-copy-text="{}"'
            ' data-copied="{}" data-failed="{}">{}</button>',
            *(address, address, _("Copied"), _("Select it and copy it by hand"), _("Copy")),
        )


admin.site.site_header = admin.site.site_title = "Promptfolio"


def _open_door(request: HttpRequest) -> bool:
    """Only who has a second step comes in: what is behind concerns everybody's accounts."""
    return access_accounts.may_administer(request.user)


_sign_in = secure_admin_login(admin.site.login)


def _door(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Sign in like everyone else; without a second step be led to where one is set up."""
    user = request.user
    if isinstance(user, User) and user.is_staff and not access_accounts.may_administer(user):
        return redirect("mfa_index")
    response: HttpResponse = _sign_in(request, extra_context)
    return response


admin.site.has_permission = _open_door  # type: ignore[method-assign]
admin.site.login = never_cache(_door)  # type: ignore[method-assign]
