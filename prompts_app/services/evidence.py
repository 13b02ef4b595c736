"""What the runs of an entry show: which to put side by side, and figures with runs behind them."""

import uuid
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Case, Count, F, JSONField, Q, When

from prompts_app.models import Entry, LLMModel, Run, TestCase, Version

# Newest first; beyond that a page would say no more, and a figure says "500+".
MAX_RUNS = 500
# Outputs without a test case have no page of their own to stand on, so some are shown in full.
MAX_WITHOUT_CASE = 6

_TRUST = {Run.Origin.CAPTURED: 0, Run.Origin.IMPORTED: 1, Run.Origin.PASTED: 2}


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers over captured runs of one version. Times in milliseconds, money in micro-dollars.

    `demo` says that all of them are the demo model's; a real model's are never mixed with those.
    `tokens_change` is the share of tokens (input and answer, as the provider counted) by which
    the version differs from the baseline over `pairs` pairs of same input and same model.
    """

    runs: int
    models: int
    demo: bool
    tokens_change: float | None
    pairs: int
    median_ms: int | None
    median_cost: int | None


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
    figures: Figures | None

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
    *,
    case_id: str = "",
    model: str = "",
) -> Evidence:
    """Return what the runs of `version` show, against `baseline` if there is another one.

    `case_id` and `model` are a reader's wishes; an unknown one is ignored. Makes three queries.
    """
    entry = version.entry
    if baseline is not None and (baseline.pk == version.pk or baseline.withdrawn_at):
        baseline = None
    every_case = list(entry.cases.all())
    cases = [case for case in every_case if case.withdrawn_at is None]
    found = _runs(version, baseline, {case.pk: case for case in every_case})
    after = [run for run in found if run.version_id == version.pk]
    before = [run for run in found if run.version_id != version.pk]
    chosen = _choose(entry, cases, case_id, before, after)
    pairs = _pairs(before, after)
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
        figures=_figures(before, after),
    )
    _load_outputs(evidence.shown)
    return evidence


def counts_for(entries: Iterable[Entry]) -> dict[int, Figures]:
    """Return entry id → figures of its published version, for cards; entries without are absent.

    Only runs and models are counted. Makes one query.
    """
    versions = {entry.published_id: entry.pk for entry in entries if entry.published_id}
    rows = (
        Run.objects.shown()
        .filter(version__in=list(versions), origin=Run.Origin.CAPTURED)
        .values("version_id", "is_demo")
        .annotate(runs=Count("pk"), models=Count("model_asked", distinct=True))
        .order_by("version_id", "-is_demo")
    )
    # Real models come second and so replace the demo model's row.
    return {
        versions[row["version_id"]]: Figures(
            row["runs"], row["models"], row["is_demo"], None, 0, None, None
        )
        for row in rows
    }


def _runs(
    version: Version, baseline: Version | None, cases: Mapping[uuid.UUID, TestCase]
) -> list[Run]:
    """Runs of both versions, most trusted and newest first, without their outputs."""
    numbers = [version.pk] if baseline is None else [version.pk, baseline.pk]
    found = list(
        Run.objects.shown()
        .filter(version__in=numbers)
        .defer("output", "values", "raw_response", "error_detail", "parameters_sent")
        .defer("model__provider__key_encrypted")
        .annotate(
            own_values=Case(When(Q(case__isnull=True), then=F("values")), output_field=JSONField())
        )
        .select_related("picture", "model__provider")
        .order_by("-created_at", "-pk")[:MAX_RUNS]
    )
    by_id = {one.pk: one for one in (version, baseline) if one is not None}
    for run in found:
        run.version = by_id[run.version_id]
        run.case = cases.get(run.case_id) if run.case_id else None
    return sorted(found, key=lambda run: (run.is_demo, _TRUST[Run.Origin(run.origin)]))


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


def _choose(
    entry: Entry,
    cases: Sequence[TestCase],
    case_id: str,
    before: Sequence[Run],
    after: Sequence[Run],
) -> TestCase | None:
    """The case a reader asked for, else the author's choice, else the first that shows most."""
    for wanted in (case_id, str(entry.featured_case_id or "")):
        for case in cases:
            if wanted and str(case.pk) == wanted:
                return case
    paired = _pairs(before, after)
    answered = {run.case_id for run in after}
    if paired and not any(case.pk in paired for case in cases):
        # Only runs without a case, or with a removed one, stand on both sides.
        return None
    ranked = sorted(cases, key=lambda case: (case.pk not in paired, case.pk not in answered))
    return next(iter(ranked), None)


def _chosen_input(chosen: TestCase | None, pairs: Mapping[Hashable, Any]) -> Hashable:
    return chosen.pk if chosen is not None else next(iter(pairs), None)


def _one_for_each_model(runs: Iterable[Run]) -> list[Run]:
    best: dict[_Model, Run] = {}
    for run in runs:
        best.setdefault(_model(run), run)
    return list(best.values())


def _load_outputs(runs: Sequence[Run]) -> None:
    """Fetch the outputs of the few runs that are shown in full."""
    outputs = dict(Run.objects.filter(pk__in=[run.pk for run in runs]).values_list("pk", "output"))
    for run in runs:
        run.output = outputs.get(run.pk, "")


def _figures(before: Sequence[Run], after: Sequence[Run]) -> Figures | None:
    captured = [run for run in after if run.origin == Run.Origin.CAPTURED]
    demo = all(run.is_demo for run in captured)
    counted = [run for run in captured if run.is_demo == demo]
    if not counted:
        return None
    base = [run for run in before if run.origin == Run.Origin.CAPTURED and run.is_demo == demo]
    old, new = _tokens(base), _tokens(counted)
    shared = old.keys() & new.keys()
    old_total = sum(old[key] for key in shared)
    times = [run.latency_ms for run in counted if run.latency_ms is not None]
    costs = [run.cost for run in counted if run.cost is not None]
    return Figures(
        runs=len(counted),
        models=len({run.model_asked for run in counted}),
        demo=demo,
        tokens_change=sum(new[key] for key in shared) / old_total - 1 if old_total else None,
        pairs=len(shared),
        median_ms=round(median(times)) if times else None,
        median_cost=round(median(costs)) if costs else None,
    )


def _tokens(runs: Iterable[Run]) -> dict[tuple[Hashable, _Model], float]:
    """Input and model → median of the tokens counted; runs without a count do not appear."""
    totals: dict[tuple[Hashable, _Model], list[int]] = {}
    for run in runs:
        if run.prompt_tokens is not None and run.completion_tokens is not None:
            total = run.prompt_tokens + run.completion_tokens
            totals.setdefault((_input(run), _model(run)), []).append(total)
    return {key: median(found) for key, found in totals.items()}
