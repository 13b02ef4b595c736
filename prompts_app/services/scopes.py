"""Whose tries are counted together, how many there may be and what they may cost: one list.

A try through a share link counts for that link and for the site, and for nobody else. The budgets
of links, authors and the operator are not in the list: those are the ledger's (services/budget.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone

from prompts_app.models import BudgetDay, Entry, Reservation, ShareLink, Spending, Try
from prompts_app.models.prepared import adapted, cursor
from prompts_app.services import budget, days, tries
from prompts_app.services.visitors import Visitor

AT_ONCE_THROUGH_LINK = 8


@dataclass(frozen=True, slots=True)
class Asking:
    """What limits are asked about: a visitor before an entry, and what its author allows.

    `amount` is the most the try can cost, in micro-dollars; `link` the share link it comes through.
    """

    entry: Entry
    visitor: Visitor
    allowed: Spending
    amount: int = 0
    link: ShareLink | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Tries that are counted together.

    `tries` says which, as a condition in SQL on the columns of _TRIES; `in_all`, `a_day` and
    `at_once` how many there may be, `money` what those of a day may cost, in micro-dollars. None,
    or a `money` that answers None, where nothing is said of that. A day is the site's (of UTC:
    until then a visitor is known by the same key), or where `authors_day` says so the author's.
    """

    name: str
    tries: str
    authors_day: bool = False
    in_all: Callable[[Asking], int] | None = None
    a_day: Callable[[Asking], int] | None = None
    at_once: Callable[[Asking], int] | None = None
    money: Callable[[Asking], int | None] | None = None

    @property
    def numbers(self) -> dict[str, Callable[[Asking], int | None]]:
        """What is limited of these tries, by kind."""
        kinds: dict[str, Callable[[Asking], int | None] | None] = {
            "in_all": self.in_all,
            "day": self.a_day,
            "at_once": self.at_once,
            "money": self.money,
        }
        return {kind: number for kind, number in kinds.items() if number is not None}


def _allowed_by_link(asking: Asking) -> int:
    assert asking.link is not None
    return asking.link.tries_allowed


_SITE = Scope(
    "site",
    "TRUE",
    a_day=lambda asking: settings.SITE_TRIES_PER_DAY,
    at_once=lambda asking: settings.SITE_TRIES_AT_ONCE,
)
# What comes first is named first to whoever meets several of them.
SCOPES = (
    Scope(
        "visitor",
        "link_id IS NULL AND visitor = %(visitor)s AND of_author",
        a_day=lambda asking: asking.allowed.tries_per_visitor,
        at_once=lambda asking: settings.TRIES_AT_ONCE_PER_VISITOR,
        money=lambda asking: asking.allowed.money_per_visitor,
    ),
    Scope(
        "block",
        "link_id IS NULL AND block = %(block)s",
        a_day=lambda asking: settings.SITE_TRIES_PER_ADDRESS_PER_DAY,
        at_once=lambda asking: settings.SITE_TRIES_AT_ONCE_PER_ADDRESS,
        money=lambda asking: settings.SITE_DAILY_BUDGET_PER_ADDRESS,
    ),
    Scope(
        "entry",
        "link_id IS NULL AND entry_id = %(entry)s",
        authors_day=True,
        a_day=lambda asking: asking.allowed.tries_per_entry,
        at_once=lambda asking: asking.allowed.tries_at_once_per_entry,
        money=lambda asking: asking.allowed.money_per_entry,
    ),
    Scope(
        "author",
        "link_id IS NULL AND of_author",
        authors_day=True,
        a_day=lambda asking: asking.allowed.tries_per_day,
        at_once=lambda asking: asking.allowed.tries_at_once,
    ),
    _SITE,
)
# Offices and carriers share addresses: whoever was sent a link has its own allowance instead.
SCOPES_OF_LINK = (
    Scope(
        "link",
        "link_id = %(link)s",
        in_all=_allowed_by_link,
        at_once=lambda asking: AT_ONCE_THROUGH_LINK,
    ),
    _SITE,
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
    SELECT visitor, block, entry_id, link_id, "group", reservation_id, counts,
        +{_OF_AUTHOR} AS of_author, {_ON_SITES_DAY} AS today,
        (state = 'running' AND created_at > %(leased)s)
            OR (state = 'waiting' AND created_at > %(awaited)s) AS running
    FROM {Try._meta.db_table}
"""  # noqa: S608


def _found_in(looks: dict[tuple[str, str], str], where: str, name: str) -> str:
    """Return a part of the statement: one row of all looks at the tries that `where` names."""
    columns = [f'{look} AS "{scope} {kind}"' for (scope, kind), look in looks.items()]
    return f"(SELECT {', '.join(columns)} FROM ({_TRIES} WHERE {where}) AS tries) AS {name}"  # noqa: S608


def _looks_at(scopes: Sequence[Scope]) -> dict[str, dict[tuple[str, str], str]]:
    """Return what is looked for, by the condition on the tries among which it is.

    Of the site: every try of today, or begun before midnight and still running. Columns that stand
    side by side are one try.
    """
    of_site: dict[tuple[str, str], str] = {}
    of_author: dict[tuple[str, str], str] = {}
    of_link: dict[tuple[str, str], str] = {}
    for scope in scopes:
        if scope.in_all is not None:
            of_link[scope.name, "in_all"] = f"count(*) FILTER (WHERE counts AND {scope.tries})"
        if scope.a_day is not None:
            among, today = (of_author, "") if scope.authors_day else (of_site, " AND today")
            among[scope.name, "day"] = f"count(*) FILTER (WHERE counts{today} AND {scope.tries})"
        if scope.at_once is not None:
            of_site[scope.name, "at_once"] = (
                f'count(DISTINCT "group") FILTER (WHERE running AND {scope.tries})'
            )
    found = {
        "created_at >= %(since)s": of_site,
        _ON_AUTHORS_DAY: of_author,
        "link_id = %(link)s": of_link,
    }
    return {where: looks for where, looks in found.items() if looks}


def _look_at_money(scope: Scope) -> str:
    where = _ON_AUTHORS_DAY if scope.authors_day else _ON_SITES_DAY
    return f"""(SELECT COALESCE(sum(COALESCE(reservation.actual, reservation.amount)), 0)
        FROM ({_TRIES} WHERE {where}) AS tries
        JOIN {Reservation._meta.db_table} AS reservation ON reservation.id = reservation_id
        WHERE {scope.tries})"""  # noqa: S608


# In SQL, since making it anew for each visitor would take longer than the database takes for it.
@lru_cache
def _statement(
    scopes: tuple[Scope, ...], with_money: tuple[str, ...]
) -> tuple[str, list[tuple[str, str]]]:
    """Return the one statement, and what its columns tell: scope and kind; the author's day last.

    Money costs a look at each reservation: only of scopes that limit it.
    """
    money = {
        (scope.name, "money"): _look_at_money(scope) for scope in scopes if scope.name in with_money
    }
    parts: list[str] = []
    columns: list[tuple[str, str]] = []
    for number, (where, looks) in enumerate(_looks_at(scopes).items()):
        parts.append(_found_in(looks, where, f"part{number}"))
        columns.extend(looks)
    told = ", ".join([*(f"part{at}.*" for at in range(len(parts))), *money.values(), _DAY])
    return f"SELECT {told} FROM {', '.join(parts)}", [*columns, *money]  # noqa: S608


@dataclass(frozen=True, slots=True)
class Stated:
    """One limit as it stands.

    `kind` is "in_all", "day", "at_once" or "money" (micro-dollars; of a day, or of a link's life).

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
    scopes = SCOPES if asking.link is None else SCOPES_OF_LINK
    numbers = {
        (scope, kind): number(asking) for scope in scopes for kind, number in scope.numbers.items()
    }
    with_money = tuple(
        scope.name
        for (scope, kind), most in numbers.items()
        if kind == "money" and most is not None
    )
    statement, columns = _statement(scopes, with_money)
    values: dict[str, Any] = {
        "visitor": asking.visitor.key,
        "block": asking.visitor.block,
        "entry": asking.entry.pk,
        "link": asking.link.pk if asking.link else None,
        "owner": asking.entry.owner_id,
        "today": days.today(zone),
        "midnight": midnight,
        "leased": now - budget.LEASE,
        "awaited": now - tries.WAIT,
        "since": min(midnight, now - budget.LEASE),
    }
    with cursor() as opened:
        opened.execute(statement, {name: adapted(value) for name, value in values.items()})
        *counted, authors_day = opened.fetchone()
    found = dict(zip(columns, map(int, counted), strict=True))
    day = date.fromisoformat(str(authors_day))
    ends = {True: days.end(day, zone), False: days.end(sites_day)}
    stated = [
        Stated(
            scope.name,
            kind,
            found[scope.name, kind],
            most,
            ends[scope.authors_day] if kind in ("day", "money") else None,
        )
        for (scope, kind), most in numbers.items()
        if most is not None
    ]
    return stated, day
