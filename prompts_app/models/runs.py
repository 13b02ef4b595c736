"""Runs: executions of a version that the author keeps as proof."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import TestCase
from prompts_app.models.execution import Execution
from prompts_app.models.pictures import Picture


class RunQuerySet(models.QuerySet["Run"]):
    """The filters that pages share."""

    def shown(self) -> "RunQuerySet":
        """Runs with an output, those that visitors may see."""
        return self.filter(state=Execution.State.DONE, hidden=False)


class Run(Execution):
    """One execution by the author. `origin` tells how far its output can be trusted."""

    class Origin(models.TextChoices):
        """How it came to be."""

        CAPTURED = "captured", _("captured here")
        IMPORTED = "imported", _("imported")
        PASTED = "pasted", _("pasted by the author")

    origin = models.CharField(max_length=10, choices=Origin)
    case = models.ForeignKey(TestCase, models.SET_NULL, null=True, blank=True, related_name="runs")
    picture = models.ForeignKey(
        Picture, models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    raw_response = models.JSONField(null=True, blank=True)
    parameters_sent = models.JSONField(default=dict)
    hidden = models.BooleanField(default=False)
    # A worker that died lets its lease run out; then another takes the run.
    lease_until = models.DateTimeField(null=True, blank=True)
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
        )
