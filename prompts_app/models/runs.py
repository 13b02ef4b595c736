"""Runs: executions of a version that the author keeps as proof."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import TestCase
from prompts_app.models.evaluations import Evaluation
from prompts_app.models.execution import Execution
from prompts_app.models.ledger import Reservation
from prompts_app.models.pictures import Picture
from prompts_app.models.providers import LLMModel
from prompts_app.models.versions import Version

# Error codes of runs that the site itself did not make.
NEVER_CALLED = ("budget", "evaluation_budget", "key_unreadable", "not_usable", "withdrawn")


def never_made(run: str = "") -> models.Q:
    """Return the filter for runs that were asked for and never made.

    `run` leads to them from other tables, such as "runs__".
    """
    stopped = models.Q((f"{run}state", Execution.State.STOPPED))
    return stopped | models.Q(
        (f"{run}state", Execution.State.FAILED), (f"{run}error_code__in", NEVER_CALLED)
    )


class RunQuerySet(models.QuerySet["Run"]):
    """The filters that pages share."""

    def shown(self) -> "RunQuerySet":
        """Runs with an output, those that visitors may see."""
        return self.filter(state=Execution.State.DONE, hidden=False)

    def counted(self) -> "RunQuerySet":
        """Runs that evidence counts: captured here and over, whatever came of the call.

        Hidden ones count, and calls that got no answer; calls never made do not.
        """
        over = models.Q(state=Execution.State.DONE) | models.Q(
            state=Execution.State.FAILED, attempts__gt=0
        )
        return self.filter(over, origin=Run.Origin.CAPTURED)


class Run(Execution):
    """One execution by the author. `origin` tells how far its output can be trusted."""

    class Origin(models.TextChoices):
        """How it came to be."""

        CAPTURED = "captured", _("captured here")
        IMPORTED = "imported", _("imported")
        PASTED = "pasted", _("pasted by the author")

    version = models.ForeignKey(Version, models.CASCADE, related_name="runs")
    origin = models.CharField(max_length=10, choices=Origin)
    case = models.ForeignKey(TestCase, models.SET_NULL, null=True, blank=True, related_name="runs")
    picture = models.ForeignKey(
        Picture, models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    raw_response = models.JSONField(null=True, blank=True)
    parameters_sent = models.JSONField(default=dict)
    hidden = models.BooleanField(default=False)
    # The evaluation that asked for it, and which of its repeats with the same input it is.
    evaluation = models.ForeignKey(
        Evaluation, models.CASCADE, null=True, blank=True, related_name="runs"
    )
    repeat = models.PositiveSmallIntegerField(default=1)
    # Calls begun for it. The number tells a worker whether the run is still its own to finish.
    attempts = models.PositiveSmallIntegerField(default=0)
    # What the calls before the last one cost or may have cost: lost, or failed and tried again.
    earlier_cost = models.BigIntegerField(default=0)
    reservation = models.OneToOneField(
        Reservation, models.SET_NULL, null=True, blank=True, related_name="run"
    )
    # A call worth another attempt waits until then.
    not_before = models.DateTimeField(null=True, blank=True)
    # A worker that died lets its lease run out; then another takes the run.
    lease_until = models.DateTimeField(null=True, blank=True)
    # Set while its output is to be judged and counted (again): from when on.
    judge_due = models.DateTimeField(null=True, blank=True)
    # The model that judges where a rule asks for one; without it such rules stay open.
    judge = models.ForeignKey(
        LLMModel, models.SET_NULL, null=True, blank=True, related_name="judged_runs"
    )
    judge_cost = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RunQuerySet] = RunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes = (
            models.Index(fields=("version", "created_at"), name="run_of_version"),
            # Which models have answered: cards, home and the filter of Explore count by it.
            models.Index(
                fields=("version", "model_asked", "is_demo"),
                name="run_shown",
                condition=models.Q(state="done", hidden=False),
            ),
            models.Index(
                fields=("lease_until", "created_at"),
                name="run_open",
                condition=models.Q(state__in=("waiting", "running")),
            ),
            models.Index(
                fields=("created_at",), name="run_waiting", condition=models.Q(state="waiting")
            ),
            models.Index(
                fields=("judge_due",),
                name="run_to_judge",
                condition=models.Q(judge_due__isnull=False),
            ),
            models.Index(fields=("evaluation", "state"), name="run_of_evaluation"),
            # One cell of the matrix.
            models.Index(fields=("version", "case", "model_asked"), name="run_of_cell"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("evaluation", "version", "case", "model", "repeat"), name="run_once"
            ),
        )
