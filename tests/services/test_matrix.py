"""The matrix against a naive count over the runs: nothing left out, nothing counted twice."""

from collections.abc import Sequence
from statistics import mean
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyCase

from prompts_app.models import Entry, Run, TestCase, Version
from prompts_app.services import cases, versions
from prompts_app.services.intervals import wilson
from prompts_app.services.matrix import captured_for, headline, matrix_for
from prompts_app.services.story import story
from tests import factories

pytestmark = pytest.mark.django_db

CONSTRAINTS: list[dict[str, Any]] = [
    {"text": "Says a", "assertion": {"type": "contains", "value": "a"}},
    {"text": "Says b", "assertion": {"type": "contains", "value": "b"}},
    {"text": "Is quick", "assertion": {"type": "latency", "threshold": 1000}},
    {"text": "Is kind"},
]
# Of the last rule nothing can be told where the time was not measured.
LETTERS = ("a", "b")


def engineered(**fields: Any) -> dict[str, Any]:
    return factories.content("Engineered. {{ text }}", constraints=CONSTRAINTS) | fields


def two_versions() -> tuple[Entry, Version, Version]:
    """Return an entry, its baseline, and the published version with constraints."""
    entry = factories.entry(content=factories.content("Naive. {{ text }}"))
    first = entry.published
    assert first is not None
    return entry, first, factories.version(entry, engineered())


def rules_passed(run: Run) -> list[bool | None]:
    """Return what each tested constraint says of a run; None where that cannot be told."""
    quick = None if run.latency_ms is None else run.latency_ms <= 1000
    return [*(letter in run.output for letter in LETTERS), quick]


run_kinds = st.fixed_dictionaries(
    {
        "case": st.integers(0, 3),
        "model_asked": st.sampled_from(["m1", "m2"]),
        "is_demo": st.booleans(),
        "hidden": st.booleans(),
        "output": st.sampled_from(["", "a", "b", "ab"]),
        "latency_ms": st.sampled_from([None, 500, 5000]),
        "fate": st.sampled_from(["done"] * 6 + ["failed", "never", "pasted", "waiting"]),
        "old": st.booleans(),
    }
)


def made(kind: dict[str, Any], versions: tuple[Version, Version], case: TestCase | None) -> Run:
    fields = {name: kind[name] for name in ("model_asked", "is_demo", "hidden", "latency_ms")}
    fate = kind["fate"]
    if fate in ("failed", "never"):
        fields |= {"state": Run.State.FAILED, "attempts": int(fate == "failed"), "output": ""}
    elif fate == "waiting":
        fields |= {"state": Run.State.WAITING, "output": ""}
    else:
        fields["output"] = kind["output"]
    if fate == "pasted":
        fields["origin"] = Run.Origin.PASTED
    return factories.run(versions[not kind["old"]], case, **fields)


class NaiveCount(PropertyCase):
    """Generated runs, counted by the tallies and by plain loops."""

    @settings(suppress_health_check=list(HealthCheck))
    @given(st.lists(run_kinds, max_size=14), st.booleans())
    def test_totals_are_those_of_a_naive_count(
        self, kinds: list[dict[str, Any]], withdrawn: bool
    ) -> None:
        entry, first, second = two_versions()
        every_case = [factories.case(entry) for _ in range(3)]
        runs = [
            made(kind, (first, second), None if kind["case"] == 3 else every_case[kind["case"]])
            for kind in kinds
        ]
        if withdrawn:
            cases.withdraw_case(every_case[0])
        factories.judged(entry)
        counted = [
            run
            for kind, run in zip(kinds, runs, strict=True)
            if kind["fate"] in ("done", "failed") and not kind["old"]
        ]
        matrix = matrix_for(second, baseline=first)
        kinds_there = sorted({run.is_demo for run in counted})
        assert [group.demo for group in matrix.groups] == kinds_there
        for group in matrix.groups:
            check_group(group, [run for run in counted if run.is_demo == group.demo])
        check_rows(matrix, counted, every_case, withdrawn)


def check_group(group: Any, runs: Sequence[Run]) -> None:
    answered = [run for run in runs if run.state == Run.State.DONE]
    assert group.runs == len(answered)
    assert group.shown == sum(not run.hidden for run in answered)
    assert group.unanswered == len(runs) - len(answered)
    told = [told for run in answered for told in rules_passed(run)]
    assert group.counts.passed == told.count(True)
    assert group.counts.failed == told.count(False)
    assert group.counts.untestable == told.count(None)
    assert group.counts.open == 0
    by_case: dict[Any, list[Run]] = {}
    for run in runs:
        by_case.setdefault(run.case_id, []).append(run)
    assert group.cases == len(by_case)
    shares = [
        mean(float(told is True) for run in own for told in rules_passed(run))
        for own in ([run for run in of if run.state == Run.State.DONE] for of in by_case.values())
        if own
    ]
    assert group.judged == len(shares)
    if shares:
        assert group.share == pytest.approx(mean(shares))
        assert (group.low, group.high) == pytest.approx(wilson(group.share, len(shares)))
    else:
        assert group.share is None
    assert group.passed_cases == sum(
        all(run.state == Run.State.DONE and all(rules_passed(run)) for run in own)
        for own in by_case.values()
    )
    for at, result in enumerate(group.results):
        found = [rules_passed(run)[at] for run in answered] if at < 3 else []
        assert result.state == state_of(found)
        assert sum(one.passed for one in result.by_column) == found.count(True)


def state_of(found: Sequence[bool | None]) -> str:
    if not found:
        return "stated"
    if False in found:
        return "broken"
    return "untestable" if None in found else "kept"


def check_rows(
    matrix: Any, counted: Sequence[Run], every_case: Sequence[TestCase], withdrawn: bool
) -> None:
    used = {run.case_id for run in counted}
    wanted: list[Any] = [case.pk for case in every_case[withdrawn:]]
    if withdrawn and every_case[0].pk in used:
        wanted.insert(0, every_case[0].pk)
    if None in used:
        wanted.append(None)
    assert [row.case.pk if row.case else None for row in matrix.rows] == wanted
    for row in matrix.rows:
        for column, mark in zip(matrix.columns, row.marks, strict=True):
            own = [
                run
                for run in counted
                if run.case_id == (row.case.pk if row.case else None)
                and (run.model_asked, run.is_demo) == (column.model, column.demo)
            ]
            if not own:
                assert mark is None
                continue
            answered = [run for run in own if run.state == Run.State.DONE]
            passed = sum(all(rules_passed(run)) for run in answered)
            assert (mark.runs, mark.calls, mark.passed) == (len(answered), len(own), passed)
            if not answered:
                assert mark.sign == "unanswered"
            elif passed == len(own):
                assert mark.sign == "all"
            else:
                assert mark.sign == ("some" if passed else "none")


def test_a_withdrawn_case_that_failed_still_counts() -> None:
    entry, _first, second = two_versions()
    good, bad = factories.case(entry), factories.case(entry)
    factories.run(second, good, output="ab", latency_ms=1)
    factories.run(second, bad, output="", latency_ms=1)
    cases.withdraw_case(bad)
    matrix = matrix_for(factories.judged(entry).published or second)
    assert matrix.main is not None
    assert matrix.main.kept == 1
    assert [row.case.pk for row in matrix.rows if row.case] == [good.pk, bad.pk]


def test_one_constraint_alone() -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    factories.run(second, case, output="a", latency_ms=1)
    factories.run(second, case, output="ab", latency_ms=1)
    factories.judged(entry)
    group = matrix_for(second, constraint=2).main
    assert group is not None
    assert (group.counts.passed, group.counts.checks) == (1, 2)
    assert matrix_for(second, constraint=1).rows[0].marks[0].sign == "all"  # type: ignore[union-attr]
    assert matrix_for(second, constraint=4).rows[0].marks[0].sign == "untested"  # type: ignore[union-attr]
    with pytest.raises(KeyError):
        matrix_for(second, constraint=5)


def test_what_is_not_judged_yet_is_open_and_does_not_count() -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    factories.run(second, case, output="ab", latency_ms=1)
    factories.judged(entry)
    rubric = {"text": "Is polite", "assertion": {"type": "llm-rubric", "value": "polite"}}
    third = factories.version(entry, engineered(constraints=[*CONSTRAINTS[:1], rubric]))
    factories.judged(entry)
    group = matrix_for(third).main
    assert group is not None
    assert [one.state for one in group.results] == ["kept", "stated"]
    assert group.counts.checks == 1
    proof = headline(entry)
    assert proof is not None
    assert (proof["kept"], proof["tested"], proof["stated"]) == (1, 1, 1)


def test_two_hosts_of_one_model_are_two_columns() -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    for host in ("a.example.org", "b.example.org"):
        factories.run(second, case, output="ab", latency_ms=1, provider_host=host)
    factories.run(second, case, output="ab", latency_ms=1, model_asked="other")
    factories.judged(entry)
    columns = matrix_for(second).columns
    assert [(one.model, one.two_hosts) for one in columns] == [
        ("model-a", True),
        ("model-a", True),
        ("other", False),
    ]


def test_the_lift_is_over_what_both_were_run_with() -> None:
    entry, first, second = two_versions()
    shared, lonely = factories.case(entry), factories.case(entry)
    factories.run(first, shared, output="a", latency_ms=1, prompt_tokens=100)
    factories.run(second, shared, output="ab", latency_ms=1, prompt_tokens=80)
    # None of these has its other half: another model, another case, no case at all.
    factories.run(first, shared, output="", latency_ms=1, model_asked="elsewhere")
    factories.run(second, lonely, output="", latency_ms=1)
    factories.run(first, None, output="", latency_ms=1)
    factories.run(second, None, output="", latency_ms=1)
    factories.judged(entry)
    lift = matrix_for(second, baseline=first).lift
    assert lift is not None
    assert (lift.cells, lift.cases, lift.models, lift.tested) == (1, 1, 1, 3)
    assert lift.before is not None
    assert lift.after is not None
    assert (lift.before.kept, lift.after.kept) == (2, 3)
    assert lift.before.rate == pytest.approx(2 / 3)
    assert lift.difference == pytest.approx(1 / 3)
    assert lift.low < lift.difference < lift.high
    assert lift.tokens == (100, 80)


def test_the_headline_compares_like_with_like() -> None:
    entry, first, second = two_versions()
    case = factories.case(entry)
    factories.run(second, case, output="ab", latency_ms=1, prompt_tokens=80)
    proof = factories.judged(entry).proof
    assert proof is not None
    assert (proof["kept"], proof["tested"], proof["stated"]) == (3, 3, 1)
    assert proof["baseline_kept"] is None
    factories.run(first, case, output="a", latency_ms=None, prompt_tokens=100)
    proof = factories.judged(entry).proof
    assert proof is not None
    assert (proof["baseline_kept"], proof["baseline_number"]) == (1, 1)
    assert proof["tokens"] == [100, 80]
    assert not proof["demo"]


def test_demo_runs_count_only_where_there_is_nothing_else() -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    factories.run(second, case, output="ab", latency_ms=1, is_demo=True)
    proof = factories.judged(entry).proof
    assert proof is not None
    assert (proof["demo"], proof["kept"], proof["runs"]) == (True, 3, 1)
    factories.run(second, case, output="a", latency_ms=1, model_asked="real")
    proof = factories.judged(entry).proof
    assert proof is not None
    assert (proof["demo"], proof["kept"], proof["runs"]) == (False, 2, 1)


def test_without_an_answer_there_is_no_headline() -> None:
    entry, _first, second = two_versions()
    assert factories.judged(entry).proof is None
    factories.run(second, factories.case(entry), state=Run.State.FAILED, attempts=1, output="")
    assert factories.judged(entry).proof is None


def test_versions_that_send_the_same_words_share_their_runs() -> None:
    entry, _first, second = two_versions()
    factories.run(second, factories.case(entry), output="ab", latency_ms=1)
    third = factories.version(entry, engineered(constraints=CONSTRAINTS[:1]))
    factories.judged(entry)
    group = matrix_for(third).main
    assert group is not None
    assert (group.runs, group.counts.passed, group.counts.checks) == (1, 1, 1)
    assert captured_for(third, entry.versions.all()) == {2: 1}
    assert captured_for(second, entry.versions.all()) == {}
    versions.withdraw_version(second)
    assert matrix_for(third).main is not None


def test_a_story_follows_rule_then_text_then_likeness() -> None:
    reworded = {"text": "Always says a", "assertion": CONSTRAINTS[0]["assertion"]}
    untested = {"text": "Always says a"}
    alike = {"text": "Always says a and more"}
    entry = factories.entry(content=factories.content("One. {{ text }}", constraints=[alike]))
    factories.version(entry, factories.content("Two. {{ text }}", constraints=[untested]))
    factories.version(entry, factories.content("Three. {{ text }}"))
    factories.version(entry, factories.content("Four. {{ text }}", constraints=[reworded]))
    last = factories.version(entry, engineered())
    factories.run(last, factories.case(entry), output="ab", latency_ms=1)
    factories.judged(entry)
    chosen = matrix_for(last, constraint=1).constraint
    assert chosen is not None
    chapters = story(entry, list(entry.versions.all()), last, chosen)
    assert [one.version.number for one in chapters] == [5, 4, 3, 2, 1]
    assert [one.constraint.text if one.constraint else "" for one in chapters] == [
        "Says a",
        "Always says a",
        "",
        "Always says a",
        "Always says a and more",
    ]
    assert chapters[0].counts.state == "kept"
    assert [one.runs for one in chapters] == [1, 0, 0, 0, 0]
