"""The form that reports a page: the manners of a letter, and a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prompts_app.forms.contact import LetterForm
from prompts_app.models import Report


class ReportForm(LetterForm):
    """Why a page should not be there. Nobody has to say who they are."""

    name = None  # type: ignore[assignment]
    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what is wrong with it."),
            "invalid_choice": _("Choose what is wrong with it."),
        },
    )
    field_order = ("reason", "text", "email")

    def __init__(self, page: str, data: Any = None) -> None:
        super().__init__(f"report {page}", data)
        text, email = self.fields["text"], self.fields["email"]
        text.required = email.required = False
        text.label = _("What should whoever runs this site know?")
        text.widget.attrs["rows"] = 5
        email.help_text = _("Only if you want an answer.")

    def values(self) -> dict[str, str]:
        """Return reason, text and address, once the form is valid."""
        return {name: self.cleaned_data[name] for name in ("reason", "text", "email")}
