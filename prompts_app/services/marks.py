"""Marks: one cell of the evidence matrix as a sign and a number."""

from dataclasses import dataclass

from prompts_app.services.cells import Cell

# Signs of cells in which not every call passed.
FAILING = frozenset(("some", "none", "unanswered"))


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


def mark_of(cell: Cell, rules: tuple[str, ...]) -> Mark:
    """Return the mark of a cell; `rules` are those that are tested."""
    passed, undecided = cell.outcome.together(rules)
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
