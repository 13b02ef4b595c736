"""Forms about the models of a provider: which are in use, and what they cost."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.focus import Guided
from prompts_app.forms.limits import DollarsField
from prompts_app.forms.providers import EXACT
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import LLMModel
from prompts_app.services.offers import LONGEST_NAME, MOST_IN_USE, Terms
from prompts_app.services.providers import has_price


class _NamesField(forms.Field):
    """Names of models ticked on a list."""

    def clean(self, value: Any) -> list[str]:
        """Return the names; raises ValidationError for none, or for what names no model."""
        one = PlainCharField(max_length=LONGEST_NAME)
        names = [one.clean(name) for name in dict.fromkeys(value or ())]
        if not names:
            raise ValidationError(_("Tick at least one model."), code="required")
        return names


class TickedForm(forms.Form):
    """Models ticked on the provider's list."""

    model = _NamesField(widget=forms.MultipleHiddenInput)


class NameForm(Guided, forms.Form):
    """One model by its name."""

    name = PlainCharField(
        label=gettext_lazy("Name of the model"),
        help_text=gettext_lazy("Exactly as the provider writes it."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(
            attrs=EXACT,
        ),
        error_messages={
            "required": gettext_lazy("Write the name of the model."),
            "max_length": TOO_LONG,
        },
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        # The page has another field of that name.
        super().__init__(data, auto_id="id_model_%s")


def too_many() -> str:
    """Return what is said when one more model does not fit."""
    return _("At most %(most)d models of one provider can be in use. Remove some first.") % {
        "most": MOST_IN_USE
    }


def _price(**options: Any) -> DollarsField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "price", "size": 8})
    return DollarsField(required=False, widget=widget, **options)


class TermsForm(forms.Form):
    """What one model makes and costs. A model of text has no price for a picture."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Makes"),
        choices=LLMModel.Kind.choices,
        error_messages={
            "required": gettext_lazy("Choose what the model makes."),
            "invalid_choice": gettext_lazy("Choose what the model makes."),
        },
    )
    input = _price(label=gettext_lazy("Price of a million tokens in"))
    output = _price(label=gettext_lazy("Price of a million tokens out"))
    picture = _price(label=gettext_lazy("Price of a picture"))
    remove = forms.BooleanField(required=False)

    def __init__(self, model: LLMModel, data: Mapping[str, Any] | None = None) -> None:
        self.model = model
        initial = {
            "kind": model.kind,
            "input": model.input_price,
            "output": model.output_price,
            "picture": model.picture_price,
        }
        super().__init__(data, prefix=f"m{model.pk}", initial=initial)
        if model.kind != LLMModel.Kind.IMAGE:
            del self.fields["picture"]
        labels = {
            "kind": _("What %(model)s makes"),
            "input": _("Dollars per million tokens in, %(model)s"),
            "output": _("Dollars per million tokens out, %(model)s"),
            "picture": _("Dollars per picture, %(model)s"),
            "remove": _("Stop using %(model)s"),
        }
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = labels[name] % {"model": model.name}

    @property
    def priced(self) -> bool:
        """Whether the model, as it is kept, can be used."""
        return has_price(self.model)

    @property
    def removed(self) -> bool:
        """Whether the row was sent to be removed."""
        return self.is_bound and bool(self["remove"].data)

    def clean(self) -> dict[str, Any]:
        """Ask for the second of two prices that only make sense together."""
        cleaned = self.cleaned_data
        given = {name: cleaned.get(name) for name in ("input", "output") if name not in self.errors}
        for name, amount in given.items():
            if (
                amount is None
                and len(given) == 2
                and any(one is not None for one in given.values())
            ):
                self.add_error(name, _("Give this price, too. 0 is a price: free."))
        return cleaned

    def terms(self) -> Terms:
        """Return what was typed, once the form is valid."""
        cleaned = self.cleaned_data
        return Terms(cleaned["kind"], cleaned["input"], cleaned["output"], cleaned.get("picture"))


class TermsForms(Guided):
    """A form for every model in use. Rows that were not sent stay as they are."""

    def __init__(self, models: list[LLMModel], data: Mapping[str, Any] | None = None) -> None:
        self.forms = [
            TermsForm(model, data if data is not None and f"m{model.pk}-kind" in data else None)
            for model in models
        ]
        self.sent = [form for form in self.forms if form.is_bound]

    @property
    def with_pictures(self) -> bool:
        """Whether any model has a price for a picture."""
        return any("picture" in form.fields for form in self.forms)

    def shown(self) -> Iterable[BoundField]:
        """The fields of the rows that stay."""
        return (field for form in self.sent if not form.removed for field in form)

    def is_valid(self) -> bool:
        """Whether every row that was sent is valid; a row to be removed need not be."""
        return not [form for form in self.sent if not form.is_valid() and not form.removed]

    def changed(self) -> dict[LLMModel, Terms]:
        """Return the new terms of the rows that stay, once they are valid."""
        return {form.model: form.terms() for form in self.sent if not form.removed}

    def removed(self) -> list[LLMModel]:
        """Return the models to stop using."""
        return [form.model for form in self.sent if form.removed]
