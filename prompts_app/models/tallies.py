"""Tallies: what the counted runs of one prompt say of one test case on one model."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import Entry, TestCase


class Tally(models.Model):
    """One cell of the evidence matrix, counted anew from its runs whenever one of them changes.

    Versions that send the same words (`Version.prompt_hash`) share their tallies. `rules` lists
    rules (services/judging.rule_of); `outcomes` is [[pattern, runs], …]: for each of the rules one
    letter, "p" passed, "f" failed, "u" not testable, "-" not judged yet.
    """

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="tallies")
    # SHA-256 over what follows, since a missing case is equal to a missing case.
    key = models.CharField(max_length=64)
    prompt_hash = models.CharField(max_length=64)
    case = models.ForeignKey(
        TestCase, models.CASCADE, null=True, blank=True, related_name="tallies"
    )
    model_asked = models.CharField(max_length=120)
    provider_host = models.CharField(max_length=255)
    is_demo = models.BooleanField()
    # Answered runs, those of them that visitors may see, and calls that got no answer.
    runs = models.PositiveIntegerField(default=0)
    shown = models.PositiveIntegerField(default=0)
    unanswered = models.PositiveIntegerField(default=0)
    rules = models.JSONField(default=list)
    outcomes = models.JSONField(default=list)
    # Medians over the answered runs; None where the provider told none.
    prompt_tokens = models.FloatField(null=True, blank=True)
    completion_tokens = models.FloatField(null=True, blank=True)
    latency_ms = models.FloatField(null=True, blank=True)
    first_token_ms = models.FloatField(null=True, blank=True)
    cost = models.FloatField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Tally"]]

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = (models.UniqueConstraint(fields=("entry", "key"), name="tally_key"),)
        indexes = (models.Index(fields=("entry", "prompt_hash"), name="tally_of_prompt"),)

    def __str__(self) -> str:
        return self.key
