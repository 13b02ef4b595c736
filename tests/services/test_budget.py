"""The ledger: no order of events spends more than the day allows, or settles anything twice."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from prompts_app.models import BudgetDay, Reservation, Spending, User
from prompts_app.services import budget
from tests import factories

OWN = BudgetDay.Purse.OWN


class Ledger(RuleBasedStateMachine):
    """An author's day, with every event in any order; `spent` and `held` are the model of it."""

    opened = Bundle("opened")
    forfeited = Bundle("forfeited")
    closed = Bundle("closed")

    @initialize(limit=st.integers(0, 1000))
    def begin(self, limit: int) -> None:
        """A new author with a limit."""
        self.owner = factories.user()
        self.limit = limit
        self.spent = 0
        self.held: dict[uuid.UUID, int] = {}
        Spending.objects.create(
            owner=self.owner, daily_limit=limit, tries_per_visitor=1, tries_per_entry=1
        )

    @rule(target=opened, amount=st.integers(0, 400))
    def reserve(self, amount: int) -> object:
        """Money is set aside exactly when it fits."""
        fits = self.spent + sum(self.held.values()) + amount <= self.limit
        try:
            reservation = budget.reserve(self.owner, OWN, amount)
        except budget.BudgetExhausted as error:
            refused = error
        else:
            assert fits
            self.held[reservation.pk] = amount
            return reservation.pk, amount
        assert not fits
        assert refused.resets_at > timezone.now()
        return multiple()

    @rule(target=closed, one=consumes(opened), share=st.none() | st.integers(0, 120))
    def settle(self, one: tuple[uuid.UUID, int], share: int | None) -> object:
        """A call ends: what it cost, up to a fifth more than asked, or not told."""
        key, amount = one
        actual = None if share is None else amount * share // 100
        budget.settle(key, actual)
        del self.held[key]
        self.spent += amount if actual is None else actual
        return key

    @rule(target=forfeited, one=consumes(opened))
    def process_dies(self, one: tuple[uuid.UUID, int]) -> object:
        """Its lease runs out, and the reaper counts it in full; others stay open."""
        Reservation.objects.filter(pk=one[0]).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        assert budget.forfeit_expired() == 1
        assert budget.forfeit_expired() == 0
        del self.held[one[0]]
        self.spent += one[1]
        return one

    @rule(target=closed, one=consumes(forfeited), share=st.integers(0, 100))
    def settle_late(self, one: tuple[uuid.UUID, int], share: int) -> object:
        """The process was only slow: its day is corrected."""
        actual = one[1] * share // 100
        budget.settle(one[0], actual)
        self.spent += actual - one[1]
        return one[0]

    @rule(key=closed, actual=st.none() | st.integers(0, 400))
    def settle_again(self, key: uuid.UUID, actual: int | None) -> None:
        """Settling twice changes nothing."""
        budget.settle(key, actual)

    @rule(limit=st.integers(0, 1000))
    def change_limit(self, limit: int) -> None:
        """The author changes the limit in mid-day."""
        self.limit = limit
        Spending.objects.filter(owner=self.owner).update(daily_limit=limit)
        # Every request looks its author up anew.
        self.owner = User.objects.get(pk=self.owner.pk)

    @invariant()
    def books_balance(self) -> None:
        """The day says what the events add up to."""
        day = BudgetDay.objects.filter(owner=self.owner).first()
        if day is not None:
            assert (day.spent, day.reserved) == (self.spent, sum(self.held.values()))


@pytest.mark.django_db
def test_every_order_of_events_balances() -> None:
    run_state_machine_as_test(
        Ledger,
        settings=hypothesis_settings(max_examples=25, stateful_step_count=25, deadline=None),
    )


@pytest.mark.django_db(transaction=True)
def test_reserving_at_once_never_passes_the_limit() -> None:
    owner = factories.user()
    Spending.objects.create(owner=owner, daily_limit=500, tries_per_visitor=1, tries_per_entry=1)

    def try_some(_worker: int) -> int:
        won = 0
        try:
            for _ in range(15):
                try:
                    budget.reserve(owner, OWN, 10)
                    won += 1
                except budget.BudgetExhausted:
                    pass
        finally:
            connection.close()
        return won

    with ThreadPoolExecutor(6) as pool:
        won = sum(pool.map(try_some, range(6)))
    assert won == 50
    day = BudgetDay.objects.get(owner=owner)
    assert (day.reserved, day.spent) == (500, 0)
    assert Reservation.objects.filter(budget_day=day).count() == 50
