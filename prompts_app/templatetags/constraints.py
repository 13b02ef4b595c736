"""Constraints as pages list them: each sentence with what tests it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _

from prompts_app.assertions import registry
from prompts_app.assertions.base import Spec
from prompts_app.services.comparison import Part
from prompts_app.templatetags.assertions import assertion_sentence
from prompts_app.text.diff import Chunk, diff

register = template.Library()


@register.filter
def stated(constraints: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return constraints of a content as shared/_constraints.html takes them, without verdicts.

    `test` is the rule in words, `schema` what the words leave out of it; "" where there is none.
    `foreign` is promptfoo's type of an assert that is not run here, which `schema` is then.
    """
    return [
        {
            "text": one["text"],
            "state": "",
            "reason": "",
            "test": assertion_sentence(one["assertion"]) if one.get("assertion") else "",
            "schema": _written(one["foreign"]) if foreign else schema_of(one.get("assertion")),
            "foreign": foreign,
        }
        for one in constraints
        for foreign in [str((one.get("foreign") or {}).get("type", ""))]
    ]


@register.filter
def any_tested(constraints: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether at least one constraint of a content has a rule."""
    return any(one.get("assertion") for one in constraints)


def schema_of(spec: Spec | None) -> str:
    """Return the JSON Schema of a rule over several lines; "" for a rule without one."""
    if spec is None or not registry.known(spec):
        return ""
    kind = str(spec["type"]).removeprefix(registry.NOT)
    named = {one.name for one in registry.ASSERTIONS[kind].parameters if one.kind == "json"}
    found = (value for name, value in registry.given(spec).items() if name in named)
    return "\n".join(json.dumps(value, indent=2, ensure_ascii=False) for value in found if value)


@register.filter
def with_test(part: Part) -> Sequence[Chunk]:
    """Return a part's chunks, and after a constraint's those of what tests it, on lines below."""
    if part.tests == (None, None):
        return part.chunks
    old, new = (_told(spec) for spec in part.tests)
    if old == new and part.tests[0] != part.tests[1]:
        # The words leave something out, such as a schema or the end of a list: here it counts.
        old, new = (f"{_told(spec)}\n{_whole(spec)}" for spec in part.tests)
    chunks, more = [*part.chunks], diff(old, new)
    if chunks and more and chunks[-1].op == more[0].op:
        # One stretch has one sign.
        chunks[-1:] = [Chunk(more[0].op, chunks[-1].text + more.pop(0).text)]
    return [*chunks, *more]


def _told(spec: Spec | None) -> str:
    if spec and "foreign" in spec:
        return f"\n{_('not run here: promptfoo’s “%(type)s”') % {'type': spec['foreign']['type']}}"
    return f"\n{_('tested: %(test)s') % {'test': assertion_sentence(spec)}}" if spec else ""


def _whole(spec: Spec | None) -> str:
    values = (spec or {}).get("foreign", spec or {})
    return _written({key: value for key, value in values.items() if key != "type"})


def _written(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False, sort_keys=True)
