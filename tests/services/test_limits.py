"""Limits of tries: whose are counted together, and what visitors and authors are told."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import Entry, RefusalCount, Spending, Try
from prompts_app.services import budget, days, limits, spending, tries, tryit, visitors
from prompts_app.services.limits import Refused
from tests.trying import (
    AT_ONCE,
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


# For each scope: what it takes in besides the same visitor on the same entry, and what it does not,
# as (entry, visitor). The first visitor is number 1 in block 9, on entry 0.
WITHIN = {
    "visitor": [(1, SAME)],
    "block": [(2, NEIGHBOUR), (1, SAME)],
    "entry": [(0, STRANGER)],
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
    for _ in range(2):
        end(admit(entries[0], SAME)[0])
    for where, who in [(0, SAME), *WITHIN[scope]]:
        refused = refusal(entries[where], who)
        assert (refused.code, refused.scope) == (f"{scope}_limit", scope)
        assert refused.until == days.end(days.today())
    for where, who in BEYOND[scope]:
        admit(entries[where], who)
    # Tomorrow they begin anew.
    Try.objects.update(created_at=timezone.now() - timedelta(days=1))
    admit(entries[0], SAME)


@pytest.mark.parametrize("scope", AT_ONCE)
def test_tries_at_once_are_counted_by_scope(
    entries: list[Entry], settings: Settings, scope: str
) -> None:
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
    assert (stated["visitor", "day"].used, stated["visitor", "day"].left) == (1, 9)
    assert not stated["visitor", "day"].is_tight
    assert stated["visitor", "at_once"].used == 1
    assert stated["entry", "day"].left == limits.tries_left(list(stated.values())) == 2
    assert stated["author", "money"].used == 2 * bound
    assert limits.Stated("entry", "day", 3, 4).is_tight is False
    assert limits.Stated("entry", "day", 4, 5).is_tight is True
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
