"""The part of the try-it form that is not the prompt's own variables."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.models import LLMModel, Version
from prompts_app.services.providers import host_of

# Answers side by side: more would be too narrow to read.
MAX_COLUMNS = 3


class TryForm(forms.Form):
    """The one-time id, the model (one of those the author allows), and what to compare with.

    `baseline` is the version that visitors may compare with, `baseline_name` what they read of it.
    With no model there is nothing to choose: `model` is then None.
    """

    NOTHING, BASELINE, MODELS = "nothing", "baseline", "models"

    attempt = forms.UUIDField(
        # A browser that fills in forms again after a reload must not bring back a used id.
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Reload the page and try again."),
            "invalid": gettext_lazy("Reload the page and try again."),
        },
    )
    model = forms.TypedChoiceField(
        label=gettext_lazy("Model"),
        error_messages={
            "required": gettext_lazy("Choose a model."),
            "invalid_choice": gettext_lazy("Choose one of the listed models."),
        },
    )
    compare = forms.ChoiceField(
        label=gettext_lazy("Compare with"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed answers.")},
    )
    others = forms.MultipleChoiceField(
        label=gettext_lazy("Other models"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": gettext_lazy("Choose among the listed models."),
            "invalid_list": gettext_lazy("Choose among the listed models."),
        },
    )

    def __init__(
        self,
        models: Sequence[LLMModel],
        data: Any = None,
        initial: dict[str, Any] | None = None,
        *,
        baseline: Version | None = None,
        baseline_name: str = "",
    ) -> None:
        super().__init__(data, initial=initial)
        self.models = {str(model.pk): model for model in models}
        self.names = names_of(models)
        self.baseline = baseline if models else None
        field = self.fields["model"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [*self.names.items()]
        field.coerce = self.models.__getitem__
        field.required = bool(models)
        field.empty_value = None
        if len(models) <= 1:
            field.widget = forms.HiddenInput()
            field.initial = next(iter(self.models), "")
        self._offer(baseline_name)

    def _offer(self, baseline_name: str) -> None:
        compare, others = self.fields["compare"], self.fields["others"]
        assert isinstance(compare, forms.ChoiceField)
        assert isinstance(others, forms.ChoiceField)
        choices = [(self.NOTHING, _("Nothing"))]
        if self.baseline is not None:
            choices.append((self.BASELINE, baseline_name))
        if len(self.models) == 2:
            choices.append((self.MODELS, _("The same prompt on the other model")))
        elif len(self.models) > 2:
            choices.append((self.MODELS, _("The same prompt on other models")))
            others.choices = [*self.names.items()]
        compare.choices = choices
        compare.initial = self.NOTHING

    @property
    def most_columns(self) -> int:
        """How many answers may stand side by side here."""
        beside = max(1 if self.baseline else 0, min(MAX_COLUMNS, len(self.models)) - 1)
        return 1 + beside

    def clean(self) -> dict[str, Any]:
        """Read which models the first one is compared with, in the author's order."""
        cleaned = super().clean() or {}
        cleaned["compare"] = cleaned.get("compare") or self.NOTHING
        wanted = self.names if len(self.models) == 2 else cleaned.get("others", ())
        first = cleaned.get("model")
        beside = [
            model for key, model in self.models.items() if key in wanted and model is not first
        ]
        if cleaned["compare"] == self.MODELS and "others" not in self.errors:
            if not beside:
                self.add_error("others", ValidationError(_("Choose one or two other models.")))
            elif len(beside) >= MAX_COLUMNS:
                self.add_error("others", ValidationError(_("Choose at most two other models.")))
        cleaned["others"] = beside
        return cleaned

    def columns(self, version: Version) -> list[tuple[Version, LLMModel]]:
        """Return what to run side by side, `version` on the chosen model first; once valid.

        Empty where there is no model.
        """
        model = self.cleaned_data["model"]
        if model is None:
            return []
        first = (version, model)
        match self.cleaned_data["compare"]:
            case self.BASELINE if self.baseline is not None:
                return [first, (self.baseline, model)]
            case self.MODELS:
                return [first, *((version, other) for other in self.cleaned_data["others"])]
        return [first]


def names_of(models: Sequence[LLMModel]) -> dict[str, str]:
    """Return what visitors read of each model, by id; with its host where two share a name."""
    names = Counter(model.name for model in models)
    return {
        str(model.pk): model.name
        if names[model.name] == 1
        else f"{model.name} ({host_of(model.provider.base_url)})"
        for model in models
    }
