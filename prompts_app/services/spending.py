"""What an author allows visitors, and what became of it, by the author's day, entry and reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from prompts_app.models import BudgetDay, Entry, RefusalCount, SiteGrant, Spending, Try, User
from prompts_app.services import budget, days


@dataclass(frozen=True, slots=True)
class Purse:
    """One purse today. Amounts in micro-dollars; `name` is a BudgetDay.Purse.

    `left` is what may still be set aside. Of the operator's money that may be less than the
    author's own part, since all authors share a cap. `overrun` is what providers billed beyond the
    most they were asked for, a part of `spent`.
    """

    name: str
    limit: int
    spent: int
    reserved: int
    overrun: int
    left: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day: tries of visitors, refused ones, and micro-dollars spent from each purse.

    Of the operator's purse it is the day of that date in UTC.
    The limits are those that held last on that day, None where nothing was called.
    """

    day: date
    tries: int
    refused: int
    own: int
    site: int
    overrun: int
    own_limit: int | None
    site_limit: int | None


@dataclass(frozen=True, slots=True)
class OfEntry:
    """What became of one entry's tries: how many, what they cost, how many were refused."""

    entry: Entry
    tries: int
    cost: int
    refused: int


def set_limits(owner: User, **limits: int | None) -> None:
    """Change amounts (micro-dollars) or numbers of tries that Spending names."""
    Spending.of(owner)
    Spending.objects.filter(owner=owner).update(**limits)


def set_time_zone(owner: User, name: str) -> None:
    """Let the author's next days begin at another midnight; the day that has begun goes on."""
    User.objects.filter(pk=owner.pk).update(time_zone=name)
    owner.time_zone = name


def pause(owner: User, paused: bool) -> None:
    """Stop every try of visitors at once, or allow them again."""
    Spending.of(owner)
    Spending.objects.filter(owner=owner).update(paused=paused)


def purses_today(owner: User) -> list[Purse]:
    """Return the author's own purse, and the operator's if the author may use it (or did today)."""
    found = budget.books(owner)
    purses = [BudgetDay.Purse.OWN]
    if BudgetDay.Purse.SITE in found.rows or SiteGrant.cap_of(owner) is not None:
        purses.append(BudgetDay.Purse.SITE)
    return [_purse(owner, found.rows.get(purse), purse, found.days[purse]) for purse in purses]


def _purse(owner: User, row: BudgetDay | None, purse: str, today: date) -> Purse:
    limit = budget.day_limit(owner, purse)
    spent, reserved = (row.spent, row.reserved) if row else (0, 0)
    left = max(0, limit - spent - reserved)
    if purse == BudgetDay.Purse.SITE:
        left = min(left, budget.left_of_site(today))
    return Purse(purse, limit, spent, reserved, row.overrun if row else 0, left)


def overrun_today(owner: User) -> int:
    """Return what providers billed today beyond the most they were asked for."""
    return sum(row.overrun for row in budget.books(owner).rows.values())


def last_days(owner: User, count: int) -> list[Day]:
    """Return the owner's day and the `count` - 1 days before it, newest first."""
    today = days.today(days.zone_of(owner))
    since = today - timedelta(days=count - 1)
    rows = {
        (row.day, row.purse): row for row in BudgetDay.objects.filter(owner=owner, day__gte=since)
    }
    # As `budget.books` says.
    today = max([today, *(day for day, purse in rows if purse == BudgetDay.Purse.OWN)])
    first = today - timedelta(days=count - 1)
    tried = dict(
        _tries(owner, first).values("day").annotate(number=Count("pk")).values_list("day", "number")
    )
    refused = dict(
        _refusals(owner, first).values("day").annotate(n=Sum("count")).values_list("day", "n")
    )
    return [
        _day(
            day,
            rows.get((day, BudgetDay.Purse.OWN.value)),
            rows.get((day, BudgetDay.Purse.SITE.value)),
            tried.get(day, 0),
            refused.get(day, 0),
        )
        for day in _back_from(today, count)
    ]


def _day(day: date, own: BudgetDay | None, site: BudgetDay | None, tries: int, refused: int) -> Day:
    return Day(
        day=day,
        tries=tries,
        refused=refused,
        own=own.spent if own else 0,
        site=site.spent if site else 0,
        overrun=(own.overrun if own else 0) + (site.overrun if site else 0),
        own_limit=own.limit if own else None,
        site_limit=site.limit if site else None,
    )


def by_entry(owner: User, first: date) -> list[OfEntry]:
    """Return the entries that visitors tried or were refused since a day, most tried first.

    A try of several columns is one. Its cost is what the ledger took for it.
    """
    tried = {
        row["entry"]: row
        for row in Try.objects.filter(entry__owner=owner, day__gte=first)
        .order_by()
        .values("entry")
        .annotate(
            number=Count("pk", filter=Q(column=0)),
            spent=Sum(Coalesce("reservation__actual", "cost", 0)),
        )
    }
    refused = dict(
        _refusals(owner, first).values("entry").annotate(n=Sum("count")).values_list("entry", "n")
    )
    found = Entry.objects.filter(pk__in=tried.keys() | refused.keys()).only("slug", "title")
    rows = [
        OfEntry(
            entry,
            tried[entry.pk]["number"] if entry.pk in tried else 0,
            tried[entry.pk]["spent"] if entry.pk in tried else 0,
            refused.get(entry.pk, 0),
        )
        for entry in found
    ]
    return sorted(rows, key=lambda row: (-row.tries, -row.refused, row.entry.title))


def refusal_reasons(owner: User, first: date) -> list[tuple[str, int]]:
    """Return why visitors were refused since a day and how often, by code, most often first."""
    found = _refusals(owner, first).values_list("code").annotate(n=Sum("count"))
    return list(found.order_by("-n", "code"))


def _tries(owner: User, first: date) -> QuerySet[Try]:
    return Try.objects.filter(entry__owner=owner, column=0, day__gte=first).order_by()


def _refusals(owner: User, first: date) -> QuerySet[RefusalCount]:
    return RefusalCount.objects.filter(owner=owner, day__gte=first).order_by()


def _back_from(day: date, count: int) -> Iterator[date]:
    return (day - timedelta(days=number) for number in range(count))
