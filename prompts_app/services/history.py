"""Evaluations of an entry as the studio lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from prompts_app.models import Entry, Evaluation, Run
from prompts_app.models.runs import never_made

# Longer than any worker holds a run that it judges.
_LATER = timedelta(minutes=15)

_OPEN = Q(runs__state__in=(Run.State.WAITING, Run.State.RUNNING))


@dataclass(frozen=True, slots=True)
class Past:
    """One evaluation: what was asked for, and how it stands.

    `state` is "under_way", "stopping", "judging", "stopped", "incomplete" or "done"; `missing` are
    runs never made, `unanswered` calls that got no answer.
    """

    evaluation: Evaluation
    versions: list[int]
    models: list[str]
    cases: int
    open: int
    missing: int
    unanswered: int
    to_judge: int

    @property
    def made(self) -> int:
        """Runs that were made, answered or not."""
        return self.evaluation.total - self.open - self.missing

    @property
    def state(self) -> str:
        """How it stands, in one word."""
        stopped = self.evaluation.stopped_at is not None
        if self.open:
            return "stopping" if stopped else "under_way"
        if self.missing:
            return "stopped" if stopped else "incomplete"
        return "judging" if self.to_judge else "done"


def evaluations_of(entry: Entry) -> QuerySet[Evaluation]:
    """Return the entry's evaluations, newest first."""
    return Evaluation.objects.filter(entry=entry).order_by("-created_at", "-pk")


def under_way(entry: Entry) -> Evaluation | None:
    """Return the newest evaluation that still has runs to make."""
    return evaluations_of(entry).filter(_OPEN).first()


def summaries(evaluations: Sequence[Evaluation]) -> list[Past]:
    """Return how evaluations stand, in their order. Makes two queries."""
    wanted = [one.pk for one in evaluations]
    counts = {
        row["pk"]: row
        for row in Evaluation.objects.filter(pk__in=wanted)
        .order_by()
        .values("pk")
        .annotate(
            cases=Count("runs__case", distinct=True),
            open=Count("runs", filter=_OPEN),
            missing=Count("runs", filter=never_made("runs__")),
            unanswered=Count(
                "runs", filter=Q(runs__state=Run.State.FAILED) & ~never_made("runs__")
            ),
            to_judge=Count("runs", filter=Q(runs__judge_due__isnull=False)),
        )
    }
    versions: dict[object, set[int]] = {key: set() for key in wanted}
    models: dict[object, set[str]] = {key: set() for key in wanted}
    for key, number, model in (
        Run.objects.filter(evaluation__in=wanted)
        .order_by()
        .values_list("evaluation", "version__number", "model_asked")
        .distinct()
    ):
        versions[key].add(number)
        models[key].add(model)
    return [
        Past(
            evaluation=one,
            versions=sorted(versions[one.pk]),
            models=sorted(models[one.pk]),
            cases=counts[one.pk]["cases"],
            open=counts[one.pk]["open"],
            missing=counts[one.pk]["missing"],
            unanswered=counts[one.pk]["unanswered"],
            to_judge=counts[one.pk]["to_judge"],
        )
        for one in evaluations
    ]


def put_off(evaluation: Evaluation) -> int:
    """Return how many answers are to be judged only when there is money again."""
    later = timezone.now() + _LATER
    return evaluation.runs.filter(judge_due__gt=later).count()
