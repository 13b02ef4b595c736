"""What the runs of an entry show: which to put side by side, and what they come to."""

import uuid
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, F, JSONField, OuterRef, Q, QuerySet, Value, When

from prompts_app.models import Entry, LLMModel, Receipt, Run, TestCase, Version
from prompts_app.services.cells import Counts, cells_of, constraints_of, that_count
from prompts_app.services.groups import Group, Result, group_of
from prompts_app.services.matrix import measured_against, sharing

# Newest first, those of the chosen case before all others; beyond that a page would say no more.
MAX_RUNS = 200
# Outputs without a test case have no page of their own to stand on, so some are shown in full.
MAX_WITHOUT_CASE = 6

_TRUST = {Run.Origin.CAPTURED: 0, Run.Origin.IMPORTED: 1, Run.Origin.PASTED: 2}


@dataclass(slots=True)
class Evidence:
    """The runs of one version, and what a page puts side by side.

    `before` and `after` are runs with the same input on the same model, or both None. `chosen` is
    the case they show; it may be None where the pair has no case. `models` are all that have
    answered both versions with that input; `by_model` has one run of this version for each model.
    """

    cases: list[TestCase]
    chosen: TestCase | None
    runs: list[Run]
    before: Run | None
    after: Run | None
    models: list[str]
    by_model: list[Run]
    without_case: list[Run]

    @property
    def position(self) -> int:
        """The chosen case's place among the cases, from 1; 0 without one."""
        return self.cases.index(self.chosen) + 1 if self.chosen in self.cases else 0

    @property
    def model(self) -> LLMModel | None:
        """The model of the answer that counts most; None if its owner has deleted it."""
        first = next(iter([*filter(None, [self.after]), *self.by_model, *self.runs]), None)
        return first.model if first is not None else None

    @property
    def shown(self) -> list[Run]:
        """Every run whose output stands on the page, each once."""
        found = [self.before, self.after, *self.by_model, *self.without_case]
        return list({run.pk: run for run in found if run is not None}.values())


def evidence_for(
    version: Version,
    baseline: Version | None,
    history: Iterable[Version],
    *,
    case_id: str = "",
    model: str = "",
) -> Evidence:
    """Return what the runs of `version` show, against `baseline` if that sends other words.

    `history` holds every version of the entry: those that send the same words share their runs.
    `case_id` and `model` are a reader's wishes; an unknown one is ignored. Makes three queries.
    """
    entry = version.entry
    baseline = measured_against(version, baseline)
    every_case = list(entry.cases.all())
    cases = [case for case in every_case if case.withdrawn_at is None]
    wish = wish_of(entry, cases, case_id)
    # Without a wish the first case shows most, unless nothing was run with it.
    first = wish or next(iter(cases), None)
    found = _runs(version, baseline, history, {case.pk: case for case in every_case}, first)
    after = [run for run in found if run.version.prompt_hash == version.prompt_hash]
    before = [run for run in found if run.version.prompt_hash != version.prompt_hash]
    pairs = _pairs(before, after)
    chosen = wish or _shows_most(cases, pairs, after)
    key = _chosen_input(chosen, pairs)
    models = list(pairs.get(key, {}))
    left = right = None
    if models:
        wanted = next((one for one in models if one[0] == model), models[0])
        left, right = pairs[key][wanted]
    evidence = Evidence(
        cases=cases,
        chosen=chosen,
        runs=after,
        before=left,
        after=right,
        models=[name for name, _demo in models],
        by_model=_one_for_each_model(
            run for run in after if key is not None and _input(run) == key
        ),
        without_case=[run for run in after if run.case_id is None and _input(run) != key][
            :MAX_WITHOUT_CASE
        ],
    )
    _load_answers(evidence.shown)
    return evidence


def totals_of(version: Version) -> Group | None:
    """Return what the counted runs of a version come to, constraint by constraint.

    Of the real models where there are any, else of the demo models; None without a run. Makes one
    query.
    """
    cells = that_count(cells_of(version.entry_id, [version.prompt_hash])[version.prompt_hash])
    if not cells:
        return None
    constraints = constraints_of(version.content)
    return group_of(cells[0].demo, cells, constraints, constraints)


def totals_kept(entry: Entry) -> Group | None:
    """Return the same of the published version, as it is written down at its entry: no query.

    It names no models.
    """
    version, proof = entry.published, entry.proof
    if version is None or proof is None:
        return None
    constraints = constraints_of(version.content)
    if len(constraints) != len(proof["results"]):
        # Written down by a worker that had not heard of this version yet.
        return None
    results = [
        Result(constraint, Counts(*counts), [])
        for constraint, counts in zip(constraints, proof["results"], strict=True)
    ]
    group = Group(proof["demo"], [], results)
    group.runs, group.shown = proof["runs"], proof["shown"]
    group.unanswered = proof["unanswered"]
    for one in group.tested:
        group.counts.add(one.counts)
    return group


def with_receipts(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Annotate each run with `has_receipt`, which views/answers.answer looks for."""
    return runs.annotate(has_receipt=Exists(Receipt.objects.filter(run=OuterRef("pk"))))


def _runs(
    version: Version,
    baseline: Version | None,
    history: Iterable[Version],
    cases: Mapping[uuid.UUID, TestCase],
    first: TestCase | None,
) -> list[Run]:
    """Runs of both prompts, most trusted and newest first, without their outputs.

    Those of the case `first` are there, whatever is left out.
    """
    chosen = {one.pk: one for one in (version, baseline) if one is not None}
    sending = sharing(history, *chosen.values())
    found = list(
        Run.objects.shown()
        .filter(version__in=list(sending))
        .defer("output", "verdicts", "values", "raw_response", "error_detail", "parameters_sent")
        .defer("model__provider__key_encrypted")
        .annotate(
            own_values=Case(When(Q(case__isnull=True), then=F("values")), output_field=JSONField()),
            elsewhere=_elsewhere(first),
        )
        .select_related("picture", "model__provider")
        .order_by("elsewhere", "-created_at", "-pk")[:MAX_RUNS]
    )
    for run in found:
        run.version = sending[run.version_id]
        run.case = cases.get(run.case_id) if run.case_id else None
    found.sort(key=lambda run: (run.created_at, run.pk), reverse=True)
    return sorted(
        found,
        key=lambda run: (
            run.is_demo,
            _TRUST[Run.Origin(run.origin)],
            # Judged by the rules it was made for, before judged again.
            run.version_id not in chosen,
        ),
    )


def _elsewhere(first: TestCase | None) -> Case | Value:
    return Value(1) if first is None else Case(When(case=first, then=0), default=1)


def _input(run: Run) -> Hashable:
    """What makes two runs have the same input: their case, or else equal values."""
    if run.case_id is not None:
        return run.case_id
    values: dict[str, str] = getattr(run, "own_values", None) or {}
    return tuple(sorted(values.items()))


_Model = tuple[str, bool]


def _model(run: Run) -> _Model:
    return run.model_asked, run.is_demo


def _pairs(
    before: Sequence[Run], after: Sequence[Run]
) -> dict[Hashable, dict[_Model, tuple[Run, Run]]]:
    """Input → model → the best run of each side. A run whose model is unnamed pairs with none."""
    best: dict[tuple[Hashable, _Model], Run] = {}
    for run in before:
        best.setdefault((_input(run), _model(run)), run)
    pairs: dict[Hashable, dict[_Model, tuple[Run, Run]]] = {}
    for run in after:
        other = best.get((_input(run), _model(run)))
        if other is not None and run.model_asked:
            pairs.setdefault(_input(run), {}).setdefault(_model(run), (other, run))
    return pairs


def wish_of(entry: Entry, cases: Sequence[TestCase], case_id: str) -> TestCase | None:
    """Return the one of `cases` a reader asked for, else the author's choice; None without one."""
    for wanted in (case_id, str(entry.featured_case_id or "")):
        for case in cases:
            if wanted and str(case.pk) == wanted:
                return case
    return None


def _shows_most(
    cases: Sequence[TestCase], pairs: Mapping[Hashable, Any], after: Sequence[Run]
) -> TestCase | None:
    answered = {run.case_id for run in after}
    if pairs and not any(case.pk in pairs for case in cases):
        # Only runs without a case, or with a removed one, stand on both sides.
        return None
    ranked = sorted(cases, key=lambda case: (case.pk not in pairs, case.pk not in answered))
    return next(iter(ranked), None)


def _chosen_input(chosen: TestCase | None, pairs: Mapping[Hashable, Any]) -> Hashable:
    return chosen.pk if chosen is not None else next(iter(pairs), None)


def _one_for_each_model(runs: Iterable[Run]) -> list[Run]:
    best: dict[_Model, Run] = {}
    for run in runs:
        best.setdefault(_model(run), run)
    return list(best.values())


def _load_answers(runs: Sequence[Run]) -> None:
    """Fetch what is shown of the few runs that are shown in full."""
    wanted = Run.objects.filter(pk__in=[run.pk for run in runs]).only("output", "verdicts")
    found = {one.pk: one for one in with_receipts(wanted)}
    for run in runs:
        # A run may be deleted in between.
        if one := found.get(run.pk):
            run.output, run.verdicts = one.output, one.verdicts
            run.has_receipt = one.has_receipt  # type: ignore[attr-defined]
        else:
            run.output, run.verdicts = "", {}
