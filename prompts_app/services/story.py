"""One constraint through the versions of an entry: how it was reworded, and whether it was kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prompts_app.models import Entry, Version
from prompts_app.services.cells import (
    Cell,
    Constraint,
    Counts,
    cells_of,
    constraints_of,
    that_count,
)
from prompts_app.services.comparison import ALIKE, alike
from prompts_app.services.groups import total_of


@dataclass(slots=True)
class Chapter:
    """One version. `constraint` is its wording of it, None where it does not state it.

    `counts` are those of its runs (of real models where there are any, else of demo models) by its
    own rule, or, where it does not state it, by the rule the story began with: that is `rule`,
    empty where nothing tests it. `runs` are the answered ones behind them.
    """

    version: Version
    constraint: Constraint | None
    rule: str
    counts: Counts
    runs: int
    demo: bool


def story(
    entry: Entry, versions: Sequence[Version], version: Version, constraint: Constraint
) -> list[Chapter]:
    """Return a chapter for each of `versions`, newest first as they are given.

    `constraint` is one of `version`. From version to version it is the one with the same rule,
    else with the same text, else the sentence most like it. Makes one query.
    """
    cells = cells_of(entry.pk, {one.prompt_hash for one in versions})
    found = _followed(versions, version, constraint)
    return [
        _chapter(one, found.get(one.number), constraint.rule, cells[one.prompt_hash])
        for one in versions
    ]


def _followed(
    versions: Sequence[Version], start: Version, constraint: Constraint
) -> dict[int, Constraint]:
    """Version number → its wording, found step by step in both directions."""
    found = {start.number: constraint}
    older = [one for one in versions if one.number < start.number]
    newer = [one for one in versions if one.number > start.number]
    for direction in (
        sorted(older, key=lambda one: -one.number),
        sorted(newer, key=lambda one: one.number),
    ):
        last = constraint
        for version in direction:
            match = _match(last, constraints_of(version.content))
            if match is not None:
                found[version.number] = last = match
    return found


def _match(wanted: Constraint, among: Sequence[Constraint]) -> Constraint | None:
    for one in among:
        if wanted.rule and one.rule == wanted.rule:
            return one
    for one in among:
        if one.text == wanted.text:
            return one
    best = max(among, key=lambda one: alike(one.text, wanted.text), default=None)
    return best if best is not None and alike(best.text, wanted.text) >= ALIKE else None


def _chapter(
    version: Version, constraint: Constraint | None, first_rule: str, cells: Iterable[Cell]
) -> Chapter:
    own = that_count(cells)
    demo = bool(own) and own[0].demo
    rule = constraint.rule if constraint is not None else first_rule
    counts = total_of(own, (rule,) if rule else ())
    return Chapter(version, constraint, rule, counts, sum(cell.runs for cell in own), demo)
