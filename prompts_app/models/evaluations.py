"""Evaluations: test cases × models × versions × repeats, asked for at once."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import Entry


class Evaluation(models.Model):
    """One matrix of runs an author started. Its runs are rows of their own, with leases."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="evaluations")
    # As asked for: how many runs, how often each input, and the most it may cost (micro-dollars).
    total = models.PositiveIntegerField()
    repeats = models.PositiveSmallIntegerField()
    bound = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    stopped_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Evaluation"]]

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("entry", "-created_at"), name="evaluation_of_entry"),)

    def __str__(self) -> str:
        return str(self.pk)
