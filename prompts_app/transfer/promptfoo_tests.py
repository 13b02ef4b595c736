"""Tests of promptfoo's configuration: their values as cases, their asserts as constraints."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prompts_app.transfer.document import (
    MAX_CASE_NAME,
    MAX_CASES,
    MAX_CONSTRAINTS,
    MAX_VALUE,
    MAX_WATCH_FOR,
    CaseDocument,
)
from prompts_app.transfer.loaded import Loaded, Path
from prompts_app.transfer.loading import json_of_text
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.nunjucks import constant
from prompts_app.transfer.promptfoo_asserts import constraint_of, notation
from prompts_app.transfer.texts import clean, one_line, refused, shortened

_MOST_READ: Final = 2_000
_FILE_SIGNS: Final = ("file://", "package:", "http://", "https://")


@dataclass(frozen=True)
class Assert:
    """An assert as it stands at `path`."""

    path: Path
    spec: Any

    @property
    def key(self) -> str:
        """What is the same for two that ask the same."""
        return json.dumps(self.spec, sort_keys=True)


@dataclass(frozen=True)
class Test:
    """One of `tests`, or `defaultTest`."""

    __test__ = False  # pytest would take the class for tests

    path: Path
    name: str
    values: Mapping[str, Any]
    asserts: tuple[Assert, ...]


def tests_of(config: Mapping[str, Any], notes: Notes) -> tuple[Test, list[Test]]:
    """`defaultTest`, empty where there is none, and `tests`."""
    first = _test(config.get("defaultTest"), ("defaultTest",), notes)
    given = config.get("tests")
    if isinstance(given, list):
        places: Iterable[tuple[Path, Any]] = (
            (("tests", number), one) for number, one in enumerate(given[:_MOST_READ])
        )
    else:
        places = [(("tests",), given)]
    found = (_test(one, path, notes) for path, one in places)
    nothing = Test((), "", {}, ())
    return first or nothing, [one for one in found if one is not None]


def _test(value: Any, path: Path, notes: Notes) -> Test | None:
    if value is None:
        return None
    if isinstance(value, str):
        notes.lost(path, "file", value)
        return None
    if not isinstance(value, dict):
        notes.lost(path, "test")
        return None
    for key in value:
        if key not in ("description", "vars", "assert"):
            notes.lost((*path, key), "key", key)
    values = value.get("vars") or {}
    if not isinstance(values, dict):
        notes.lost((*path, "vars"), "file" if isinstance(values, str) else "test", str(values)[:80])
        values = {}
    asserts = value.get("assert") or []
    if not isinstance(asserts, list):
        notes.lost((*path, "assert"), "assert")
        asserts = []
    name = value.get("description")
    return Test(
        path,
        one_line(name) if isinstance(name, str) and not refused(name) else "",
        values,
        tuple(Assert((*path, "assert", number), one) for number, one in enumerate(asserts)),
    )


def constraints_of(
    first: Test, tests: list[Test], notes: Notes
) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """The constraints; and for each test what is asserted of that one alone, in a line each."""
    everywhere = Counter(key for test in tests for key in {one.key for one in test.asserts})
    shared = {one.key: one for one in first.asserts}
    for test in tests[:1]:
        shared |= {one.key: one for one in test.asserts if everywhere[one.key] == len(tests)}
    only: list[list[str]] = [[] for _test in tests]
    found = {key: _constraint(one, shared.values(), notes) for key, one in shared.items()}
    for number, test in enumerate(tests):
        for one in test.asserts:
            if one.key in found:
                continue
            made = _constraint(one, (), notes)
            if made is not None and "foreign" in made:
                notes.lost(one.path, "for_all_tests", one.spec["type"])
                found[one.key] = made
            elif made is not None:
                notes.lost(one.path, "only_one_test", one.spec["type"])
                only[number].append(notation(one.spec))
    constraints = [one for one in found.values() if one is not None]
    if len(constraints) > MAX_CONSTRAINTS:
        notes.lost(("tests",), "too_many_constraints", str(MAX_CONSTRAINTS))
    return constraints[:MAX_CONSTRAINTS], only


def _constraint(one: Assert, beside: Iterable[Assert], notes: Notes) -> dict[str, Any] | None:
    """A metric that several asserts share says less than each of them."""
    metric = _metric(one.spec)
    if metric and sum(_metric(other.spec) == metric for other in beside) > 1:
        metric = f"{metric}: {notation(one.spec)}"
    return constraint_of(one.spec, notes, one.path, metric)


def _metric(spec: Any) -> str:
    given = spec.get("metric") if isinstance(spec, dict) else None
    if not isinstance(given, str) or refused(given):
        return ""
    return one_line(constant(given) or given)


def cases_of(
    first: Test,
    tests: list[Test],
    only: list[list[str]],
    variables: Mapping[str, bool],
    notes: Notes,
) -> tuple[CaseDocument, ...]:
    """The cases; `variables` are the prompts', and whether their values are JSON texts."""
    made: list[CaseDocument] = []
    for test, remarks in zip(tests, only, strict=True):
        values = {**first.values, **test.values}
        used = {name: value for name, value in values.items() if name in variables}
        if not used and (variables or not test.name):
            continue
        told = [f"{name}: {_said(value)}" for name, value in values.items() if name not in used]
        watch_for = shortened(one_line(" · ".join([*told, *remarks])), MAX_WATCH_FOR)
        several = _several(used)
        for number, combination in enumerate(several, start=1):
            if len(made) == MAX_CASES:
                notes.lost(test.path, "too_many_tests", str(MAX_CASES))
                return tuple(made)
            kept = _kept(combination, variables, test.path, notes)
            if kept is None:
                continue
            name = test.name or _said_first(kept) or str(len(made) + 1)
            if number > 1 and test.name:
                name = f"{shortened(name, MAX_CASE_NAME - 8)} ({number})"
            made.append(
                CaseDocument(
                    shortened(name, MAX_CASE_NAME),
                    kept,
                    "" if refused(watch_for) else watch_for,
                )
            )
    return tuple(made)


def defaults_of(first: Test, variables: Mapping[str, bool], notes: Notes) -> dict[str, str]:
    """The values `defaultTest` has for the prompts' variables."""
    single = {
        name: value
        for name, value in first.values.items()
        if name in variables and not isinstance(value, list)
    }
    return _kept(single, variables, first.path, notes) or {}


def _several(values: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    choices = [value if isinstance(value, list) else [value] for value in values.values()]
    for combination in itertools.islice(itertools.product(*choices), MAX_CASES + 1):
        yield dict(zip(values, combination, strict=True))


def _kept(
    values: Mapping[str, Any], variables: Mapping[str, bool], path: Path, notes: Notes
) -> dict[str, str] | None:
    kept = {}
    for name, value in values.items():
        place = (*path, "vars", name)
        text = clean(_said(value))
        if variables[name]:
            loaded = json_of_text(text)
            if isinstance(loaded, Loaded) and isinstance(loaded.value, str):
                text = loaded.value
        elif text.startswith(_FILE_SIGNS) and "\n" not in text and " " not in text:
            notes.lost(place, "file", text)
        elif "{{" in text:
            notes.lost(place, "template", text[text.index("{{") :][:40])
        if len(text) > MAX_VALUE or refused(text):
            code = refused(text) if len(text) <= MAX_VALUE else ""
            notes.lost(place, code or "value_too_long", name)
            return None
        kept[name] = text
    return kept


def _said(value: Any) -> str:
    """A value as promptfoo puts it into a text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _said_first(values: Mapping[str, str]) -> str:
    return shortened(one_line(next(iter(values.values()), "")[:400]), 60)
