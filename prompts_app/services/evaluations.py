"""Evaluations: an author asks for test cases × models × versions × repeats at once."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from prompts_app.assertions.base import Spec
from prompts_app.assertions.rubric import is_judged
from prompts_app.models import Entry, Evaluation, LLMModel, Run, TestCase, Version
from prompts_app.models.runs import NEVER_CALLED
from prompts_app.services import budget, calls, judges, keys, providers, spending
from prompts_app.services.cases import values_for
from prompts_app.services.rules import rules_by_prompt

MAX_RUNS = 2000
MAX_REPEATS = 20


class CannotEvaluate(Exception):  # noqa: N818 - it reads as the condition it is
    """The evaluation cannot be started; `code` names the sentence, `values` stand in it.

    Codes: "nothing", "too_many" (total, most), "withdrawn", "wrong_kind", "not_usable" (model),
    "no_input" (case, version, variable), "key_unreadable" (model).
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Wish:
    """What an author picked. A case of None stands for the defaults of the variables."""

    versions: list[Version]
    models: list[LLMModel]
    cases: list[TestCase | None]
    repeats: int = 1
    judge: LLMModel | None = None

    @property
    def total(self) -> int:
        """How many runs that makes."""
        return len(self.versions) * len(self.models) * len(self.cases) * self.repeats


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many runs, and the most they cost in micro-dollars; `judge_bound` is a part of `bound`.

    `by_purse` is `bound` by who pays; `left_today` is what each purse concerned still allows today.
    """

    total: int
    bound: int
    judge_bound: int
    by_purse: dict[str, int]
    left_today: dict[str, int]

    @property
    def covered_today(self) -> bool:
        """Whether what is left today is enough, whatever the answers cost."""
        return all(bound <= self.left_today.get(purse, 0) for purse, bound in self.by_purse.items())


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an evaluation is. Money in micro-dollars.

    `errors` and `again` count error codes: of runs that failed, and of those that wait for another
    attempt.
    """

    total: int
    waiting: int
    running: int
    done: int
    failed: int
    stopped: int
    retrying: int
    never_made: int
    to_judge: int
    cost: int
    bound: int
    errors: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return not (self.waiting or self.running or self.to_judge)

    @property
    def made(self) -> int:
        """Runs that nothing more will happen to, judged or not."""
        return self.done + self.failed + self.stopped


def estimate(entry: Entry, wish: Wish) -> Estimate:
    """Return what a wish comes to. Raises CannotEvaluate."""
    if not wish.total:
        raise CannotEvaluate("nothing")
    if wish.total > MAX_RUNS:
        raise CannotEvaluate("too_many", total=wish.total, most=MAX_RUNS)
    _check(entry, wish)
    by_purse: Counter[str] = Counter()
    judge_bound = 0
    rules = rules_by_prompt(entry)
    for version in wish.versions:
        rubrics = [spec for spec in rules[version.prompt_hash].values() if is_judged(spec)]
        for case in wish.cases:
            values = values_for(version, case)
            for model in wish.models:
                bound = _bound(model, version, values)
                by_purse[budget.purse_of(model)] += bound * wish.repeats
        if wish.judge is not None and rubrics and version.content["kind"] == Entry.Kind.TEXT:
            answers = len(wish.cases) * len(wish.models) * wish.repeats
            judge_bound += answers * sum(_judge_bound(wish.judge, spec) for spec in rubrics)
    if wish.judge is not None and judge_bound:
        by_purse[budget.purse_of(wish.judge)] += judge_bound
    left = {
        one.name: one.left for one in spending.purses_today(entry.owner) if one.name in by_purse
    }
    return Estimate(wish.total, sum(by_purse.values()), judge_bound, dict(by_purse), left)


def start(entry: Entry, wish: Wish, key: uuid.UUID | None = None) -> Evaluation:
    """Ask the worker for every run of a wish. Nothing is spent yet. Raises CannotEvaluate.

    `key` is a one-time id: with one that was used before, IntegrityError is raised.
    """
    expected = estimate(entry, wish)
    with transaction.atomic():
        evaluation = Evaluation.objects.create(
            pk=key or uuid.uuid4(),
            entry=entry,
            total=expected.total,
            repeats=wish.repeats,
            bound=expected.bound,
        )
        Run.objects.bulk_create(_runs(evaluation, wish), batch_size=200)
    return evaluation


def stop(evaluation: Evaluation) -> int:
    """Make no further call for an evaluation; those under way end by themselves.

    Return how many runs were taken back.
    """
    now = timezone.now()
    with transaction.atomic():
        Evaluation.objects.filter(pk=evaluation.pk).update(stopped_at=now)
        return evaluation.runs.filter(state=Run.State.WAITING).update(
            state=Run.State.STOPPED, not_before=None, finished_at=now
        )


def missing(evaluation: Evaluation) -> tuple[int, int]:
    """Return how many runs were never made, and the most they cost (micro-dollars).

    One whose model or version is gone costs nothing: it cannot be made.
    """
    runs = evaluation.runs.filter(_never_made()).select_related("version", "model__provider__owner")
    bounds = [_bound_of(run) for run in runs]
    return len(bounds), sum(bounds)


def resume(evaluation: Evaluation) -> int:
    """Ask again for the runs that were never made; return how many.

    The evaluation may then cost what it has cost so far and what `missing` says.
    """
    with transaction.atomic():
        cost, (_number, bound) = progress(evaluation).cost, missing(evaluation)
        Evaluation.objects.filter(pk=evaluation.pk).update(stopped_at=None, bound=cost + bound)
        return evaluation.runs.filter(_never_made()).update(
            state=Run.State.WAITING,
            error_code="",
            error_detail="",
            not_before=None,
            judge_due=None,
            finished_at=None,
        )


def progress(evaluation: Evaluation) -> Progress:
    """Return how far an evaluation is."""
    states: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    again: Counter[str] = Counter()
    cost = never_made = 0
    for row in evaluation.runs.values("state", "error_code").annotate(
        count=Count("pk"),
        spent=Sum("reservation__actual"),
        earlier=Sum("earlier_cost"),
        judged=Sum("judge_cost"),
    ):
        states[row["state"]] += row["count"]
        cost += (row["spent"] or 0) + row["earlier"] + row["judged"]
        if row["state"] == Run.State.FAILED:
            errors[row["error_code"]] += row["count"]
            never_made += row["count"] if row["error_code"] in NEVER_CALLED else 0
        elif row["state"] == Run.State.WAITING and row["error_code"]:
            again[row["error_code"]] += row["count"]
    return Progress(
        total=evaluation.total,
        waiting=states[Run.State.WAITING],
        running=states[Run.State.RUNNING],
        done=states[Run.State.DONE],
        failed=states[Run.State.FAILED],
        stopped=states[Run.State.STOPPED],
        retrying=again.total(),
        never_made=never_made,
        to_judge=evaluation.runs.filter(judge_due__isnull=False).count(),
        cost=cost,
        bound=evaluation.bound,
        errors=dict(errors),
        again=dict(again),
    )


def _never_made() -> Q:
    return Q(state=Run.State.STOPPED) | Q(state=Run.State.FAILED, error_code__in=NEVER_CALLED)


def covers(run: Run, bound: int) -> bool:
    """Say whether an evaluation's most still covers another call; calls under way count in full.

    Without failed calls it always does: every run's own most is part of it.
    """
    if run.evaluation is None:
        return True
    spent = run.evaluation.runs.aggregate(
        # What a call under way may cost, or what a settled one did.
        last=Sum(Coalesce("reservation__actual", "reservation__amount")),
        earlier=Sum("earlier_cost"),
        judged=Sum("judge_cost"),
    )
    return sum(value or 0 for value in spent.values()) + bound <= run.evaluation.bound


def judge_stored_bound(entry: Entry, judge: LLMModel) -> tuple[int, int]:
    """Return how many stored answers no model has judged yet, and the most that costs.

    Raises CannotEvaluate.
    """
    found = [rules for _run, rules in _not_judged(entry)]
    # Many answers share few rules.
    specs = {rule: spec for rules in found for rule, spec in rules.items()}
    bounds = {rule: _judge_bound(judge, spec) for rule, spec in specs.items()}
    return len(found), sum(bounds[rule] for rules in found for rule in rules)


def judge_stored(entry: Entry, judge: LLMModel) -> int:
    """Have a model judge the stored answers that none has judged yet; return how many.

    Raises CannotEvaluate.
    """
    if not _usable(entry, [judge]) or judge.kind != LLMModel.Kind.TEXT:
        raise CannotEvaluate("not_usable", model=judge.name)
    found = [run.pk for run, _rules in _not_judged(entry)]
    return Run.objects.filter(pk__in=found).update(judge=judge, judge_due=timezone.now())


def _not_judged(entry: Entry) -> Iterator[tuple[Run, dict[str, Spec]]]:
    rubrics = {
        prompt: {rule: spec for rule, spec in rules.items() if is_judged(spec)}
        for prompt, rules in rules_by_prompt(entry).items()
    }
    runs = (
        Run.objects.counted()
        .filter(
            version__entry=entry,
            version__prompt_hash__in=[prompt for prompt, rules in rubrics.items() if rules],
            version__withdrawn_at__isnull=True,
            state=Run.State.DONE,
            picture__isnull=True,
        )
        .only("verdicts", "version__prompt_hash")
        .select_related("version")[:MAX_RUNS]
    )
    for run in runs:
        rules = rubrics[run.version.prompt_hash]
        missing = {rule: spec for rule, spec in rules.items() if rule not in run.verdicts}
        if missing:
            yield run, missing


def _check(entry: Entry, wish: Wish) -> None:
    if any(version.withdrawn_at for version in wish.versions):
        raise CannotEvaluate("withdrawn")
    kinds = {version.content["kind"] for version in wish.versions}
    if any({model.kind} != kinds for model in wish.models):
        raise CannotEvaluate("wrong_kind")
    wanted = [*wish.models, *([wish.judge] if wish.judge else [])]
    usable = _usable(entry, wanted)
    for model in wanted:
        if model.pk not in usable:
            raise CannotEvaluate("not_usable", model=model.name)
    if wish.judge is not None and wish.judge.kind != LLMModel.Kind.TEXT:
        raise CannotEvaluate("not_usable", model=wish.judge.name)
    for version in wish.versions:
        for case in wish.cases:
            for name, value in values_for(version, case).items():
                if not value:
                    raise CannotEvaluate(
                        "no_input",
                        case=case.name if case else "",
                        version=version.number,
                        variable=name,
                    )


def _usable(entry: Entry, models: list[LLMModel]) -> set[int]:
    found = LLMModel.objects.usable_by(entry.owner).filter(pk__in=[one.pk for one in models])
    return set(found.values_list("pk", flat=True))


def _bound(model: LLMModel, version: Version, values: dict[str, str]) -> int:
    try:
        return calls.plan(model, version.content, values).bound
    except keys.KeyUnreadable as error:
        raise CannotEvaluate("key_unreadable", model=model.name) from error


def _judge_bound(judge: LLMModel, spec: Spec) -> int:
    try:
        return judges.bound(judge, spec)
    except keys.KeyUnreadable as error:
        raise CannotEvaluate("key_unreadable", model=judge.name) from error


def _bound_of(run: Run) -> int:
    if run.model is None or run.version.withdrawn_at is not None:
        return 0
    try:
        return calls.plan(run.model, run.version.content, run.values).bound
    except keys.KeyUnreadable:
        return 0


def _runs(evaluation: Evaluation, wish: Wish) -> Iterator[Run]:
    # Repeat by repeat: the matrix is whole early, and then grows surer.
    for repeat in range(1, wish.repeats + 1):
        for case in wish.cases:
            for version in wish.versions:
                for model in wish.models:
                    yield Run(
                        evaluation=evaluation,
                        repeat=repeat,
                        version=version,
                        case=case,
                        values=values_for(version, case),
                        model=model,
                        model_asked=model.name,
                        provider_host=providers.host_of(model.provider.base_url),
                        is_demo=model.provider.is_demo,
                        judge=wish.judge,
                        origin=Run.Origin.CAPTURED,
                    )
