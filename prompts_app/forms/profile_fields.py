"""Fields of the profile's form that hold several answers."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.profile_rows import MAX_PHRASE


class WordsField(PlainCharField):
    """A few short phrases, one a line or with commas between them."""

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(multiline=True, required=False, strip=True, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show a list one phrase a line, and what was typed as it was typed."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Return the phrases; raises ValidationError for too many or too long ones."""
        phrases = [" ".join(one.split()) for one in re.split(r"[,;\n]", super().clean(value))]
        first: dict[str, str] = {}
        for one in phrases:
            if one:
                first.setdefault(one.casefold(), one)
        found = list(first.values())
        if len(found) > self.most:
            raise ValidationError(_("Keep at most %(most)d of them.") % {"most": self.most})
        if any(len(one) > MAX_PHRASE for one in found):
            raise ValidationError(
                _("Each one may have at most %(most)d characters.") % {"most": MAX_PHRASE}
            )
        return found


class SeveralField(forms.MultipleChoiceField):
    """Any of a few answers, or none."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {"invalid_choice": gettext_lazy("Choose one of the listed answers.")}

    def __init__(self, *, choices: Sequence[tuple[str, Any]], **options: Any) -> None:
        super().__init__(required=False, choices=choices, **options)
        self._codes = [code for code, _label in choices]

    def prepare_value(self, value: Any) -> Any:
        """Show what an operator left there as no answer."""
        return value if isinstance(value, list) else []

    def clean(self, value: Any) -> list[str]:
        """Return the answers in the order they are offered in, each once."""
        chosen = super().clean(value)
        return [code for code in self._codes if code in chosen]
