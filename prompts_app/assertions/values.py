"""Whether a stored specification has the shape its rule declares. Looks at nothing but shapes."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prompts_app.assertions.base import (
    MAX_LINE,
    MAX_LINES,
    MAX_VALUE,
    UNSTORABLE,
    Assertion,
    Parameter,
    Problem,
    Spec,
)

MAX_SCHEMA = 50_000
MAX_SCHEMA_DEPTH = 60


def shape_problems(rule: type[Assertion], spec: Spec) -> list[Problem]:
    """What is wrong with the keys of `spec` and the kinds of their values."""
    problems = [*_strangers(rule, spec)]
    for parameter in rule.parameters:
        value = rule.read(spec, parameter)
        if value is None:
            if parameter.required:
                problems.append(Problem(parameter.name, "required"))
        else:
            problems += _problems(parameter, value)
    return problems


def _strangers(rule: type[Assertion], spec: Spec) -> Iterator[Problem]:
    """Keys that no parameter reads: they would be dropped in silence."""
    places = {parameter.place for parameter in rule.parameters}
    top = {place[0] for place in places}
    for key, value in spec.items():
        if key == "type" or value is None:
            continue
        if key not in top:
            yield Problem(str(key), "unknown_parameter")
        elif (key,) not in places:
            if not isinstance(value, Mapping):
                yield Problem(key, "wrong_kind")
            else:
                inner = {place[1] for place in places if place[0] == key}
                yield from (
                    Problem(str(name), "unknown_parameter") for name in value if name not in inner
                )


def _problems(parameter: Parameter, value: Any) -> Iterable[Problem]:
    match parameter.kind:
        case "text" | "pattern":
            yield from _text(parameter, value)
        case "lines":
            yield from _lines(parameter, value)
        case "integer" | "number":
            yield from _number(parameter, value)
        case "choice":
            if value not in parameter.choices:
                yield Problem(parameter.name, "not_a_choice")
        case "json":
            yield from _json(parameter, value)


def _text(parameter: Parameter, value: Any) -> Iterator[Problem]:
    most = int(parameter.max or MAX_VALUE)
    if not isinstance(value, str):
        yield Problem(parameter.name, "wrong_kind")
    elif not value:
        yield Problem(parameter.name, "required")
    elif len(value) > most:
        yield Problem(parameter.name, "too_long", {"max": most})
    elif not storable(value):
        yield Problem(parameter.name, "characters")


def _lines(parameter: Parameter, value: Any) -> Iterator[Problem]:
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        yield Problem(parameter.name, "wrong_kind")
    elif not value or not all(value):
        yield Problem(parameter.name, "required")
    elif len(value) > MAX_LINES:
        yield Problem(parameter.name, "too_many", {"max": MAX_LINES})
    elif any(len(line) > MAX_LINE for line in value):
        yield Problem(parameter.name, "too_long", {"max": MAX_LINE})
    elif not all(map(storable, value)):
        yield Problem(parameter.name, "characters")


def _number(parameter: Parameter, value: Any) -> Iterator[Problem]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    fraction = isinstance(value, float) and math.isfinite(value) and parameter.kind == "number"
    if not whole and not fraction:
        yield Problem(parameter.name, "wrong_kind")
    elif parameter.min is not None and value < parameter.min:
        yield Problem(parameter.name, "too_small", {"min": parameter.min})
    elif parameter.max is not None and value > parameter.max:
        yield Problem(parameter.name, "too_big", {"max": parameter.max})


def _json(parameter: Parameter, value: Any) -> Iterator[Problem]:
    if not isinstance(value, dict | bool):
        yield Problem(parameter.name, "wrong_kind")
    elif not _shallow(value, MAX_SCHEMA_DEPTH):
        yield Problem(parameter.name, "too_deep", {"max": MAX_SCHEMA_DEPTH})
    else:
        yield from _json_text(parameter, value)


def _json_text(parameter: Parameter, value: Any) -> Iterator[Problem]:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        yield Problem(parameter.name, "not_json")
        return
    if len(text) > MAX_SCHEMA:
        yield Problem(parameter.name, "too_long", {"max": MAX_SCHEMA})
    elif not all(map(storable, _texts(value))):
        yield Problem(parameter.name, "characters")


def _texts(value: Any) -> Iterator[str]:
    """Every text in `value`, names included."""
    left = [value]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case dict() as named:
                left += [*named, *named.values()]
            case list() as several:
                left += several


def _shallow(value: Any, depth: int) -> bool:
    """Whether lists and objects stand at most `depth` deep in each other."""
    level = [value]
    for _ in range(depth + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return True
    return False


def storable(text: str) -> bool:
    """Whether a database keeps `text`."""
    return not UNSTORABLE.search(text)
