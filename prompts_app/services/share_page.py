"""What a share link's page shows of its entries, in a fixed number of queries."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prompts_app.models import (
    Entry,
    LLMModel,
    Run,
    ShareLink,
    SiteGrant,
    Spending,
    TestCase,
    Version,
)
from prompts_app.services.cells import (
    Cell,
    Constraint,
    cells_of_prompts,
    constraints_of,
    that_count,
)
from prompts_app.services.groups import Group, group_of
from prompts_app.services.matrix import measured_against
from prompts_app.services.share_tokens import Shown, shown_by

# Of the case that stands for an entry; enough for every model and many repeats.
_MOST_RUNS = 2000
_TRUST = {Run.Origin.CAPTURED: 0, Run.Origin.IMPORTED: 1, Run.Origin.PASTED: 2}


@dataclass(frozen=True, slots=True)
class Failure:
    """A test case (None: runs without one) that some answer failed, or got none.

    `broken` are the constraints that were not kept, `unanswered` the calls without an answer.
    """

    case: TestCase | None
    broken: list[Constraint]
    unanswered: int


@dataclass(frozen=True, slots=True)
class Pair:
    """What one model answered to the baseline and to the shown version, with the same case."""

    case: TestCase
    before: Run
    after: Run


@dataclass(frozen=True, slots=True)
class Summary:
    """An entry as the page sums it up. `group` is None without a counted run."""

    shown: Shown
    baseline: Version | None
    group: Group | None
    failures: list[Failure]
    pair: Pair | None
    can_run: bool


_Prompt = tuple[int, str]
_Cells = Mapping[_Prompt, Sequence[Cell]]


def summaries(link: ShareLink) -> list[Summary]:
    """Return the entries of a link in its order. Makes six queries, however many there are."""
    shown = shown_by(link)
    cells = cells_of_prompts((one.entry.pk, prompt) for one in shown for prompt in prompts_of(one))
    cases = _cases(shown)
    pairs = _pairs(shown, cells, cases)
    tryable = _tryable(link, shown)
    return [_summary(one, cells, cases, pairs.get(one.entry.pk), tryable) for one in shown]


def prompts_of(shown: Shown) -> set[str]:
    """Return the prompts (`Version.prompt_hash`) whose runs a link shows of one of its entries.

    That of the version it shows, and that of the baseline it is measured against.
    """
    baseline = measured_against(shown.version, shown.entry.baseline)
    return {one.prompt_hash for one in (shown.version, baseline) if one is not None}


def _summary(
    shown: Shown,
    cells: _Cells,
    cases: Mapping[uuid.UUID, TestCase],
    pair: Pair | None,
    tryable: set[tuple[int, str]],
) -> Summary:
    entry, version = shown.entry, shown.version
    own = that_count(cells[entry.pk, version.prompt_hash])
    constraints = constraints_of(version.content)
    return Summary(
        shown,
        measured_against(version, entry.baseline),
        group_of(own[0].demo, own, constraints, constraints) if own else None,
        _failures(own, constraints, cases),
        pair,
        (entry.pk, version.content["kind"]) in tryable,
    )


def _failures(
    cells: Iterable[Cell],
    constraints: Sequence[Constraint],
    cases: Mapping[uuid.UUID, TestCase],
) -> list[Failure]:
    """Those of cases still there, in the author's order; then those of no case at all."""
    tested = [one for one in constraints if one.rule]
    by_case: dict[uuid.UUID | None, list[Cell]] = {}
    for cell in cells:
        by_case.setdefault(cell.case_id, []).append(cell)
    found = []
    for case in (*cases.values(), None):
        own = by_case.get(case.pk if case is not None else None, ())
        broken = [one for one in tested if any(cell.counts(one.rule).failed for cell in own)]
        unanswered = sum(cell.unanswered for cell in own)
        if broken or unanswered:
            found.append(Failure(case, broken, unanswered))
    return found


def _cases(shown: Iterable[Shown]) -> dict[uuid.UUID, TestCase]:
    entries = [one.entry.pk for one in shown]
    rows = TestCase.objects.filter(entry__in=entries, withdrawn_at__isnull=True)
    return {case.pk: case for case in rows.defer("values")}


def _pairs(
    shown: Iterable[Shown], cells: _Cells, cases: Mapping[uuid.UUID, TestCase]
) -> dict[int, Pair]:
    """Return entry's id → the answers that stand for it, where one model gave both."""
    chosen: dict[int, tuple[Shown, Version, TestCase]] = {}
    for one in shown:
        baseline = measured_against(one.version, one.entry.baseline)
        if baseline is None:
            continue
        case = _featured(one.entry, one.version, baseline, cells, cases)
        if case is not None:
            chosen[one.entry.pk] = (one, baseline, case)
    runs = _runs([case for _one, _baseline, case in chosen.values()])
    found: dict[int, tuple[TestCase, Run, Run]] = {}
    for entry, (one, baseline, case) in chosen.items():
        own = runs.get(case.pk, ())
        before = _by_model(run for run in own if run.version.prompt_hash == baseline.prompt_hash)
        after = _by_model(run for run in own if run.version.prompt_hash == one.version.prompt_hash)
        both = next((model for model in after if model in before), None)
        if both is not None:
            found[entry] = (case, before[both], after[both])
    whole = _whole(run for _case, *both in found.values() for run in both)
    return {
        entry: Pair(case, whole[before.pk], whole[after.pk])
        for entry, (case, before, after) in found.items()
        # A run may be deleted in between.
        if before.pk in whole and after.pk in whole
    }


def _featured(
    entry: Entry,
    version: Version,
    baseline: Version,
    cells: _Cells,
    cases: Mapping[uuid.UUID, TestCase],
) -> TestCase | None:
    """The author's choice; without one the first case that was captured with both prompts."""
    if entry.featured_case_id is not None and entry.featured_case_id in cases:
        return cases[entry.featured_case_id]
    before, after = (
        {cell.case_id for cell in cells[entry.pk, one.prompt_hash] if cell.shown}
        for one in (baseline, version)
    )
    return next((case for key, case in cases.items() if key in before & after), None)


def _runs(cases: Sequence[TestCase]) -> dict[uuid.UUID, list[Run]]:
    """Runs of these cases that visitors may see, most trusted and newest first, without outputs."""
    found = list(
        Run.objects.shown()
        .filter(case__in=cases, version__withdrawn_at__isnull=True)
        .exclude(model_asked="")
        .select_related("version")
        .only("case", "origin", "is_demo", "model_asked", "created_at", "version__prompt_hash")
        .order_by("-created_at", "-pk")[:_MOST_RUNS]
    )
    found.sort(key=lambda run: (run.is_demo, _TRUST[Run.Origin(run.origin)]))
    by_case: dict[uuid.UUID, list[Run]] = {}
    for run in found:
        if run.case_id is not None:
            by_case.setdefault(run.case_id, []).append(run)
    return by_case


def _by_model(runs: Iterable[Run]) -> dict[tuple[str, bool], Run]:
    best: dict[tuple[str, bool], Run] = {}
    for run in runs:
        best.setdefault((run.model_asked, run.is_demo), run)
    return best


def _whole(runs: Iterable[Run]) -> dict[uuid.UUID, Run]:
    wanted = [run.pk for run in runs]
    rows = Run.objects.filter(pk__in=wanted).select_related("picture", "version", "case")
    return {run.pk: run for run in rows.defer("raw_response", "values", "version__content")}


def can_run(link: ShareLink, shown: Shown) -> bool:
    """Say whether visitors of a link can try the version it shows of one of its entries."""
    return (shown.entry.pk, shown.version.content["kind"]) in _tryable(link, [shown])


def _tryable(link: ShareLink, shown: Sequence[Shown]) -> set[tuple[int, str]]:
    """Return (entry's id, kind) for which there is a model that this link's visitors may use."""
    owner = link.owner
    if not link.allows_tries or link.is_expired or link.is_revoked or Spending.of(owner).paused:
        return set()
    models = LLMModel.objects.usable(owner, granted=SiteGrant.cap_of(owner) is not None)
    wanted = models.filter(entries__in=[one.entry.pk for one in shown])
    return set(wanted.values_list("entries", "kind"))
