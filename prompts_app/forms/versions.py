"""Forms of publishing and withdrawing."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField, TicksField
from prompts_app.forms.focus import Guided
from prompts_app.forms.values import TOO_LONG
from prompts_app.transfer import document as limits

NOT_THE_NUMBER = gettext_lazy("This is not the number. Nothing was withdrawn.")


class PublishForm(Guided, forms.Form):
    """What changed, and the revision of the draft the author has seen.

    The page writes the hidden revision itself: it is always that of the draft it shows. With
    `secrets`, which stands for those that were found (services.publish_checks.secrets_mark), the
    author has to say that none of them is real; a tick says so of no others than these.
    """

    revision = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput)
    change_note = PlainCharField(
        label=gettext_lazy("What changed, and why"),
        required=False,
        max_length=limits.MAX_CHANGE_NOTE,
        error_messages={"max_length": TOO_LONG},
    )

    not_real = TicksField(
        label=gettext_lazy("What looks like a key"),
        none=gettext_lazy(
            "Take the key out of the prompt. Only if it is not a real one, tick this and publish."
        ),
        gone=gettext_lazy("Other keys were found since. Look at the list above once more."),
    )

    def __init__(self, number: int, data: Any = None, *, secrets: str = "") -> None:
        super().__init__(data)
        if secrets:
            field = self.fields["not_real"]
            assert isinstance(field, TicksField)
            field.choices = [(secrets, _("I have looked: this is not a real key"))]
        else:
            del self.fields["not_real"]
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
