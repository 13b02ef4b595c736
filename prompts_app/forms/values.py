"""One form for the values of a prompt's variables: test cases and the try page share it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.transfer.document import MAX_VALUE

# The page's scripts fill fields by this prefix and the variable's name.
PREFIX = "value"

_NUMBER = re.compile(r"[-+]?[0-9]{1,30}(\.[0-9]{1,30})?")


def as_number(text: str) -> Decimal:
    """Return the number `text` spells, with a point or comma; raises ValueError."""
    spelled = text.strip().replace("\u2212", "-").replace(",", ".")
    if not _NUMBER.fullmatch(spelled):
        raise ValueError("not a number")
    return Decimal(spelled)


class NumberTextField(PlainCharField):
    """A number kept as it was typed, with a decimal point."""

    def __init__(
        self, *, minimum: float | None = None, maximum: float | None = None, **options: Any
    ) -> None:
        self.minimum, self.maximum = minimum, maximum
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        """Return the number's text; raises ValidationError when it is none or out of its limits."""
        text = super().to_python(value)
        if not text:
            return text
        try:
            number = as_number(text)
        except ValueError as error:
            raise ValidationError(_("Write a number, such as 3 or 2.5."), code="number") from error
        if self.minimum is not None and number < Decimal(str(self.minimum)):
            raise ValidationError(
                _("Choose at least %(least)s.") % {"least": _shown(self.minimum)}, code="min"
            )
        if self.maximum is not None and number > Decimal(str(self.maximum)):
            raise ValidationError(
                _("Choose at most %(most)s.") % {"most": _shown(self.maximum)}, code="max"
            )
        return text.replace("\u2212", "-").replace(",", ".")


class ValuesForm(forms.Form):
    """One field for each variable of `content`, named `value-<variable>`.

    `initial` (variable → text) goes before the variables' defaults; a text may be empty only with
    `allow_empty`. After `is_valid()`, `values()` gives variable → text.
    """

    def __init__(
        self,
        content: Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        initial: Mapping[str, str] | None = None,
        *,
        allow_empty: bool = False,
    ) -> None:
        given = dict(initial or {})
        start = {one["name"]: given.get(one["name"], one["default"]) for one in _variables(content)}
        super().__init__(data, initial=start, prefix=PREFIX)
        for variable in _variables(content):
            self.fields[variable["name"]] = field_for(variable, allow_empty=allow_empty)

    def values(self) -> dict[str, str]:
        """Return variable → text, once the form is valid."""
        return {name: str(self.cleaned_data[name]) for name in self.fields}


def field_for(variable: Mapping[str, Any], *, allow_empty: bool = False) -> forms.Field:
    """Return the form field of one variable: its type, label, and limits in words."""
    label = variable["label"] or capfirst(variable["name"].replace("_", " ").strip()) or "_"
    limit = min(variable["max_length"] or MAX_VALUE, MAX_VALUE)
    common: dict[str, Any] = {"label": label, "help_text": limits_in_words(variable)}
    match variable["type"]:
        case "choice":
            return forms.ChoiceField(
                choices=[(choice, choice) for choice in variable["choices"]],
                error_messages={"invalid_choice": _OTHER, "required": _OTHER},
                **common,
            )
        case "number":
            return NumberTextField(
                minimum=variable["min"],
                maximum=variable["max"],
                error_messages={"required": gettext_lazy("Write a number.")},
                **common,
            )
        case kind:
            long = kind == "long_text"
            # Where text is long, a `maxlength` would cut what is pasted without a word.
            return PlainCharField(
                multiline=long,
                required=not allow_empty,
                max_length=None if long else limit,
                validators=[MaxLengthValidator(limit, TOO_LONG)] if long else [],
                widget=forms.Textarea(attrs={"rows": 6}) if long else forms.TextInput(),
                error_messages={
                    "required": gettext_lazy("Write something here."),
                    "max_length": TOO_LONG,
                },
                **common,
            )


TOO_LONG = gettext_lazy(
    "This has %(show_value)d characters; at most %(limit_value)d fit. Shorten it."
)
_OTHER = gettext_lazy("Choose one of the listed answers.")


def limits_in_words(variable: Mapping[str, Any]) -> str:
    """Return what a variable accepts beyond its type, or nothing."""
    least, most = variable["min"], variable["max"]
    if variable["type"] == "number":
        if least is not None and most is not None:
            return _("From %(least)s to %(most)s.") % {"least": _shown(least), "most": _shown(most)}
        if least is not None:
            return _("At least %(least)s.") % {"least": _shown(least)}
        if most is not None:
            return _("At most %(most)s.") % {"most": _shown(most)}
    elif variable["type"] in ("text", "long_text") and variable["max_length"]:
        return _("At most %(count)s characters.") % {"count": number_format(variable["max_length"])}
    return ""


def _shown(number: float) -> str:
    return number_format(f"{Decimal(str(number)).normalize():f}")


def _variables(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(content.get("variables", ()))
