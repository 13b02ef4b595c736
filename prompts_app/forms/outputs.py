"""Forms that add outputs to a version: run it now, paste a text, upload a picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.entries import ModelsField
from prompts_app.forms.fields import PlainCharField, TicksField
from prompts_app.forms.pictures import PictureField
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import LLMModel, TestCase

MAX_OUTPUT = 200_000
# The value that stands for "no test case" among checkboxes, where nothing ticked means nothing.
WITHOUT = "none"
MAX_AT_ONCE = 40


class RunForm(forms.Form):
    """Models and test cases to run a version on, every one with every other."""

    models = ModelsField(
        label=gettext_lazy("Models"),
        queryset=LLMModel.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one model."),
            "invalid_choice": gettext_lazy("One of these models is not usable any more."),
            "invalid_pk_value": gettext_lazy("One of these models is not usable any more."),
        },
    )
    cases = TicksField(
        label=gettext_lazy("Test cases"),
        none=gettext_lazy("Choose at least one test case."),
        gone=gettext_lazy("One of these test cases is gone."),
    )

    def __init__(
        self,
        usable: QuerySet[LLMModel],
        found: Sequence[TestCase],
        data: Any = None,
        *,
        prices: Mapping[int, str],
        without: str,
        initial: Any = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.usable = bool(usable)
        models = self.fields["models"]
        assert isinstance(models, ModelsField)
        models.queryset = usable
        models.notes = prices
        self.by_id = {str(case.pk): case for case in found}
        choices = [(key, case.name) for key, case in self.by_id.items()]
        field = self.fields["cases"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [*choices, (WITHOUT, without)] if without else choices

    def clean(self) -> dict[str, Any]:
        """Refuse more runs at once than a person can mean."""
        cleaned = self.cleaned_data
        number = len(cleaned.get("models", ())) * len(cleaned.get("cases", ()))
        if number > MAX_AT_ONCE:
            raise forms.ValidationError(
                _("These are %(number)d runs; at most %(most)d can be asked for at once.")
                % {"number": number, "most": MAX_AT_ONCE}
            )
        return cleaned

    def chosen_cases(self) -> list[TestCase | None]:
        """Return the chosen cases, once the form is valid; None stands for "without one"."""
        return [self.by_id.get(key) for key in self.cleaned_data["cases"]]


class _OutputForm(forms.Form):
    """What an output from elsewhere says of itself."""

    model_name = PlainCharField(
        label=gettext_lazy("Model"),
        help_text=gettext_lazy("Which model answered, as its provider calls it."),
        max_length=120,
        error_messages={
            "required": gettext_lazy("Name the model that answered."),
            "max_length": TOO_LONG,
        },
    )
    case = forms.ChoiceField(
        label=gettext_lazy("Input"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed test cases.")},
    )

    def __init__(self, found: Sequence[TestCase], data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, auto_id="id_output_%s")
        self.by_id = {str(case.pk): case for case in found}
        field = self.fields["case"]
        assert isinstance(field, forms.ChoiceField)
        cases = [(key, case.name) for key, case in self.by_id.items()]
        field.choices = [("", _("not one of the test cases")), *cases]

    def chosen_case(self) -> TestCase | None:
        """Return the chosen case, once the form is valid."""
        return self.by_id.get(self.cleaned_data["case"])


class PasteForm(_OutputForm):
    """A text that came from elsewhere."""

    output = PlainCharField(
        multiline=True,
        label=gettext_lazy("Answer"),
        validators=[MaxLengthValidator(MAX_OUTPUT, TOO_LONG)],
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Paste the answer first.")},
    )
    field_order = ("output", "model_name", "case")


class PictureOutputForm(_OutputForm):
    """A picture that came from elsewhere."""

    picture = PictureField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy(
            "PNG, JPEG or WebP, at most 8 MB. Place and camera data are removed."
        ),
    )
    field_order = ("picture", "model_name", "case")
