"""Versions: immutable numbered snapshots of a prompt."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import Entry

# The largest number that the column holds: a database cannot even be asked for a larger one.
MAX_NUMBER = 2**31 - 1


class Version(models.Model):
    """A published snapshot. Database triggers refuse every change but withdrawal.

    `content` is the JSON object documented in docs/architecture.md ("Content of a version");
    `content_hash` is the SHA-256 of its canonical form (RFC 8785), in hex. `prompt_hash` is the
    same over what reaches the model: versions that differ only in their constraints or context
    share it, and with it their runs.
    """

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    prompt_hash = models.CharField(max_length=64)
    # Made to be measured against (services.versions.add_baseline): never shown as the entry's own.
    naive = models.BooleanField(default=False)
    change_note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Version"]]

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("entry", "number"), name="version_number"),)
        indexes = (models.Index(fields=("entry", "prompt_hash"), name="version_prompt"),)

    def __str__(self) -> str:
        return f"{self.entry} v{self.number}"
