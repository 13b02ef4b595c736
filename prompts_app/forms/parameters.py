"""What a draft has once: its revision, context, and the parameters of its kind."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy

from prompts_app.forms.draft_wishes import RenamesField
from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.values import TOO_LONG, NumberTextField, as_number
from prompts_app.transfer import document as limits

SIZES = ("1024x1024", "1536x1024", "1024x1536", "1792x1024", "1024x1792", "512x512", "256x256")
MAX_TOKENS = 128_000


def several_lines(most: int, **options: Any) -> PlainCharField:
    """Return a field for long text that refuses what is too long; `maxlength` would cut it.

    It may stay empty unless `options` say `required`.
    """
    options.setdefault("required", False)
    return PlainCharField(
        multiline=True, validators=[MaxLengthValidator(most, TOO_LONG)], **options
    )


class DraftFields(forms.Form):
    """What a draft has once: its revision, what was renamed since, context and parameters."""

    revision = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput)
    renames = RenamesField()
    context = several_lines(
        limits.MAX_CONTEXT,
        label=gettext_lazy("Context"),
        help_text=gettext_lazy(
            "Who uses this, with what input, and what went wrong before. Markdown."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that were set."""
        raise NotImplementedError


class TextFields(DraftFields):
    """Fields of a prompt for text."""

    temperature = NumberTextField(
        label=gettext_lazy("Temperature"),
        help_text=gettext_lazy("0 to 2"),
        required=False,
        minimum=0,
        maximum=2,
    )
    top_p = NumberTextField(
        label=gettext_lazy("Top p"),
        help_text=gettext_lazy("0 to 1"),
        required=False,
        minimum=0,
        maximum=1,
    )
    max_tokens = forms.IntegerField(
        label=gettext_lazy("Max tokens"),
        help_text=gettext_lazy("1 to 128,000; 1,500 if empty"),
        required=False,
        min_value=1,
        max_value=MAX_TOKENS,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": gettext_lazy("Write a whole number.")},
    )
    response_format = forms.ChoiceField(
        label=gettext_lazy("Answer as"),
        required=False,
        choices=(
            ("", gettext_lazy("as it comes")),
            ("text", gettext_lazy("text")),
            ("json_object", gettext_lazy("JSON object")),
        ),
    )

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that were set, numbers as numbers."""
        found: dict[str, Any] = {
            name: float(as_number(self.cleaned_data[name]))
            for name in ("temperature", "top_p")
            if self.cleaned_data[name]
        }
        if self.cleaned_data["max_tokens"] is not None:
            found["max_tokens"] = self.cleaned_data["max_tokens"]
        if self.cleaned_data["response_format"]:
            found["response_format"] = self.cleaned_data["response_format"]
        return found


class PictureFields(DraftFields):
    """Fields of a prompt for a picture."""

    size = forms.ChoiceField(
        label=gettext_lazy("Size"),
        required=False,
        choices=(
            ("", gettext_lazy("the model's own")),
            *((size, size.replace("x", " × ")) for size in SIZES),
        ),
    )

    def parameters(self) -> dict[str, Any]:
        """Return the size, if one was chosen."""
        return {"size": self.cleaned_data["size"]} if self.cleaned_data["size"] else {}
