"""Days of budgets, limits and salts: the site's are of UTC, an author's of the author's zone."""

import logging
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from prompts_app.models import User

log = logging.getLogger("promptfolio.ledger")


def zone_of(owner: User) -> tzinfo:
    """Return the time zone of an author's days; UTC where this machine does not know theirs."""
    if owner.time_zone == "UTC":
        return UTC
    try:
        return ZoneInfo(owner.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        log.error("account %s: this machine knows no time zone %r", owner.pk, owner.time_zone)
        return UTC


def today(zone: tzinfo = UTC) -> date:
    """Return the day it is in a zone by this machine's clock; `budget.books` tells an owner's."""
    return timezone.now().astimezone(zone).date()


def start(day: date, zone: tzinfo = UTC) -> datetime:
    """Return the first moment of `day` in a zone, in UTC.

    It is midnight, or where the clocks are put forward over midnight the moment they are. Where
    they are put back over it, it is the first of both (PEP 495).
    """
    midnight = datetime.combine(day, time.min, tzinfo=zone)
    begins = midnight.astimezone(UTC)
    if begins.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return begins
    # No clock ever says this midnight. With the offset of after the step it would come too early.
    early = midnight.replace(fold=1).astimezone(UTC)
    seconds = range(int((begins - early).total_seconds()) + 1)
    begun = bisect_left(
        seconds,
        True,
        key=lambda second: (early + timedelta(seconds=second)).astimezone(zone).date() >= day,
    )
    return early + timedelta(seconds=begun)


def end(day: date, zone: tzinfo = UTC) -> datetime:
    """Return the first moment after `day` in a zone, in UTC."""
    return start(day + timedelta(days=1), zone)
