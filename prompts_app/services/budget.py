"""The ledger's verbs: reserve before a call, settle exactly once after it.

Every amount is integer micro-dollars. A day is a day of UTC, fixed when the money is set aside.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from prompts_app.models import BudgetDay, LLMModel, Reservation, SiteGrant, Spending, User
from prompts_app.services import days

# Longer than every deadline of a call, so that only a dead process lets one run out.
LEASE = timedelta(minutes=10)


class BudgetExhausted(Exception):  # noqa: N818 - it reads as the condition it is
    """The day's money does not cover the call; `resets_at` is when a new day begins (UTC)."""

    def __init__(self, resets_at: datetime) -> None:
        super().__init__("budget exhausted")
        self.resets_at = resets_at


def day_limit(owner: User, purse: str) -> int:
    """Return what may be spent a day: the author's own limit, or the operator's cap."""
    if purse == BudgetDay.Purse.SITE:
        return SiteGrant.cap_of(owner) or 0
    return Spending.of(owner).daily_limit


def purse_of(model: LLMModel) -> str:
    """Return who pays for calls of a model."""
    return BudgetDay.Purse.OWN if model.provider.owner_id else BudgetDay.Purse.SITE


def reserve(owner: User, purse: str, amount: int) -> Reservation:
    """Set `amount` aside, or refuse.

    Call it first in a transaction: the row it updates is locked until that ends, so checks made
    after it see every earlier call of this author. Raises BudgetExhausted.
    """
    today = days.today()
    limit = day_limit(owner, purse)
    with transaction.atomic(savepoint=False):
        day, _created = BudgetDay.objects.get_or_create(
            owner=owner, purse=purse, day=today, defaults={"limit": limit}
        )
        fits = BudgetDay.objects.filter(
            pk=day.pk, spent__lte=limit - amount - F("reserved")
        ).update(reserved=F("reserved") + amount, limit=limit)
        if fits:
            return Reservation.objects.create(
                budget_day=day, amount=amount, lease_until=timezone.now() + LEASE
            )
    # Raised out here: an error within would spoil the caller's transaction.
    raise BudgetExhausted(days.end(today))


def settle(reservation_id: uuid.UUID, actual: int | None) -> None:
    """Replace what was set aside by what was spent; None counts the full amount, as assumed.

    Settling twice changes nothing. Settling after the reservation was forfeited corrects its day.
    """
    with transaction.atomic():
        reservation = Reservation.objects.get(pk=reservation_id)
        spent = reservation.amount if actual is None else actual
        for state, reserved, counted in (
            (Reservation.State.OPEN, reservation.amount, 0),
            (Reservation.State.FORFEITED, 0, reservation.amount),
        ):
            if Reservation.objects.filter(pk=reservation_id, state=state).update(
                state=Reservation.State.SETTLED, actual=spent, assumed=actual is None
            ):
                BudgetDay.objects.filter(pk=reservation.budget_day_id).update(
                    reserved=F("reserved") - reserved, spent=F("spent") + spent - counted
                )
                return


def forfeit_expired() -> int:
    """Count as spent in full what dead processes left open; return how many there were."""
    expired = Reservation.objects.filter(
        state=Reservation.State.OPEN, lease_until__lt=timezone.now()
    )
    forfeited = 0
    for reservation in expired:
        with transaction.atomic():
            if Reservation.objects.filter(pk=reservation.pk, state=Reservation.State.OPEN).update(
                state=Reservation.State.FORFEITED, actual=F("amount"), assumed=True
            ):
                BudgetDay.objects.filter(pk=reservation.budget_day_id).update(
                    reserved=F("reserved") - reservation.amount,
                    spent=F("spent") + reservation.amount,
                )
                forfeited += 1
    return forfeited
