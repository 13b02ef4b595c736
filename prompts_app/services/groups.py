"""Groups: the models of one kind, real or demo, with totals over their runs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import mean, median
from uuid import UUID

from prompts_app.services.cells import Cell, Constraint, Counts
from prompts_app.services.intervals import wilson
from prompts_app.services.marks import Mark, mark_of


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
class Group:
    """The models of one kind, real or demo, and totals over them.

    `share`, `low` and `high` are the mean over the `judged` cases of the share of checks passed,
    and its 95 % interval; None where nothing could be judged. `passed_cases` are those in which
    every repeat on every model passed every constraint and every call got an answer. `marks` has
    for each case one for each column.
    """

    demo: bool
    columns: list[Column]
    results: list[Result]
    marks: dict[UUID | None, list[Mark | None]] = field(default_factory=dict)
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

    def rules_of(self, constraints: Iterable[Constraint]) -> tuple[str, ...]:
        """Return the rules of those constraints that something has been told of."""
        numbers = {one.number for one in constraints}
        return tuple(one.constraint.rule for one in self.tested if one.constraint.number in numbers)

    @property
    def kept(self) -> int:
        """Constraints that every counted run kept."""
        return sum(one.state == "kept" for one in self.results)


def group_of(
    demo: bool, cells: Sequence[Cell], constraints: Sequence[Constraint],
    looked_at: Sequence[Constraint],
) -> Group:  # fmt: skip
    """Count the cells of one kind; totals are about the constraints `looked_at`."""
    columns = _columns(cells)
    place = {(column.model, column.host): at for at, column in enumerate(columns)}
    by_column: list[list[Cell]] = [[] for _column in columns]
    for cell in cells:
        by_column[place[cell.model, cell.host]].append(cell)
    group = Group(demo, columns, _results(constraints, by_column))
    rules = group.rules_of(looked_at)
    for column, own in zip(columns, by_column, strict=True):
        column.runs = sum(cell.runs for cell in own)
        column.unanswered = sum(cell.unanswered for cell in own)
        column.latency_ms = _median(cell.latency_ms for cell in own)
        column.cost = _median(cell.cost for cell in own)
        column.counts = total_of(own, rules)
        group.counts.add(column.counts)
    group.runs = sum(cell.runs for cell in cells)
    group.shown = sum(cell.shown for cell in cells)
    group.unanswered = sum(cell.unanswered for cell in cells)
    group.last_run_at = max((cell.last_run_at for cell in cells if cell.last_run_at), default=None)
    for at, own in enumerate(by_column):
        for cell in own:
            if cell.case_id not in group.marks:
                group.marks[cell.case_id] = [None] * len(columns)
            group.marks[cell.case_id][at] = mark_of(cell, rules)
    _over_cases(group, cells, rules)
    return group


def _columns(cells: Iterable[Cell]) -> list[Column]:
    found = sorted({(cell.model, cell.host, cell.demo) for cell in cells})
    names = [model for model, _host, _demo in found]
    return [
        Column(model, host, demo, two_hosts=names.count(model) > 1) for model, host, demo in found
    ]


def _results(
    constraints: Iterable[Constraint], by_column: Sequence[Sequence[Cell]]
) -> list[Result]:
    results = []
    for constraint in constraints:
        rules = (constraint.rule,) if constraint.rule else ()
        counted = [total_of(cells, rules) for cells in by_column]
        total = Counts()
        for counts in counted:
            total.add(counts)
        results.append(Result(constraint, total, counted))
    return results


def total_of(cells: Iterable[Cell], rules: tuple[str, ...]) -> Counts:
    """Return the checks of cells by these rules, none without a rule.

    Cells that came to the same are counted once and multiplied.
    """
    total = Counts()
    if rules:
        for outcome, times in Counter(cell.outcome for cell in cells).items():
            total.add(outcome.counts(*rules), times)
    return total


def _over_cases(group: Group, cells: Iterable[Cell], rules: tuple[str, ...]) -> None:
    by_case: dict[UUID | None, list[Cell]] = {}
    for cell in cells:
        by_case.setdefault(cell.case_id, []).append(cell)
    shares = []
    for case_id, own in by_case.items():
        counts = total_of(own, rules)
        if counts.checks:
            shares.append(counts.share)
        group.passed_cases += all(
            mark is None or mark.sign == "all" for mark in group.marks[case_id]
        )
    group.cases = len(by_case)
    group.judged = len(shares)
    if shares:
        # The mean of many shares may lie beyond 1 by the last digit.
        group.share = min(1.0, max(0.0, mean(shares)))
        group.low, group.high = wilson(group.share, group.judged)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
