"""Forms for strangers to write to an author, and what keeps robots from using them."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.addresses import AddressField
from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.parameters import several_lines
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import ShareLink

MIN_TEXT = 10
MAX_TEXT = 4000
MAX_WEB_ADDRESSES = 3
# Sooner no person has written anything; later the form is not the one that was opened.
SOONEST = timedelta(seconds=3)
LATEST = timedelta(days=1)

_WEB_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_TOO_SOON = gettext_lazy("That was very quick. Please send it once more, in a moment.")
_TOO_OLD = gettext_lazy("This form was open for too long. Nothing is lost: send it once more.")
_NOT_EMPTY = gettext_lazy("A field that only robots see was filled in. Please send it once more.")


class LetterForm(forms.Form):
    """Name, address and text, with a signed number that says when the form was opened.

    `scope` names what the form was opened for: a number given for another author does not fit. The
    number becomes the message's own, so that a form sent twice is one message.
    """

    stamp = forms.CharField(required=False, widget=forms.HiddenInput)
    # People neither see it nor come to it; whoever fills in every field is none.
    website = forms.CharField(
        label=gettext_lazy("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    name = PlainCharField(
        label=gettext_lazy("Your name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": gettext_lazy("Write your name."),
            "max_length": TOO_LONG,
        },
    )
    email = AddressField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy("For the answer."),
    )
    text = several_lines(
        MAX_TEXT,
        label=gettext_lazy("Message"),
        required=True,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Write a message.")},
    )

    def __init__(self, scope: str, data: Any = None) -> None:
        self._problem: Promise | None = None
        self.letter = uuid.uuid4()
        if data is None:
            super().__init__(initial={"stamp": _stamp(scope, self.letter)})
            return
        data = data.copy()
        self.letter, self._problem = _read(scope, data.get("stamp", ""))
        if data.get("website"):
            # Some browsers fill in what nobody sees: the next time it is empty.
            data["website"] = ""
            self._problem = _NOT_EMPTY
        if self._problem is _TOO_OLD:
            self.letter = uuid.uuid4()
            data["stamp"] = _stamp(scope, self.letter)
        super().__init__(data)

    def clean_text(self) -> str:
        """Refuse what holds more addresses than a message needs."""
        text = str(self.cleaned_data["text"])
        if len(_WEB_ADDRESS.findall(text)) > MAX_WEB_ADDRESSES:
            raise ValidationError(
                _("Keep at most %(most)d web addresses.") % {"most": MAX_WEB_ADDRESSES},
                code="addresses",
            )
        return text

    def clean(self) -> dict[str, Any] | None:
        """Say what speaks for a robot, in words that help a person on."""
        if self._problem is not None:
            raise ValidationError(str(self._problem), code="robot")
        return super().clean()

    def values(self) -> dict[str, str]:
        """Return name, address and text, once the form is valid."""
        return {name: self.cleaned_data[name] for name in ("name", "email", "text")}


class ContactForm(LetterForm):
    """A message to an author."""

    def __init__(self, scope: str, data: Any = None) -> None:
        super().__init__(scope, data)
        least = MinLengthValidator(
            MIN_TEXT, _("Write at least %(least)d characters.") % {"least": MIN_TEXT}
        )
        self.fields["text"].validators.append(least)


class AskForm(LetterForm):
    """A wish for a new link, where nothing has to be said."""

    def __init__(self, scope: str, data: Any = None) -> None:
        super().__init__(scope, data)
        for name in ("name", "text"):
            self.fields[name].required = False
        self.fields["text"].widget.attrs["rows"] = 3


def ask_form(link: ShareLink, data: Any = None) -> AskForm:
    """Return the form that asks for a new link in place of an expired one."""
    return AskForm(f"expired {link.pk}", data)


def _stamp(scope: str, letter: uuid.UUID) -> str:
    opened = int(timezone.now().timestamp() * 1000)
    return _signer().sign(f"{scope}:{letter.hex}:{opened}")


def _read(scope: str, stamp: str) -> tuple[uuid.UUID, Promise | None]:
    """Return the number a form was opened with, and what is wrong with it."""
    try:
        found, letter, opened = _signer().unsign(stamp).rsplit(":", 2)
    except signing.BadSignature:
        return uuid.uuid4(), _TOO_OLD
    age = timezone.now() - datetime.fromtimestamp(int(opened) / 1000, UTC)
    if found != scope or age > LATEST:
        return uuid.uuid4(), _TOO_OLD
    return uuid.UUID(letter), _TOO_SOON if age < SOONEST else None


def _signer() -> signing.Signer:
    return signing.Signer(salt="contact form")
