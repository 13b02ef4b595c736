"""Tries: visitors' runs, private and short-lived."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import Entry
from prompts_app.models.execution import Execution

KEPT_FOR = timedelta(days=30)


def _end() -> object:
    return timezone.now() + KEPT_FOR


class TryQuerySet(models.QuerySet["Try"]):
    """The filters that pages share."""

    def live(self) -> "TryQuerySet":
        """Tries whose 30 days are not over."""
        return self.filter(expires_at__gt=timezone.now())


class Try(Execution):
    """A visitor's run. Its id is the one-time id of the form: the same id never runs twice."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="tries")
    # HMAC of the address under a salt that is thrown away; no address is kept.
    visitor = models.CharField(max_length=64)
    # The author's own tries from the public page are counted apart.
    expires_at = models.DateTimeField(default=_end)

    objects: ClassVar[TryQuerySet] = TryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        indexes = (
            models.Index(fields=("entry", "created_at"), name="try_of_entry"),
            models.Index(fields=("visitor", "created_at"), name="try_of_visitor"),
            models.Index(fields=("expires_at",), name="try_expiry"),
        )


class VisitorSalt(models.Model):
    """The random salt of one day (UTC), destroyed within 48 hours."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField()

    class Meta:
        verbose_name = _("visitor salt")
        verbose_name_plural = _("visitor salts")

    def __str__(self) -> str:
        return f"{self.day}"
