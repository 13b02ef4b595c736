"""Whose tries are counted together, how many there may be and what they may cost: one list.

The budgets of authors and of the operator are not in it: those are the ledger's
(services/budget.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from prompts_app.models import BudgetDay, Entry, Reservation, Spending, Try
from prompts_app.services import budget, days, tries
from prompts_app.services.visitors import Visitor


@dataclass(frozen=True, slots=True)
class Asking:
    """What limits are asked about: a visitor before an entry, and what its author allows.

    `amount` is the most the try can cost, in micro-dollars.
    """

    entry: Entry
    visitor: Visitor
    allowed: Spending
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """Tries that are counted together.

    `tries` says which, as a condition in SQL on the columns of _TRIES; `a_day` and `at_once` how
    many there may be, `money` what those of a day may cost, in micro-dollars. None, or a `money`
    that answers None, where nothing is said of that. A day is the site's (of UTC: until then a
    visitor is known by the same key), or where `authors_day` says so the author's.
    """

    name: str
    tries: str
    authors_day: bool = False
    a_day: Callable[[Asking], int] | None = None
    at_once: Callable[[Asking], int] | None = None
    money: Callable[[Asking], int | None] | None = None


# What comes first is named first to whoever meets several of them.
SCOPES = (
    Scope(
        "visitor",
        "visitor = %(visitor)s AND of_author",
        a_day=lambda asking: asking.allowed.tries_per_visitor,
        at_once=lambda asking: settings.TRIES_AT_ONCE_PER_VISITOR,
        money=lambda asking: asking.allowed.money_per_visitor,
    ),
    Scope(
        "block",
        "block = %(block)s",
        a_day=lambda asking: settings.SITE_TRIES_PER_ADDRESS_PER_DAY,
        at_once=lambda asking: settings.SITE_TRIES_AT_ONCE_PER_ADDRESS,
        money=lambda asking: settings.SITE_DAILY_BUDGET_PER_ADDRESS,
    ),
    Scope(
        "entry",
        "entry_id = %(entry)s",
        authors_day=True,
        a_day=lambda asking: asking.allowed.tries_per_entry,
        at_once=lambda asking: asking.allowed.tries_at_once_per_entry,
        money=lambda asking: asking.allowed.money_per_entry,
    ),
    Scope(
        "author",
        "of_author",
        authors_day=True,
        a_day=lambda asking: asking.allowed.tries_per_day,
        at_once=lambda asking: asking.allowed.tries_at_once,
    ),
    Scope(
        "site",
        "TRUE",
        a_day=lambda asking: settings.SITE_TRIES_PER_DAY,
        at_once=lambda asking: settings.SITE_TRIES_AT_ONCE,
    ),
)
# The author's day, as budget.books tells it; after money was set aside there is always a row.
_DAY = f"""
    COALESCE((SELECT max(day) FROM {BudgetDay._meta.db_table}
        WHERE owner_id = %(owner)s AND purse = '{BudgetDay.Purse.OWN}' AND day >= %(today)s),
        %(today)s)
"""  # noqa: S608 - the only words in it are this module's own
_OF_AUTHOR = f"entry_id IN (SELECT id FROM {Entry._meta.db_table} WHERE owner_id = %(owner)s)"  # noqa: S608
_ON_SITES_DAY = "created_at >= %(midnight)s"
_ON_AUTHORS_DAY = f"{_OF_AUTHOR} AND day = {_DAY}"
# Those whose process died or whose visitor never started them run no more once their time is over,
# whether or not a worker has noticed.
# The plus keeps SQLite from looking for today's tries among all that an author's entries ever had.
_TRIES = f"""
    SELECT visitor, block, entry_id, "group", reservation_id, counts, +{_OF_AUTHOR} AS of_author,
        {_ON_SITES_DAY} AS today,
        (state = 'running' AND created_at > %(leased)s)
            OR (state = 'waiting' AND created_at > %(awaited)s) AS running
    FROM {Try._meta.db_table}
"""  # noqa: S608


def _found_in(looks: dict[tuple[str, str], str], where: str, name: str) -> str:
    """Return a part of the statement: one row of all looks at the tries that `where` names."""
    columns = [f'{look} AS "{scope} {kind}"' for (scope, kind), look in looks.items()]
    return f"(SELECT {', '.join(columns)} FROM ({_TRIES} WHERE {where}) AS tries) AS {name}"  # noqa: S608


def _number(scope: Scope) -> str:
    today = "" if scope.authors_day else " AND today"
    return f"count(*) FILTER (WHERE counts{today} AND {scope.tries})"


# Of the site: every try of today, or begun before midnight and still running. Columns that stand
# side by side are one try.
_LOOKS_AT_SITE = {
    (scope.name, "day"): _number(scope)
    for scope in SCOPES
    if scope.a_day is not None and not scope.authors_day
} | {
    (scope.name, "at_once"): f'count(DISTINCT "group") FILTER (WHERE running AND {scope.tries})'
    for scope in SCOPES
    if scope.at_once is not None
}
_LOOKS_AT_AUTHOR = {
    (scope.name, "day"): _number(scope)
    for scope in SCOPES
    if scope.a_day is not None and scope.authors_day
}


def _look_at_money(scope: Scope) -> str:
    where = _ON_AUTHORS_DAY if scope.authors_day else _ON_SITES_DAY
    return f"""(SELECT COALESCE(sum(COALESCE(reservation.actual, reservation.amount)), 0)
        FROM ({_TRIES} WHERE {where}) AS tries
        JOIN {Reservation._meta.db_table} AS reservation ON reservation.id = reservation_id
        WHERE {scope.tries})"""  # noqa: S608


# In SQL, since making it anew for each visitor would take longer than the database takes for it.
@lru_cache
def _statement(with_money: tuple[str, ...]) -> tuple[str, list[tuple[str, str]]]:
    """Return the one statement, and what its columns tell: scope and kind; the author's day last.

    Money costs a look at each reservation: only of scopes that limit it.
    """
    money = {
        (scope.name, "money"): _look_at_money(scope) for scope in SCOPES if scope.name in with_money
    }
    parts = [
        _found_in(_LOOKS_AT_SITE, "created_at >= %(since)s", "of_site"),
        _found_in(_LOOKS_AT_AUTHOR, _ON_AUTHORS_DAY, "of_author"),
    ]
    columns = [*_LOOKS_AT_SITE, *_LOOKS_AT_AUTHOR, *money]
    looks = ", ".join(["of_site.*", "of_author.*", *money.values(), _DAY])
    return f"SELECT {looks} FROM {', '.join(parts)}", columns  # noqa: S608


@dataclass(frozen=True, slots=True)
class Stated:
    """One limit as it stands. `kind` is "day", "at_once" or "money" (micro-dollars of a day).

    `until` is when it begins anew, of those of a day.
    """

    scope: str
    kind: str
    used: int
    allowed: int
    until: datetime | None = None

    @property
    def left(self) -> int:
        """How much there still is."""
        return max(0, self.allowed - self.used)

    @property
    def is_tight(self) -> bool:
        """Whether less than a quarter is left: time to say so."""
        return self.left * 4 < self.allowed or not self.allowed


def standing(asking: Asking) -> tuple[list[Stated], date]:
    """Return every limit but the ledger's as it stands now, and the author's day; in one query."""
    zone = days.zone_of(asking.entry.owner)
    now, sites_day = timezone.now(), days.today()
    midnight = days.start(sites_day)
    numbers = {
        (scope.name, kind): number(asking)
        for scope in SCOPES
        for kind, number in (
            *(("day", scope.a_day), ("at_once", scope.at_once), ("money", scope.money)),
        )
        if number is not None
    }
    statement, columns = _statement(
        tuple(
            name for (name, kind), most in numbers.items() if kind == "money" and most is not None
        )
    )
    values: dict[str, Any] = {
        "visitor": asking.visitor.key,
        "block": asking.visitor.block,
        "entry": asking.entry.pk,
        "owner": asking.entry.owner_id,
        "today": connection.ops.adapt_datefield_value(days.today(zone)),
    }
    for name, moment in (
        ("midnight", midnight),
        ("leased", now - budget.LEASE),
        ("awaited", now - tries.WAIT),
        ("since", min(midnight, now - budget.LEASE)),
    ):
        values[name] = connection.ops.adapt_datetimefield_value(moment)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        *counted, authors_day = cursor.fetchone()
    found = dict(zip(columns, map(int, counted), strict=True))
    day = date.fromisoformat(str(authors_day))
    ends = {True: days.end(day, zone), False: days.end(sites_day)}
    on_authors_day = {scope.name: scope.authors_day for scope in SCOPES}
    stated = [
        Stated(
            name,
            kind,
            found[name, kind],
            most,
            None if kind == "at_once" else ends[on_authors_day[name]],
        )
        for (name, kind), most in numbers.items()
        if most is not None
    ]
    return stated, day
