"""One constraint in the editor: its sentence, and what tests it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from prompts_app.assertions.base import Spec
from prompts_app.forms import assertions
from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.rows import RowForm
from prompts_app.forms.values import TOO_LONG
from prompts_app.templatetags.assertions import assertion_sentence
from prompts_app.transfer import document as limits
from prompts_app.transfer.loaded import Loaded
from prompts_app.transfer.loading import json_of_text
from prompts_app.transfer.promptfoo_asserts import keepable, notation
from prompts_app.transfer.texts import shortened


class ForeignField(forms.CharField):
    """A rule that came from promptfoo and is not run here, as JSON."""

    widget = forms.HiddenInput

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def prepare_value(self, value: Any) -> Any:
        """Write the rule as JSON."""
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        """Return the rule, None if there is none; raises ValidationError for anything else."""
        text = super().to_python(value)
        if not text:
            return None
        found = json_of_text(text)
        if not isinstance(found, Loaded) or not keepable(found.value):
            # Said for the whole page: nobody types here.
            raise ValidationError("", code="foreign")
        return found.value

    def run_validators(self, value: Any) -> None:
        """Leave the rule as it is: the validators here are for texts."""


class ConstraintForm(RowForm):
    """A sentence the answer must honour, the rule that tests it, and the fields of that rule."""

    # What must be filled in depends on the rule, and removed rows are sent, too: the server says.
    use_required_attribute = False
    kind: ClassVar[str] = "text"
    # What its rule says of outputs that are there, where that was asked (views/rule_tests.py).
    tested: dict[str, Any] | None = None

    text = PlainCharField(
        label=gettext_lazy("Constraint"),
        required=False,
        max_length=limits.MAX_CONSTRAINT,
        error_messages={"max_length": TOO_LONG},
    )
    rule = forms.ChoiceField(
        label=gettext_lazy("How is it tested?"),
        required=False,
        # Browsers that fill a page in again would choose a rule without its fields.
        widget=forms.Select(attrs={"data-rule": "", "autocomplete": "off"}),
        error_messages={"invalid_choice": gettext_lazy("There is no such rule.")},
    )
    # A rule of another program's, kept while no rule of ours is chosen for it.
    foreign = ForeignField(required=False)
    negated = forms.BooleanField(
        label=gettext_lazy("must not"),
        required=False,
        widget=forms.CheckboxInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        choice = self.fields["rule"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = assertions.rule_choices(self.kind)
        self.foreign_type = foreign_type(self["foreign"].value())
        if self.foreign_type:
            said = _("Not run here: promptfoo’s “%(type)s”") % {"type": self.foreign_type}
            choice.choices = [("", said), *choice.choices[1:]]
        self.rule_name = str(self["rule"].value() or "")
        self._rule_fields = assertions.fields_of(self.rule_name)
        self.fields.update(self._rule_fields)
        self.spec: dict[str, Any] | None = None

    @property
    def rule_fields(self) -> list[BoundField]:
        """The fields of the chosen rule."""
        return [self[name] for name in self._rule_fields]

    def of_each_rule(self) -> list["ConstraintForm"]:
        """Return an unsent row like this one for each rule that has fields."""
        rows = (
            type(self)(prefix=self.prefix, initial={"rule": name})
            for _group, rules in assertions.rule_choices(self.kind)[1:]
            for name, _title in rules
        )
        return [row for row in rows if row.rule_fields]

    def rule_fits(self, *, in_time: bool) -> bool:
        """Check the rule as a whole and say at its fields what is wrong; may take a second.

        Unless there is still time, what would take a second is refused as not checked.
        """
        if not self.is_valid() or not self.rule_name:
            return self.is_valid()
        values = {name: self.cleaned_data[name] for name in self._rule_fields}
        spec = assertions.spec_of(self.rule_name, self.cleaned_data["negated"], values)
        for parameter, sentence in assertions.refusals(spec, in_time=in_time):
            self.add_error(parameter if parameter in self._rule_fields else "rule", sentence)
        if self.is_valid():
            self.spec = spec
        return self.is_valid()

    def constraint(self, language: str) -> dict[str, Any] | None:
        """Return the constraint as content keeps it, once its rule fits; None for an empty row.

        Without a sentence it gets the rule's, in `language`.
        """
        text = self.cleaned_data["text"]
        foreign = self.cleaned_data["foreign"]
        if self.spec is None and foreign:
            said = shortened(notation(foreign), limits.MAX_CONSTRAINT)
            return {"text": text or said, "foreign": foreign}
        if self.spec is None:
            return {"text": text} if text else None
        return {"text": text or sentence_of(self.spec, language), "assertion": self.spec}


class PictureConstraintForm(ConstraintForm):
    """A constraint on pictures: only some rules need no text."""

    kind = "image"


def sentence_of(spec: Spec, language: str) -> str:
    """Return a constraint's sentence made from its rule, in one line that fits."""
    with override(language):
        rule = assertion_sentence(spec)
        text = _("The answer %(rule)s.") % {"rule": rule}
        if rule.endswith((".", "?", "!", "…")):
            text = text.removesuffix(".")
    return Truncator(" ".join(text.split())).chars(limits.MAX_CONSTRAINT)


def initial_of_constraint(constraint: Mapping[str, Any]) -> dict[str, Any]:
    """Return a constraint of content as the start of its row."""
    return {
        "text": constraint["text"],
        "foreign": constraint.get("foreign"),
        **assertions.initial_of(constraint.get("assertion")),
    }


def loose_constraints(rows: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """Return what was typed into rows as far as a preview needs it, unchecked."""
    found = []
    for row in rows:
        spec = assertions.loose_spec(row)
        text = (row["text"] or "").strip() or (sentence_of(spec, language) if spec else "")
        foreign = None if spec else _loose_foreign(row.get("foreign"))
        if foreign:
            found.append({"text": text or notation(foreign), "foreign": foreign})
        elif text:
            found.append({"text": text} | ({"assertion": spec} if spec else {}))
    return found


def foreign_type(typed: Any) -> str:
    """Return promptfoo's type of a rule that is not run here; "" where there is none."""
    foreign = _loose_foreign(typed)
    return str(foreign["type"]) if foreign else ""


def _loose_foreign(typed: Any) -> dict[str, Any] | None:
    field = ForeignField(required=False)
    try:
        found: dict[str, Any] | None = field.clean(field.prepare_value(typed))
    except ValidationError:
        return None
    return found
