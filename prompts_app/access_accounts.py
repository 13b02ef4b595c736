"""Who may sign up, sign in and open the admin: what allauth asks this site."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from prompts_app import http
from prompts_app.models import Invitation, User
from prompts_app.services import keys, leaving, post, sessions
from prompts_app.services.look import SITE_NAME

# What a person has or is; recovery codes alone are no second step.
_STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_NOBODY = "account/email/unknown_account"


def invitation(code: str) -> Invitation | None:
    """Return an unused invitation, or None."""
    return Invitation.objects.filter(Q(code=code) & Q(used_by__isnull=True)).first()


def has_second_step(user: User) -> bool:
    """Say whether signing in asks the account for more than its password."""
    return bool(Authenticator.objects.filter(user=user, type__in=_STEPS).exists())


def may_administer(user: User | AnonymousUser) -> bool:
    """Say whether somebody may open the admin: staff, and only with a second step."""
    return bool(
        isinstance(user, User) and user.is_active and user.is_staff and has_second_step(user)
    )


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Tells allauth who may sign up and in, and where a visitor calls from."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Open, closed, or by an invitation whose code was opened in this session."""
        if settings.ACCOUNT_SIGNUP == "invite":
            return invitation(request.session.get("invitation", "")) is not None
        return bool(settings.ACCOUNT_SIGNUP == "open")

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Use up the invitation together with the account it makes."""
        saved: User = super().save_user(request, user, form, commit)
        code = request.session.pop("invitation", "")
        used = Invitation.objects.filter(code=code, used_by__isnull=True).update(used_by=saved)
        if settings.ACCOUNT_SIGNUP == "invite" and not used:
            # Two sign-ups raced for it; this one came second.
            saved.delete()
            raise PermissionDenied
        return saved

    def get_client_ip(self, request: HttpRequest) -> str:
        """Use the one function that knows the trusted proxies."""
        return http.client_address(request)

    def pre_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse | None:
        """Let whoever is leaving come to the further steps, as any other account."""
        if user.may_return:
            return None
        response: HttpResponse | None = super().pre_login(request, user, **options)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Take back that an account is leaving, once every step of signing in is done."""
        returns = user.may_return
        if returns and not leaving.come_back(user):
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)
        if returns:
            messages.success(request, _("Welcome back: nothing is deleted, and all is as it was."))

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say why the account does not open; only its right password leads here."""
        return redirect("account_inactive" if user.suspended_at or not user.purge_at else "left")

    def set_password(self, user: User, password: str) -> None:
        """Change it, and sign out wherever the old one signed in."""
        super().set_password(user, password)
        own = self.request.user.is_authenticated and self.request.user.pk == user.pk
        sessions.end_others(user, self.request.session.session_key if own else None)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Take the time that making an account takes: that of its password."""
        User().set_password(get_random_string(20))
        super().send_account_already_exists_mail(email)

    def format_email_subject(self, subject: str) -> str:
        """Say which site it is from: by its name, not by its address."""
        return f"[{SITE_NAME}] {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write a mail now and send it in a moment; to an address nobody has it is only written."""
        site = {
            "request": self.request,
            "current_site": get_current_site(self.request),
            "site_name": SITE_NAME,
        }
        message = self.render_mail(template_prefix, email, {"email": email} | site | context)
        if template_prefix != _NOBODY:
            post.hand_over(message)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of second factors encrypted, and names passkeys."""

    def encrypt(self, text: str) -> str:
        """Encrypt with FIELD_KEY."""
        return keys.encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises keys.KeyUnreadable when FIELD_KEY is another one."""
        return keys.decrypt(encrypted_text.encode())

    def generate_authenticator_name(self, user: User, type: str) -> str:
        """Return a name to begin with: where the passkey is, nobody here can know."""
        others = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(number)d") % {"number": others + 1} if others else _("My passkey")


@receiver(authenticator_added)
def _shut_out_others(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any
) -> None:
    # Whoever was signed in elsewhere came in by the password alone.
    steps = Authenticator.objects.filter(user=user, type__in=_STEPS)
    if authenticator.type in _STEPS and not steps.exclude(pk=authenticator.pk).exists():
        sessions.end_others(user, request.session.session_key)
