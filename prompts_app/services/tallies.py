"""Tallies: cells of the evidence matrix, counted anew from their runs."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from prompts_app.models import Entry, Run, Tally
from prompts_app.services import matrix
from prompts_app.services.rules import is_told

_LETTERS = {"passed": "p", "failed": "f", "untestable": "u"}
_OPEN = "-"
_MEDIANS = ("prompt_tokens", "completion_tokens", "latency_ms", "first_token_ms", "cost")


class Cell(NamedTuple):
    """Which runs are counted together: one prompt, one test case, one model of one host."""

    prompt_hash: str
    case_id: UUID | None
    model_asked: str
    provider_host: str
    is_demo: bool


def cell_of(run: Run) -> Cell:
    """Return the cell a run belongs to."""
    return Cell(
        run.version.prompt_hash, run.case_id, run.model_asked, run.provider_host, run.is_demo
    )


def recount(entry: Entry, cells: Iterable[Cell], rules: Mapping[str, Mapping[str, Any]]) -> None:
    """Count cells of an entry anew. `rules`: prompt hash → the rules that concern its runs."""
    with transaction.atomic():
        # Always in the same order, so that two workers never wait for each other's cells.
        for cell in sorted(set(cells), key=_key):
            _recount(entry, cell, sorted(rules.get(cell.prompt_hash, ())))
        refresh_proof(entry)


def refresh_proof(entry: Entry) -> None:
    """Write down what cards say of the entry's evidence."""
    Entry.objects.filter(pk=entry.pk).update(proof=matrix.headline(entry))


def _recount(entry: Entry, cell: Cell, rules: list[str]) -> None:
    tally, _created = Tally.objects.get_or_create(
        entry=entry, key=_key(cell), defaults=cell._asdict()
    )
    # Held while its runs are read: of two workers the second sees what the first has kept.
    Tally.objects.select_for_update().get(pk=tally.pk)
    where = cell._asdict()
    prompt_hash = where.pop("prompt_hash")
    runs = list(
        Run.objects.counted()
        .filter(version__entry=entry, version__prompt_hash=prompt_hash, **where)
        .values("state", "hidden", "verdicts", "finished_at", *_MEDIANS)
    )
    if not runs:
        tally.delete()
        return
    answered = [run for run in runs if run["state"] == Run.State.DONE]
    outcomes = Counter(_pattern(run["verdicts"], rules) for run in answered)
    tally.runs = len(answered)
    tally.shown = sum(not run["hidden"] for run in answered)
    tally.unanswered = len(runs) - len(answered)
    tally.rules = rules
    tally.outcomes = sorted(outcomes.items())
    tally.last_run_at = max(
        (run["finished_at"] for run in runs if run["finished_at"]), default=None
    )
    for name in _MEDIANS:
        known = [run[name] for run in answered if run[name] is not None]
        setattr(tally, name, median(known) if known else None)
    tally.save()


def _pattern(verdicts: Mapping[str, Mapping[str, Any]], rules: Iterable[str]) -> str:
    return "".join(
        _LETTERS[verdicts[rule]["state"]] if is_told(verdicts, rule) else _OPEN for rule in rules
    )


def _key(cell: Cell) -> str:
    return hashlib.sha256("\0".join(map(str, cell)).encode()).hexdigest()
