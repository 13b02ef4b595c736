"""What an engineered prompt gains over the one it is measured against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean
from uuid import UUID

from prompts_app.services.cells import Cell, Constraint, Counts, Place
from prompts_app.services.intervals import newcombe


@dataclass(slots=True)
class Side:
    """One of the two prompts: constraints it kept, checks, and the mean share over the cases."""

    kept: int
    counts: Counts
    rate: float


@dataclass(slots=True)
class Lift:
    """Two prompts on the same test cases and models, judged by the same rules.

    `tested` counts the constraints that could be told of both; `low` and `high` bound the
    difference of the rates (95 %). `tokens` are those sent, baseline first: the mean over the
    shared cells of each cell's median; None where the provider counted none.
    """

    cells: int
    cases: int
    models: int
    tested: int
    constraints: list[tuple[Constraint, Counts, Counts]]
    before: Side | None
    after: Side | None
    low: float
    high: float
    tokens: tuple[float, float] | None

    @property
    def difference(self) -> float:
        """Rate of the version less that of the baseline; 0 where neither could be told."""
        return self.after.rate - self.before.rate if self.after and self.before else 0.0


@dataclass(slots=True)
class _Pair:
    case_id: UUID | None
    before: Counts
    after: Counts


def lift_of(
    before: Iterable[Cell],
    after: Iterable[Cell],
    constraints: Sequence[Constraint],
    *,
    same_input: bool,
) -> Lift | None:
    """Compare the cells that both sides have; None without one.

    `same_input` says that runs without a test case had the same input, as those of a prompt
    without variables do; else they are left out. A constraint counts in a cell where it could be
    told of both sides, so that neither is measured by less than the other.
    """
    old = _answered(before, same_input)
    shared = [(old[cell.place], cell) for cell in _answered(after, same_input).values()
              if cell.place in old]  # fmt: skip
    if not shared:
        return None
    pairs: list[_Pair] = []
    told: list[tuple[Constraint, Counts, Counts]] = []
    for constraint in constraints:
        if not constraint.rule:
            continue
        both = (Counts(), Counts())
        for left, right in shared:
            pair = _Pair(left.case_id, left.counts(constraint.rule), right.counts(constraint.rule))
            if pair.before.checks and pair.after.checks:
                both[0].add(pair.before)
                both[1].add(pair.after)
                pairs.append(pair)
        if both[0].checks:
            told.append((constraint, *both))
    sides = _sides(pairs, told)
    cases = len({pair.case_id for pair in pairs})
    low, high = (
        newcombe(sides[1].rate, cases, sides[0].rate, cases) if sides is not None else (0.0, 0.0)
    )
    return Lift(
        cells=len(shared),
        cases=len({cell.case_id for _left, cell in shared}),
        models=len({cell.model for _left, cell in shared}),
        tested=len(told),
        constraints=told,
        before=sides[0] if sides else None,
        after=sides[1] if sides else None,
        low=low,
        high=high,
        tokens=_tokens(shared),
    )


def _answered(cells: Iterable[Cell], same_input: bool) -> dict[Place, Cell]:
    return {
        cell.place: cell for cell in cells if cell.runs and (same_input or cell.case_id is not None)
    }


def _sides(
    pairs: Sequence[_Pair], told: Sequence[tuple[Constraint, Counts, Counts]]
) -> tuple[Side, Side] | None:
    if not pairs:
        return None
    sides = []
    for at in (0, 1):
        total = Counts()
        by_case: dict[UUID | None, Counts] = {}
        for pair in pairs:
            counts = (pair.before, pair.after)[at]
            total.add(counts)
            by_case.setdefault(pair.case_id, Counts()).add(counts)
        kept = sum((old, new)[at].state == "kept" for _constraint, old, new in told)
        sides.append(Side(kept, total, mean(counts.share for counts in by_case.values())))
    return sides[0], sides[1]


def _tokens(shared: Sequence[tuple[Cell, Cell]]) -> tuple[float, float] | None:
    counted = [
        (left.prompt_tokens, right.prompt_tokens)
        for left, right in shared
        if left.prompt_tokens is not None and right.prompt_tokens is not None
    ]
    if not counted:
        return None
    return mean(old for old, _new in counted), mean(new for _old, new in counted)
