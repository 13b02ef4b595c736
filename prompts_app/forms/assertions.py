"""The fields that say how a constraint is tested, made from what each rule declares.

A field is called as the rule's parameter is, so that a refusal finds the field it is about.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.assertions import json_text, registry
from prompts_app.assertions.base import Parameter, Problem, Spec
from prompts_app.assertions.messages import REASONS
from prompts_app.assertions.values import MAX_SCHEMA, MAX_SCHEMA_DEPTH
from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.values import as_number
from prompts_app.forms.variables import spelled
from prompts_app.templatetags.assertions import (
    assertion_title,
    language_word,
    problem_sentence,
)
from prompts_app.templatetags.sentences import finish_sentence

# The rules as an author looks for them.
GROUPS: Final[tuple[tuple[Promise, tuple[str, ...]], ...]] = (
    (
        gettext_lazy("What it says"),
        (
            "contains",
            "icontains",
            "contains-any",
            "icontains-any",
            "contains-all",
            "icontains-all",
            "starts-with",
            "ends-with",
            "equals",
            "regex",
            "language",
        ),
    ),
    (
        gettext_lazy("Its format"),
        ("is-json", "contains-json", "is-xml", "is-html", "contains-html", "is-sql"),
    ),
    (
        gettext_lazy("How long it is, how much alike"),
        ("word-count", "length", "levenshtein", "rouge-n"),
    ),
    (
        gettext_lazy("How the model answered"),
        ("is-refusal", "finish-reason", "latency", "cost"),
    ),
    (gettext_lazy("What another model thinks of it"), ("llm-rubric",)),
)
# A picture has no text, and ends for no reason.
FOR_PICTURES: Final = ("latency", "cost")

_NOT_JSON: Final = REASONS["not_json_at"]

Choices = list[tuple[Any, Any]]


def rule_choices(kind: str) -> Choices:
    """Return the rules for answers of `kind` ("text" or "image"), in their groups."""
    offered = FOR_PICTURES if kind == "image" else tuple(registry.ASSERTIONS)
    groups = (
        (label, [(name, assertion_title(name)) for name in names if name in offered])
        for label, names in GROUPS
    )
    return [("", _("Not tested")), *((label, rules) for label, rules in groups if rules)]


def fields_of(rule: str) -> dict[str, forms.Field]:
    """Return the fields of a rule's parameters by their names; none for a rule there is not."""
    if rule not in registry.ASSERTIONS:
        return {}
    return {one.name: _field(rule, one) for one in registry.ASSERTIONS[rule].parameters}


def initial_of(spec: Spec | None) -> dict[str, Any]:
    """Return the fields' start for a constraint with `spec`, or with none."""
    if spec is None or not registry.known(spec):
        return {"rule": "", "negated": False}
    kind = str(spec["type"])
    name = kind.removeprefix(registry.NOT)
    rule = registry.ASSERTIONS[name]
    written = rule.normal(spec)
    # What the author left out stays left out: the default is said beside the field.
    values = {one.name: rule.read(written, replace(one, default=None)) for one in rule.parameters}
    return {"rule": name, "negated": kind != name, **values}


def spec_of(rule: str, negated: bool, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the specification of cleaned values by parameter name."""
    return registry.build(f"{registry.NOT}{rule}" if negated else rule, values)


def loose_spec(typed: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the specification that a row's typed texts make, as far as a preview needs it.

    None where there is no rule, or where something is missing or cannot be read. Looks into no
    expression and no schema.
    """
    rule = str(typed.get("rule") or "")
    if rule not in registry.ASSERTIONS:
        return None
    try:
        values = {name: field.clean(typed.get(name)) for name, field in fields_of(rule).items()}
    except ValidationError:
        return None
    spec = spec_of(rule, bool(typed.get("negated")), values)
    return spec if registry.sound(spec) else None


def refusals(spec: Spec, *, in_time: bool = True) -> Iterator[tuple[str, str]]:
    """Yield why a specification is refused: the parameter ("type" for none) and its sentence.

    May take a second, unless `in_time` is false: then what would have to be looked into is refused
    as not checked.
    """
    found = registry.check(spec) if in_time else _unchecked(spec)
    for problem in found:
        yield problem.parameter, problem_sentence(problem)


def _unchecked(spec: Spec) -> list[Problem]:
    rule = registry.ASSERTIONS[str(spec["type"]).removeprefix(registry.NOT)]
    return [
        Problem(one.name, "not_checked")
        for one in rule.parameters
        if one.kind in ("pattern", "json")
    ]


def _sentence(code: str, **values: Any) -> str:
    return problem_sentence(Problem("", code, values))


def _field(rule: str, parameter: Parameter) -> forms.Field:
    options: dict[str, Any] = {
        "label": _(parameter.label),
        "required": parameter.required,
        "error_messages": {"required": _sentence("required")},
    }
    if parameter.default is not None:
        default = parameter.default
        shown = default if isinstance(default, str) else spelled(default)
        options["help_text"] = _("%(default)s if empty") % {"default": shown}
    match parameter.kind:
        case "choice":
            return _choice(rule, parameter, options)
        case "integer" | "number":
            return NumberParameter(whole=parameter.kind == "integer", **options)
        case "json":
            return JsonParameter(**options)
        case "lines":
            return LinesParameter(**options)
        case kind:
            return TextParameter(mono=kind == "pattern", **options)


def _choice(rule: str, parameter: Parameter, options: dict[str, Any]) -> forms.Field:
    choices = [(code, _choice_label(rule, code)) for code in parameter.choices]
    if rule == "language":
        choices.sort(key=lambda one: one[1].casefold())
    options["error_messages"]["invalid_choice"] = _sentence("not_a_choice")
    return forms.ChoiceField(
        choices=[("", _("Choose…") if parameter.required else "—"), *choices],
        widget=forms.Select(attrs={"data-kind": "choice"}),
        **options,
    )


def _choice_label(rule: str, code: str) -> str:
    if rule == "language":
        return capfirst(language_word(code))
    if rule == "finish-reason":
        return f"{finish_sentence(code)} ({code})"
    return code


class TextParameter(PlainCharField):
    """A text to the character: blanks at its ends and blanks alone count."""

    def __init__(self, *, mono: bool = False, **options: Any) -> None:
        attrs = {"rows": 1, "data-kind": "words", "spellcheck": "false"}
        if mono:
            attrs["class"] = "mono"
        super().__init__(multiline=True, widget=forms.Textarea(attrs=attrs), **options)

    def validate(self, value: Any) -> None:
        """Refuse only nothing at all."""
        forms.Field.validate(self, value)


class LinesParameter(TextParameter):
    """Several texts, one a line; lines of blanks alone are none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.attrs["rows"] = 3

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines, and typed text as typed."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the list of lines."""
        return [line for line in super().to_python(value).split("\n") if line.strip()]


class NumberParameter(PlainCharField):
    """A number, whole or not, typed with a point or a comma."""

    def __init__(self, *, whole: bool, **options: Any) -> None:
        self.whole = whole
        attrs = {
            "class": "short",
            "data-kind": "number",
            "inputmode": "numeric" if whole else "decimal",
        }
        super().__init__(widget=forms.TextInput(attrs=attrs), **options)

    def prepare_value(self, value: Any) -> Any:
        """Show a number without an exponent, and typed text as typed."""
        return spelled(value) if isinstance(value, int | float) else value

    def to_python(self, value: Any) -> Any:
        """Return the number, None if empty; raises ValidationError for what is none."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            number = as_number(text)
        except ValueError as error:
            sentence = (
                _("Write a whole number.") if self.whole else _("Write a number, such as 3 or 2.5.")
            )
            raise ValidationError(sentence, code="number") from error
        if number == int(number):
            return int(number)
        if self.whole:
            raise ValidationError(_("Write a whole number."), code="number")
        return float(number)

    def validate(self, value: Any) -> None:
        """Refuse nothing but a missing number; the rule knows its bounds."""
        forms.Field.validate(self, value)

    def run_validators(self, value: Any) -> None:
        """Leave the number to the rule: the validators here are for texts."""


class JsonParameter(PlainCharField):
    """A JSON Schema: an object, or true or false."""

    def __init__(self, **options: Any) -> None:
        attrs = {"rows": 4, "class": "mono", "data-kind": "json", "spellcheck": "false"}
        super().__init__(multiline=True, widget=forms.Textarea(attrs=attrs), **options)

    def prepare_value(self, value: Any) -> Any:
        """Show JSON over several lines, and typed text as typed."""
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        """Return the value, None if empty; raises ValidationError naming line and column."""
        text = super().to_python(value)
        if not text.strip():
            return None
        if len(text) > MAX_SCHEMA:
            raise ValidationError(_sentence("too_long", max=MAX_SCHEMA), code="too_long")
        try:
            found = json_text.parse(text)
        except json_text.TooDeepError as error:
            sentence = _sentence("too_deep", max=MAX_SCHEMA_DEPTH)
            raise ValidationError(sentence, code="too_deep") from error
        except json.JSONDecodeError as error:
            place = {"line": error.lineno, "column": error.colno}
            raise ValidationError(_(_NOT_JSON) % place, code="not_json") from error
        except ValueError as error:
            raise ValidationError(_sentence("not_json"), code="not_json") from error
        if not isinstance(found, dict | bool):
            # Anything else would be taken for nothing, or for a schema that it is not.
            raise ValidationError(_sentence("wrong_kind"), code="wrong_kind")
        return found

    def validate(self, value: Any) -> None:
        """Refuse only nothing at all: an empty schema is one."""
        if self.required and value is None:
            raise ValidationError(str(self.error_messages["required"]), code="required")

    def run_validators(self, value: Any) -> None:
        """Leave the schema to the rule: the validators here are for texts."""
