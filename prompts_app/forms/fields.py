"""Form fields of the whole site: text that can be shown and kept safely, and boxes to tick."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prompts_app.text import clean

PROBLEMS: dict[str, Promise] = {
    "nul": _("This text holds a NUL character, which cannot be kept. Remove it."),
    "surrogate": _("This text holds half a character. Paste it again from its source."),
    "bidi": _(
        "This text holds invisible characters that change its reading direction. Remove them."
    ),
    "control": _("This text holds control characters that cannot be shown. Remove them."),
    "line_break": _("Write this on one line."),
    "invisible": _("This text holds invisible characters. Remove them."),
}


class PlainCharField(forms.CharField):
    """A line of text, or several with `multiline`; normalised, and free of hidden characters."""

    def __init__(self, *, multiline: bool = False, **options: Any) -> None:
        self.multiline = multiline
        if multiline:
            options.setdefault("widget", forms.Textarea)
            # Indentation at either end belongs to a prompt.
            options.setdefault("strip", False)
        super().__init__(**options)
        # Django's own check has no sentence of ours; `clean.problem` sees NUL first.
        self.validators = [
            one
            for one in self.validators
            if type(one).__name__ != "ProhibitNullCharactersValidator"
        ]

    def validate(self, value: str) -> None:
        """Count blanks alone as nothing written."""
        super().validate(value.strip() if self.required else value)

    def to_python(self, value: Any) -> str:
        """Return the text in NFC with LF line ends; raises ValidationError naming the problem."""
        text = super().to_python(value) or ""
        problem = clean.problem(text.replace("\r\n", "\n"), multiline=self.multiline)
        if problem:
            raise ValidationError(str(PROBLEMS[problem]), code=problem)
        return clean.normalise(text)


class TicksField(forms.MultipleChoiceField):
    """Boxes of which at least one is ticked; `none` and `gone` say what is wrong otherwise."""

    def __init__(self, *, none: Promise, gone: Promise, **options: Any) -> None:
        wrong: dict[str, Any] = {"required": none, "invalid_list": none, "invalid_choice": gone}
        super().__init__(widget=forms.CheckboxSelectMultiple, error_messages=wrong, **options)
