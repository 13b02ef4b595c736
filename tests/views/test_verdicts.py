"""What rules found in one output, as pages list it."""

import pytest
from django.utils import translation

from prompts_app.assertions import registry
from prompts_app.assertions.base import Output
from prompts_app.services.cells import Counts
from prompts_app.services.judging import kept_form
from prompts_app.services.rules import rules_of
from prompts_app.views.verdicts import constraints_of, said_of

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


@pytest.mark.parametrize(
    ("counts", "english", "french"),
    [
        (Counts(passed=1), "kept in 1 of 1 run", "respectée dans 1 exécution sur 1"),
        (Counts(passed=7), "kept in 7 of 7 runs", "respectée dans 7 exécutions sur 7"),
        (Counts(failed=1), "broken in 1 of 1 run", "non respectée dans 1 exécution sur 1"),
        (
            Counts(passed=6, failed=1),
            "broken in 1 of 7 runs",
            "non respectée dans 1 des 7 exécutions",
        ),
        (
            Counts(passed=6, untestable=1),
            "not testable in 1 of 7 runs",
            "non testable dans 1 des 7 exécutions",
        ),
    ],
)
def test_one_and_many_agree_with_their_noun(counts: Counts, english: str, french: str) -> None:
    assert said_of(counts) == english
    with translation.override("fr"):
        assert said_of(counts) == french
