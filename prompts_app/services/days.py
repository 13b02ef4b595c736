"""Days of budgets, limits and salts: days of UTC, whatever the time zone of anybody."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone


def today() -> date:
    """Return the day it is by this machine's clock; `budget.books` tells an owner's."""
    return timezone.now().astimezone(UTC).date()


def start(day: date) -> datetime:
    """Return the moment at which `day` begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def end(day: date) -> datetime:
    """Return the moment at which the day after `day` begins."""
    return start(day + timedelta(days=1))
