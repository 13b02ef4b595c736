"""Forms around accounts, where this site wants something else than allauth."""

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.internal.userkit import filter_users_by_email


class ResetPasswordForm(AllauthResetPasswordForm):  # type: ignore[misc]
    """Also for whoever is leaving: without the password they could not come back."""

    def clean_email(self) -> str:
        """Find the accounts that get a link."""
        email: str = super().clean_email()
        found = filter_users_by_email(email.lower(), prefer_verified=True, for_login=True)
        self.users = [user for user in found if user.is_active or user.may_return]
        return email
