"""Limits of tries: whose are counted together, and what visitors and authors are told."""

import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import Entry, RefusalCount, Spending, Try
from prompts_app.services import budget, days, limits, scopes, spending, tries, tryit, visitors
from prompts_app.services.limits import Refused
from tests.clock import Clock
from tests.trying import (
    AT_ONCE,
    MONEY,
    NEIGHBOUR,
    SAME,
    SCOPES,
    STRANGER,
    admit,
    allow,
    column,
    end,
    refusal,
    tried,
)


@pytest.fixture
def entries(db: None) -> list[Entry]:
    """Two entries of one author, and one of another."""
    first = tried("First")
    found = [first, tried("Second", first.owner), tried("Elsewhere")]
    for entry in found:
        Spending.of(entry.owner)
    return found


@pytest.fixture
def entry(entries: list[Entry]) -> Entry:
    """An entry to try."""
    return entries[0]


# In the evening of the 12th of May by UTC, it is its noon in Honolulu: days end at other moments.
ZONE = ZoneInfo("Pacific/Honolulu")
NOW = datetime(2026, 5, 12, 22, tzinfo=UTC)
MIDNIGHT = {False: datetime(2026, 5, 13, tzinfo=UTC), True: datetime(2026, 5, 13, 10, tzinfo=UTC)}
AUTHORS_DAY = ("entry", "author")

# For each scope: what it takes in besides the same visitor on the same entry, and what it does not,
# as (entry, visitor). The first visitor is number 1 in block 9, on entry 0.
WITHIN = {
    "visitor": [(1, SAME)],
    "block": [(2, NEIGHBOUR), (1, SAME)],
    "entry": [(0, NEIGHBOUR), (0, STRANGER)],
    "author": [(1, STRANGER)],
    "site": [(2, STRANGER)],
}
BEYOND = {
    "visitor": [(2, SAME), (0, NEIGHBOUR)],
    "block": [(0, STRANGER)],
    "entry": [(1, SAME)],
    "author": [(2, SAME)],
    "site": [],
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_days_tries_are_counted_by_scope(
    entries: list[Entry], settings: Settings, scope: str
) -> None:
    allow(settings, scope, "day", 2)
    spending.set_time_zone(entries[0].owner, ZONE.key)
    with Clock(NOW) as clock:
        for _ in range(2):
            end(admit(entries[0], SAME)[0])
        for where, who in [(0, SAME), *WITHIN[scope]]:
            refused = refusal(entries[where], who)
            assert (refused.code, refused.scope) == (f"{scope}_limit", scope)
            assert refused.until == MIDNIGHT[scope in AUTHORS_DAY]
        for where, who in BEYOND[scope]:
            admit(entries[where], who)
        # When they are said to, they begin anew, and not before.
        clock.now = MIDNIGHT[scope in AUTHORS_DAY] - timedelta(microseconds=1)
        assert refusal(entries[0], SAME).code == f"{scope}_limit"
        clock.now = MIDNIGHT[scope in AUTHORS_DAY]
        admit(entries[0], SAME)


@pytest.mark.parametrize("scope", MONEY)
def test_what_a_days_tries_may_cost_is_counted_by_scope(
    entries: list[Entry], settings: Settings, scope: str
) -> None:
    spending.set_time_zone(entries[0].owner, ZONE.key)
    code = f"{scope}_money"
    with Clock(NOW) as clock:
        first = admit(entries[0], SAME)[0]
        bound = first.plan.bound
        assert bound > 100
        # What runs counts as what it may cost, and what has ended as what it did.
        allow(settings, scope, "money", 2 * bound - 1)
        refused = refusal(entries[0], SAME)
        assert (refused.code, refused.scope) == (code, scope)
        assert refused.until == MIDNIGHT[scope in AUTHORS_DAY]
        end(first, cost=100)
        allow(settings, scope, "money", 2 * bound + 100)
        assert refusal(entries[0], SAME, columns=3).code == code
        second, third = admit(entries[0], SAME, columns=2)
        for where, who in WITHIN[scope]:
            assert refusal(entries[where], who).code == code
        for where, who in BEYOND[scope]:
            admit(entries[where], who)
        end(tryit.start(second.attempt.pk), cost=bound)
        end(tryit.start(third.attempt.pk), cost=0, state=Try.State.FAILED)
        end(admit(entries[0], SAME)[0], cost=bound)
        # Nothing fits that costs anything; tomorrow all does again.
        clock.now = MIDNIGHT[scope in AUTHORS_DAY] - timedelta(microseconds=1)
        assert refusal(entries[0], SAME).code == code
        clock.now = MIDNIGHT[scope in AUTHORS_DAY]
        admit(entries[0], SAME)
        # No day helps whoever asks for more than any day has.
        assert refusal(entries[0], SAME, columns=3).until is None
    assert set(RefusalCount.objects.values_list("code", flat=True)) == {code}


@pytest.mark.parametrize("scope", MONEY)
def test_no_money_still_lets_pass_what_costs_nothing(
    db: None, settings: Settings, scope: str
) -> None:
    entry = tried(input_price=0, output_price=0)
    Spending.of(entry.owner)
    allow(settings, scope, "money", 0)
    admit(entry, SAME)
    assert not any(
        one.kind == "money" for one in limits.statement(entry, SAME, tryit.models_for(entry))
    )


def test_columns_nobody_begins_leave_their_money_to_others(
    entry: Entry, settings: Settings
) -> None:
    bound = admit(entry, SAME, columns=2)[0].plan.bound
    allow(settings, "entry", "money", 2 * bound)
    assert refusal(entry, STRANGER).code == "entry_money"
    Try.objects.update(created_at=timezone.now() - tries.WAIT)
    # No worker has looked.
    admit(entry, STRANGER)


def test_a_journey_gives_an_author_no_more_tries_a_day(entry: Entry, settings: Settings) -> None:
    allow(settings, "entry", "day", 2)
    settings.TRIES_AT_ONCE_PER_VISITOR = 100
    with Clock(datetime(2026, 5, 12, 12, tzinfo=UTC)) as clock:
        for _ in range(2):
            admit(entry, SAME)
        spending.set_time_zone(entry.owner, "Pacific/Kiritimati")
        admit(entry, SAME)
        # Back to where it is the 12th: the 13th goes on until it is over there as well.
        spending.set_time_zone(entry.owner, "Pacific/Pago_Pago")
        assert admit(entry, SAME)[0].attempt.day == date(2026, 5, 13)
        refused = refusal(entry, SAME)
        assert refused.until == datetime(2026, 5, 14, 11, tzinfo=UTC)
        # The server's clock as well: it changes nothing for the author.
        for moment in (datetime(2026, 5, 1, tzinfo=UTC), refused.until - timedelta(seconds=1)):
            clock.now = moment
            again = refusal(entry, SAME)
            assert (again.code, again.until) == ("entry_limit", refused.until)
        clock.now = refused.until
        admit(entry, SAME)
        assert [day.tries for day in spending.last_days(entry.owner, 4)] == [1, 2, 2, 0]
    rows = spending.by_entry(entry.owner, date(2026, 5, 13))
    assert [row.tries for row in rows] == [3]


@pytest.mark.parametrize("scope", AT_ONCE)
def test_tries_at_once_are_counted_by_scope(
    entries: list[Entry], settings: Settings, scope: str
) -> None:
    allow(settings, "author", "at_once", 100)
    allow(settings, scope, "at_once", 2)
    running, _other = admit(entries[0], SAME), admit(entries[0], SAME)
    for where, who in [(0, SAME), *WITHIN[scope]]:
        refused = refusal(entries[where], who)
        assert (refused.code, refused.scope) == (f"{scope}_busy", scope)
        assert refused.until is not None
        assert timedelta() < refused.until - timezone.now() < timedelta(minutes=1)
    for where, who in BEYOND[scope]:
        admit(entries[where], who)
    end(running[0])
    admit(entries[0], SAME)


def test_what_nobody_makes_any_more_takes_no_place(entry: Entry, settings: Settings) -> None:
    settings.TRIES_AT_ONCE_PER_VISITOR = 1
    admit(entry, SAME)
    Try.objects.update(created_at=timezone.now() - budget.LEASE + timedelta(seconds=5))
    assert refusal(entry, SAME).code == "visitor_busy"
    Try.objects.update(created_at=timezone.now() - budget.LEASE)
    # No worker has looked; the lease alone says that its process died.
    admit(entry, SAME, columns=2)
    assert refusal(entry, SAME).code == "visitor_busy"
    Try.objects.filter(state=Try.State.WAITING).update(created_at=timezone.now() - tries.WAIT)
    admit(entry, SAME)


def test_the_operators_cap_has_a_reason_of_its_own(entry: Entry, settings: Settings) -> None:
    settings.SITE_DAILY_BUDGET = 10
    refused = refusal(entry, SAME)
    assert (refused.code, refused.scope) == ("site_budget", "site")
    assert refused.until == days.end(days.today())


def test_refusals_are_counted_by_day_entry_and_reason_alone(
    entries: list[Entry], settings: Settings
) -> None:
    allow(settings, "visitor", "day", 0)
    for where in (0, 0, 1):
        refusal(entries[where], SAME)
    owner = entries[0].owner
    spending.pause(owner, True)
    refusal(entries[0], STRANGER)
    today = days.today()
    assert spending.refusal_reasons(owner, today) == [("visitor_limit", 3), ("paused", 1)]
    assert [(row.entry, row.refused) for row in spending.by_entry(owner, today)] == [
        (entries[0], 3),
        (entries[1], 1),
    ]
    assert spending.last_days(owner, 2)[0].refused == 4
    assert spending.refusal_reasons(entries[2].owner, today) == []
    assert {field.name for field in RefusalCount._meta.fields} == {
        *("id", "owner", "entry", "day", "code", "count")
    }
    RefusalCount.objects.update(day=today - limits.REFUSALS_KEPT_FOR - timedelta(days=1))
    assert limits.forget_old_refusals() == 3


def test_pressing_twice_is_no_refusal(entry: Entry, settings: Settings) -> None:
    allow(settings, "visitor", "day", 1)
    group = uuid.uuid4()
    admit(entry, SAME, group=group)
    with pytest.raises(Refused):
        admit(entry, SAME, group=group)
    assert not RefusalCount.objects.exists()


def test_limits_are_stated_before_they_bite(entry: Entry, settings: Settings) -> None:
    allow(settings, "visitor", "day", 10)
    allow(settings, "entry", "day", 3)
    model = tryit.models_for(entry)[0]
    entry = column(entry).version.entry
    bound = admit(entry, SAME, columns=2)[0].plan.bound
    stated = {(one.scope, one.kind): one for one in limits.statement(entry, SAME, [model])}
    assert set(stated) == {
        *((scope, "day") for scope in SCOPES),
        *((scope, "at_once") for scope in AT_ONCE),
        ("author", "money"),
    }
    moments = {days.end(days.today()), None}
    assert {one.until for one in stated.values()} == moments
    assert (stated["visitor", "day"].used, stated["visitor", "day"].left) == (1, 9)
    assert not stated["visitor", "day"].is_tight
    assert stated["visitor", "at_once"].used == 1
    assert stated["entry", "day"].left == limits.tries_left(list(stated.values())) == 2
    assert stated["author", "money"].used == 2 * bound
    assert scopes.Stated("entry", "day", 3, 4).is_tight is False
    assert scopes.Stated("entry", "day", 4, 5).is_tight is True
    # Of models that cost nothing no money is told.
    model.input_price = model.output_price = 0
    assert not any(one.kind == "money" for one in limits.statement(entry, STRANGER, [model]))


def test_visitors_are_told_apart_by_address_and_by_network(db: None) -> None:
    one = visitors.visitor_of("2001:db8:1:2::10")
    assert one == visitors.visitor_of("2001:0DB8:1:2:0::10")
    neighbour = visitors.visitor_of("2001:db8:1:2:ffff::11")
    assert (neighbour.key != one.key, neighbour.block) == (True, one.block)
    assert visitors.visitor_of("2001:db8:1:3::10").block != one.block
    old = visitors.visitor_of("192.0.2.7")
    assert old.key == old.block == visitors.visitor_of("::ffff:192.0.2.7").key
    assert visitors.visitor_of("192.0.2.8").block != old.block
    zoned = visitors.visitor_of("fe80::1%eth0")
    assert zoned == visitors.visitor_of("fe80::1")
    assert visitors.visitor_of("nonsense") == visitors.visitor_of("nonsense")
    for found in (one, old):
        assert all(len(text) == 64 and "192" not in text[:3] for text in (found.key, found.block))
