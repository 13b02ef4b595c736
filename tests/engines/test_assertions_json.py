"""JSON and schemas, against the grammar of RFC 8259 and JSON Schema's own meaning."""

import json
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.assertions.base import Output, Verdict
from prompts_app.assertions.registry import check, judge

# RFC 8259, sections 2 to 7, as one recursive expression.
GRAMMAR = regex.compile(
    r"""
    (?(DEFINE)
      (?P<ws>[ \t\n\r]*)
      (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      (?P<string>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")
      (?P<array>\[(?&ws)(?:(?&value)(?:,(?&value))*)?\])
      (?P<member>(?&ws)(?&string)(?&ws):(?&value))
      (?P<object>\{(?&ws)(?:(?&member)(?:,(?&member))*)?\})
      (?P<value>(?&ws)(?:true|false|null|(?&number)|(?&string)|(?&array)|(?&object))(?&ws))
    )
    \A(?&value)\Z
    """,
    regex.VERBOSE,
)


def json_values(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Anything that JSON can hold, with these letters in its texts."""
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(text, max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(text, max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    )


values = json_values(st.characters(codec="utf-8"))
# What a schema may hold: a NUL could not be stored in one.
storable = json_values(st.characters(codec="utf-8", exclude_characters="\0"))
nearly = st.lists(
    st.sampled_from(
        ["[", "]", "{", "}", ",", ":", '"', '"a"', "\\u00e9", "1", "-", "0", ".5", "e3", "true",
         "nul", "null", "NaN", "Infinity", " ", "\n", "\t", "\ufeff", "\x00", "'a'", "//"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


def state(kind: str, text: str, value: Any = None) -> str:
    """The verdict's state, having checked that the negation's is the contrary."""
    spec = {"type": kind} | ({} if value is None else {"value": value})
    verdict = judge(spec, Output(text))
    contrary = judge({**spec, "type": f"not-{kind}"}, Output(text)).state
    opposite = {"passed": "failed", "failed": "passed", "untestable": "untestable"}
    assert contrary == opposite[verdict.state]
    return verdict.state


@given(nearly)
def test_json_is_what_the_grammar_says(text: str) -> None:
    assert (state("is-json", text) == "passed") == bool(GRAMMAR.search(text))


@given(values, st.sampled_from([None, 2]))
def test_what_is_written_as_json_is_json(value: Any, indent: int | None) -> None:
    assert state("is-json", json.dumps(value, indent=indent)) == "passed"


@given(st.text("abc .,:;<>()-\n", max_size=20), storable, st.text("abc .,:;<>()-\n", max_size=20))
def test_json_is_found_inside(before: str, value: Any, after: str) -> None:
    text = f"{before}{json.dumps(value)}{after}"
    if isinstance(value, list | dict):
        assert state("contains-json", text) == "passed"
        assert state("contains-json", text, {"enum": [value]}) == "passed"
        assert state("contains-json", text, {"not": {"enum": [value]}}) == "failed"
    assert state("contains-json", before + after) == "failed"


def test_numbers_of_any_length_and_names_given_twice() -> None:
    assert state("is-json", "1" * 10_000) == "passed"
    assert state("is-json", '{"a": 1e999, "a": 2}') == "passed"


@pytest.mark.parametrize(
    "text", ["[" * 201 + "]" * 201, '{"a":' * 10_000 + "1" + "}" * 10_000, "[" * 1_000_000]
)
def test_json_too_deep_is_not_testable(text: str) -> None:
    for kind in ("is-json", "contains-json"):
        for value in (None, {"type": "object"}):
            assert state(kind, text, value) == "untestable"


def test_brackets_in_texts_are_not_depth() -> None:
    assert state("is-json", json.dumps(["[" * 500, '"{' * 500])) == "passed"
    assert state("is-json", "[" * 200 + "]" * 200) == "passed"


SLOW = {"too_slow", "busy"}
ADDRESS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "uniqueItems": True},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"tag": {"enum": ["home", "work"]}},
}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('{"name": "A", "tags": ["home"]}', Verdict("passed", "schema_kept")),
        ("{", Verdict("failed", "not_json_at", {"line": 1, "column": 2})),
        ("{}", Verdict("failed", "schema_broken", {"place": "$", "keyword": "required"})),
        (
            '{"name": "A", "tags": ["home", "hut"]}',
            Verdict("failed", "schema_broken", {"place": "$.tags[1]", "keyword": "enum"}),
        ),
    ],
)
def test_what_breaks_a_schema_is_named(text: str, verdict: Verdict) -> None:
    spec = {"type": "is-json", "value": ADDRESS}
    assert check(spec) == []
    assert judge(spec, Output(text)) == verdict


def test_drafts_are_read_as_they_say() -> None:
    tuple_of_old = {"items": [{"type": "string"}]}
    old = {"$schema": "http://json-schema.org/draft-07/schema#", **tuple_of_old}
    assert [each.code for each in check({"type": "is-json", "value": tuple_of_old})] == [
        "bad_schema"
    ]
    assert check({"type": "is-json", "value": old}) == []
    assert state("is-json", '["a", 1]', old) == "passed"
    assert state("is-json", "[1]", old) == "failed"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2024-02-29", "2023-02-29"),
        ("date", "2024-02-29", "20240229"),
        ("time", "08:30:00Z", "8:30"),
        ("date-time", "2024-05-12T08:30:00.5+02:00", "2024-05-12 25:00:00Z"),
        ("date-time", "2016-12-31T23:59:60Z", "2024-05-12T08:30:00"),
        ("email", "a.b+c@example.org", "a b@example.org"),
        ("hostname", "www.example.org", "-a.example"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8::1::"),
        ("uri", "https://example.org/a?b=c#d", "example.org/a b"),
        ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8aa08aa9811eab4aa73b441d16380"),
    ],
)
def test_formats(name: str, good: str, bad: str) -> None:
    assert state("is-json", json.dumps(good), {"format": name}) == "passed"
    assert state("is-json", json.dumps(bad), {"format": name}) == "failed"
    assert state("is-json", "5", {"format": name}) == "passed"


@pytest.mark.parametrize(
    ("schema", "text", "codes"),
    [
        ({"$ref": "#"}, "1", {"too_deep"}),
        ({"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "1", {"too_deep"}),
        ({"pattern": "^(a+)+$"}, json.dumps("a" * 40 + "b"), SLOW),
        ({"patternProperties": {"^(a|a)*$": {}}}, json.dumps({"a" * 40 + "b": 1}), SLOW),
        ({"uniqueItems": True}, json.dumps([{"a": i} for i in range(60_000)]), SLOW),
        ({"$ref": "https://example.org/schema.json"}, "1", {"unknown_reference"}),
        ({"multipleOf": 0}, "1", {"bad_rule"}),
    ],
)  # fmt: skip
def test_hostile_schemas_are_not_testable(schema: Any, text: str, codes: set[str]) -> None:
    verdict = judge({"type": "is-json", "value": schema}, Output(text))
    assert verdict.state == "untestable"
    assert verdict.code in codes


def test_a_schema_that_reaches_into_itself_is_no_harm() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#"}}, "additionalProperties": False}
    assert check({"type": "is-json", "value": tree}) == []
    assert state("is-json", '{"child":' * 150 + "{}" + "}" * 150, tree) == "passed"
    assert state("is-json", '{"child":' * 150 + "1" + "}" * 150, tree) == "failed"


def test_draft_schemas_are_known_without_fetching() -> None:
    meta = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
    assert check({"type": "is-json", "value": meta}) == []
    assert state("is-json", '{"type": "object"}', meta) == "passed"
    assert state("is-json", '{"type": "objet"}', meta) == "failed"


@pytest.mark.parametrize("name", ["c", "A"])
def test_dependencies_on_names_and_on_schemas(name: str) -> None:
    old = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "dependencies": {"a": ["b"], name: {"minProperties": 3}},
    }
    assert check({"type": "is-json", "value": old}) == []
    assert state("is-json", '{"a": 1, "b": 2}', old) == "passed"
    assert state("is-json", '{"a": 1}', old) == "failed"
    assert state("is-json", json.dumps({name: 1}), old) == "failed"
