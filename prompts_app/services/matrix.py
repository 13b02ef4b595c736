"""The evidence of one version: test cases × models, read from tallies.

What counts, everywhere: captured runs that are over, hidden ones and those of removed test cases
too. Runs of demo models are never added to those of real ones: the two are groups of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from django.db.models import Count

from prompts_app.models import Entry, Run, TestCase, Version
from prompts_app.services.cells import Cell, Constraint, cells_of, constraints_of, that_count
from prompts_app.services.groups import Column, Group, group_of
from prompts_app.services.lift import Lift, lift_of
from prompts_app.services.marks import Mark


@dataclass(slots=True)
class Row:
    """One test case, or the runs without one; `marks` in the order of the columns."""

    case: TestCase | None
    marks: list[Mark | None]

    @property
    def calls(self) -> int:
        """Every counted call of the row."""
        return sum(mark.calls for mark in self.marks if mark is not None)


@dataclass(slots=True)
class Matrix:
    """All of it. `groups`: real models first, then demo models; the first is what counts.

    `rows` have a mark for each column of each group. `constraint` is the one the marks and totals
    are about, None for all of them. `lift` is that of the first group.
    """

    version: Version
    constraints: list[Constraint]
    constraint: Constraint | None
    groups: list[Group]
    rows: list[Row]
    lift: Lift | None

    @property
    def columns(self) -> list[Column]:
        """Every column, in the order of the marks."""
        return [column for group in self.groups for column in group.columns]

    @property
    def main(self) -> Group | None:
        """The group that counts; None without a run."""
        return self.groups[0] if self.groups else None


def matrix_for(
    version: Version, *, constraint: int | None = None, baseline: Version | None = None
) -> Matrix:
    """Return the evidence of `version`; `constraint` (from 1) makes marks and totals those of one.

    Raises KeyError for a constraint there is none of. Makes two queries.
    """
    constraints = constraints_of(version.content)
    chosen = {one.number: one for one in constraints}[constraint] if constraint else None
    old = measured_against(version, baseline)
    cells = cells_of(version.entry_id, {one.prompt_hash for one in (version, old) if one})
    own = cells[version.prompt_hash]
    cases = TestCase.objects.filter(entry=version.entry_id).defer("values")
    looked_at = [chosen] if chosen is not None else constraints
    groups = [
        group_of(demo, [cell for cell in own if cell.demo == demo], constraints, looked_at)
        for demo in (False, True)
        if any(cell.demo == demo for cell in own)
    ]
    main = groups[0].demo if groups else False
    lift = _lift(version, old, cells, main, looked_at)
    return Matrix(version, constraints, chosen, groups, _rows(cases, groups), lift)


def captured_for(version: Version, versions: Iterable[Version]) -> dict[int, int]:
    """Return number → counted runs of other versions that send the same words as `version`.

    `versions` are all of the entry. Makes one query where there are such versions.
    """
    others = {pk: one.number for pk, one in sharing(versions, version).items() if pk != version.pk}
    if not others:
        return {}
    rows = (
        Run.objects.counted()
        .filter(version__in=list(others))
        .values_list("version")
        .annotate(runs=Count("pk"))
        .order_by()
    )
    return {others[pk]: runs for pk, runs in rows}


def sharing(history: Iterable[Version], *versions: Version) -> dict[int, Version]:
    """Return id → version for every version of `history` that sends the same words as one of these.

    `versions` are among them as they are given: those of `history` may have no content.
    """
    hashes = {one.prompt_hash for one in versions}
    found = {one.pk: one for one in history if one.prompt_hash in hashes}
    return found | {one.pk: one for one in versions}


def headline(entry: Entry) -> dict[str, Any] | None:
    """Return what cards say of the published version's evidence; None without a counted answer.

    {"kept", "tested", "stated": constraints, "runs", "shown", "unanswered", "models", "demo": bool,
    "results": for each constraint [passed, failed, untestable, open], "checked": time of the last
    run in ISO 8601 or "", "baseline_kept": of the same constraints on the same cases and
    models, None unless all of them could be told there, "baseline_number", "tokens": [sent with
    the baseline, with the version] or None}. Reads the entry anew: the caller's copy may be old.
    """
    fresh = Entry.objects.select_related("published", "baseline").get(pk=entry.pk)
    version = fresh.published
    if version is None or version.withdrawn_at is not None:
        return None
    baseline = measured_against(version, fresh.baseline)
    hashes = {one.prompt_hash for one in (version, baseline) if one is not None}
    cells = cells_of(fresh.pk, hashes)
    own = that_count(cells[version.prompt_hash])
    if not any(cell.runs for cell in own):
        return None
    demo = own[0].demo
    constraints = constraints_of(version.content)
    group = group_of(demo, own, constraints, constraints)
    lift = _lift(version, baseline, cells, demo, constraints)
    tested = len(group.tested)
    return {
        "kept": group.kept,
        "tested": tested,
        "stated": len(constraints) - tested,
        "runs": group.runs,
        "shown": group.shown,
        "unanswered": group.unanswered,
        "models": group.models,
        "results": [list(astuple(one.counts)) for one in group.results],
        "demo": demo,
        "checked": group.last_run_at.isoformat() if group.last_run_at else "",
        **gain(lift, baseline, tested),
    }


def gain(lift: Lift | None, baseline: Version | None, tested: int) -> dict[str, Any]:
    """Return the last three of `headline`, for a version of which `tested` constraints are."""
    before = lift.before if lift is not None and lift.tested == tested else None
    return {
        "baseline_kept": before.kept if before and not before.counts.open else None,
        "baseline_number": baseline.number if baseline and lift else None,
        "tokens": list(lift.tokens) if lift and lift.tokens else None,
    }


def measured_against(version: Version, baseline: Version | None) -> Version | None:
    """The baseline, unless it is gone or sends the same words: then there is nothing to gain."""
    if (
        baseline is None
        or baseline.withdrawn_at is not None
        or baseline.prompt_hash == version.prompt_hash
    ):
        return None
    return baseline


def has_one_input(*versions: Version) -> bool:
    """Say whether every run of these versions has the same input: nothing is to be filled in."""
    return not any(version.content.get("variables") for version in versions)


def _lift(
    version: Version,
    old: Version | None,
    cells: Mapping[str, Sequence[Cell]],
    demo: bool,
    constraints: Sequence[Constraint],
) -> Lift | None:
    if old is None:
        return None
    before, after = (
        [cell for cell in cells[one.prompt_hash] if cell.demo == demo] for one in (old, version)
    )
    return lift_of(before, after, constraints, same_input=has_one_input(version, old))


def _rows(cases: Iterable[TestCase], groups: Sequence[Group]) -> list[Row]:
    """Cases in the author's order: those still there, and removed ones that runs were made with."""
    wanted: list[TestCase | None] = [
        case
        for case in cases
        if case.withdrawn_at is None or any(case.pk in group.marks for group in groups)
    ]
    if any(None in group.marks for group in groups):
        wanted.append(None)
    rows = []
    for case in wanted:
        marks: list[Mark | None] = []
        for group in groups:
            own = group.marks.get(case.pk if case is not None else None)
            marks += own if own is not None else [None] * len(group.columns)
        rows.append(Row(case, marks))
    return rows
