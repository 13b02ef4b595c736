"""Rules as promptfoo takes them."""

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
