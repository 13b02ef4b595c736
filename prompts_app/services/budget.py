"""The ledger's verbs: reserve before a call, settle exactly once after it.

Every amount is integer micro-dollars. A day is that of whoever pays: of the author's own money a
day of the author's time zone, of the operator's a day of UTC. It is fixed when the money is set
aside, and never an earlier one than the owner's books have reached.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import BigIntegerField, F, QuerySet, Subquery
from django.utils import timezone

from prompts_app.models import (
    BudgetDay,
    LLMModel,
    Reservation,
    ShareLink,
    SiteGrant,
    Spending,
    User,
)
from prompts_app.models.prepared import Insert, Param, Select, Update
from prompts_app.services import turns
from prompts_app.services.books import (
    Books,
    books,
    kept_for_links,
    left_of_site,
    used,
    used_by_link,
    used_of_site,
)

log = logging.getLogger("promptfolio.ledger")

# Longer than every deadline of a call, so that only a dead process lets one run out.
LEASE = timedelta(minutes=10)
_RESERVATIONS = Insert(Reservation)


class BudgetExhausted(Exception):  # noqa: N818 - it reads as the condition it is
    """The money left does not cover the call; `resets_at` is when a new day of it begins.

    `scope` says whose money: "author", "site" for the operator's cap over all authors, or "link"
    for a share link's budget, which no day renews (None).
    """

    def __init__(self, resets_at: datetime | None, scope: str = "author") -> None:
        super().__init__("budget exhausted")
        self.resets_at = resets_at
        self.scope = scope


def day_limit(owner: User, purse: str) -> int:
    """Return what may be spent a day: the author's own limit, or the operator's cap."""
    if purse == BudgetDay.Purse.SITE:
        return SiteGrant.cap_of(owner) or 0
    return Spending.of(owner).daily_limit


def purse_of(model: LLMModel) -> str:
    """Return who pays for calls of a model."""
    return BudgetDay.Purse.OWN if model.provider.owner_id else BudgetDay.Purse.SITE


def reserve(owner: User, purse: str, amount: int) -> Reservation:
    """Set `amount` aside, or refuse. Raises BudgetExhausted."""
    return reserve_together(owner, [(purse, amount)])[0]


def reserve_together(
    owner: User, wanted: Sequence[tuple[str, int]], link: ShareLink | None = None
) -> Sequence[Reservation]:
    """Set an amount aside from each of the purses named, all of them or none.

    What is wanted through a share link comes out of that link's budget. Nobody else sets money
    aside until the transaction ends, so what is counted in it afterwards counts everything that
    was admitted before. A refusal leaves the caller's transaction as it was. Raises
    BudgetExhausted.
    """
    amounts: Counter[str] = Counter()
    for purse, amount in wanted:
        amounts[purse] += amount
    several = len(amounts) > 1
    with transaction.atomic(savepoint=several):
        turns.wait_for(turns.MONEY)
        found = books(owner)
        if all(_set_aside(owner, found, purse, amounts[purse], link) for purse in amounts):
            if BudgetDay.Purse.OWN not in found.rows:
                # Whoever pays, the author's day has begun, and none before it comes again.
                _open(owner, found, BudgetDay.Purse.OWN, 0, None)
            lease = timezone.now() + LEASE
            rows = {purse: found.row(purse, link) for purse in amounts}
            return _RESERVATIONS.run(
                [
                    Reservation(budget_day=rows[purse], amount=amount, lease_until=lease)
                    for purse, amount in wanted
                ]
            )
        if several:
            # The purse that had enough gives it back.
            transaction.set_rollback(True)
    # Raised out here: an error within would spoil the caller's transaction.
    raise _exhausted(owner, amounts, link)


def _set_aside(owner: User, found: Books, purse: str, amount: int, link: ShareLink | None) -> bool:
    """Add to what is reserved, by the one statement that also looks whether it fits.

    The first call of a day makes the day's row, and adds it to what was found.
    """
    room, day = _room(owner, found, purse, amount, link), found.days[purse]
    row = found.row(purse, link)
    if row is None:
        if amount > room or (purse == BudgetDay.Purse.SITE and amount > left_of_site(day)):
            return False
        _open(owner, found, purse, amount, link)
        return True
    fitting = _FITTING[purse == BudgetDay.Purse.SITE]
    return bool(
        fitting.run(
            key=row.pk,
            amount=amount,
            limit=_limit(owner, purse, link),
            room=room - amount,
            day=day,
            room_of_all=settings.SITE_DAILY_BUDGET - amount,
        )
    )


def _limit(owner: User, purse: str, link: ShareLink | None) -> int:
    """Return the limit that a row tells of."""
    return day_limit(owner, purse) if link is None else link.budget


def _room(owner: User, found: Books, purse: str, amount: int, link: ShareLink | None) -> int:
    """Return how much the row that pays may hold at most, together with `amount`."""
    of_site = purse == BudgetDay.Purse.SITE
    if link is not None:
        own = found.held(purse, link)
        room = link.budget - used_by_link(link) + own
        if of_site:
            room = min(room, day_limit(owner, purse) - used(found.every(purse)) + own)
        return room
    room = day_limit(owner, purse)
    return _public_room(owner, found, room, amount) if of_site else room


def _public_room(owner: User, found: Books, cap: int, amount: int) -> int:
    """Return how much of the operator's part all that comes through no link may hold.

    What links have used today is theirs, and as long as they live some is kept for them. Nothing
    is kept from what costs nothing; and where `amount` fits besides the most that may be kept,
    nobody asks how much it is.
    """
    site = BudgetDay.Purse.SITE
    room = cap - used(found.through_links(site))
    if not amount or found.held(site, None) + amount <= room - cap // 2:
        return room
    return room - kept_for_links(owner, cap)


def _fitting(*, of_site: bool) -> tuple[QuerySet[BudgetDay], dict[str, Any]]:
    """Return the one statement that looks whether an amount fits, and sets it aside."""
    money = BigIntegerField()
    rows = BudgetDay.objects.filter(
        pk=Param("key"), spent__lte=Param("room", money) - F("reserved")
    )
    if of_site:
        rows = rows.alias(of_all=Subquery(used_of_site(Param("day")))).filter(
            of_all__lte=Param("room_of_all", money)
        )
    return rows, {
        "reserved": F("reserved") + Param("amount", money),
        "limit": Param("limit", money),
    }


_FITTING = {of_site: Update(partial(_fitting, of_site=of_site)) for of_site in (False, True)}


def _open(owner: User, found: Books, purse: str, amount: int, link: ShareLink | None) -> None:
    """Make a purse's row of its day."""
    found.add(
        BudgetDay.objects.create(
            owner=owner,
            purse=purse,
            link=link,
            day=found.days[purse],
            limit=_limit(owner, purse, link),
            reserved=amount,
        )
    )


def _exhausted(owner: User, amounts: Counter[str], link: ShareLink | None) -> BudgetExhausted:
    """Say whose money was too little, and until when: the nearest to the visitor is named first.

    A call that ended meanwhile may have given back what was missing.
    """
    found = books(owner)
    site = BudgetDay.Purse.SITE
    if link is not None and used_by_link(link) + amounts.total() > link.budget:
        return BudgetExhausted(None, "link")
    short = [
        purse
        for purse, amount in amounts.items()
        if found.held(purse, link) + amount > _room(owner, found, purse, amount, link)
    ]
    if short:
        return BudgetExhausted(max(found.end(purse) for purse in short))
    if amounts[site] > left_of_site(found.days[site]):
        return BudgetExhausted(found.end(site), "site")
    return BudgetExhausted(min(found.end(purse) for purse in amounts))


def settle(reservation_id: uuid.UUID, actual: int | None) -> int:
    """Replace what was set aside by what was spent; None counts the full amount, as assumed.

    Settling twice changes nothing. Settling after the reservation was forfeited corrects its day;
    the return value is by how much, and 0 otherwise. A provider that bills more than was set aside
    is believed, and the excess is kept as the day's overrun.
    """
    with transaction.atomic():
        found = _RESERVATION.rows(key=reservation_id)
        if not found:
            # The account went while its call was under way, and took its books along.
            return 0
        (reservation,) = found
        spent = reservation.amount if actual is None else actual
        for state, reserved, counted in (
            (Reservation.State.OPEN, reservation.amount, 0),
            (Reservation.State.FORFEITED, 0, reservation.amount),
        ):
            if _SETTLED.run(
                key=reservation_id, held=state.value, actual=spent, assumed=actual is None
            ):
                _COUNTED.run(
                    key=reservation.budget_day_id,
                    freed=reserved,
                    spent=spent - counted,
                    beyond=max(0, spent - reservation.amount),
                )
                return spent - counted if state == Reservation.State.FORFEITED else 0
    return 0


_RESERVATION = Select(Reservation, lambda: Reservation.objects.filter(pk=Param("key")))
_SETTLED = Update(
    lambda: (
        Reservation.objects.filter(pk=Param("key"), state=Param("held")),
        {
            "state": Reservation.State.SETTLED,
            "actual": Param("actual"),
            "assumed": Param("assumed"),
        },
    )
)
_COUNTED = Update(
    lambda: (
        BudgetDay.objects.filter(pk=Param("key")),
        {
            "reserved": F("reserved") - Param("freed", BigIntegerField()),
            "spent": F("spent") + Param("spent", BigIntegerField()),
            "overrun": F("overrun") + Param("beyond", BigIntegerField()),
        },
    )
)


def forfeit(reservation_id: uuid.UUID) -> bool:
    """Count as spent in full what nobody will settle; say whether it was still open."""
    with transaction.atomic():
        reservation = Reservation.objects.filter(pk=reservation_id).first()
        if reservation is None:
            return False
        forfeited = Reservation.objects.filter(
            pk=reservation_id, state=Reservation.State.OPEN
        ).update(state=Reservation.State.FORFEITED, actual=F("amount"), assumed=True)
        if forfeited:
            BudgetDay.objects.filter(pk=reservation.budget_day_id).update(
                reserved=F("reserved") - reservation.amount, spent=F("spent") + reservation.amount
            )
    return bool(forfeited)


def forfeit_expired() -> int:
    """Forfeit what dead processes left open; return how many there were.

    A row that the database refuses is told of in the log and keeps no other one open.
    """
    expired = Reservation.objects.filter(
        state=Reservation.State.OPEN, lease_until__lt=timezone.now()
    )
    forfeited = 0
    for key in list(expired.values_list("pk", flat=True)):
        try:
            forfeited += forfeit(key)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            log.exception("reservation %s cannot be forfeited", key)
    return forfeited
