"""Judging while a visitor waits: the same verdicts as any other time, within a bound."""

import time
from typing import Any

from prompts_app.assertions import bounded
from prompts_app.models import Try
from prompts_app.services import judging
from prompts_app.services.rules import rule_of
from tests import factories

# Its worst case is beyond any patience: each run of it is ended.
HOSTILE = "(a|aa)+$"
HOSTILE_TEXT = "a" * 200_000 + "b"


def constraints(*specs: dict[str, Any]) -> dict[str, Any]:
    """A content with one constraint for each of `specs`."""
    return factories.content(
        constraints=[
            {"text": "stated"},
            *({"text": f"number {at}", "assertion": spec} for at, spec in enumerate(specs)),
        ]
    )


def test_an_answer_is_judged_by_every_rule_but_those_for_a_model() -> None:
    kept = {"type": "icontains", "value": "HELLO"}
    broken = {"type": "word-count", "value": {"max": 1}}
    asked = {"type": "llm-rubric", "value": "Is polite."}
    answered = Try(output="Hello there", finish_reason="stop", latency_ms=5, cost=0)
    found = judging.judge_now(constraints(kept, asked, broken), answered, time.monotonic())
    assert {rule: one["state"] for rule, one in found.items()} == {
        rule_of(kept): "passed",
        rule_of(broken): "failed",
    }
    assert found[rule_of(broken)]["code"] == "words"
    assert found[rule_of(broken)]["values"] == {"count": 2}


def test_however_slow_the_rules_are_nobody_waits_longer() -> None:
    assert bounded.warm()
    specs = [{"type": "regex", "value": "c*" * more + HOSTILE} for more in range(8)]
    since = time.monotonic()
    found = judging.judge_now(constraints(*specs), Try(output=HOSTILE_TEXT), since)
    assert time.monotonic() - since < 1.5
    assert len(found) == 8
    assert {one["state"] for one in found.values()} == {"untestable"}
    assert [*found.values()][-1]["code"] == "not_in_time"


def test_a_judge_that_came_too_late_tells_so_at_once() -> None:
    long_ago = time.monotonic() - 60
    found = judging.judge_now(
        constraints({"type": "equals", "value": "x"}), Try(output="x"), long_ago
    )
    assert [one["code"] for one in found.values()] == ["not_in_time"]


def test_a_picture_has_no_text_to_test() -> None:
    content = constraints({"type": "equals", "value": "x"}) | {"kind": "image"}
    found = judging.judge_now(content, Try(output=""), time.monotonic())
    assert [one["code"] for one in found.values()] == ["no_text"]
