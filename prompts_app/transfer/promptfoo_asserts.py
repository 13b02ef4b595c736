"""promptfoo's asserts as constraints: plain data both ways, nothing is judged here.

Those that this site has a rule for become its `assertion`, written as promptfoo writes it; whoever
keeps them checks them first (`foreign_of` is for what is refused then). All others are kept as they
stood, as `foreign`: scripts, addresses, other models' judgements, and whatever hangs on a variable
or a file. Losses: "not_run_here" (detail: the type), "assert" (one that is none, or is too large or
holds what cannot be kept), "weight", "judge" (detail of both: what it was).
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from prompts_app.transfer.document import MAX_CONSTRAINT
from prompts_app.transfer.loaded import Loaded, Path
from prompts_app.transfer.loading import json_of_text
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.nunjucks import constant
from prompts_app.transfer.promptfoo import escaped
from prompts_app.transfer.texts import one_line, refused, shortened

MAX_FOREIGN: Final = 20_000
MAX_TYPE: Final = 100
_LARGEST: Final = 2**53 - 1
_NOT: Final = "not-"
# What an assert says of itself and not of the answer.
_ASIDE: Final = ("type", "metric", "weight", "provider")
_ENDS_WITH: Final = re.compile(r'output\.endsWith\(("(?:[^"\\]|\\.)*+")\)')
_LENGTH: Final = re.compile(
    r"(?:\[\.\.\.output\]\.length >= (?P<min>\d{1,9}))?(?P<and> && )?"
    r"(?:\[\.\.\.output\]\.length <= (?P<max>\d{1,9}))?"
)


class _Elsewhere(Exception):  # noqa: N818 - it reads as the condition it is
    """There is no rule for that here."""


def constraint_of(spec: Any, notes: Notes, path: Path, metric: str = "") -> dict[str, Any] | None:
    """The constraint an assert becomes, its text `metric` where it has one; None for none."""
    if not _plain(spec):
        notes.lost(path, "assert")
        return None
    text = shortened(metric or notation(spec), MAX_CONSTRAINT)
    try:
        assertion = _assertion(spec)
    except _Elsewhere:
        if not keepable(spec):
            notes.lost(path, "assert", spec["type"])
            return None
        notes.lost(path, "not_run_here", spec["type"])
        return {"text": text, "foreign": spec}
    if spec.get("weight") not in (None, 1):
        notes.lost((*path, "weight"), "weight", str(spec["weight"]))
    if spec.get("provider") is not None:
        notes.lost((*path, "provider"), "judge", _short(spec["provider"]))
    return {"text": text, "assertion": assertion}


def foreign_of(assertion: Mapping[str, Any]) -> dict[str, Any]:
    """An assertion that is refused here as promptfoo takes it: its texts as templates."""

    def template(value: Any) -> Any:
        if isinstance(value, str):
            return escaped(value)
        return [template(one) for one in value] if isinstance(value, list) else value

    return {key: template(value) if key == "value" else value for key, value in assertion.items()}


def notation(spec: Mapping[str, Any]) -> str:
    """An assert in a line, as promptfoo's own notation has it: `not-contains: sorry`."""
    value = spec.get("value")
    said = spec.get("threshold") if value is None else value
    return one_line(f"{spec['type']}: {_short(said)}" if said is not None else str(spec["type"]))


def _short(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def keepable(spec: Any) -> bool:
    """Whether `spec` can be kept as `foreign`: one with a type, not too large, of plain values."""
    return (
        _plain(spec)
        and 0 < len(spec["type"]) <= MAX_TYPE
        and len(json.dumps(spec, ensure_ascii=False)) <= MAX_FOREIGN
    )


def _plain(spec: Any) -> bool:
    return (
        isinstance(spec, dict)
        and isinstance(spec.get("type"), str)
        and not refused(json.dumps(spec, ensure_ascii=False))
        and _exact(spec)
    )


def _exact(value: Any) -> bool:
    """Whether every whole number in `value` is one that all programs read alike."""
    if isinstance(value, dict | list):
        return all(map(_exact, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or abs(value) <= _LARGEST


def _assertion(spec: dict[str, Any]) -> dict[str, Any]:
    kind = str(spec["type"])
    base = kind.removeprefix(_NOT)
    negation = kind.removesuffix(base)
    given = {key: value for key, value in spec.items() if key not in _ASIDE and value is not None}
    if spec.get("weight") == 0:
        # promptfoo only notes what comes of it.
        raise _Elsewhere
    if spec.get("provider") is not None and base != "llm-rubric":
        raise _Elsewhere
    if base == "javascript":
        rule, value = _script(given)
        return {"type": negation + rule, "value": value}
    if base not in _VALUES or any(key not in ("value", "threshold") for key in given):
        raise _Elsewhere
    made: dict[str, Any] = {"type": kind}
    value = _VALUES[base](given.get("value"))
    if value is not None:
        made["value"] = value
    if "threshold" in given:
        if base not in _THRESHOLDS or not _is_number(given["threshold"]):
            raise _Elsewhere
        made["threshold"] = given["threshold"]
    elif base in ("latency", "cost"):
        raise _Elsewhere
    return made


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    """A text that hangs on nothing; raises _Elsewhere for any other value."""
    if _is_number(value):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if not isinstance(value, str) or value.startswith(("file://", "package:")):
        raise _Elsewhere
    found = constant(value)
    if not found:
        raise _Elsewhere
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        if '"' in value or "{{" in value:
            raise _Elsewhere
        value = [one.strip() for one in value.split(",")]
    if not isinstance(value, list) or not value:
        raise _Elsewhere
    return [_text(one) for one in value]


def _nothing(value: Any) -> None:
    if value is not None:
        raise _Elsewhere


def _schema(value: Any) -> Any:
    """A schema: as a text, where only the text is a template, or as it is."""
    if isinstance(value, str):
        loaded = json_of_text(_text(value))
        value = loaded.value if isinstance(loaded, Loaded) else ""
    elif "{{" in json.dumps(value):
        raise _Elsewhere
    if not isinstance(value, dict | bool | None):
        raise _Elsewhere
    return value


def _bounds(value: Any) -> Any:
    if isinstance(value, dict):
        if not value or any(
            key not in ("min", "max") or not isinstance(one, int) for key, one in value.items()
        ):
            raise _Elsewhere
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Elsewhere
    return {"min": value, "max": value}


def _elements(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dict) and set(value) == {"requiredElements"}:
        value = value["requiredElements"]
    return {"requiredElements": _texts(value)}


def _database(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"databaseType"}:
        raise _Elsewhere
    return {"databaseType": _text(value["databaseType"])}


def _script(given: Mapping[str, Any]) -> tuple[str, Any]:
    """The rule that the writer wrote as this script, and its value."""
    if set(given) != {"value"}:
        raise _Elsewhere
    script = _text(given["value"])
    if match := _ENDS_WITH.fullmatch(script):
        loaded = json_of_text(match[1])
        if isinstance(loaded, Loaded):
            return "ends-with", loaded.value
    match = _LENGTH.fullmatch(script)
    if not match or bool(match["and"]) != bool(match["min"] and match["max"]):
        raise _Elsewhere
    bounds = {name: int(match[name]) for name in ("min", "max") if match[name]}
    if not bounds:
        raise _Elsewhere
    return "length", bounds


_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("contains", "icontains", "starts-with", "regex"), _text),
    **dict.fromkeys(("levenshtein", "rouge-n", "llm-rubric", "finish-reason"), _text),
    **dict.fromkeys(("contains-any", "contains-all", "icontains-any", "icontains-all"), _texts),
    **dict.fromkeys(("is-json", "contains-json"), _schema),
    **dict.fromkeys(("is-html", "contains-html", "is-refusal", "latency", "cost"), _nothing),
    "equals": _text,
    "word-count": _bounds,
    "is-xml": _elements,
    "is-sql": _database,
}
_THRESHOLDS: Final = ("levenshtein", "rouge-n", "llm-rubric", "latency", "cost")
