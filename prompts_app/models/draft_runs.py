"""Runs of drafts: what an author sees while writing. Proof of nothing, and soon gone."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import Entry
from prompts_app.models.execution import Execution
from prompts_app.models.ledger import Reservation

KEPT_FOR = timedelta(days=1)


class DraftRun(Execution):
    """One execution of a draft as it stood then, `content`, saved or not.

    Its id is the one-time id of the form: the same id never runs twice.
    """

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="draft_runs")
    content = models.JSONField()
    reservation = models.OneToOneField(
        Reservation, models.SET_NULL, null=True, blank=True, related_name="draft_run"
    )

    objects: ClassVar[models.Manager["DraftRun"]]

    class Meta:
        verbose_name = _("run of a draft")
        verbose_name_plural = _("runs of drafts")
        indexes = (models.Index(fields=("entry", "-created_at"), name="draft_run_of_entry"),)
