"""Groups: the models of one kind, real or demo, with totals over their runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import mean, median
from uuid import UUID

from prompts_app.services.cells import Cell, Constraint, Counts
from prompts_app.services.intervals import wilson
from prompts_app.services.marks import mark_of


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


def group_of(
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
        group.passed_cases += all(mark_of(cell, rules).sign == "all" for cell in own)
    group.cases = len(by_case)
    group.judged = len(shares)
    if shares:
        # The mean of many shares may lie beyond 1 by the last digit.
        group.share = min(1.0, max(0.0, mean(shares)))
        group.low, group.high = wilson(group.share, group.judged)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
