"""Every rule: declared in full, checked, said, negated exactly, built and read back."""

import ast
import json
import random
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.assertions import bounded, messages, patterns, sql_text
from prompts_app.assertions.base import MAX_TEXT, Output, Sentence
from prompts_app.assertions.formats import DATABASES
from prompts_app.assertions.registry import (
    ASSERTIONS,
    build,
    check,
    judge,
    sentence,
)
from prompts_app.assertions.registry import given as given_values
from prompts_app.assertions.values import storable
from tests.engines import rules

PACKAGE = Path(bounded.__file__).parent
PLACE = re.compile(r"%\((\w+)\)s")

EXAMPLES: dict[str, dict[str, Any]] = {
    "equals": {"value": "a"},
    "contains": {"value": "a"},
    "icontains": {"value": "a"},
    "starts-with": {"value": "a"},
    "ends-with": {"value": "a"},
    "contains-any": {"value": ["a", "b"]},
    "contains-all": {"value": ["a", "b"]},
    "icontains-any": {"value": ["a", "b"]},
    "icontains-all": {"value": ["a", "b"]},
    "regex": {"value": "a+"},
    "word-count": {"min": 1, "max": 3},
    "length": {"max": 3},
    "levenshtein": {"value": "a", "threshold": 2},
    "rouge-n": {"value": "a", "threshold": 0.5},
    "is-json": {"value": {"type": "object"}},
    "contains-json": {},
    "is-xml": {"elements": ["a.b"]},
    "is-html": {},
    "contains-html": {},
    "is-sql": {"database": "Sqlite"},
    "language": {"value": "fr"},
    "is-refusal": {},
    "finish-reason": {"value": "stop"},
    "latency": {"threshold": 1500},
    "cost": {"threshold": 0.01},
    "llm-rubric": {"value": "It is polite.", "threshold": 0.7},
}


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    bounded.warm()


def test_every_rule_has_an_example() -> None:
    assert EXAMPLES.keys() == ASSERTIONS.keys()


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("negation", ["", "not-"])
def test_a_rule_is_built_checked_said_and_read_back(kind: str, negation: str) -> None:
    spec = build(negation + kind, EXAMPLES[kind])
    assert spec["type"] == negation + kind
    assert check(spec) == []
    read = given_values(spec)
    assert {name: read[name] for name in EXAMPLES[kind]} == EXAMPLES[kind]
    assert build(spec["type"], read) | spec == build(spec["type"], read)
    assert complete(sentence(spec))
    assert sentence(spec).text != sentence(build("not-" * (not negation) + kind, read)).text


def complete(said: Sentence) -> bool:
    """Whether the values of a sentence fill its places."""
    return bool(said.text % said.values) and set(PLACE.findall(said.text)) <= said.values.keys()


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        ({}, [("type", "unknown_rule")]),
        ({"type": "not-"}, [("type", "unknown_rule")]),
        ({"type": "not-not-equals", "value": "a"}, [("type", "unknown_rule")]),
        ({"type": 1}, [("type", "unknown_rule")]),
        ({"type": "contains"}, [("value", "required")]),
        ({"type": "contains", "value": ""}, [("value", "required")]),
        ({"type": "contains", "value": 5}, [("value", "wrong_kind")]),
        ({"type": "contains", "value": "a\x00"}, [("value", "characters")]),
        ({"type": "contains", "value": "a" * 20_001}, [("value", "too_long")]),
        ({"type": "contains", "value": "a", "threshold": 1}, [("threshold", "unknown_parameter")]),
        ({"type": "contains-any", "value": "a, b"}, [("value", "wrong_kind")]),
        ({"type": "contains-any", "value": []}, [("value", "required")]),
        ({"type": "contains-any", "value": ["a", ""]}, [("value", "required")]),
        ({"type": "contains-any", "value": ["a"] * 101}, [("value", "too_many")]),
        ({"type": "regex", "value": "a("}, [("value", "bad_pattern")]),
        ({"type": "regex", "value": "(" * 500 + ")" * 500}, [("value", "not_checked")]),
        ({"type": "word-count"}, [("max", "min_or_max")]),
        ({"type": "word-count", "value": {"min": 5, "max": 4}}, [("max", "min_over_max")]),
        ({"type": "word-count", "value": {"min": -1}}, [("min", "too_small")]),
        ({"type": "word-count", "value": {"min": True}}, [("min", "wrong_kind")]),
        ({"type": "word-count", "value": {"least": 1}}, [("least", "unknown_parameter")]),
        ({"type": "word-count", "value": "many"}, [("value", "wrong_kind")]),
        ({"type": "rouge-n", "value": "a", "threshold": 1.5}, [("threshold", "too_big")]),
        ({"type": "cost", "threshold": float("nan")}, [("threshold", "wrong_kind")]),
        ({"type": "finish-reason", "value": "bored"}, [("value", "not_a_choice")]),
        ({"type": "is-sql", "value": {"databaseType": "Oracle"}}, [("database", "not_a_choice")]),
        ({"type": "is-json", "value": {"type": "objet"}}, [("value", "bad_schema")]),
        ({"type": "is-json", "value": []}, [("value", "wrong_kind")]),
        ({"type": "is-json", "value": {"$schema": "urn:x"}}, [("value", "unknown_dialect")]),
        ({"type": "is-json", "value": {"pattern": "("}}, [("value", "bad_schema")]),
        ({"type": "is-json", "value": {"title": "\ud800"}}, [("value", "characters")]),
        (
            {"type": "is-json", "value": {"properties": {"a": {"$ref": "#/$defs/b"}}}},
            [("value", "unknown_reference")],
        ),
        (
            {"type": "is-json", "value": {"$ref": "https://example.org/schema.json"}},
            [("value", "unknown_reference")],
        ),
        ({"type": "language", "value": "tlh"}, [("value", "not_a_choice")]),
    ],
)
def test_what_is_refused(spec: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    found = check(spec)
    assert [(problem.parameter, problem.code) for problem in found] == problems
    assert all(complete(Sentence(messages.PROBLEMS[each.code], each.values)) for each in found)


def test_a_number_of_words_may_be_one_number() -> None:
    spec = {"type": "word-count", "value": 2}
    assert check(spec) == []
    assert given_values(spec) == {"min": 2, "max": 2}
    assert judge(spec, Output("two words")).state == "passed"
    assert judge(spec, Output("one")).state == "failed"


def test_what_is_not_known_or_not_right_is_not_testable() -> None:
    assert judge({"type": "sings"}, Output("la")).code == "unknown_rule"
    assert judge({"type": "contains"}, Output("la")).code == "bad_rule"
    assert judge({"type": "regex", "value": "("}, Output("la")).code == "bad_rule"
    assert judge({"type": "contains", "value": "a"}, Output(None)).code == "no_text"
    assert (
        judge({"type": "contains", "value": "a"}, Output("a" * (MAX_TEXT + 1))).code == "too_large"
    )
    assert judge({"type": "llm-rubric", "value": "polite"}, Output("la")).code == "needs_judge"


@given(st.integers(min_value=0))
def test_any_rule_and_output_give_a_verdict_in_time(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        with rules.in_time():
            slowest_verdict(rules.specification(chance), rules.output(chance))


def slowest_verdict(spec: dict[str, Any], output: Output) -> float:
    """Judge and check that the verdict can be said, and is the contrary of its negation's.

    Returns the real seconds that the slower of both judgements took.
    """
    check(spec)
    kind = str(spec["type"])
    other = {**spec, "type": kind.removeprefix("not-") if "not-" in kind else f"not-{kind}"}
    slowest = 0.0
    states = []
    for each in (spec, other):
        start = time.monotonic()
        verdict = judge(each, output)
        slowest = max(slowest, time.monotonic() - start)
        states.append(verdict.state)
        assert complete(Sentence(messages.REASONS[verdict.code], verdict.values)), verdict
        assert kept(verdict.values), verdict
    # One side may run out of time where the other just did not.
    assert "untestable" in states or sorted(states) == ["failed", "passed"], (spec, output)
    return slowest


def kept(values: Mapping[str, Any]) -> bool:
    """Whether a database keeps the values, as JSON."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    return storable(text) and "\\u0000" not in text


@pytest.mark.parametrize("name", ["\x00", "\ud800"])
def test_what_no_database_keeps_is_left_out_of_a_verdict(name: str) -> None:
    spec = {"type": "is-json", "value": {"additionalProperties": {"type": "integer"}}}
    verdict = judge(spec, Output(json.dumps({name: "a"})))
    assert verdict.code == "schema_broken"
    assert kept(verdict.values)


def test_a_count_without_bounds_is_not_passed() -> None:
    assert judge({"type": "word-count"}, Output("a")).code == "bad_rule"
    assert judge({"type": "not-length", "value": {}}, Output("a")).code == "bad_rule"


def test_every_code_has_its_sentence() -> None:
    coded = {"Finding": 1, "untestable": 0, "Problem": 1, "Verdict": 1, "_broken": 0}
    used = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = coded.get(node.func.id)
                if place is not None and len(node.args) > place:
                    used |= {
                        inner.value
                        for inner in ast.walk(node.args[place])
                        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
                    }
    silent = {"loaded", "pattern", "schema"}
    assert used - silent <= messages.REASONS.keys() | messages.PROBLEMS.keys()


def test_the_databases_are_those_the_parser_knows() -> None:
    assert tuple(sql_text.DATABASES) == DATABASES


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("(abc", 1),
        ("a(", 2),
        ("(a)(b", 4),
        ("ab(cd(ef", 6),
        ("(a|(b)", 1),
        (r"\((a", 3),
        ("[(](x", 4),
        ("[]x](x", 5),
        ("(?#(a)(x", 7),
        ("(?<name>x", 1),
        ("a[bc", 2),
        ("a\\", 2),
        ("a)", 2),
        ("x*a**", 5),
        ("*a", 1),
        ("a{2,1}", 3),
    ],
)
def test_a_wrong_expression_is_pointed_at_where_it_is_wrong(pattern: str, position: int) -> None:
    found = patterns.problem(pattern)
    assert found.code == "bad_pattern"
    assert found.values == {"position": position}
    assert position <= len(pattern)
