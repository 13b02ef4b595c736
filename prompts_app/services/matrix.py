"""The evidence of one version: test cases × models, read from tallies.

What counts, everywhere: captured runs that are over, hidden ones and those of removed test cases
too. Runs of demo models are never added to those of real ones: the two are groups of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import mean, median
from typing import Any
from uuid import UUID

from prompts_app.models import Entry, TestCase, Version
from prompts_app.services.cells import Cell, Constraint, Counts, cells_of, constraints_of
from prompts_app.services.intervals import wilson
from prompts_app.services.lift import Lift, lift_of


@dataclass(slots=True)
class Result:
    """One constraint over all runs of a group; `by_column` in the order of the columns.

    `state` is "kept", "broken", "untestable", "open" (not judged yet) or "stated" (not tested).
    """

    constraint: Constraint
    counts: Counts
    by_column: list[Counts]

    @property
    def state(self) -> str:
        """What its checks come to."""
        return self.counts.state


@dataclass(slots=True)
class Column:
    """One model. `two_hosts` says that its name alone does not tell which one it is.

    `latency_ms` and `cost` (micro-dollars) are medians of the cells' medians, None where unknown.
    """

    model: str
    host: str
    demo: bool
    two_hosts: bool = False
    runs: int = 0
    unanswered: int = 0
    counts: Counts = field(default_factory=Counts)
    latency_ms: float | None = None
    cost: float | None = None


@dataclass(slots=True)
class Mark:
    """One cell as the matrix shows it.

    `passed` runs passed every constraint that is tested. `sign` is "all", "some", "none", "open"
    (none failed, some are not judged yet), "untested" or "unanswered" (no call got an answer).
    """

    runs: int
    unanswered: int
    passed: int
    open: int
    sign: str

    @property
    def calls(self) -> int:
        """Every counted call, answered or not."""
        return self.runs + self.unanswered


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
class Group:
    """The models of one kind, real or demo, and totals over them.

    `share`, `low` and `high` are the mean over the `judged` cases of the share of checks passed,
    and its 95 % interval; None where nothing could be judged. `passed_cases` are those in which
    every repeat on every model passed every constraint and every call got an answer.
    """

    demo: bool
    columns: list[Column]
    results: list[Result]
    runs: int = 0
    shown: int = 0
    unanswered: int = 0
    cases: int = 0
    passed_cases: int = 0
    judged: int = 0
    counts: Counts = field(default_factory=Counts)
    share: float | None = None
    low: float = 0.0
    high: float = 1.0
    last_run_at: datetime | None = None

    @property
    def models(self) -> int:
        """How many models, by name."""
        return len({column.model for column in self.columns})

    @property
    def tested(self) -> list[Result]:
        """Constraints that something has been told of."""
        return [one for one in self.results if one.state != "stated"]

    @property
    def kept(self) -> int:
        """Constraints that every counted run kept."""
        return sum(one.state == "kept" for one in self.results)


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
    old = _measured_against(version, baseline)
    cells = cells_of(version.entry_id, {one.prompt_hash for one in (version, old) if one})
    own = cells[version.prompt_hash]
    cases = TestCase.objects.filter(entry=version.entry_id).defer("values")
    looked_at = [chosen] if chosen is not None else constraints
    groups = [
        _group(demo, [cell for cell in own if cell.demo == demo], constraints, looked_at)
        for demo in (False, True)
        if any(cell.demo == demo for cell in own)
    ]
    main = groups[0].demo if groups else False
    lift = None
    if old is not None:
        lift = lift_of(
            (cell for cell in cells[old.prompt_hash] if cell.demo == main),
            (cell for cell in own if cell.demo == main),
            looked_at,
            same_input=_has_one_input(version, old),
        )
    return Matrix(version, constraints, chosen, groups, _rows(cases, own, groups, looked_at), lift)


def headline(entry: Entry) -> dict[str, Any] | None:
    """Return what cards say of the published version's evidence; None without a counted answer.

    {"kept", "tested", "stated": constraints, "runs", "models", "demo": bool, "checked": time of
    the last run in ISO 8601 or "", "baseline_kept": of the same constraints on the same cases and
    models, None unless all of them could be told there, "baseline_number", "tokens": [sent with
    the baseline, with the version] or None}. Reads the entry anew: the caller's copy may be old.
    """
    fresh = Entry.objects.select_related("published", "baseline").get(pk=entry.pk)
    version = fresh.published
    if version is None or version.withdrawn_at is not None:
        return None
    baseline = _measured_against(version, fresh.baseline)
    hashes = {one.prompt_hash for one in (version, baseline) if one is not None}
    cells = cells_of(fresh.pk, hashes)
    own = cells[version.prompt_hash]
    demo = all(cell.demo for cell in own)
    own = [cell for cell in own if cell.demo == demo]
    if not any(cell.runs for cell in own):
        return None
    constraints = constraints_of(version.content)
    group = _group(demo, own, constraints, constraints)
    lift = None
    if baseline is not None:
        lift = lift_of(
            (cell for cell in cells[baseline.prompt_hash] if cell.demo == demo),
            own,
            constraints,
            same_input=_has_one_input(version, baseline),
        )
    tested = len(group.tested)
    comparable = (
        lift is not None
        and lift.before is not None
        and lift.tested == tested
        and not lift.before.counts.open
    )
    return {
        "kept": group.kept,
        "tested": tested,
        "stated": len(constraints) - tested,
        "runs": group.runs,
        "models": group.models,
        "demo": demo,
        "checked": group.last_run_at.isoformat() if group.last_run_at else "",
        "baseline_kept": lift.before.kept if comparable and lift and lift.before else None,
        "baseline_number": baseline.number if baseline and lift else None,
        "tokens": list(lift.tokens) if lift and lift.tokens else None,
    }


def _measured_against(version: Version, baseline: Version | None) -> Version | None:
    """The baseline, unless it is gone or sends the same words: then there is nothing to gain."""
    if (
        baseline is None
        or baseline.withdrawn_at is not None
        or baseline.prompt_hash == version.prompt_hash
    ):
        return None
    return baseline


def _has_one_input(*versions: Version) -> bool:
    return not any(version.content.get("variables") for version in versions)


def _group(
    demo: bool, cells: Sequence[Cell], constraints: Sequence[Constraint],
    looked_at: Sequence[Constraint],
) -> Group:  # fmt: skip
    columns = _columns(cells)
    by_column = [
        [cell for cell in cells if (cell.model, cell.host) == (column.model, column.host)]
        for column in columns
    ]
    results = [_result(one, by_column) for one in constraints]
    group = Group(demo, columns, results)
    looked_numbers = {one.number for one in looked_at}
    looked_results = [one for one in group.tested if one.constraint.number in looked_numbers]
    for at, (column, own) in enumerate(zip(columns, by_column, strict=True)):
        column.runs = sum(cell.runs for cell in own)
        column.unanswered = sum(cell.unanswered for cell in own)
        column.latency_ms = _median(cell.latency_ms for cell in own)
        column.cost = _median(cell.cost for cell in own)
        for result in looked_results:
            column.counts.add(result.by_column[at])
        group.counts.add(column.counts)
    group.runs = sum(cell.runs for cell in cells)
    group.shown = sum(cell.shown for cell in cells)
    group.unanswered = sum(cell.unanswered for cell in cells)
    group.last_run_at = max((cell.last_run_at for cell in cells if cell.last_run_at), default=None)
    _over_cases(group, cells, [one.constraint.rule for one in looked_results])
    return group


def _columns(cells: Iterable[Cell]) -> list[Column]:
    found = sorted({(cell.model, cell.host, cell.demo) for cell in cells})
    names = [model for model, _host, _demo in found]
    return [
        Column(model, host, demo, two_hosts=names.count(model) > 1) for model, host, demo in found
    ]


def _result(constraint: Constraint, by_column: Sequence[Sequence[Cell]]) -> Result:
    total, counted = Counts(), []
    for cells in by_column:
        counts = Counts()
        for cell in cells:
            if constraint.rule:
                counts.add(cell.counts(constraint.rule))
        counted.append(counts)
        total.add(counts)
    return Result(constraint, total, counted)


def _over_cases(group: Group, cells: Iterable[Cell], rules: Sequence[str]) -> None:
    by_case: dict[UUID | None, list[Cell]] = {}
    for cell in cells:
        by_case.setdefault(cell.case_id, []).append(cell)
    shares = []
    for own in by_case.values():
        counts = Counts()
        for cell in own:
            for rule in rules:
                counts.add(cell.counts(rule))
        if counts.checks:
            shares.append(counts.share)
        group.passed_cases += all(_mark(cell, rules).sign == "all" for cell in own)
    group.cases = len(by_case)
    group.judged = len(shares)
    if shares:
        # The mean of many shares may lie beyond 1 by the last digit.
        group.share = min(1.0, max(0.0, mean(shares)))
        group.low, group.high = wilson(group.share, group.judged)


def _mark(cell: Cell, rules: Sequence[str]) -> Mark:
    passed, undecided = cell.together(rules)
    failed = cell.runs - passed - undecided
    if not cell.runs:
        sign = "unanswered"
    elif not rules:
        sign, passed = "untested", 0
    elif failed or cell.unanswered:
        sign = "some" if passed else ("none" if failed else "open")
    else:
        sign = "open" if undecided else "all"
    return Mark(cell.runs, cell.unanswered, passed, undecided, sign)


def _rows(
    cases: Iterable[TestCase], cells: Iterable[Cell], groups: Sequence[Group],
    looked_at: Sequence[Constraint],
) -> list[Row]:  # fmt: skip
    """Cases in the author's order: those still there, and removed ones that runs were made with."""
    by_place = {(cell.case_id, cell.model, cell.host, cell.demo): cell for cell in cells}
    used = {case_id for case_id, *_rest in by_place}
    numbers = {one.number for one in looked_at}
    rules = {
        group.demo: [
            one.constraint.rule for one in group.tested if one.constraint.number in numbers
        ]
        for group in groups
    }
    wanted: list[TestCase | None] = [
        case for case in cases if case.withdrawn_at is None or case.pk in used
    ]
    if None in used:
        wanted.append(None)
    rows = []
    for case in wanted:
        marks = []
        for group in groups:
            for column in group.columns:
                key = (case.pk if case else None, column.model, column.host, column.demo)
                cell = by_place.get(key)
                marks.append(_mark(cell, rules[group.demo]) if cell is not None else None)
        rows.append(Row(case, marks))
    return rows


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
