"""Forms around accounts, where this site wants something else than allauth."""

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.internal.userkit import filter_users_by_email
from django import forms
from django.utils.translation import gettext_lazy

from prompts_app.forms.focus import Guided


class ResetPasswordForm(AllauthResetPasswordForm):  # type: ignore[misc]
    """Also for whoever is leaving: without the password they could not come back."""

    def clean_email(self) -> str:
        """Find the accounts that get a link."""
        email: str = super().clean_email()
        found = filter_users_by_email(email.lower(), prefer_verified=True, for_login=True)
        self.users = [user for user in found if user.is_active or user.may_return]
        return email


class LeaveForm(Guided, forms.Form):
    """The tick without which no account is closed: a button alone is pressed by mistake."""

    sure = forms.BooleanField(
        label=gettext_lazy("I have read what goes, and want my account deleted"),
        error_messages={
            "required": gettext_lazy("Tick this if you want to leave. Nothing has happened yet.")
        },
    )
