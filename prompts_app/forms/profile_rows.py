"""Rows of the profile's form: links, languages, experience and certifications."""

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.rows import RowForm
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import Profile

MAX_PHRASE = 60
MAX_ADDRESS = 300
MAX_TITLE = 120
MAX_TEXT = 600
# Earlier than the oldest person alive could have earned one; later than any is valid.
YEARS = range(1930, 2101)

_MONTH = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})")
_MONTH_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{4})")


class WebAddressField(PlainCharField):
    """An address that starts with http:// or https://; without either, https:// is put before."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=MAX_ADDRESS,
            widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
            error_messages={"max_length": TOO_LONG},
            **options,
        )

    def clean(self, value: Any) -> str:
        """Return the address; raises ValidationError for anything a link should not lead to."""
        address: str = super().clean(value)
        if not address:
            return address
        if not re.match(r"[a-z][a-z0-9+.-]*:(?![0-9])", address, re.IGNORECASE):
            address = f"https://{address.removeprefix('//')}"
        try:
            URLValidator(schemes=["http", "https"])(address)
            parts = urlsplit(address)
        except (ValidationError, ValueError) as error:
            raise ValidationError(
                _("Write a web address such as https://example.org."), code="invalid"
            ) from error
        if "@" in parts.netloc:
            # It would look like one site and lead to another.
            raise ValidationError(
                _("Leave out what stands before the “@” in the address."), code="userinfo"
            )
        return str(parts._replace(scheme=parts.scheme.lower()).geturl())


class LinkRow(RowForm):
    """One link; a row left empty is no link."""

    label = PlainCharField(
        label=gettext_lazy("Text"),
        required=False,
        max_length=MAX_PHRASE,
        error_messages={"max_length": TOO_LONG},
    )
    url = WebAddressField(label=gettext_lazy("Address"), required=False)

    def clean_url(self) -> str:
        """Ask for the address of a link that has a text."""
        url = str(self.cleaned_data["url"])
        if self.cleaned_data.get("label") and not url:
            raise ValidationError(_("Where does this link lead?"), code="required")
        return url


class MonthInput(forms.TextInput):
    """A month: where the browser has no field of that kind, it is typed."""

    input_type = "month"


class MonthField(PlainCharField):
    """A month, as "YYYY-MM"; also read with a slash or a point, and with the month first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=20,
            widget=MonthInput(attrs={"placeholder": "2026-05"}),
            error_messages={"max_length": TOO_LONG},
            **options,
        )

    def clean(self, value: Any) -> str:
        """Return "YYYY-MM", or "" where nothing was written; raises ValidationError."""
        text: str = super().clean(value)
        if not text:
            return ""
        if match := _MONTH.fullmatch(text):
            year, month = int(match[1]), int(match[2])
        elif match := _MONTH_FIRST.fullmatch(text):
            year, month = int(match[2]), int(match[1])
        else:
            year, month = 0, 0
        if year not in YEARS or not 1 <= month <= 12:
            raise ValidationError(
                _("Write a year and a month, such as %(example)s.")
                % {"example": f"{date.today():%Y-%m}"},
                code="invalid",
            )
        return f"{year:04}-{month:02}"


class LanguageRow(RowForm):
    """One language; a row left empty is none."""

    name = PlainCharField(
        label=gettext_lazy("Language"),
        required=False,
        max_length=MAX_PHRASE,
        error_messages={"max_length": TOO_LONG},
    )
    level = forms.ChoiceField(
        label=gettext_lazy("Level"),
        choices=Profile.Level.choices,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed answers.")},
    )

    FIELDS = ("name", "level")

    def clean(self) -> dict[str, Any]:
        """Ask which language a level is of."""
        if self.cleaned_data.get("level") and not self.cleaned_data.get("name"):
            self.add_error("name", ValidationError(_("Which language?"), code="required"))
        return self.cleaned_data


class ExperienceRow(RowForm):
    """Something the author did; a row left empty is none."""

    role = PlainCharField(
        label=gettext_lazy("As what"),
        required=False,
        max_length=MAX_TITLE,
        error_messages={"max_length": TOO_LONG},
    )
    where = PlainCharField(
        label=gettext_lazy("Where"),
        required=False,
        max_length=MAX_TITLE,
        error_messages={"max_length": TOO_LONG},
    )
    began = MonthField(label=gettext_lazy("From"))
    ended = MonthField(label=gettext_lazy("Until"), help_text=gettext_lazy("Empty: until today."))
    text = PlainCharField(
        label=gettext_lazy("What you did"),
        required=False,
        multiline=True,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": TOO_LONG},
    )

    FIELDS = ("role", "where", "began", "ended", "text")

    def clean(self) -> dict[str, Any]:
        """Ask for what a row cannot be without, and for months in their order."""
        cleaned = self.cleaned_data
        if any(cleaned.get(name) for name in self.FIELDS) or self.errors:
            for name, asked in (("role", _("As what?")), ("began", _("Since when?"))):
                if name not in self.errors and not cleaned.get(name):
                    self.add_error(name, ValidationError(asked, code="required"))
        began, ended = cleaned.get("began"), cleaned.get("ended")
        if began and ended and ended < began:
            self.add_error("ended", _("It cannot end before it began."))
        return cleaned


class CertificationRow(RowForm):
    """One certification; a row left empty is none."""

    # Of a certification that is kept already: what goes with it stays with it.
    key = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    name = PlainCharField(
        label=gettext_lazy("Certification"),
        required=False,
        max_length=MAX_TITLE,
        error_messages={"max_length": TOO_LONG},
    )
    issuer = PlainCharField(
        label=gettext_lazy("Issued by"),
        required=False,
        max_length=MAX_TITLE,
        error_messages={"max_length": TOO_LONG},
    )
    issued = MonthField(label=gettext_lazy("Issued in"))
    expires = MonthField(label=gettext_lazy("Valid until"))
    url = WebAddressField(label=gettext_lazy("Address where it can be checked"), required=False)

    FIELDS = ("name", "issuer", "issued", "expires", "url")

    def clean(self) -> dict[str, Any]:
        """Ask for what a certification cannot be without, and for months in their order."""
        cleaned = self.cleaned_data
        if any(cleaned.get(name) for name in self.FIELDS) or self.errors:
            for name, asked in (
                ("name", _("What is it called?")),
                ("issuer", _("Who issued it?")),
                ("issued", _("When was it issued?")),
            ):
                if name not in self.errors and not cleaned.get(name):
                    self.add_error(name, ValidationError(asked, code="required"))
        issued, expires = cleaned.get("issued"), cleaned.get("expires")
        if issued and expires and expires < issued:
            self.add_error("expires", _("It cannot end before it was issued."))
        return cleaned
