"""Evaluations: an author asks for test cases × models × versions × repeats at once."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from prompts_app.assertions.base import Spec
from prompts_app.assertions.rubric import is_judged
from prompts_app.models import Entry, Evaluation, LLMModel, Run
from prompts_app.models.runs import NEVER_CALLED, never_made
from prompts_app.services import calls, judges, keys, providers, wishes
from prompts_app.services.cases import values_for
from prompts_app.services.rules import rules_by_prompt
from prompts_app.services.wishes import Wish


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


def start(entry: Entry, wish: Wish, key: uuid.UUID | None = None) -> Evaluation:
    """Ask the worker for every run of a wish. Nothing is spent yet. Raises CannotEvaluate.

    `key` is a one-time id: with one that was used before, IntegrityError is raised.
    """
    expected = wishes.estimate(entry, wish)
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
    """Return how many runs were never made, and the most they cost (micro-dollars), judged.

    One whose model or version is gone costs nothing: it cannot be made.
    """
    runs = evaluation.runs.filter(never_made()).select_related(
        "version", "model__provider__owner", "judge__provider__owner"
    )
    rules = rules_by_prompt(evaluation.entry)
    bounds = [_bound_of(run, rules[run.version.prompt_hash].values()) for run in runs]
    return len(bounds), sum(bounds)


def resume(evaluation: Evaluation) -> int:
    """Ask again for the runs that were never made; return how many.

    The evaluation may then cost what is spent or set aside so far and what `missing` says, or what
    it might before if that is more.
    """
    with transaction.atomic():
        bound = max(evaluation.bound, _committed(evaluation) + missing(evaluation)[1])
        Evaluation.objects.filter(pk=evaluation.pk).update(stopped_at=None, bound=bound)
        return evaluation.runs.filter(never_made()).update(
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


def covers(run: Run, bound: int) -> bool:
    """Say whether an evaluation's most still covers another call; calls under way count in full.

    Without failed calls it always does: every run's own most is part of it.
    """
    if run.evaluation is None:
        return True
    return _committed(run.evaluation) + bound <= run.evaluation.bound


def _committed(evaluation: Evaluation) -> int:
    spent = evaluation.runs.aggregate(
        # What a call under way may cost, or what a settled one did.
        last=Sum(Coalesce("reservation__actual", "reservation__amount")),
        earlier=Sum("earlier_cost"),
        judged=Sum("judge_cost"),
    )
    return sum(value or 0 for value in spent.values())


def _bound_of(run: Run, rules: Iterable[Spec]) -> int:
    if run.model is None or run.version.withdrawn_at is not None:
        return 0
    try:
        bound = calls.plan(run.model, run.version.content, run.values).bound
        if run.judge is not None and run.model.kind == LLMModel.Kind.TEXT:
            bound += sum(judges.bound(run.judge, spec) for spec in rules if is_judged(spec))
        return bound
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
