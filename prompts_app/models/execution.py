"""What runs, tries and runs of drafts have in common: one execution of a prompt on a model."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.providers import LLMModel


class Execution(models.Model):
    """Input, answer, usage, cost (micro-dollars) and times (milliseconds) of one execution."""

    class State(models.TextChoices):
        """How far it came."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Names are kept beside the model, which its owner may delete.
    model = models.ForeignKey(
        LLMModel, models.SET_NULL, null=True, blank=True, related_name="%(class)ss"
    )
    model_asked = models.CharField(max_length=120, blank=True)
    model_answered = models.CharField(max_length=120, blank=True)
    provider_host = models.CharField(max_length=255, blank=True)
    is_demo = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    values = models.JSONField(default=dict)
    output = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    # What the page says beside the answer: parameters left out, answer cut, no usage sent, …
    labels = models.JSONField(default=list)
    parameters_left_out = models.JSONField(default=list)
    # Rule (services/judging.rule_of) → what it says of the output; docs/architecture.md.
    verdicts = models.JSONField(default=dict)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost = models.BigIntegerField(null=True, blank=True)
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    # For the author only; a visitor reads the sentence that belongs to the code.
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in (self.State.WAITING, self.State.RUNNING)
