"""An owner's books: each purse's day and rows, and what share links have used and are kept.

Amounts are micro-dollars. services/budget.py writes in them.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from django.conf import settings
from django.db.models import BigIntegerField, F, QuerySet, Sum
from django.db.models.functions import Coalesce

from prompts_app.models import BudgetDay, ShareLink, User
from prompts_app.models.prepared import Param, Select
from prompts_app.services import days


@dataclass(frozen=True, slots=True)
class Books:
    """Of each purse its day, its zone, and its rows of that day as far as there are any.

    `rows` pay for all that comes through no share link, `of_links` (by link and purse) for the
    rest.
    """

    days: dict[str, date]
    zones: dict[str, tzinfo]
    rows: dict[str, BudgetDay]
    of_links: dict[tuple[uuid.UUID, str], BudgetDay]

    def end(self, purse: str) -> datetime:
        """Return when a purse's day is over."""
        return days.end(self.days[purse], self.zones[purse])

    def row(self, purse: str, link: ShareLink | None) -> BudgetDay | None:
        """Return the row that pays for tries through `link`, or for all others."""
        return self.rows.get(purse) if link is None else self.of_links.get((link.pk, purse))

    def held(self, purse: str, link: ShareLink | None) -> int:
        """Return what that row has spent and holds set aside."""
        return used(filter(None, [self.row(purse, link)]))

    def add(self, row: BudgetDay) -> None:
        """Write in a row that was made."""
        if row.link_id is None:
            self.rows[row.purse] = row
        else:
            self.of_links[row.link_id, row.purse] = row

    def every(self, purse: str) -> list[BudgetDay]:
        """Return all rows of a purse's day."""
        public = [self.rows[purse]] if purse in self.rows else []
        return public + self.through_links(purse)

    def through_links(self, purse: str) -> list[BudgetDay]:
        """Return the rows of a purse's day that share links have."""
        return [row for (_link, name), row in self.of_links.items() if name == purse]


def books(owner: User) -> Books:
    """Return the owner's books as they stand.

    A purse's day is today, or the newest there is a row of: neither a clock that goes back nor
    another time zone takes anybody back.
    """
    zones = {BudgetDay.Purse.OWN.value: days.zone_of(owner), BudgetDay.Purse.SITE.value: UTC}
    reached = {purse: days.today(zone) for purse, zone in zones.items()}
    rows = _BOOKS.rows(owner=owner.pk, day=min(reached.values()))
    for row in rows:
        reached[row.purse] = max(reached[row.purse], row.day)
    found = Books(reached, zones, {}, {})
    for row in rows:
        if row.day == reached[row.purse]:
            found.add(row)
    return found


_BOOKS = Select(
    BudgetDay,
    lambda: BudgetDay.objects.filter(owner=Param("owner"), day__gte=Param("day")).order_by(),
)
_OF_LINK = Select(BudgetDay, lambda: BudgetDay.objects.filter(link=Param("link")).order_by())


def used(rows: Iterable[BudgetDay]) -> int:
    """Return what rows have spent and hold set aside."""
    return sum(row.spent + row.reserved for row in rows)


def used_by_link(link: ShareLink) -> int:
    """Return what a share link has used in its whole life, whoever paid."""
    return used(_OF_LINK.rows(link=link.pk))


def used_by_links(owner: User) -> dict[uuid.UUID, int]:
    """Return the same of each of the owner's links that was used."""
    rows = BudgetDay.objects.filter(owner=owner, link__isnull=False).order_by().values("link")
    return dict(rows.annotate(used=Sum(F("spent") + F("reserved"))).values_list("link", "used"))


def kept_for_links(owner: User, cap: int) -> int:
    """Return how much of a day's `cap` of the operator's money is kept for the owner's links.

    Up to half: what live links that allow tries have left of their budgets.
    """
    live = ShareLink.objects.live().filter(owner=owner, allows_tries=True)
    found = live.order_by().annotate(
        used=Coalesce(Sum(F("budget_days__spent") + F("budget_days__reserved")), 0)
    )
    rows = found.values_list("budget", "used")
    left: int = sum(max(0, budget - used) for budget, used in rows)
    return min(cap // 2, left)


def left_of_site(day: date) -> int:
    """Return what all authors together may still spend of the operator's money on a day.

    Below zero where the operator lowered their budget to less than is used: nothing begins then,
    not even what costs nothing.
    """
    return settings.SITE_DAILY_BUDGET - sum(used_of_site(day))


def used_of_site(day: date | Param) -> QuerySet[BudgetDay, int]:
    """Return the one sum of what all authors have spent and reserved of the operator's money."""
    return (
        BudgetDay.objects.filter(purse=BudgetDay.Purse.SITE, day=day)
        .order_by()
        .values("purse")
        # Said to be large: for what looks like a smaller type Django leaves out comparisons with
        # numbers beyond it.
        .annotate(used=Sum(F("spent") + F("reserved"), output_field=BigIntegerField()))
        .values_list("used", flat=True)
    )
