"""One variable of a prompt in the editor: type, label, default and limits."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.rows import RowForm
from prompts_app.forms.values import TOO_LONG, NumberTextField, as_number
from prompts_app.transfer import document as limits

TYPES = (
    ("text", gettext_lazy("one line")),
    ("long_text", gettext_lazy("long text")),
    ("choice", gettext_lazy("choice")),
    ("number", gettext_lazy("number")),
)

# Limits that mean something for a type; the others are neither checked nor kept.
_LIMITS = {
    "text": ("max_length",),
    "long_text": ("max_length",),
    "choice": ("choices",),
    "number": ("min", "max"),
}


def spelled(number: float | None) -> str:
    """Return a number as a person types it, with a decimal point; nothing for None."""
    return "" if number is None else f"{Decimal(str(number)).normalize():f}"


class VariableForm(RowForm):
    """One variable. Its name comes from the messages; it is changed in all of them at once."""

    name = forms.CharField(widget=forms.HiddenInput, max_length=64)
    # What the row's own button renames it to; saving does not look at it.
    new_name = forms.CharField(
        label=gettext_lazy("New name"),
        required=False,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=TYPES, initial="text")
    label = PlainCharField(
        label=gettext_lazy("Label"),
        required=False,
        max_length=limits.MAX_LABEL,
        error_messages={"max_length": TOO_LONG},
    )
    default = PlainCharField(
        multiline=True,
        label=gettext_lazy("Default"),
        required=False,
        validators=[MaxLengthValidator(limits.MAX_VALUE, TOO_LONG)],
        widget=forms.Textarea(attrs={"rows": 1, "class": "short"}),
    )
    choices = PlainCharField(
        multiline=True,
        label=gettext_lazy("Choices, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    min = NumberTextField(label=gettext_lazy("At least"), required=False)
    max = NumberTextField(label=gettext_lazy("At most"), required=False)
    max_length = forms.IntegerField(
        label=gettext_lazy("Most characters"),
        required=False,
        min_value=1,
        max_value=limits.MAX_VALUE,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": gettext_lazy("Write a whole number.")},
    )

    def clean(self) -> dict[str, Any]:
        """Check the limits of the chosen type, and the default against them."""
        kind = self.cleaned_data.get("type")
        for name in ("choices", "min", "max", "max_length"):
            if name not in _LIMITS.get(kind or "", ()):
                self.errors.pop(name, None)
                self.cleaned_data[name] = None
        default = self.cleaned_data.get("default", "")
        if kind == "choice":
            self._clean_choices(default.strip())
        elif kind == "number":
            self._clean_number(default.strip())
        elif kind == "text" and "\n" in default:
            self.add_error("default", _("Write this on one line, or choose “long text”."))
        most = self.cleaned_data.get("max_length")
        if most and len(default) > most:
            self.add_error("default", _("The default is longer than the limit you set."))
        return self.cleaned_data

    def _clean_choices(self, default: str) -> None:
        lines = (self.cleaned_data.get("choices") or "").split("\n")
        choices = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        self.cleaned_data["choices"] = choices
        self.cleaned_data["default"] = default
        if "choices" in self.errors:
            return
        if len(choices) < 2:
            self.add_error("choices", _("Write at least two choices, one a line."))
        elif len(choices) > limits.MAX_CHOICES:
            self.add_error(
                "choices", _("Keep at most %(most)d choices.") % {"most": limits.MAX_CHOICES}
            )
        elif any(len(choice) > limits.MAX_CHOICE for choice in choices):
            self.add_error(
                "choices",
                _("A choice may have at most %(most)d characters.") % {"most": limits.MAX_CHOICE},
            )
        elif default and default not in choices:
            self.add_error("default", _("The default is not one of the choices."))

    def _clean_number(self, default: str) -> None:
        least, most = (self._limit(name) for name in ("min", "max"))
        if least is not None and most is not None and least > most:
            self.add_error("max", _("The largest number is smaller than the smallest."))
            return
        if not default:
            self.cleaned_data["default"] = ""
            return
        try:
            number = as_number(default)
        except ValueError:
            self.add_error("default", _("The default is not a number."))
            return
        self.cleaned_data["default"] = default.replace("\u2212", "-").replace(",", ".")
        if (least is not None and number < least) or (most is not None and number > most):
            self.add_error("default", _("The default is outside the limits you set."))

    def _limit(self, name: str) -> Decimal | None:
        text = self.cleaned_data.get(name)
        return as_number(text) if text else None

    def variable(self) -> dict[str, Any]:
        """Return the variable as content keeps it, once the form is valid."""
        cleaned = self.cleaned_data
        return {
            "name": cleaned["name"],
            "type": cleaned["type"],
            "label": cleaned["label"],
            "default": cleaned["default"],
            "choices": cleaned["choices"] or [],
            "min": _number(self._limit("min")),
            "max": _number(self._limit("max")),
            "max_length": cleaned["max_length"],
        }


def _number(number: Decimal | None) -> int | float | None:
    if number is None:
        return None
    # Beyond 2**53 canonical JSON has no exact integers.
    if number == number.to_integral_value() and abs(number) < 2**53:
        return int(number)
    return float(number)
