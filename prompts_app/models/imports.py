"""Imports: files of prompts that an author brings, and what became of them."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User

# How long an upload waits for its author to say yes.
WAITS = timedelta(hours=1)


class ImportQuerySet(models.QuerySet["Import"]):
    """The filters that pages share."""

    def waiting(self) -> "ImportQuerySet":
        """Uploads that may still be brought in."""
        return self.filter(state=Import.State.WAITING, created_at__gt=timezone.now() - WAITS)

    def without_source(self) -> "ImportQuerySet":
        """Without the file, which pages do not show and may be large."""
        return self.defer("source")


class Import(models.Model):
    """A file or pasted text: kept while its author looks at what it would make, gone after that.

    Shapes of `rows` and `problems`: services/imports.py.
    """

    class State(models.TextChoices):
        """How far it came."""

        WAITING = "waiting", _("waiting for you")
        EXPIRED = "expired", _("not brought in")
        DONE = "done", _("brought in")
        UNDONE = "undone", _("undone")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="imports")
    # Of the file; blank where text was pasted.
    name = models.CharField(max_length=200, blank=True)
    # A key of transfer.recognise.FORMATS; blank where none was recognised.
    format = models.CharField(max_length=20, blank=True)
    size = models.PositiveIntegerField()
    # Gone as soon as it was brought in, or has waited too long.
    source = models.BinaryField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # What would be made; once it is made, only what has losses.
    rows = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    # Places in `rows` of the entries that the author leaves out.
    left_out = models.JSONField(default=list)
    made = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ImportQuerySet] = ImportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("owner", "-created_at"), name="import_of_owner"),
            models.Index(fields=("state", "created_at"), name="import_by_age"),
        )

    def __str__(self) -> str:
        return self.name or str(_("Pasted text"))

    @property
    def is_waiting(self) -> bool:
        """Whether it may still be brought in: what a chore has not reached yet is over as well."""
        return self.state == self.State.WAITING and self.created_at > timezone.now() - WAITS
