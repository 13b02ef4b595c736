"""What an author allows visitors, and what became of it, by the author's day, entry and reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from prompts_app.models import (
    BudgetDay,
    Entry,
    RefusalCount,
    ShareLink,
    SiteGrant,
    Spending,
    Try,
    User,
)
from prompts_app.services import books, budget, days
from prompts_app.services.books import Books


@dataclass(frozen=True, slots=True)
class Purse:
    """One purse today. Amounts in micro-dollars; `name` is a BudgetDay.Purse.

    What share links used of it is in `links` alone. `left` is what may still be set aside for all
    others. Of the operator's money that may be less than the author's own part: `links` is taken
    from it, `kept` is kept for live links, and all authors share a cap. `overrun` is what providers
    billed beyond the most they were asked for, links' calls included.
    """

    name: str
    limit: int
    spent: int
    reserved: int
    overrun: int
    left: int
    links: int
    kept: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day: tries of visitors, refused ones, and micro-dollars spent from each purse.

    Tries through share links and what they cost, whoever paid, are `link_tries` and `links` alone.
    Of the operator's purse it is the day of that date in UTC.
    The limits are those that held last on that day, None where nothing was called.
    """

    day: date
    tries: int
    refused: int
    own: int
    site: int
    link_tries: int
    links: int
    overrun: int
    own_limit: int | None
    site_limit: int | None


@dataclass(frozen=True, slots=True)
class OfEntry:
    """What became of one entry's tries: how many, what they cost, how many were refused.

    Tries through share links are `link_tries` alone, and their cost the links'.
    """

    entry: Entry
    tries: int
    cost: int
    refused: int
    link_tries: int


@dataclass(frozen=True, slots=True)
class OfLink:
    """What became of one share link's tries in its whole life; money in micro-dollars.

    `tries` are those that count, `used` what was spent or is set aside.
    """

    link: ShareLink
    tries: int
    used: int


# Tries that came through no share link.
_PUBLIC = Q(link__isnull=True)


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


def purses_today(owner: User, *, for_visitors: bool = False) -> list[Purse]:
    """Return the author's own purse, and the operator's if the author may use it (or did today).

    `for_visitors`, who are told only of what is nearly used up, nobody asks what is kept for share
    links while a quarter is left even if that is the most: `left` then takes it in.
    """
    found = books.books(owner)
    purses = [BudgetDay.Purse.OWN]
    if BudgetDay.Purse.SITE in found.rows or SiteGrant.cap_of(owner) is not None:
        purses.append(BudgetDay.Purse.SITE)
    return [_purse(owner, found, purse, for_visitors) for purse in purses]


def _purse(owner: User, found: Books, purse: str, for_visitors: bool) -> Purse:
    limit, row = budget.day_limit(owner, purse), found.rows.get(purse)
    spent, reserved = (row.spent, row.reserved) if row else (0, 0)
    links, kept = books.used(found.through_links(purse)), 0
    left = limit - spent - reserved
    if purse == BudgetDay.Purse.SITE:
        left -= links
        if not for_visitors or (left - limit // 2) * 4 < limit:
            kept = books.kept_for_links(owner, limit)
        left = min(left - kept, books.left_of_site(found.days[purse]))
    overrun = sum(one.overrun for one in found.every(purse))
    return Purse(purse, limit, spent, reserved, overrun, max(0, left), links, kept)


def overrun_today(owner: User) -> int:
    """Return what providers billed today beyond the most they were asked for."""
    found = books.books(owner)
    return sum(row.overrun for purse in BudgetDay.Purse for row in found.every(purse))


def last_days(owner: User, count: int) -> list[Day]:
    """Return the owner's day and the `count` - 1 days before it, newest first."""
    today = days.today(days.zone_of(owner))
    since = today - timedelta(days=count - 1)
    rows = list(BudgetDay.objects.filter(owner=owner, day__gte=since))
    # As `books.books` says.
    today = max([today, *(row.day for row in rows if row.purse == BudgetDay.Purse.OWN)])
    first = today - timedelta(days=count - 1)
    tried = {
        row["day"]: (row["number"], row["links"])
        for row in _tries(owner, first)
        .values("day")
        .annotate(number=Count("pk", filter=_PUBLIC), links=Count("link"))
    }
    refused = dict(
        _refusals(owner, first).values("day").annotate(n=Sum("count")).values_list("day", "n")
    )
    return [
        _day(
            day,
            [row for row in rows if row.day == day],
            tried.get(day, (0, 0)),
            refused.get(day, 0),
        )
        for day in _back_from(today, count)
    ]


def _day(day: date, rows: list[BudgetDay], tries: tuple[int, int], refused: int) -> Day:
    public = {row.purse: row for row in rows if row.link_id is None}
    own, site = public.get(BudgetDay.Purse.OWN), public.get(BudgetDay.Purse.SITE)
    return Day(
        day=day,
        tries=tries[0],
        refused=refused,
        own=own.spent if own else 0,
        site=site.spent if site else 0,
        link_tries=tries[1],
        links=sum(row.spent for row in rows if row.link_id is not None),
        overrun=sum(row.overrun for row in rows),
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
            number=Count("pk", filter=Q(column=0) & _PUBLIC),
            links=Count("link", filter=Q(column=0)),
            spent=Sum(Coalesce("reservation__actual", "cost", 0), filter=_PUBLIC, default=0),
        )
    }
    refused = dict(
        _refusals(owner, first).values("entry").annotate(n=Sum("count")).values_list("entry", "n")
    )
    found = Entry.objects.filter(pk__in=tried.keys() | refused.keys()).only(
        "slug", "title", "purge_at"
    )
    rows = [
        OfEntry(
            entry,
            tried[entry.pk]["number"] if entry.pk in tried else 0,
            tried[entry.pk]["spent"] if entry.pk in tried else 0,
            refused.get(entry.pk, 0),
            tried[entry.pk]["links"] if entry.pk in tried else 0,
        )
        for entry in found
    ]
    return sorted(rows, key=lambda row: (-row.tries, -row.refused, row.entry.title))


def by_link(owner: User) -> list[OfLink]:
    """Return the share links that are live or were tried through, newest first."""
    tried = dict(
        Try.objects.filter(link__owner=owner, counts=True)
        .order_by()
        .values("link")
        .annotate(number=Count("pk"))
        .values_list("link", "number")
    )
    used = books.used_by_links(owner)
    return [
        OfLink(link, tried.get(link.pk, 0), used.get(link.pk, 0))
        for link in ShareLink.objects.filter(owner=owner)
        if link.pk in tried or link.pk in used or not (link.is_revoked or link.is_expired)
    ]


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
