"""Forms of the evidence page: what to evaluate, the baseline, a model that judges."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.entries import model_label, version_label
from prompts_app.forms.fields import TicksField
from prompts_app.forms.outputs import WITHOUT
from prompts_app.forms.parameters import several_lines
from prompts_app.models import Entry, LLMModel, TestCase, Version
from prompts_app.services.selection import Selection
from prompts_app.services.wishes import MAX_REPEATS, Wish
from prompts_app.transfer import document as limits

START_AGAIN = gettext_lazy("Reload the page and start again.")
COST_CHANGED = gettext_lazy("Its cost has changed. Look at it below, then start again.")

# A change note may fill three lines; a choice needs a few words of it.
_NOTE = 48


def names_of(models: Iterable[LLMModel]) -> dict[str, str]:
    """Return what a list of choices says of each model, by id; with its provider where two share
    a name.
    """
    found = list(models)
    names = Counter(model.name for model in found)
    return {
        str(model.pk): model_label(model)
        if model.provider.is_demo or names[model.name] > 1
        else model.name
        for model in found
    }


def _label(version: Version, entry: Entry) -> str:
    label = Truncator(version_label(version)).chars(_NOTE)
    marks = [
        word
        for word, pk in (
            (_("published"), entry.published_id),
            (_("baseline"), entry.baseline_id),
        )
        if pk == version.pk
    ]
    return f"{label} ({', '.join(marks)})" if marks else label


class EvaluationForm(forms.Form):
    """Versions, models and test cases to run, every one with every other, and how often.

    `key` is the one-time id of the form, `agreed` the cost in micro-dollars that stood beside it.
    """

    key = forms.UUIDField(
        required=False, widget=forms.HiddenInput, error_messages={"invalid": START_AGAIN}
    )
    agreed = forms.IntegerField(
        required=False, widget=forms.HiddenInput, error_messages={"invalid": START_AGAIN}
    )
    versions = TicksField(
        label=gettext_lazy("Versions"),
        none=gettext_lazy("Choose at least one version."),
        gone=gettext_lazy("One of these versions is withdrawn."),
    )
    models = TicksField(
        label=gettext_lazy("Models"),
        none=gettext_lazy("Choose at least one model."),
        gone=gettext_lazy("One of these models is not usable any more."),
    )
    cases = TicksField(
        label=gettext_lazy("Test cases"),
        none=gettext_lazy("Choose at least one test case."),
        gone=gettext_lazy("One of these test cases is gone."),
    )
    repeats = forms.IntegerField(
        label=gettext_lazy("Repeats"),
        help_text=gettext_lazy("How often each input is sent: models do not always say the same."),
        min_value=1,
        max_value=MAX_REPEATS,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "short", "inputmode": "numeric"}),
    )
    judge = forms.ChoiceField(
        label=gettext_lazy("Model that judges"),
        help_text=gettext_lazy(
            "Some constraints of these versions are judged by a model. Without one they stay open."
        ),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("This model is not usable any more.")},
    )

    def __init__(self, selection: Selection, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self._versions = {str(one.number): one for one in selection.versions}
        self._models = {str(one.pk): one for one in selection.models}
        self._judges = {str(one.pk): one for one in selection.judges}
        self._cases: dict[str, TestCase | None] = {str(one.pk): one for one in selection.cases}
        cases = [(str(one.pk), one.name) for one in selection.cases]
        if selection.without:
            self._cases[WITHOUT] = None
            no_input = not selection.cases
            cases.append((WITHOUT, _("as it is") if no_input else _("the variables’ defaults")))
        entry = selection.entry
        number = _("Choose a number from 1 to %(most)d.") % {"most": MAX_REPEATS}
        for code in ("required", "invalid", "min_value", "max_value"):
            self.fields["repeats"].error_messages[code] = number
        self._offer("versions", [(key, _label(v, entry)) for key, v in self._versions.items()])
        self._offer("models", names_of(selection.models).items())
        self._offer("cases", cases)
        self._offer("judge", [("", _("none for now")), *names_of(selection.judges).items()])

    def _offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def wish(self) -> Wish:
        """Return what was picked, once the form is valid."""
        chosen = {
            name: dict.fromkeys(self.cleaned_data[name]) for name in ("versions", "models", "cases")
        }
        return Wish(
            versions=[self._versions[key] for key in chosen["versions"]],
            models=[self._models[key] for key in chosen["models"]],
            cases=[self._cases[key] for key in chosen["cases"]],
            repeats=self.cleaned_data["repeats"],
            judge=self._judges.get(self.cleaned_data["judge"]),
        )

    def chosen_versions(self) -> list[Version]:
        """Return the versions that are ticked, whatever else is wrong."""
        ticked = self["versions"].value() or ()
        return [self._versions[key] for key in ticked if key in self._versions]


def start_values(chosen: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return a first choice (services.selection.likely) as an EvaluationForm starts with it."""
    judge = chosen["judge"]
    return {
        "versions": [str(one.number) for one in chosen["versions"]],
        "models": [str(one.pk) for one in chosen["models"]],
        "cases": [WITHOUT if one is None else str(one.pk) for one in chosen["cases"]],
        "repeats": 1,
        "judge": str(judge[0].pk) if judge else "",
    }


class BaselineForm(forms.Form):
    """Another version to measure the published one against."""

    version = forms.TypedChoiceField(
        label=gettext_lazy("Another version"),
        error_messages={
            "required": gettext_lazy("Choose a version."),
            "invalid_choice": gettext_lazy("Choose one of the listed versions."),
        },
    )

    def __init__(self, entry: Entry, versions: Sequence[Version], data: Any = None) -> None:
        super().__init__(data)
        taken = (entry.published_id, entry.baseline_id)
        by_number = {str(one.number): one for one in versions if one.pk not in taken}
        field = self.fields["version"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(key, _label(one, entry)) for key, one in by_number.items()]
        field.coerce = by_number.__getitem__


class OneLinerForm(forms.Form):
    """The prompt somebody would write who has not thought about it."""

    prompt = several_lines(
        limits.MAX_MESSAGE_CHARS,
        label=gettext_lazy("The one-liner"),
        required=True,
        error_messages={"required": gettext_lazy("Write the one-liner first.")},
        widget=forms.Textarea(attrs={"class": "mono", "rows": 3, "spellcheck": "false"}),
    )


class JudgeForm(forms.Form):
    """The model that is to judge stored answers."""

    judge = forms.TypedChoiceField(
        label=gettext_lazy("Model that judges"),
        error_messages={
            "required": gettext_lazy("Choose a model."),
            "invalid_choice": gettext_lazy("This model is not usable any more."),
        },
    )
    agreed = forms.IntegerField(
        required=False, widget=forms.HiddenInput, error_messages={"invalid": COST_CHANGED}
    )

    def __init__(self, judges: Sequence[LLMModel], data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial, auto_id="id_stored_%s")
        by_id = {str(one.pk): one for one in judges}
        field = self.fields["judge"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", _("Choose…")), *names_of(judges).items()]
        field.coerce = by_id.__getitem__
