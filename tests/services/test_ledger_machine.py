"""The ledger under every order of events: hypothesis plays author, provider, crashes and clock."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import override_settings
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

from prompts_app.models import BudgetDay, Reservation, ShareLink, SiteGrant, Spending, User
from prompts_app.services import books, budget, spending
from tests import factories
from tests.clock import Clock

OWN, SITE = BudgetDay.Purse.OWN.value, BudgetDay.Purse.SITE.value
AMOUNTS = st.integers(0, 400)
LIMITS = st.integers(0, 1000)
OWNERS = st.integers(0, 1)
# An hour before the clocks of Europe go forward.
BEGINNING = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
ZONES = ("UTC", "Europe/Paris", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago")


# Owner, purse, day, and the share link whose row it is.
Place = tuple[int, str, date, uuid.UUID | None]


@dataclass
class Call:
    """Money set aside for one call, as the model of the ledger knows it."""

    key: uuid.UUID
    row: Place
    amount: int
    lease_until: datetime


@dataclass
class Row:
    """One author's day in one purse, through one link or through none."""

    spent: int = 0
    overrun: int = 0
    open: dict[uuid.UUID, int] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """What counts against the limit."""
        return self.spent + sum(self.open.values())


@dataclass
class Link:
    """One share link: it is for an author's tries as long as it is open."""

    owner: int
    budget: int
    is_open: bool = True


class Ledger(RuleBasedStateMachine):
    """Two authors with a purse of their own, a part of the operator's, and two links each."""

    opened = Bundle("opened")
    forfeited = Bundle("forfeited")
    closed = Bundle("closed")

    @initialize(own=LIMITS, part=LIMITS, cap=LIMITS, each=LIMITS)
    def begin(self, own: int, part: int, cap: int, each: int) -> None:
        """New authors, empty books."""
        User.objects.all().delete()
        self.clock = Clock(BEGINNING)
        self.clock.__enter__()
        self.owners = [factories.user().pk, factories.user().pk]
        self.zones = dict.fromkeys(self.owners, "UTC")
        self.limits: dict[tuple[int, str], int] = {}
        for owner in self.owners:
            Spending.objects.create(
                owner_id=owner, daily_limit=own, tries_per_visitor=1, tries_per_entry=1
            )
            SiteGrant.objects.create(user_id=owner, daily_cap=part)
            self.limits |= {(owner, OWN): own, (owner, SITE): part}
        self.links = {
            factories.share_link(User.objects.get(pk=owner), budget=each).pk: Link(owner, each)
            for owner in self.owners
            for _ in range(2)
        }
        settings.SITE_DAILY_BUDGET = cap
        self.rows: dict[Place, Row] = defaultdict(Row)
        self.ended: dict[uuid.UUID, tuple[str, int]] = {}

    def teardown(self) -> None:
        """Give the clock back."""
        self.clock.__exit__()
        timezone.deactivate()

    def _local(self, owner: int, purse: str, moment: datetime) -> date:
        zone = self.zones[owner] if purse == OWN else "UTC"
        return moment.astimezone(ZoneInfo(zone)).date()

    def _day_of(self, owner: int, purse: str) -> date:
        """The day of whoever pays, or the newest the books have reached."""
        days = [day for (one, which, day, _) in self.rows if (one, which) == (owner, purse)]
        return max([self._local(owner, purse, self.clock.now), *days])

    def _used(self, **where: object) -> int:
        """What all rows hold that are of this owner, purse, day or link."""
        names = ("owner", "purse", "day", "link")
        return sum(
            row.used
            for place, row in self.rows.items()
            if all(
                value == where.get(name, value) for name, value in zip(names, place, strict=True)
            )
        )

    def _room(self, owner: int, purse: str, day: date, amount: int, link: uuid.UUID | None) -> int:
        """What may still be set aside of a purse by its own limit."""
        if link is not None and purse == OWN:
            # The link's budget comes on top of the author's day.
            return amount
        limit = self.limits[owner, purse]
        if purse == OWN:
            return limit - self._used(owner=owner, purse=OWN, day=day, link=None)
        left = limit - self._used(owner=owner, purse=SITE, day=day)
        if link is not None or not amount:
            return left
        kept = sum(
            max(0, one.budget - self._used(link=key))
            for key, one in self.links.items()
            if one.owner == owner and one.is_open
        )
        return left - min(limit // 2, kept)

    def _reserve(
        self, which: int, wanted: Sequence[tuple[str, int]], of_link: int | None = None
    ) -> Sequence[Call]:
        """Reserve for real and in the model: both must agree, and a refusal changes nothing."""
        owner = self.owners[which]
        link = None
        if of_link is not None:
            link = [key for key, one in self.links.items() if one.owner == owner][of_link]
        day = {purse: self._day_of(owner, purse) for purse in (OWN, SITE)}
        amounts = {purse: 0 for purse, _amount in wanted}
        for purse, amount in wanted:
            amounts[purse] += amount
        short = [
            purse
            for purse, amount in amounts.items()
            if amount > self._room(owner, purse, day[purse], amount, link)
        ]
        of_all = self._used(purse=SITE, day=day[SITE])
        dry = SITE in amounts and of_all + amounts[SITE] > settings.SITE_DAILY_BUDGET
        over = (
            link is not None
            and self._used(link=link) + sum(amounts.values()) > self.links[link].budget
        )
        # Every request looks its author up anew.
        account = User.objects.get(pk=owner)
        opened = ShareLink.objects.get(pk=link) if link is not None else None
        if over:
            with pytest.raises(budget.BudgetExhausted) as refusal:
                budget.reserve_together(account, wanted, opened)
            # No day brings a link's money back.
            assert (refusal.value.scope, refusal.value.resets_at) == ("link", None)
            return ()
        if short or dry:
            with pytest.raises(budget.BudgetExhausted) as refusal:
                budget.reserve_together(account, wanted, opened)
            assert refusal.value.scope == ("author" if short else "site")
            until = refusal.value.resets_at
            assert until is not None
            assert until > self.clock.now
            # From then on, and not before, what was short begins anew.
            missing = short or [SITE]
            assert all(self._local(owner, purse, until) > day[purse] for purse in missing)
            before = until - timedelta(seconds=1)
            assert any(self._local(owner, purse, before) <= day[purse] for purse in missing)
            return ()
        reservations = budget.reserve_together(account, wanted, opened)
        calls = []
        for reservation, (purse, amount) in zip(reservations, wanted, strict=True):
            row = (owner, purse, day[purse], link)
            self.rows[row].open[reservation.pk] = amount
            assert reservation.budget_day.day == day[purse]
            assert reservation.budget_day.purse == purse
            assert reservation.budget_day.link_id == link
            # The author's day has begun, whoever pays.
            self.rows.setdefault((owner, OWN, day[OWN], None), Row())
            calls.append(Call(reservation.pk, row, amount, self.clock.now + budget.LEASE))
        return calls

    @rule(target=opened, owner=OWNERS, purse=st.sampled_from((OWN, SITE)), amount=AMOUNTS)
    def reserve(self, owner: int, purse: str, amount: int) -> object:
        """Money is set aside exactly when it fits."""
        return multiple(*self._reserve(owner, [(purse, amount)]))

    @rule(
        target=opened,
        owner=OWNERS,
        wanted=st.lists(st.tuples(st.sampled_from((OWN, SITE)), AMOUNTS), min_size=2, max_size=3),
    )
    def reserve_together(self, owner: int, wanted: list[tuple[str, int]]) -> object:
        """Columns that stand side by side, of one purse or of two: all of them or none."""
        return multiple(*self._reserve(owner, wanted))

    @rule(
        target=opened,
        owner=OWNERS,
        link=st.integers(0, 1),
        wanted=st.lists(st.tuples(st.sampled_from((OWN, SITE)), AMOUNTS), min_size=1, max_size=3),
    )
    def reserve_through_link(self, owner: int, link: int, wanted: list[tuple[str, int]]) -> object:
        """A link's own budget pays, whoever's money it is."""
        return multiple(*self._reserve(owner, wanted, link))

    @rule(target=closed, call=consumes(opened), share=st.none() | st.integers(0, 150))
    def settle(self, call: Call, share: int | None) -> object:
        """A call ends: what it cost, up to half more than asked, or not told."""
        actual = None if share is None else call.amount * share // 100
        assert budget.settle(call.key, actual) == 0
        row = self.rows[call.row]
        del row.open[call.key]
        spent = call.amount if actual is None else actual
        row.spent += spent
        row.overrun += max(0, spent - call.amount)
        self.ended[call.key] = ("settled", spent)
        return call.key

    @rule(target=forfeited, call=consumes(opened))
    def crash(self, call: Call) -> object:
        """A process is known to have died: what it held counts in full, once."""
        assert budget.forfeit(call.key)
        assert not budget.forfeit(call.key)
        self._forfeited(call)
        return call

    def _forfeited(self, call: Call) -> None:
        row = self.rows[call.row]
        del row.open[call.key]
        row.spent += call.amount
        self.ended[call.key] = ("forfeited", call.amount)

    @rule(target=forfeited, calls=st.lists(consumes(opened), max_size=4))
    def reap(self, calls: list[Call]) -> object:
        """Leases run out, and the reaper takes those and no others."""
        keys = {call.key for call in calls}
        Reservation.objects.filter(pk__in=keys).update(
            lease_until=self.clock.now - timedelta(seconds=1)
        )
        # Where the clock went ahead, others are over as well: theirs are made longer here.
        Reservation.objects.exclude(pk__in=keys).filter(lease_until__lt=self.clock.now).update(
            lease_until=self.clock.now
        )
        assert budget.forfeit_expired() == len(keys)
        assert budget.forfeit_expired() == 0
        for call in calls:
            self._forfeited(call)
        return multiple(*calls)

    @rule(target=closed, call=consumes(forfeited), share=st.none() | st.integers(0, 150))
    def settle_late(self, call: Call, share: int | None) -> object:
        """The process was only slow: the day of its call is corrected, whatever day it is now."""
        actual = call.amount if share is None else call.amount * share // 100
        correction = budget.settle(call.key, None if share is None else actual)
        assert correction == actual - call.amount
        row = self.rows[call.row]
        row.spent += correction
        row.overrun += max(0, correction)
        self.ended[call.key] = ("settled", actual)
        return call.key

    @rule(key=closed, actual=st.none() | AMOUNTS)
    def settle_again(self, key: uuid.UUID, actual: int | None) -> None:
        """Each call ends once: neither settling nor forfeiting it again changes anything."""
        assert budget.settle(key, actual) == 0
        assert not budget.forfeit(key)

    @rule(which=OWNERS, purse=st.sampled_from((OWN, SITE)), limit=LIMITS)
    def change_limit(self, which: int, purse: str, limit: int) -> None:
        """The author's budget or the granted part is changed in mid-day."""
        owner = self.owners[which]
        self.limits[owner, purse] = limit
        if purse == OWN:
            Spending.objects.filter(owner=owner).update(daily_limit=limit)
        else:
            SiteGrant.objects.filter(user=owner).update(daily_cap=limit)

    @rule(at=st.integers(0, 3), amount=LIMITS)
    def change_links_budget(self, at: int, amount: int) -> None:
        """The author gives a link more or less."""
        key = list(self.links)[at]
        self.links[key].budget = amount
        ShareLink.objects.filter(pk=key).update(budget=amount)

    @rule(at=st.integers(0, 3), how=st.sampled_from(("revoked", "expired", "closed", "open")))
    def open_or_close_link(self, at: int, how: str) -> None:
        """Nothing is kept for a link that is over, or that allows no tries."""
        key = list(self.links)[at]
        self.links[key].is_open = how == "open"
        # Far enough away for every step of the clock.
        ShareLink.objects.filter(pk=key).update(
            revoked_at=self.clock.now if how == "revoked" else None,
            expires_at=BEGINNING - timedelta(days=999) if how == "expired" else None,
            allows_tries=how != "closed",
        )

    @rule(cap=LIMITS)
    def change_cap(self, cap: int) -> None:
        """The operator starts the site with another cap."""
        settings.SITE_DAILY_BUDGET = cap

    @rule(hours=st.sampled_from((-72, -24, -1, 1, 23, 24, 72)))
    def clock_steps(self, hours: int) -> None:
        """The clock goes on or back, over midnight or not."""
        self.clock.move(timedelta(hours=hours))

    @rule(which=OWNERS, zone=st.sampled_from(ZONES))
    def change_zone(self, which: int, zone: str) -> None:
        """An author travels: the day that has begun goes on, and none comes back."""
        owner = self.owners[which]
        self.zones[owner] = zone
        spending.set_time_zone(User.objects.get(pk=owner), zone)
        found = books.books(User.objects.get(pk=owner))
        assert found.days == {purse: self._day_of(owner, purse) for purse in (OWN, SITE)}

    @rule(zone=st.sampled_from(ZONES))
    def read_elsewhere(self, zone: str) -> None:
        """Whoever reads a page does so in a time zone of their own: no day changes by it."""
        timezone.activate(ZoneInfo(zone))

    @invariant()
    def books_balance(self) -> None:
        """Every row says what the events add up to, and every call ended as often as it did."""
        kept = {
            (row.owner_id, row.purse, row.day, row.link_id): (row.spent, row.reserved, row.overrun)
            for row in BudgetDay.objects.all()
        }
        for key, row in self.rows.items():
            assert kept.pop(key) == (row.spent, sum(row.open.values()), row.overrun)
        assert not kept
        states = {
            row.pk: (row.state, row.actual)
            for row in Reservation.objects.exclude(state=Reservation.State.OPEN)
        }
        assert states == self.ended
        holding = {key for row in self.rows.values() for key in row.open}
        assert (
            set(
                Reservation.objects.filter(state=Reservation.State.OPEN).values_list(
                    "pk", flat=True
                )
            )
            == holding
        )


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_every_order_of_events_balances() -> None:
    with override_settings(SITE_DAILY_BUDGET=0):
        run_state_machine_as_test(
            Ledger,
            settings=hypothesis_settings(stateful_step_count=30),
        )
