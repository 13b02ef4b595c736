"""The ledger: what each author may spend a day, and money set aside for single calls.

All amounts are micro-dollars.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User


class BudgetDay(models.Model):
    """One author's money on one day in one purse.

    The day is that of whoever pays: of the author's purse a day of the author's time zone, of the
    operator's one of UTC. The row of the author's own purse is there from the first call of the
    author's day on, whoever pays for that: it tells which day they have reached.
    """

    class Purse(models.TextChoices):
        """Who pays the provider."""

        OWN = "own", _("the author")
        SITE = "site", _("the operator")

    owner = models.ForeignKey(User, models.CASCADE, related_name="budget_days")
    purse = models.CharField(max_length=8, choices=Purse, default=Purse.OWN)
    # Whose tries it pays: a share link's, set apart, or everybody else's.
    link = models.ForeignKey(
        "ShareLink", models.RESTRICT, null=True, blank=True, related_name="budget_days"
    )
    day = models.DateField()
    limit = models.BigIntegerField()
    spent = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    # The part of `spent` that providers billed beyond the most they were asked for.
    overrun = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("day's budget")
        verbose_name_plural = _("days' budgets")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "purse", "day"),
                name="budget_day",
                condition=Q(link__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("link", "purse", "day"),
                name="budget_day_of_link",
                condition=Q(link__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(spent__gte=0, reserved__gte=0, limit__gte=0, overrun__gte=0),
                name="budget_positive",
            ),
        )
        indexes = (
            # What all authors together have spent of the operator's money on a day.
            models.Index(fields=("purse", "day"), name="budget_of_day"),
            # All that an author's books have of today, links' rows included.
            models.Index(fields=("owner", "day"), name="budget_of_owner"),
        )

    def __str__(self) -> str:
        return f"{self.owner} {self.day} {self.purse}"


class Reservation(models.Model):
    """Money set aside before one call and settled exactly once after it."""

    class State(models.TextChoices):
        """Open until settled."""

        OPEN = "open", _("open")
        SETTLED = "settled", _("settled")
        # Its process died: counted as spent in full, until it turns out to have been only slow.
        FORFEITED = "forfeited", _("forfeited")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    budget_day = models.ForeignKey(BudgetDay, models.CASCADE, related_name="reservations")
    amount = models.BigIntegerField()
    actual = models.BigIntegerField(null=True, blank=True)
    # The provider told no usage, so the full amount was taken.
    assumed = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gte=0), name="reservation_positive"),
            models.CheckConstraint(
                condition=Q(state="open", actual__isnull=True)
                | (~Q(state="open") & Q(actual__isnull=False)),
                name="reservation_settled_once",
            ),
        )
        indexes = (
            models.Index(
                fields=("lease_until",), name="reservation_open", condition=Q(state="open")
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)
