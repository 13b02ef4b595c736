"""What became of share links: sums by day, what the author sees of them, and their end.

One visit is kept for 30 days, sums for 13 months (docs/privacy.md); visits themselves are counted
in services/visit_reports.py.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from prompts_app.models import Entry, ShareLink, Visit, VisitDay
from prompts_app.services import days

# Of one link on one day (UTC); what comes after is not written down.
MOST_A_DAY = 2000
VISITS_KEPT_FOR = timedelta(days=30)
_SUMS_KEPT_MONTHS = 13
# Days that stand alone in an author's table; what is older stands by month.
_DAYS_SHOWN = 30
_SUMS = ("opens", "visitors", "tries", "downloads", "filtered")


@dataclass(slots=True)
class Sums:
    """What was counted in some time. A visitor of two days counts as two."""

    opens: int = 0
    visitors: int = 0
    tries: int = 0
    downloads: int = 0
    refused: int = 0
    filtered: int = 0

    def add(self, day: VisitDay) -> None:
        """Take in a day."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(day, name))
        self.refused += sum(day.refusals.values())

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted, filtered visits apart."""
        return not (self.opens or self.tries or self.downloads or self.refused)


@dataclass(slots=True)
class Row:
    """One day, or one month that begins on `begins`, of an author's table."""

    begins: date
    sums: Sums = field(default_factory=Sums)
    # Whether more visits may have come than are counted.
    is_full: bool = False
    # Of 100: how long the bar of its opens is, beside the longest of its table.
    bar: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """What an author sees of a link.

    Entries: title and visits it came into view in; reasons: code of a refusal and how many tries
    met it; both with the most first.
    """

    days: list[Row]
    months: list[Row]
    total: Sums
    entries: list[tuple[str, int]]
    reasons: list[tuple[str, int]]
    # Kind of visit, of the last 30 days, that counts as none → how many.
    filtered: dict[str, int]


def table_of(link: ShareLink) -> Table:
    """Return what became of a link in the last 13 months, newest first: three queries."""
    first_alone = days.today() - timedelta(days=_DAYS_SHOWN - 1)
    alone: list[Row] = []
    months: dict[date, Row] = {}
    total, seen, refused = Sums(), Counter[str](), Counter[str]()
    for day in VisitDay.objects.filter(link=link, day__gte=oldest_day()).order_by("-day"):
        total.add(day)
        seen.update(day.entries)
        refused.update(day.refusals)
        if day.day >= first_alone:
            row = Row(day.day)
            alone.append(row)
        else:
            begins = day.day.replace(day=1)
            row = months.setdefault(begins, Row(begins))
        row.sums.add(day)
        row.is_full = row.is_full or is_full(day)
    _draw(alone)
    _draw(list(months.values()))
    titles = dict(
        Entry.objects.filter(owner_id=link.owner_id, pk__in=map(int, seen)).values_list(
            "pk", "title"
        )
    )
    entries = [(titles[int(key)], n) for key, n in seen.most_common() if int(key) in titles]
    kinds = (
        Visit.objects.filter(link=link, began_at__gt=oldest_visit())
        .exclude(kind=Visit.Kind.HUMAN)
        .order_by()
        .values_list("kind")
        .annotate(number=Count("pk"))
    )
    return Table(
        alone, list(months.values()), total, entries, refused.most_common(), dict(sorted(kinds))
    )


def _draw(rows: Sequence[Row]) -> None:
    most = max((row.sums.opens for row in rows), default=0)
    for row in rows:
        # One visit among thousands is still to be seen.
        row.bar = max(1, round(100 * row.sums.opens / most)) if row.sums.opens else 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What a list says of a link."""

    opens: int = 0
    visitors: int = 0
    tries: int = 0
    downloads: int = 0
    # The last day (UTC) it was opened.
    last: date | None = None


def counts(links: Iterable[ShareLink]) -> dict[uuid.UUID, Counts]:
    """Return what became of each of some links in the last 13 months, by id: one query."""
    keys = [link.pk for link in links]
    sums = (
        VisitDay.objects.filter(link__in=keys, day__gte=oldest_day())
        .order_by()
        .values_list("link")
        .annotate(
            *(Sum(name) for name in ("opens", "visitors", "tries", "downloads")),
            last=Max("day", filter=Q(opens__gt=0)),
        )
    )
    found = {key: Counts(*numbers) for key, *numbers in sums}
    return {key: found.get(key, Counts()) for key in keys}


def held(link: ShareLink, day: date) -> VisitDay:
    """Return the sums of a day, which nobody else changes until the transaction ends."""
    VisitDay.objects.get_or_create(link=link, day=day)
    return VisitDay.objects.select_for_update().get(link=link, day=day)


def is_full(day: VisitDay) -> bool:
    """Say whether a day has had as many visits as are counted."""
    return day.opens + day.filtered >= MOST_A_DAY


def note_try(link: ShareLink) -> None:
    """Count a try through a link; of whoever wants to be counted, and never the author's."""
    _add(link, "tries")


def note_download(link: ShareLink) -> None:
    """Count a dossier downloaded through a link, likewise."""
    _add(link, "downloads")


def note_refusal(link: ShareLink, code: str) -> None:
    """Count a try through a link that could not run, likewise. `code`: services.limits.Refused."""
    with transaction.atomic():
        day = held(link, days.today())
        day.refusals[code] = day.refusals.get(code, 0) + 1
        day.save(update_fields=["refusals"])


def _add(link: ShareLink, what: str) -> None:
    with transaction.atomic():
        day = held(link, days.today())
        setattr(day, what, getattr(day, what) + 1)
        day.save(update_fields=[what])


def oldest_visit() -> datetime:
    """Return the moment before which no visit is kept."""
    return timezone.now() - VISITS_KEPT_FOR


def oldest_day() -> date:
    """Return the first day (UTC) whose sums are kept.

    It is this day of the month, 13 months ago; where that month has no such day, the next month's
    first.
    """
    today = days.today()
    month = today.year * 12 + today.month - 1 - _SUMS_KEPT_MONTHS
    first, after = (date(number // 12, number % 12 + 1, 1) for number in (month, month + 1))
    return min(first + timedelta(days=today.day - 1), after)


def forget_old_visits() -> int:
    """Delete visits and sums whose time is over; return how many."""
    visits = Visit.objects.filter(began_at__lte=oldest_visit()).delete()[0]
    return visits + VisitDay.objects.filter(day__lt=oldest_day()).delete()[0]
