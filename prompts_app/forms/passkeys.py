"""Forms that carry what a passkey signed: allauth's, which no input may break.

What a browser sends is checked for its shape here; what it proves is decided by fido2.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prompts_app.forms.fields import PlainCharField

MAX_NAME = 60
# Characters; the longest attestations of hardware keys are a few thousand.
MAX_CREDENTIAL = 30_000
_PARTS = {
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
}
_TOP = {"id", "rawId", "type", "authenticatorAttachment"}


class CredentialField(forms.JSONField):
    """A credential as browsers give it (WebAuthn Level 3, section 5.1): known parts alone."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(
            error_messages={"required": _("Nothing came from a passkey. Try once more.")}
        )

    def to_python(self, value: Any) -> Any:
        """Return the credential without what nobody asked for; raises ValidationError."""
        if isinstance(value, str) and len(value) > MAX_CREDENTIAL:
            raise _wrong()
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise _wrong() from error
        if found is None or value in self.empty_values:
            return None
        if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
            raise _wrong()
        response = _texts(found["response"], _PARTS)
        extensions = found.get("clientExtensionResults")
        properties = extensions.get("credProps") if isinstance(extensions, dict) else None
        resident = properties.get("rk") if isinstance(properties, dict) else None
        return {
            **_texts(found, _TOP),
            "response": response,
            "clientExtensionResults": (
                {"credProps": {"rk": resident}} if isinstance(resident, bool) else {}
            ),
        }


def _texts(found: dict[str, Any], names: set[str]) -> dict[str, str]:
    return {
        name: one
        for name, one in found.items()
        if name in names and isinstance(one, str) and one.isascii() and one.isprintable()
    }


def _wrong() -> ValidationError:
    wrong: ValidationError = get_adapter().validation_error("incorrect_code")
    return wrong


def _guarded(read: Callable[[], Any]) -> Any:
    """Return what `read` does; bytes that fido2 stumbles over prove nothing."""
    try:
        return read()
    except ValidationError:
        raise
    except Exception as error:
        raise _wrong() from error


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and its name."""

    name = PlainCharField(
        label=_("Name"),
        required=False,
        max_length=MAX_NAME,
        help_text=_("Where it is kept: a phone, a computer, a key."),
    )
    passwordless = forms.BooleanField(
        label=_("It signs me in without the password"),
        required=False,
        help_text=_("It then asks for your finger, your face or its PIN."),
    )
    credential = CredentialField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("passwordless", True)

    def clean(self) -> Any:
        """Check what the passkey made."""
        clean = super().clean
        return _guarded(clean)


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    """Another name."""

    name = PlainCharField(
        label=_("Name"),
        max_length=MAX_NAME,
        error_messages={"required": _("Give it a name.")},
    )


class PasskeyStepForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The passkey as second step."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        """Return the passkey that signed."""
        clean = super().clean_credential
        return _guarded(clean)


class PasskeyAgainForm(ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The passkey once more, before something that matters."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        """Return the passkey that signed."""
        clean = super().clean_credential
        return _guarded(clean)


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    """The passkey alone."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        """Return the passkey that signed."""
        clean = super().clean_credential
        return _guarded(clean)
