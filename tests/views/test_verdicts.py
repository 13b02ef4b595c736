"""What rules found in one output, as pages list it."""

from prompts_app.assertions import registry
from prompts_app.assertions.base import Output
from prompts_app.services.judging import kept_form
from prompts_app.services.rules import rules_of
from prompts_app.views.verdicts import constraints_of

CONTENT = {
    "constraints": [
        {"text": "Only JSON", "assertion": {"type": "is-json"}},
        {"text": "Brief", "assertion": {"type": "word-count", "value": {"max": 2}}},
        {"text": "Cheap", "assertion": {"type": "cost", "threshold": 0.1}},
        {"text": "Kind", "assertion": {"type": "llm-rubric", "value": "It is kind"}},
        {"text": "Helpful"},
    ]
}


def judged(text: str, **more: str) -> dict[str, dict[str, object]]:
    return {
        rule: kept_form(registry.judge(spec, Output(text)), **more)
        for rule, spec in rules_of(CONTENT).items()
        if spec["type"] != "llm-rubric"
    }


def test_each_constraint_says_what_was_found() -> None:
    shown = constraints_of(CONTENT, judged("[1, 2, 3]"))
    assert [(one["text"], one["state"], one["reason"]) for one in shown] == [
        ("Only JSON", "kept", "It is JSON."),
        ("Brief", "broken", "Words: 3."),
        ("Cheap", "untestable", "Its cost is not known."),
        ("Kind", "", ""),
        ("Helpful", "", ""),
    ]
    assert all(one["test"] for one in shown[:4])
    assert not shown[4]["test"]


def test_a_model_that_judged_is_named() -> None:
    shown = constraints_of(CONTENT, judged("[1]", judge="judge-large"))
    assert [one["judge"] for one in shown] == ["judge-large"] * 3 + ["", ""]


def test_what_nobody_has_judged_has_no_state() -> None:
    assert {one["state"] for one in constraints_of(CONTENT, {})} == {""}


def test_a_withdrawn_version_has_no_constraints() -> None:
    assert constraints_of({}, judged("[1]")) == []
