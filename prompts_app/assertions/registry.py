"""Every rule by its name; checking, saying and judging a stored specification.

A specification is what promptfoo takes: `{"type": "not-icontains", "value": …, "threshold": …}`.
Any type may have `not-` before it. `judge` and `check` may take a second and block their thread
(see `bounded`): call them off the event loop, with no transaction open.
"""

from collections.abc import Mapping
from typing import Any, Final

from prompts_app.assertions import answering, formats, matching, measuring
from prompts_app.assertions.base import (
    Assertion,
    Output,
    Problem,
    Sentence,
    Spec,
    Verdict,
)
from prompts_app.assertions.values import shape_problems

NOT: Final = "not-"

ASSERTIONS: Final[dict[str, type[Assertion]]] = {
    rule.name: rule
    for rule in (
        matching.Contains,
        matching.IContains,
        matching.ContainsAny,
        matching.IContainsAny,
        matching.ContainsAll,
        matching.IContainsAll,
        matching.Equals,
        matching.StartsWith,
        matching.EndsWith,
        matching.Regex,
        measuring.WordCount,
        measuring.Length,
        measuring.Levenshtein,
        measuring.RougeN,
        formats.IsJson,
        formats.ContainsJson,
        formats.IsXml,
        formats.IsHtml,
        formats.ContainsHtml,
        formats.IsSql,
        answering.Language,
        answering.IsRefusal,
        answering.FinishReason,
        answering.Latency,
        answering.Cost,
        answering.LlmRubric,
    )
}


def _rule(spec: Spec) -> type[Assertion]:
    kind = spec.get("type")
    if not isinstance(kind, str):
        raise KeyError(kind)
    return ASSERTIONS[kind.removeprefix(NOT)]


def known(spec: Spec) -> bool:
    """Whether there is a rule of the specification's type."""
    kind = spec.get("type")
    return isinstance(kind, str) and kind.removeprefix(NOT) in ASSERTIONS


def sound(spec: Spec) -> bool:
    """Whether there is a rule of the type, and its values have the kinds the rule declares."""
    return known(spec) and not shape_problems(_rule(spec), _rule(spec).normal(spec))


def check(spec: Spec) -> list[Problem]:
    """Why `spec` is refused; empty where it is not.

    Expressions and schemas are looked into only when everything else is right.
    """
    if not known(spec):
        return [Problem("type", "unknown_rule")]
    rule = _rule(spec)
    spec = rule.normal(spec)
    return shape_problems(rule, spec) or [*rule(spec).more_problems()]


def judge(spec: Spec, output: Output) -> Verdict:
    """Whether `output` keeps the rule. Never raises for what `spec` or `output` hold.

    `spec` is one that passed `check`. Of another, what can be told without looking into expressions
    and schemas makes the output "untestable" ("unknown_rule", "bad_rule").
    """
    if not known(spec):
        return Verdict("untestable", "unknown_rule")
    rule = _rule(spec)
    spec = rule.normal(spec)
    if shape_problems(rule, spec):
        return Verdict("untestable", "bad_rule")
    return rule(spec).judge(output)


def sentence(spec: Spec) -> Sentence:
    """`spec` (a `sound` one) in words, after “The answer”.

    Raises KeyError for a type there is none of.
    """
    rule = _rule(spec)
    return rule(rule.normal(spec)).sentence()


def build(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of type `kind` (`not-` included) from values by parameter name.

    None and empty texts and lists are left out. Raises KeyError for a type there is none of.
    """
    spec: dict[str, Any] = {"type": kind}
    for parameter in ASSERTIONS[kind.removeprefix(NOT)].parameters:
        value = given.get(parameter.name)
        if value is None or value in ("", []):
            continue
        place = spec
        for key in parameter.place[:-1]:
            place = place.setdefault(key, {})
        place[parameter.place[-1]] = value
    return spec


def given(spec: Spec) -> dict[str, Any]:
    """The values of a specification by parameter name, defaults filled in: `build` backwards.

    Raises KeyError for a type there is none of.
    """
    rule = _rule(spec)
    return {each.name: rule.read(rule.normal(spec), each) for each in rule.parameters}
