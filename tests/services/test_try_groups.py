"""Columns side by side: one try, paid together or not at all, each begun once."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import (
    BudgetDay,
    Entry,
    LLMModel,
    RefusalCount,
    Reservation,
    SiteGrant,
    Spending,
    Try,
)
from prompts_app.services import budget, days, spending, tries, tryit, versions
from prompts_app.services.limits import Refused
from tests import factories
from tests.trying import SAME, STRANGER, admit, allow, column, end, refusal, tried


@pytest.fixture
def entry(db: None) -> Entry:
    """An entry to try."""
    found = tried()
    Spending.of(found.owner)
    return found


def _books() -> BudgetDay:
    return BudgetDay.objects.get(purse=BudgetDay.Purse.SITE)


def test_columns_side_by_side_are_one_try(entry: Entry, settings: Settings) -> None:
    allow(settings, "visitor", "day", 2)
    settings.TRIES_AT_ONCE_PER_VISITOR = 1
    group = uuid.uuid4()
    admitted = admit(entry, SAME, columns=3, group=group)
    assert [one.attempt.column for one in admitted] == [0, 1, 2]
    assert {one.attempt.group for one in admitted} == {group} == {admitted[0].attempt.pk}
    assert {one.attempt.state for one in admitted} == {Try.State.WAITING}
    assert refusal(entry, SAME).code == "visitor_busy"
    for one in admitted:
        end(tryit.start(one.attempt.pk))
    end(admit(entry, SAME)[0])
    assert refusal(entry, SAME).code == "visitor_limit"
    assert spending.last_days(entry.owner, 1)[0].tries == 2
    assert [(row.tries, row.cost) for row in spending.by_entry(entry.owner, days.today())] == [
        (2, 20)
    ]


FREE: dict[str, Any] = {"state": Try.State.FAILED, "error_code": "unauthorized", "cost": 0}


@pytest.mark.parametrize("free", [(True,), (True, True), (True, False), (False, True)])
def test_a_try_counts_unless_all_of_it_was_free(
    entry: Entry, settings: Settings, free: tuple[bool, ...]
) -> None:
    allow(settings, "visitor", "day", 1)
    admitted = admit(entry, SAME, columns=len(free))
    if len(free) > 1:
        admitted = [tryit.start(one.attempt.pk) for one in admitted]
    for one, was_free in zip(admitted, free, strict=True):
        end(one, **(FREE if was_free else {}))
    if all(free):
        admit(entry, SAME)
    else:
        assert refusal(entry, SAME).code == "visitor_limit"


def test_columns_are_paid_together_or_not_at_all(entry: Entry) -> None:
    own = factories.model(factories.provider(entry.owner), "own-model")
    entry.tryable.add(own)
    site = next(model for model in tryit.models_for(entry) if model.provider.owner_id is None)
    columns = [column(entry, site), column(entry, own), column(entry, site)]
    bound = tryit.admit(uuid.uuid4(), columns[:1], {"text": "A text"}, SAME)[0].plan.bound
    SiteGrant.objects.update(daily_cap=3 * bound)
    spending.set_limits(entry.owner, daily_limit=bound - 1)
    for _ in range(2):
        columns = [column(entry, one.model) for one in columns]
        with pytest.raises(Refused) as refused:
            tryit.admit(uuid.uuid4(), columns, {"text": "A text"}, SAME)
        assert (refused.value.code, refused.value.scope) == ("budget", "author")
        assert Try.objects.count() == Reservation.objects.count() == 1
        # Then enough of one's own, and too little of the operator's.
        spending.set_limits(entry.owner, daily_limit=bound)
        SiteGrant.objects.update(daily_cap=3 * bound - 1)
    SiteGrant.objects.update(daily_cap=3 * bound)
    columns = [column(entry, one.model) for one in columns]
    tryit.admit(uuid.uuid4(), columns, {"text": "A text"}, SAME)
    held = {row.purse: row.reserved for row in BudgetDay.objects.all()}
    assert held == {"own": bound, "site": 3 * bound}


def test_each_version_gets_its_own_values(entry: Entry) -> None:
    naive = factories.version(entry, factories.content("Sum up {{ length }}", variables=[
        factories.variable("length", default="in a line")]))  # fmt: skip
    published = factories.version(entry)
    entry.refresh_from_db()
    model = tryit.models_for(entry)[0]
    for version in (naive, published):
        version.entry = entry
    columns = [tryit.Column(published, model), tryit.Column(naive, model)]
    tryit.admit(uuid.uuid4(), columns, {"text": "Mine"}, SAME)
    assert [one.values for one in Try.objects.order_by("column")] == [
        {"text": "Mine"},
        {"length": "in a line"},
    ]


@pytest.mark.parametrize("columns", [1, 2])
def test_a_one_time_id_is_used_once(entry: Entry, columns: int) -> None:
    group = uuid.uuid4()
    admit(entry, SAME, columns=2, group=group)
    held = _books().reserved
    with pytest.raises(IntegrityError), transaction.atomic():
        admit(entry, STRANGER, columns=columns, group=group)
    assert _books().reserved == held
    assert [one.column for one in tries.kept_group(group, entry)] == [0, 1]


def test_a_column_is_begun_once_and_as_it_was_admitted(entry: Entry) -> None:
    waiting = admit(entry, SAME, columns=2)[1]
    Reservation.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    begun = tryit.start(waiting.attempt.pk)
    assert (begun.plan, begun.reservation) == (waiting.plan, waiting.reservation)
    assert Try.objects.get(pk=begun.attempt.pk).state == Try.State.RUNNING
    lease = Reservation.objects.get(pk=begun.reservation).lease_until
    assert lease > timezone.now() + budget.LEASE - timedelta(minutes=1)
    with pytest.raises(tryit.NotWaiting):
        tryit.start(waiting.attempt.pk)
    for unknown in (uuid.uuid4(), admit(entry, SAME)[0].attempt.pk):
        with pytest.raises(tryit.NotWaiting):
            tryit.start(unknown)


@pytest.mark.parametrize("event", ["late", "paused", "closed", "dearer", "gone", "withdrawn"])
def test_a_column_that_may_not_begin_costs_nothing(entry: Entry, event: str) -> None:
    waiting = admit(entry, SAME, columns=2)[0]
    assert waiting.attempt.version.entry_id == entry.pk
    match event:
        case "late":
            Try.objects.update(created_at=timezone.now() - tries.WAIT)
        case "paused":
            spending.pause(entry.owner, True)
        case "closed":
            entry.tryable.clear()
        case "dearer":
            LLMModel.objects.update(output_price=9_000_000)
        case "gone":
            LLMModel.objects.all().delete()
        case "withdrawn":
            factories.version(entry)
            versions.withdraw_version(waiting.attempt.version)
    if event == "withdrawn":
        with pytest.raises(tryit.NotWaiting):
            tryit.start(waiting.attempt.pk)
        assert (_books().reserved, _books().spent) == (0, 0)
        return
    with pytest.raises(Refused) as refused:
        tryit.start(waiting.attempt.pk)
    assert refused.value.code == ("paused" if event == "paused" else "not_started")
    kept = Try.objects.get(pk=waiting.attempt.pk)
    assert (kept.state, kept.cost, kept.error_code) == ("stopped", 0, "not_started")
    money = Reservation.objects.get(pk=waiting.reservation)
    assert (money.state, money.actual, money.assumed) == ("settled", 0, False)
    assert RefusalCount.objects.get(code=refused.value.code).count == 1
    with pytest.raises(tryit.NotWaiting):
        tryit.start(waiting.attempt.pk)


def test_what_nobody_begins_is_taken_back(entry: Entry, settings: Settings) -> None:
    allow(settings, "visitor", "day", 2)
    group = admit(entry, SAME, columns=3)
    begun = tryit.start(group[0].attempt.pk)
    never = admit(entry, SAME, columns=2)
    assert tries.take_back_overdue() == 0
    Try.objects.update(created_at=timezone.now() - tries.WAIT)
    assert tries.take_back_overdue() == 4
    assert _books().reserved == begun.plan.bound
    # One column of the first group runs; of the second none ever did.
    end(begun)
    Try.objects.update(created_at=timezone.now())
    admit(entry, SAME)
    assert refusal(entry, SAME).code == "visitor_limit"
    assert not tries.is_overdue(Try.objects.get(pk=never[0].attempt.pk))


def test_without_a_worker_the_money_of_what_nobody_began_is_there_again(entry: Entry) -> None:
    waiting = admit(entry, SAME, columns=2)
    SiteGrant.objects.update(daily_cap=2 * waiting[0].plan.bound)
    assert refusal(entry, STRANGER).code == "budget"
    Try.objects.update(created_at=timezone.now() - tries.WAIT)
    admit(entry, STRANGER)
    assert RefusalCount.objects.get().count == 1


def test_an_erased_try_that_waited_gives_its_money_back(entry: Entry) -> None:
    first, second = admit(entry, SAME, columns=2)
    tries.erase_try(first.attempt)
    assert Reservation.objects.get(pk=first.reservation).actual == 0
    with pytest.raises(tryit.NotWaiting):
        tryit.start(first.attempt.pk)
    tryit.start(second.attempt.pk)
