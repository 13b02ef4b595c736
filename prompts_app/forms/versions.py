"""Forms of publishing and withdrawing."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.values import TOO_LONG
from prompts_app.transfer import document as limits

NOT_THE_NUMBER = gettext_lazy("This is not the number. Nothing was withdrawn.")


class PublishForm(forms.Form):
    """What changed, and the revision of the draft the author has seen.

    The page writes the hidden revision itself: it is always that of the draft it shows.
    """

    revision = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput)
    change_note = PlainCharField(
        label=gettext_lazy("What changed, and why"),
        required=False,
        max_length=limits.MAX_CHANGE_NOTE,
        error_messages={"max_length": TOO_LONG},
    )

    def __init__(self, number: int, data: Any = None) -> None:
        super().__init__(data)
        note = self.fields["change_note"]
        if number > 1:
            note.required = True
            note.error_messages["required"] = _("Say what changed since the last version.")
            note.help_text = _("One sentence for whoever compares: “Dates become ISO”.")
        else:
            note.label = _("Note")
            note.help_text = _("What this first version is: “The one-liner I began with”.")


class WithdrawForm(forms.Form):
    """The number of the version, typed once more."""

    number = forms.CharField(
        label=gettext_lazy("Type the version’s number to confirm"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "numeric", "class": "short"}
        ),
        error_messages={"required": NOT_THE_NUMBER, "max_length": NOT_THE_NUMBER},
    )

    def __init__(self, number: int, data: Any = None) -> None:
        super().__init__(data)
        self.wanted = number

    def clean_number(self) -> str:
        """Refuse anything but the number."""
        number = str(self.cleaned_data["number"]).strip().lower().removeprefix("v")
        if number != str(self.wanted):
            raise ValidationError(NOT_THE_NUMBER)
        return number
