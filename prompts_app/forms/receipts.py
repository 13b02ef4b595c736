"""The form that takes a receipt: pasted, as a file, or as the address of a run."""

import re
import uuid
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.receipts.reading import MAX_BYTES, ReceiptError
from prompts_app.receipts.statement import Receipt, read_receipt
from prompts_app.templatetags.receipts import problem_sentence

_RUN = re.compile(r"/runs/([0-9a-f-]{36})(/(receipt\.json)?)?", re.IGNORECASE)


class _ReceiptText(forms.CharField):
    """The text exactly as pasted: what is normalised is no longer what was signed."""

    widget = forms.Textarea(
        attrs={"rows": 10, "class": "mono", "spellcheck": "false", "autocomplete": "off"}
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.validators = []  # `read_receipt` sees NUL like everything else that is no JSON

    def clean(self, value: Any) -> Any:
        """Return the Receipt, or None for nothing. Raises ValidationError."""
        text = super().clean(value)
        # What is half a character here was so in the form's bytes already.
        return _read(text.encode(errors="surrogatepass")) if text else None


class _ReceiptFile(forms.FileField):
    """A small file holding a receipt."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the Receipt, or None for nothing. Raises ValidationError."""
        file: UploadedFile[Any] | None = super().clean(data, initial)
        return _read(file.read(MAX_BYTES + 1)) if file else None


def _read(data: bytes) -> Receipt:
    try:
        return read_receipt(data)
    except ReceiptError as error:
        raise ValidationError(problem_sentence(error.code, error.field), code=error.code) from error


class VerifyForm(forms.Form):
    """One receipt, in one of three ways. Once valid: `receipt()` or `run_id()`."""

    pasted = _ReceiptText(label=gettext_lazy("The receipt"))
    file = _ReceiptFile(
        label=gettext_lazy("A file"),
        required=False,
        max_length=255,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        error_messages={"max_length": gettext_lazy("The name of this file is too long.")},
    )
    link = forms.CharField(
        label=gettext_lazy("Address of a run"),
        help_text=gettext_lazy("A run of this site; no other address is ever fetched."),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        error_messages={"max_length": gettext_lazy("This is too long for an address here.")},
    )

    @classmethod
    def refused(cls, link: str, problem: str) -> "VerifyForm":
        """Return the form as it stands when `link` led to no receipt, for the reason `problem`."""
        form = cls({"link": link})
        form.errors.clear()  # in place of what the field itself would say
        form.add_error("link", problem)
        return form

    def clean_link(self) -> uuid.UUID | None:
        """Return the id of the run at the address, None without one."""
        text = self.cleaned_data["link"]
        if not text:
            return None
        try:
            parts = urlsplit(text)
            found = _RUN.fullmatch(parts.path)
            if parts.netloc not in ("", urlsplit(settings.SITE_URL).netloc) or found is None:
                raise ValueError("not an address of a run here")
            return uuid.UUID(found[1])
        except ValueError as error:
            raise ValidationError(
                _(
                    "This is not the address of a run of this site. For a run elsewhere, open its "
                    "receipt there and paste it here."
                )
            ) from error

    def clean(self) -> dict[str, Any]:
        """Refuse nothing at all, and two things at once."""
        cleaned = self.cleaned_data
        if not self.errors:
            given = [name for name in ("pasted", "file", "link") if cleaned.get(name)]
            if not given:
                self.add_error("pasted", _("Paste a receipt, choose its file or name its run."))
            for name in given[1:]:
                self.add_error(name, _("One receipt at a time: leave the others empty."))
        return cleaned

    def receipt(self) -> Receipt | None:
        """Return the receipt that was pasted or uploaded, if it was not an address."""
        found: Receipt | None = self.cleaned_data["pasted"] or self.cleaned_data["file"]
        return found

    def run_id(self) -> uuid.UUID:
        """Return the run whose address was given."""
        found: uuid.UUID = self.cleaned_data["link"]
        return found
