"""Rules as promptfoo takes them."""

import pytest

from prompts_app.assertions.promptfoo import exported


def test_a_rule_is_handed_on_unchanged() -> None:
    for spec in (
        {"type": "not-icontains-any", "value": ["a", "b"]},
        {"type": "word-count", "value": {"max": 120}},
        {"type": "is-json", "value": {"type": "object"}},
        {"type": "latency", "threshold": 2000},
        {"type": "is-xml", "value": {"requiredElements": ["a.b"]}},
        {"type": "llm-rubric", "value": "polite", "threshold": 0.5},
    ):
        assert exported(spec) == spec


def test_rules_that_promptfoo_has_no_name_for() -> None:
    assert exported({"type": "not-ends-with", "value": 'say "x"\n'}) == {
        "type": "not-javascript",
        "value": 'output.endsWith("say \\"x\\"\\n")',
    }
    assert exported({"type": "length", "value": {"min": 2, "max": 9}}) == {
        "type": "javascript",
        "value": "[...output].length >= 2 && [...output].length <= 9",
    }
    assert exported({"type": "language", "value": "fr"}) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bcat\b",
        r"^\s*\{",
        r"(?:a|b){2,}?",
        r"(?<!x)y(?=z)",
        r"(?<year>\d{4})",
        r"\++\[\]",
        r"\\A",
        "a{1}",
    ],
)
def test_an_expression_that_javascript_has_is_handed_on(pattern: str) -> None:
    assert exported({"type": "regex", "value": pattern}) is not None


@pytest.mark.parametrize(
    "pattern",
    ["(?i)yes", r"\Ayes", r"yes\Z", r"\p{L}+", "(?P<x>a)(?P=x)", "a++", "(?>a)", "(?:cat){e<=2}",
     "[]a]", "[[:alpha:]]", r"\\\A", "(*FAIL)"],
)  # fmt: skip
def test_an_expression_that_javascript_has_not_is_left_out(pattern: str) -> None:
    assert exported({"type": "not-regex", "value": pattern}) is None


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
         {"type": "object"}),
        ({"x-note": 1, "format": "made up", "items": {"format": "date", "$comment": "c"}},
         {"items": {"format": "date"}}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"not": True}}},
         {"$ref": "#/$defs/a", "$defs": {"a": {"not": True}}}),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "items": [True],
          "additionalItems": False, "dependencies": {"a": ["b"], "c": {"type": "object"}}},
         {"items": [True], "additionalItems": False,
          "dependencies": {"a": ["b"], "c": {"type": "object"}}}),
        ({"allOf": [{"properties": {"prefixItems": {"pattern": "^a+$"}}}]},
         {"allOf": [{"properties": {"prefixItems": {"pattern": "^a+$"}}}]}),
        (True, True),
    ],
)  # fmt: skip
def test_a_schema_is_handed_on_as_draft_7(schema: object, wanted: object) -> None:
    assert exported({"type": "is-json", "value": schema}) == {"type": "is-json", "value": wanted}


@pytest.mark.parametrize(
    "schema",
    [
        {"prefixItems": [True]},
        {"properties": {"a": {"dependentRequired": {"b": ["c"]}}}},
        {"$id": "https://example.org/s"},
        {"$ref": "#/x-defs/a"},
        {"$schema": "http://json-schema.org/draft-04/schema#"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#", "type": "object"},
        {"pattern": "(?i)a"},
        {"pattern": r"a\-b"},
        {"patternProperties": {"a}": True}},
    ],
)
def test_a_schema_that_draft_7_cannot_say_is_left_out(schema: object) -> None:
    assert exported({"type": "not-contains-json", "value": schema}) is None
