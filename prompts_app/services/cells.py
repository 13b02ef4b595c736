"""Cells of the evidence matrix as tallies keep them, and what is counted of them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import TextField
from django.db.models.functions import Cast

from prompts_app.models import Tally
from prompts_app.services.rules import rule_of

_FIELDS = (
    "entry_id",
    *("prompt_hash", "case_id", "model_asked", "provider_host", "is_demo"),
    *("runs", "shown", "unanswered", "rules_text", "outcomes_text"),
    *("prompt_tokens", "latency_ms", "cost", "last_run_at"),
)


@dataclass(slots=True)
class Counts:
    """Checks by what they came to. A check is one tested constraint on one answered run."""

    passed: int = 0
    failed: int = 0
    untestable: int = 0
    open: int = 0

    @property
    def checks(self) -> int:
        """How many there are to count: those not judged yet are none."""
        return self.passed + self.failed + self.untestable

    @property
    def share(self) -> float:
        """The share that passed; ask only where there are checks."""
        return self.passed / self.checks

    @property
    def state(self) -> str:
        """What they come to: "broken", "untestable", "open", "kept"; "stated" without any."""
        if not self.checks:
            return "stated"
        if self.failed:
            return "broken"
        if self.untestable:
            return "untestable"
        return "open" if self.open else "kept"

    def add(self, other: "Counts", times: int = 1) -> None:
        """Count the other's checks as well, so many times."""
        self.passed += other.passed * times
        self.failed += other.failed * times
        self.untestable += other.untestable * times
        self.open += other.open * times


class Place(NamedTuple):
    """Where two prompts can be compared: the same test case on the same model."""

    case_id: UUID | None
    model: str
    host: str
    demo: bool


class Outcome:
    """What runs came to: which patterns of verdicts, and how often (see `models.Tally`).

    Many cells of a matrix come to the same, so what is counted here is counted once for all.
    """

    __slots__ = ("_counts", "_patterns", "_rules", "_together")

    def __init__(self, rules: list[str], patterns: list[tuple[str, int]]) -> None:
        self._rules = rules
        self._patterns = patterns
        self._counts: dict[tuple[str, ...], Counts] = {}
        self._together: dict[tuple[str, ...], tuple[int, int]] = {}

    def counts(self, *rules: str) -> Counts:
        """Return the checks by these rules. Shared: not to be changed."""
        found = self._counts.get(rules)
        if found is None:
            found = self._counts[rules] = Counts()
            for rule in rules:
                found.add(self._by(rule))
        return found

    def together(self, rules: tuple[str, ...]) -> tuple[int, int]:
        """Return how many runs passed every rule, and of how many that is not known yet."""
        found = self._together.get(rules)
        if found is None:
            found = self._together[rules] = self._all(rules)
        return found

    def _by(self, rule: str) -> Counts:
        found = {"p": 0, "f": 0, "u": 0, "-": 0}
        at = self._rules.index(rule) if rule in self._rules else None
        for pattern, runs in self._patterns:
            found[pattern[at] if at is not None else "-"] += runs
        return Counts(found["p"], found["f"], found["u"], found["-"])

    def _all(self, rules: tuple[str, ...]) -> tuple[int, int]:
        at = [self._rules.index(rule) for rule in rules if rule in self._rules]
        unknown = len(at) < len(rules)
        passed = undecided = 0
        for pattern, runs in self._patterns:
            letters = {pattern[one] for one in at}
            if letters & {"f", "u"}:
                continue
            if unknown or "-" in letters:
                undecided += runs
            else:
                passed += runs
        return passed, undecided


@dataclass(slots=True)
class Cell:
    """One tally: what the counted runs of a prompt say of one test case on one model."""

    prompt_hash: str
    case_id: UUID | None
    model: str
    host: str
    demo: bool
    runs: int
    shown: int
    unanswered: int
    outcome: Outcome
    prompt_tokens: float | None
    latency_ms: float | None
    cost: float | None
    last_run_at: datetime | None

    @property
    def place(self) -> Place:
        """Its place, the same for every prompt."""
        return Place(self.case_id, self.model, self.host, self.demo)

    @property
    def calls(self) -> int:
        """Every counted call, answered or not."""
        return self.runs + self.unanswered

    def counts(self, *rules: str) -> Counts:
        """Return the checks by these rules. Shared with other cells: not to be changed."""
        return self.outcome.counts(*rules)


@dataclass(slots=True)
class Constraint:
    """A constraint of a version; `rule` is empty where nothing tests it. Numbers start at 1."""

    number: int
    text: str
    rule: str
    spec: Mapping[str, Any] = field(repr=False)


def constraints_of(content: Mapping[str, Any]) -> list[Constraint]:
    """Return a version's constraints in their order; a withdrawn one (empty) has none."""
    return [
        Constraint(number, one["text"], rule_of(spec) if spec else "", spec)
        for number, one in enumerate(content.get("constraints", ()), 1)
        for spec in [one.get("assertion") or {}]
    ]


def that_count(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells of real models where there are any, else those of demo models."""
    cells = list(cells)
    demo = all(cell.demo for cell in cells)
    return [cell for cell in cells if cell.demo == demo]


def cells_of(entry_id: int, hashes: Iterable[str]) -> dict[str, list[Cell]]:
    """Return prompt hash → its cells. Makes one query."""
    found = cells_of_prompts((entry_id, one) for one in hashes)
    return {prompt_hash: cells for (_entry, prompt_hash), cells in found.items()}


def cells_of_prompts(prompts: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[Cell]]:
    """Return (entry's id, prompt hash) → its cells, for prompts of any entries. Makes one query."""
    found: dict[tuple[int, str], list[Cell]] = {one: [] for one in prompts}
    rows = Tally.objects.filter(
        entry__in={entry for entry, _hash in found},
        prompt_hash__in={prompt_hash for _entry, prompt_hash in found},
    ).annotate(rules_text=Cast("rules", TextField()), outcomes_text=Cast("outcomes", TextField()))
    outcomes: dict[tuple[str, str], Outcome] = {}
    for entry, *row in rows.values_list(*_FIELDS):
        cells = found.get((entry, row[0]))
        if cells is None:
            # Another entry's prompt with the same words as one of these.
            continue
        rules, patterns = row[8], row[9]
        # Read once where it is the same text, as the rules of a prompt are.
        outcome = outcomes.get((rules, patterns))
        if outcome is None:
            outcome = Outcome(json.loads(rules), json.loads(patterns))
            outcomes[rules, patterns] = outcome
        cells.append(Cell(*(*row[:8], outcome, *row[10:])))
    return found
