"""The part of the try-it form that is not the prompt's own variables."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prompts_app.models import LLMModel


class TryForm(forms.Form):
    """The one-time id and the model, one of those the author allows.

    With no model there is nothing to choose: `model` is then None.
    """

    attempt = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Reload the page and try again."),
            "invalid": _("Reload the page and try again."),
        },
    )
    model = forms.TypedChoiceField(
        label=_("Model"),
        error_messages={
            "required": _("Choose a model."),
            "invalid_choice": _("Choose one of the listed models."),
        },
    )

    def __init__(
        self, models: Sequence[LLMModel], data: Any = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        by_id = {str(model.pk): model for model in models}
        field = self.fields["model"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(key, model.name) for key, model in by_id.items()]
        field.coerce = by_id.__getitem__
        field.required = bool(models)
        field.empty_value = None
        if len(models) <= 1:
            field.widget = forms.HiddenInput()
            field.initial = next(iter(by_id), "")
