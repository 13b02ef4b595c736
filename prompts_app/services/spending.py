"""What an author allows visitors, and what became of it, day by day (UTC)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate

from prompts_app.models import BudgetDay, SiteGrant, Spending, Try, User
from prompts_app.services import budget, days


@dataclass(frozen=True, slots=True)
class Purse:
    """One purse today. Amounts in micro-dollars; `name` is a BudgetDay.Purse."""

    name: str
    limit: int
    spent: int
    reserved: int

    @property
    def left(self) -> int:
        """What may still be set aside today."""
        return max(0, self.limit - self.spent - self.reserved)


@dataclass(frozen=True, slots=True)
class Day:
    """One day: tries of visitors, and micro-dollars spent from each purse."""

    day: date
    tries: int
    own: int
    site: int


def set_limits(owner: User, **limits: int) -> None:
    """Change daily_limit (micro-dollars), tries_per_visitor or tries_per_entry."""
    Spending.of(owner)
    Spending.objects.filter(owner=owner).update(**limits)


def pause(owner: User, paused: bool) -> None:
    """Stop every try of visitors at once, or allow them again."""
    Spending.of(owner)
    Spending.objects.filter(owner=owner).update(paused=paused)


def purses_today(owner: User) -> list[Purse]:
    """Return the author's own purse, and the operator's if the author may use it (or did today)."""
    by_purse = {day.purse: day for day in BudgetDay.objects.filter(owner=owner, day=days.today())}
    purses = [BudgetDay.Purse.OWN]
    if BudgetDay.Purse.SITE in by_purse or SiteGrant.objects.filter(user=owner).exists():
        purses.append(BudgetDay.Purse.SITE)
    return [
        Purse(
            name=purse.value,
            limit=budget.day_limit(owner, purse),
            spent=by_purse[purse].spent if purse in by_purse else 0,
            reserved=by_purse[purse].reserved if purse in by_purse else 0,
        )
        for purse in purses
    ]


def last_days(owner: User, count: int) -> list[Day]:
    """Return today and the `count` - 1 days before it, newest first."""
    first = days.today() - timedelta(days=count - 1)
    spent = {
        (day.day, day.purse): day.spent
        for day in BudgetDay.objects.filter(owner=owner, day__gte=first)
    }
    tries = dict(
        Try.objects.filter(entry__owner=owner, created_at__gte=days.start(first))
        .order_by()
        .values(day=TruncDate("created_at", tzinfo=UTC))
        .annotate(number=Count("pk"))
        .values_list("day", "number")
    )
    return [
        Day(
            day=day,
            tries=tries.get(day, 0),
            own=spent.get((day, BudgetDay.Purse.OWN.value), 0),
            site=spent.get((day, BudgetDay.Purse.SITE.value), 0),
        )
        for day in _back_from(days.today(), count)
    ]


def _back_from(day: date, count: int) -> Iterator[date]:
    return (day - timedelta(days=number) for number in range(count))
