"""Forms of imports: the upload, its format, what is left out, what an undo takes along."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.focus import Guided
from prompts_app.services.import_words import format_name
from prompts_app.services.imports import KEYS, MAX_BYTES

RECOGNISE = gettext_lazy("Recognise it")


def _formats() -> list[tuple[str, Any]]:
    return [(key, format_name(key)) for key in KEYS]


class UploadForm(Guided, forms.Form):
    """A file, or text that is pasted; and the format, where the person knows better."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        # A name is only shown; one too long is cut.
        widget=forms.FileInput(attrs={"data-most": MAX_BYTES}),
        error_messages={"empty": gettext_lazy("This file is empty. Choose another one.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
        error_messages={
            "null_characters_not_allowed": gettext_lazy(
                "This text holds a NUL character, which cannot be kept. Remove it."
            )
        },
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        required=False,
        help_text=gettext_lazy("You see what was recognised before anything is made."),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Every press of the button sends the fields; the browser must not insist on either.
        self.use_required_attribute = False
        choice = self.fields["format"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", RECOGNISE), *_formats()]

    def clean(self) -> dict[str, Any]:
        """Ask for one of both, and for one that is not too large."""
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text", "")
        if file is not None and text.strip():
            self.add_error("text", _("Choose a file or paste text, one at a time."))
        elif file is not None and file.size > MAX_BYTES:
            self.add_error(
                "file",
                _("This file is larger than %(most)d MB. Split it, or import it on the server.")
                % {"most": MAX_BYTES // 1024**2},
            )
        elif file is None and not text.strip() and "file" not in self.errors:
            self.add_error("file", _("Choose a file, or paste text below."))
        return self.cleaned_data

    def data_and_name(self) -> tuple[bytes, str]:
        """Return what was brought and the file's name ("" for pasted text), once valid."""
        file = self.cleaned_data["file"]
        if file is None:
            return self.cleaned_data["text"].encode(), ""
        return file.read(), "".join(one for one in file.name if one.isprintable())[:200]


class FormatForm(forms.Form):
    """Another format than the one that was recognised; `known` is "" where none was."""

    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        error_messages={
            "required": gettext_lazy("Choose the format that the file is in."),
            "invalid_choice": gettext_lazy("There is no such format."),
        },
    )

    def __init__(self, known: str, data: Any = None) -> None:
        super().__init__(data, initial={"format": known})
        choice = self.fields["format"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = _formats() if known else [("", _("Choose a format")), *_formats()]


def places(texts: list[str], most: int = 10_000_000_000) -> set[int]:
    """Return the whole numbers among `texts`, which boxes were ticked by; nonsense is ignored."""
    wanted = (text for text in texts if text.isascii() and text.isdecimal() and len(text) < 12)
    return {number for text in wanted if (number := int(text)) < most}
