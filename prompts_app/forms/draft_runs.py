"""What a run of a draft needs beside the draft itself: the one-time id and the model."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.tryit import names_of
from prompts_app.models import LLMModel


class DraftRunForm(forms.Form):
    """The one-time id, and one of the author's models."""

    run_id = forms.UUIDField(
        # A browser that fills in forms again after a reload must not bring back a used id.
        widget=forms.HiddenInput(attrs={"autocomplete": "off", "form": "draft-form"}),
        error_messages={
            "required": gettext_lazy("Reload the page and try again."),
            "invalid": gettext_lazy("Reload the page and try again."),
        },
    )
    run_model = forms.TypedChoiceField(
        label=gettext_lazy("Model"),
        widget=forms.Select(attrs={"form": "draft-form", "class": "preview__case"}),
        error_messages={
            "required": gettext_lazy("Choose a model."),
            "invalid_choice": gettext_lazy("Choose one of the listed models."),
        },
    )

    def __init__(self, models: Sequence[LLMModel], data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.models = {str(model.pk): model for model in models}
        field = self.fields["run_model"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [*names_of(models).items()]
        field.coerce = self.models.__getitem__

    @property
    def refused(self) -> str:
        """What is wrong, in one sentence; "" where nothing is."""
        return next((str(errors[0]) for errors in self.errors.values()), "")

    @property
    def refused_here(self) -> str:
        """The same for a page that comes back with the form, and with a new id in it."""
        if "run_model" in self.errors:
            return str(self.errors["run_model"][0])
        if self.errors:
            return _("Not run: its number was no longer known. Press “Run” once more.")
        return ""
