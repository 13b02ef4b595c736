"""Tries: visitors' runs, private and short-lived."""

import uuid
from datetime import UTC, date, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User
from prompts_app.models.entries import Entry
from prompts_app.models.execution import Execution
from prompts_app.models.ledger import Reservation
from prompts_app.models.shares import ShareLink
from prompts_app.models.versions import Version

KEPT_FOR = timedelta(days=30)


def _end() -> object:
    return timezone.now() + KEPT_FOR


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


class TryQuerySet(models.QuerySet["Try"]):
    """The filters that pages share."""

    def live(self) -> "TryQuerySet":
        """Tries whose 30 days are not over."""
        return self.filter(expires_at__gt=timezone.now())

    def open(self) -> "TryQuerySet":
        """Of those, what may be looked at: account and share link are open, the entry in no bin."""
        return self.live().filter(
            models.Q(link__isnull=True) | models.Q(link__in=ShareLink.objects.live()),
            entry__owner__is_active=True,
            entry__purge_at__isnull=True,
        )


class Try(Execution):
    """A visitor's run, alone or as one column of a group that stands side by side.

    The group is the one-time id of the form, and the id of its first column: the same id never
    runs twice. Towards every limit a group is one try.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="trys")
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="tries")
    group = models.UUIDField(default=uuid.uuid4)
    column = models.PositiveSmallIntegerField(default=0)
    # The share link it was made through: counted and paid apart, and gone with it.
    link = models.ForeignKey(ShareLink, models.CASCADE, null=True, blank=True, related_name="tries")
    # HMAC of the address, and of the network it is in, under a salt that is thrown away; no
    # address is kept.
    visitor = models.CharField(max_length=64)
    block = models.CharField(max_length=64, blank=True)
    # The author's day it belongs to, fixed when it is admitted; never before one there was.
    day = models.DateField(default=_today)
    # Whether limits of a day count it. Of a group only the first column ever does.
    counts = models.BooleanField(default=True)
    reservation = models.OneToOneField(
        Reservation, models.SET_NULL, null=True, blank=True, related_name="attempt"
    )
    expires_at = models.DateTimeField(default=_end)

    objects: ClassVar[TryQuerySet] = TryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        indexes = (
            # All that limits ask of the tries of a day, so that no answer has to be read for it:
            # of an author's day, and of the site's.
            models.Index(fields=("entry", "day", "counts", "link"), name="try_of_authors_day"),
            models.Index(
                fields=(
                    *("created_at", "counts", "state", "entry"),
                    *("visitor", "block", "group", "link"),
                ),
                name="try_of_day",
            ),
            models.Index(fields=("expires_at",), name="try_expiry"),
            models.Index(
                fields=("created_at",), name="try_waiting", condition=models.Q(state="waiting")
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("group", "column"), name="try_column_of_group"),
        )


class RefusalCount(models.Model):
    """How often visitors were refused a try of an entry on a day of its author, and why."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="refusals")
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="refusals")
    day = models.DateField()
    # A code of services.limits.Refused.
    code = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("refusal count")
        verbose_name_plural = _("refusal counts")
        constraints = (
            models.UniqueConstraint(fields=("entry", "day", "code"), name="refusals_counted_once"),
        )
        indexes = (models.Index(fields=("owner", "day"), name="refusals_of_owner"),)

    def __str__(self) -> str:
        return f"{self.day} {self.code}"


class VisitorSalt(models.Model):
    """The random salt of one day (UTC), destroyed within 48 hours."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField()

    class Meta:
        verbose_name = _("visitor salt")
        verbose_name_plural = _("visitor salts")

    def __str__(self) -> str:
        return f"{self.day}"
