"""Limits of tries: whose are counted together, and how many there may be. One list holds them all.

Money is limited by the ledger (services/budget.py), in the same transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from prompts_app.models import Entry, LLMModel, RefusalCount, Spending, Try
from prompts_app.services import budget, days, spending, tries
from prompts_app.services.visitors import Visitor

# When to come back where something has to end first; most tries take less.
SOON = timedelta(seconds=15)
REFUSALS_KEPT_FOR = timedelta(days=90)


class Refused(Exception):  # noqa: N818 - it reads as the condition it is
    """The try cannot run. `code` names the sentence; `until` is when it may, if time helps.

    Codes: of each scope with such a limit "<scope>_limit" (a day's tries are used up) and
    "<scope>_busy" (as many run as may at once); "budget" and "site_budget" (a day's money);
    "paused", "closed" (no live tries here), "provider" (its key cannot be read), "not_started" (it
    waited too long to be started, or may not be any more).
    `scope` is the scope of a limit, "author" or "site" for money, and "" otherwise.
    """

    def __init__(self, code: str, until: datetime | None = None, scope: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.until = until
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Asking:
    """What limits are asked about: a visitor before an entry, and what its author allows."""

    entry: Entry
    visitor: Visitor
    allowed: Spending


@dataclass(frozen=True, slots=True)
class Scope:
    """Tries that are counted together.

    `tries` says which, as a condition in SQL on the columns of _COUNTED; `a_day` and `at_once` how
    many there may be, None where nothing is said of that.
    """

    name: str
    tries: str
    a_day: Callable[[Asking], int] | None = None
    at_once: Callable[[Asking], int] | None = None


# What comes first is named first to whoever meets several of them.
SCOPES = (
    Scope(
        "visitor",
        "visitor = %(visitor)s AND of_author",
        a_day=lambda asking: asking.allowed.tries_per_visitor,
        at_once=lambda asking: settings.TRIES_AT_ONCE_PER_VISITOR,
    ),
    Scope(
        "block",
        "block = %(block)s",
        a_day=lambda asking: settings.SITE_TRIES_PER_ADDRESS_PER_DAY,
        at_once=lambda asking: settings.SITE_TRIES_AT_ONCE_PER_ADDRESS,
    ),
    Scope(
        "entry",
        "entry_id = %(entry)s",
        a_day=lambda asking: asking.allowed.tries_per_entry,
    ),
    Scope(
        "author",
        "of_author",
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
# Every try that any limit may count: of today, or begun before midnight and still running. Those
# whose process died or whose visitor never started them run no more once their time is over,
# whether or not a worker has noticed.
_COUNTED = f"""
    SELECT visitor, block, entry_id, "group",
        counts AND created_at >= %(midnight)s AS today,
        (state = 'running' AND created_at > %(leased)s)
            OR (state = 'waiting' AND created_at > %(awaited)s) AS running,
        entry_id IN (SELECT id FROM {Entry._meta.db_table} WHERE owner_id = %(owner)s) AS of_author
    FROM {Try._meta.db_table} WHERE created_at >= %(since)s
"""  # noqa: S608 - the only words in it are this module's own
_LOOKS: dict[tuple[str, str], str] = {}
for _scope in SCOPES:
    if _scope.a_day is not None:
        _LOOKS[_scope.name, "day"] = f"count(*) FILTER (WHERE today AND {_scope.tries})"
    if _scope.at_once is not None:
        # Columns that stand side by side are one try.
        _LOOKS[_scope.name, "at_once"] = (
            f'count(DISTINCT "group") FILTER (WHERE running AND {_scope.tries})'
        )
# In SQL, since making it anew for each visitor would take longer than the database takes for it.
_STATEMENT = f"SELECT {', '.join(_LOOKS.values())} FROM ({_COUNTED}) AS counted"  # noqa: S608 - likewise


@dataclass(frozen=True, slots=True)
class Stated:
    """One limit as it stands. `kind` is "day", "at_once" or "money" (micro-dollars of a day)."""

    scope: str
    kind: str
    used: int
    allowed: int

    @property
    def left(self) -> int:
        """How much there still is."""
        return max(0, self.allowed - self.used)

    @property
    def is_tight(self) -> bool:
        """Whether less than a quarter is left: time to say so."""
        return self.left * 4 < self.allowed or not self.allowed


def standing(asking: Asking) -> list[Stated]:
    """Return every limit of number as it stands now, in one query."""
    now, midnight = timezone.now(), days.start(days.today())
    moments = {
        "midnight": midnight,
        "leased": now - budget.LEASE,
        "awaited": now - tries.WAIT,
        "since": min(midnight, now - budget.LEASE),
    }
    values: dict[str, Any] = {
        "visitor": asking.visitor.key,
        "block": asking.visitor.block,
        "entry": asking.entry.pk,
        "owner": asking.entry.owner_id,
    }
    for name, moment in moments.items():
        values[name] = connection.ops.adapt_datetimefield_value(moment)
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        found = dict(zip(_LOOKS, cursor.fetchone(), strict=True))
    return [
        Stated(scope.name, kind, found[scope.name, kind], number(asking))
        for scope in SCOPES
        for kind, number in (("day", scope.a_day), ("at_once", scope.at_once))
        if number is not None
    ]


def check(asking: Asking) -> None:
    """Let one more try pass. Raises Refused.

    Call it after the money is set aside, in the same transaction: so nobody else is admitted
    between the look and the try.
    """
    for stated in standing(asking):
        if stated.left:
            continue
        if stated.kind == "day":
            raise Refused(f"{stated.scope}_limit", days.end(days.today()), stated.scope)
        raise Refused(f"{stated.scope}_busy", timezone.now() + SOON, stated.scope)


def statement(entry: Entry, visitor: Visitor, models: Sequence[LLMModel]) -> list[Stated]:
    """Return all limits a try of an entry would meet, as they stand, for its page to say before.

    Money is that of whoever pays for those of `models` that cost any.
    """
    stated = standing(Asking(entry, visitor, Spending.of(entry.owner)))
    purses = {
        budget.purse_of(model)
        for model in models
        if model.input_price or model.output_price or model.picture_price
    }
    for purse in spending.purses_today(entry.owner) if purses else ():
        if purse.name in purses:
            stated.append(Stated("author", "money", purse.limit - purse.left, purse.limit))
    return stated


def tries_left(stated: Sequence[Stated]) -> int:
    """Return how many tries a visitor still has today, whichever limit is the nearest."""
    return min(one.left for one in stated if one.kind == "day")


def count_refusal(entry: Entry, code: str) -> None:
    """Remember for the author that a try was refused, and why; nothing of who asked."""
    row, _created = RefusalCount.objects.get_or_create(
        entry=entry, day=days.today(), code=code, defaults={"owner_id": entry.owner_id}
    )
    RefusalCount.objects.filter(pk=row.pk).update(count=F("count") + 1)


def forget_old_refusals() -> int:
    """Delete counts of refusals that no page shows any more; return how many."""
    oldest = days.today() - REFUSALS_KEPT_FOR
    return RefusalCount.objects.filter(day__lt=oldest).delete()[0]
