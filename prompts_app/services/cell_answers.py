"""The runs behind one cell of the matrix, a page of them at a time, beside those of another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from prompts_app.models import Run, TestCase, Version
from prompts_app.services.cells import Place
from prompts_app.services.evidence import with_receipts

PAGE = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cell: the versions that share its words, and its place."""

    versions: Mapping[int, Version]
    place: Place


@dataclass(slots=True)
class Side:
    """The counted runs of one cell. `answers` are those of the page, oldest first.

    `shown`, `hidden` (by the author) and `withdrawn` (erased with their version) are how many
    answers there are of each; `failures` says why calls got no answer, as error code → calls.
    """

    wanted: Wanted
    ids: list[UUID] = field(default_factory=list)
    answers: list[Run] = field(default_factory=list)
    hidden: int = 0
    withdrawn: int = 0
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def shown(self) -> int:
        """How many answers visitors may read."""
        return len(self.ids)

    @property
    def unanswered(self) -> int:
        """How many calls got no answer."""
        return sum(self.failures.values())

    @property
    def calls(self) -> int:
        """Every counted call, answered or not."""
        return self.shown + self.hidden + self.withdrawn + self.unanswered


def sides_of(wanted: Sequence[Wanted], case: TestCase | None, page: int) -> list[Side]:
    """Return the cells in their order, each with the answers of `page` (from 1).

    Makes two queries, however many cells and runs.
    """
    sides = [Side(one) for one in wanted]
    _sort_out(sides)
    start = (page - 1) * PAGE
    pages = [side.ids[start : start + PAGE] for side in sides]
    runs = _runs([run_id for ids in pages for run_id in ids])
    for side, ids in zip(sides, pages, strict=True):
        side.answers = [runs[run_id] for run_id in ids if run_id in runs]
        for run in side.answers:
            run.version = side.wanted.versions[run.version_id]
            run.case = case
    return sides


def _sort_out(sides: Sequence[Side]) -> None:
    """Tell answers from hidden ones and from calls without one."""
    where = Q(pk__in=[])
    for side in sides:
        where |= _filter(side.wanted)
    rows = (
        Run.objects.counted()
        .filter(where)
        .order_by("created_at", "pk")
        .values_list(
            *("pk", "version_id", "model_asked", "provider_host", "is_demo"),
            *("state", "hidden", "error_code"),
        )
    )
    for run_id, version_id, model, host, demo, state, hidden, code in rows:
        for side in sides:
            place = side.wanted.place
            if version_id not in side.wanted.versions or (model, host, demo) != place[1:]:
                continue
            if state != Run.State.DONE:
                side.failures[code] = side.failures.get(code, 0) + 1
            elif hidden and side.wanted.versions[version_id].withdrawn_at:
                side.withdrawn += 1
            elif hidden:
                side.hidden += 1
            else:
                side.ids.append(run_id)


def _filter(wanted: Wanted) -> Q:
    place = wanted.place
    return Q(
        version__in=list(wanted.versions),
        case=place.case_id,
        model_asked=place.model,
        provider_host=place.host,
        is_demo=place.demo,
    )


def _runs(ids: Iterable[UUID]) -> dict[Any, Run]:
    return {
        run.pk: run
        for run in with_receipts(Run.objects.filter(pk__in=list(ids)))
        .defer("raw_response", "error_detail", "parameters_sent", "values")
        .select_related("picture")
    }
