"""The ledger: many at once, days and clocks, rows that are broken. Every order of events is played
in test_ledger_machine.py.
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import BudgetDay, Reservation, ShareLink, SiteGrant, Spending, User
from prompts_app.services import books, budget, spending
from tests import factories
from tests.clock import Clock

OWN, SITE = BudgetDay.Purse.OWN, BudgetDay.Purse.SITE
MIDNIGHT = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)


def allow(limit: int, part: int | None = None) -> User:
    """Return an author with so much a day, and so much of the operator's money."""
    owner = factories.user()
    Spending.objects.create(owner=owner, daily_limit=limit, tries_per_visitor=1, tries_per_entry=1)
    if part is not None:
        SiteGrant.objects.create(user=owner, daily_cap=part)
    return owner


def again(owner: User) -> User:
    """The same account as the next request meets it."""
    return User.objects.get(pk=owner.pk)


def row(owner: User, purse: str = OWN, day: date | None = None) -> tuple[int, int, int]:
    """What the newest (or given) day says: spent, reserved, overrun."""
    rows = BudgetDay.objects.filter(owner=owner, purse=purse).order_by("-day")
    found = rows.get(day=day) if day else rows[0]
    return found.spent, found.reserved, found.overrun


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands at noon until it is moved."""
    with Clock(MIDNIGHT - timedelta(hours=12)) as found:
        yield found


def at_once(number: int, work: Callable[[int], int]) -> int:
    """Do `work` in so many threads that begin together, each with a connection of its own."""
    ready = threading.Barrier(number)

    def one(worker: int) -> int:
        try:
            ready.wait()
            return work(worker)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return sum(pool.map(one, range(number)))


def reserved(wanted: Sequence[tuple[str, int]], owners: Sequence[User], each: int) -> int:
    """Reserve `wanted` for the owners in turn, `each` times; return how often that succeeded."""
    won = 0
    for number in range(each):
        try:
            budget.reserve_together(again(owners[number % len(owners)]), wanted)
            won += 1
        except budget.BudgetExhausted:
            pass
    return won


@pytest.mark.django_db(transaction=True)
def test_links_and_strangers_at_once_never_pass_what_each_may(settings: Settings) -> None:
    settings.SITE_DAILY_BUDGET = 10_000
    owner = allow(0, part=600)
    links = [factories.share_link(owner, budget=100 * number) for number in (1, 2, 9)]

    def work(worker: int) -> int:
        won = 0
        for number in range(30):
            link = [None, *links][(worker + number) % 4]
            opened = ShareLink.objects.get(pk=link.pk) if link is not None else None
            try:
                budget.reserve_together(again(owner), [(SITE, 10)], opened)
                won += 1
            except budget.BudgetExhausted:
                pass
        return won

    assert at_once(6, work) == 60
    held = dict(BudgetDay.objects.filter(purse=SITE).values_list("link", "reserved"))
    assert sum(held.values()) == 600
    assert all(held[link.pk] <= link.budget for link in links)
    # Strangers got no more than half: the rest was kept as long as links could use it.
    assert BudgetDay.objects.get(purse=SITE, link=None).reserved <= 300


@pytest.mark.django_db(transaction=True)
def test_reserving_at_once_never_passes_the_limit() -> None:
    owner = allow(500)
    assert at_once(6, lambda _: reserved([(OWN, 10)], [owner], 15)) == 50
    assert row(owner) == (0, 500, 0)
    assert Reservation.objects.filter(budget_day__owner=owner).count() == 50


@pytest.mark.django_db(transaction=True)
def test_the_operators_cap_holds_over_all_authors_at_once(settings: Settings) -> None:
    settings.SITE_DAILY_BUDGET = 300
    owners = [allow(0, part=200) for _ in range(4)]
    turned = [owners[turn:] + owners[:turn] for turn in range(4)]
    assert at_once(4, lambda turn: reserved([(SITE, 10)], turned[turn], 20)) == 30
    assert sum(row(owner, SITE)[1] for owner in owners) == 300


@pytest.mark.django_db(transaction=True)
def test_two_purses_at_once_are_taken_together_or_not_at_all(settings: Settings) -> None:
    settings.SITE_DAILY_BUDGET = 1_000_000
    owner = allow(1000, part=300)
    # In both orders, for two rows that wait for each other would wait for ever.
    orders = [[(OWN, 10), (SITE, 10)], [(SITE, 10), (OWN, 10)]]
    assert at_once(6, lambda worker: reserved(orders[worker % 2], [owner], 10)) == 30
    assert row(owner, OWN) == (0, 300, 0)
    assert row(owner, SITE) == (0, 300, 0)


@pytest.mark.django_db
def test_a_refusal_leaves_a_transaction_as_it_was() -> None:
    owner = allow(100, part=5)
    with transaction.atomic():
        for wanted in ([(OWN, 50), (SITE, 6)], [(OWN, 101)], [(SITE, 6)]):
            with pytest.raises(budget.BudgetExhausted):
                budget.reserve_together(owner, wanted)
        kept = budget.reserve(owner, OWN, 100)
    assert list(Reservation.objects.all()) == [kept]
    assert row(owner) == (0, 100, 0)
    assert not BudgetDay.objects.filter(purse=SITE).exists()


@pytest.mark.django_db
def test_large_caps_are_caps(settings: Settings) -> None:
    settings.SITE_DAILY_BUDGET = 90_000_000_000
    owner = allow(0, part=100_000_000_000)
    budget.reserve(owner, SITE, 60_000_000_000)
    with pytest.raises(budget.BudgetExhausted) as refusal:
        budget.reserve(owner, SITE, 40_000_000_000)
    assert refusal.value.scope == "site"
    assert spending.purses_today(owner)[1].left == 30_000_000_000


@pytest.mark.django_db
def test_a_bill_beyond_the_most_asked_for_stops_the_day_and_is_told(clock: Clock) -> None:
    owner = allow(1000)
    first, second = (budget.reserve(owner, OWN, 400) for _ in range(2))
    budget.settle(first.pk, 900)
    assert row(owner) == (900, 400, 500)
    with pytest.raises(budget.BudgetExhausted):
        budget.reserve(owner, OWN, 1)
    budget.settle(second.pk, 100)
    # Back at the limit, and not a penny below it.
    with pytest.raises(budget.BudgetExhausted):
        budget.reserve(owner, OWN, 1)
    assert (spending.overrun_today(owner), spending.purses_today(owner)[0].left) == (500, 0)
    clock.move(timedelta(days=1))
    assert spending.overrun_today(owner) == 0
    budget.reserve(owner, OWN, 1000)


@pytest.mark.django_db
def test_a_smaller_budget_takes_nothing_back_and_a_larger_one_admits_at_once() -> None:
    owner = allow(1000)
    budget.settle(budget.reserve(owner, OWN, 300).pk, 300)
    held = budget.reserve(owner, OWN, 400)
    spending.set_limits(owner, daily_limit=500)
    with pytest.raises(budget.BudgetExhausted):
        budget.reserve(again(owner), OWN, 1)
    assert row(owner) == (300, 400, 0)
    budget.settle(held.pk, 50)
    # 350 of 500: what was given back counts against the new one.
    budget.reserve(again(owner), OWN, 150)
    with pytest.raises(budget.BudgetExhausted):
        budget.reserve(again(owner), OWN, 1)
    spending.set_limits(owner, daily_limit=501)
    budget.reserve(again(owner), OWN, 1)
    assert BudgetDay.objects.get().limit == 501


@pytest.mark.django_db
def test_of_a_cap_that_is_overdrawn_nothing_more_begins(settings: Settings) -> None:
    first, second = allow(100, part=100), allow(100, part=100)
    budget.reserve(first, SITE, 60)
    settings.SITE_DAILY_BUDGET = 50
    # Neither for whom the day began nor for whom it has not, and whoever refuses says so.
    for owner in (first, second):
        for wanted in ([(SITE, 0)], [(SITE, 0), (OWN, 13)]):
            with pytest.raises(budget.BudgetExhausted) as refusal:
                budget.reserve_together(owner, wanted)
            assert refusal.value.scope == "site"
    assert row(first, SITE) == (0, 60, 0)
    assert not BudgetDay.objects.filter(owner=second).exists()


@pytest.mark.django_db
def test_the_day_is_that_of_admission_and_never_goes_back(clock: Clock) -> None:
    owner, other = allow(100), allow(100)
    evening = budget.reserve(owner, OWN, 60)
    clock.now = MIDNIGHT + timedelta(seconds=1)
    # A new day has all its money; what began before midnight is still yesterday's.
    budget.reserve(owner, OWN, 100)
    budget.settle(evening.pk, 70)
    yesterday, today = MIDNIGHT.date() - timedelta(days=1), MIDNIGHT.date()
    assert row(owner, day=yesterday) == (70, 0, 10)
    assert row(owner, day=today) == (0, 100, 0)
    # A clock that is put right, or wrong, opens no older day's budget again.
    for back in (timedelta(seconds=2), timedelta(days=20)):
        clock.now = MIDNIGHT - back
        assert books.books(owner).days[OWN] == today
        with pytest.raises(budget.BudgetExhausted) as refusal:
            budget.reserve(owner, OWN, 1)
        assert refusal.value.resets_at == MIDNIGHT + timedelta(days=1)
        assert spending.last_days(owner, 3)[0].day == today
    # Another owner's books have not been there.
    assert budget.reserve(other, OWN, 1).budget_day.day == MIDNIGHT.date() - timedelta(days=20)
    clock.now = MIDNIGHT + timedelta(days=1)
    budget.reserve(owner, OWN, 100)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("UTC", date(2026, 10, 25), datetime(2026, 10, 25, tzinfo=UTC), 24),
        ("Pacific/Kiritimati", date(2026, 10, 25), datetime(2026, 10, 24, 10, tzinfo=UTC), 24),
        ("Pacific/Pago_Pago", date(2026, 10, 25), datetime(2026, 10, 25, 11, tzinfo=UTC), 24),
        # The clocks of Europe go back, and forward.
        ("Europe/Paris", date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        ("Europe/Paris", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        # There is no midnight: it is one o'clock at once.
        ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC), 23),
    ],
)
def test_a_day_of_the_authors_zone_has_one_days_money(
    clock: Clock, zone: str, day: date, begins: datetime, hours: int
) -> None:
    owner = allow(2 * hours)
    spending.set_time_zone(owner, zone)
    for half in range(2 * hours):
        clock.now = begins + timedelta(minutes=30 * half)
        assert budget.reserve(owner, OWN, 1).budget_day.day == day
    clock.now = begins + timedelta(hours=hours) - timedelta(microseconds=1)
    with pytest.raises(budget.BudgetExhausted) as refusal:
        budget.reserve(owner, OWN, 1)
    assert refusal.value.resets_at == begins + timedelta(hours=hours)
    clock.now = refusal.value.resets_at
    assert budget.reserve(owner, OWN, 2 * hours).budget_day.day == day + timedelta(days=1)


@pytest.mark.django_db
def test_no_journey_brings_a_day_back_or_keeps_one_for_ever(clock: Clock) -> None:
    owner = allow(100)
    # Noon of the 24th by UTC: on Kiritimati the 25th has begun.
    budget.reserve(owner, OWN, 100)
    spending.set_time_zone(owner, "Pacific/Kiritimati")
    budget.reserve(owner, OWN, 60)
    spending.set_time_zone(owner, "Pacific/Pago_Pago")
    assert budget.reserve(owner, OWN, 40).budget_day.day == date(2026, 10, 25)
    for zone, until in (
        ("Pacific/Pago_Pago", datetime(2026, 10, 26, 11, tzinfo=UTC)),
        ("UTC", datetime(2026, 10, 26, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 10, 25, 10, tzinfo=UTC)),
    ):
        spending.set_time_zone(owner, zone)
        with pytest.raises(budget.BudgetExhausted) as refusal:
            budget.reserve(owner, OWN, 1)
        assert refusal.value.resets_at == until
    clock.now = until
    assert budget.reserve(owner, OWN, 100).budget_day.day == date(2026, 10, 26)
    rows = BudgetDay.objects.filter(owner=owner).order_by("day").values_list("day", "reserved")
    assert [(day.day, money) for day, money in rows] == [(24, 100), (25, 100), (26, 100)]


@pytest.mark.django_db
def test_the_operators_money_is_of_days_of_utc(clock: Clock, settings: Settings) -> None:
    settings.SITE_DAILY_BUDGET = 100
    east, west = allow(0, part=80), allow(0, part=80)
    spending.set_time_zone(east, "Pacific/Kiritimati")
    spending.set_time_zone(west, "Pacific/Pago_Pago")
    for owner, amount in ((east, 80), (west, 20)):
        assert budget.reserve(owner, SITE, amount).budget_day.day == date(2026, 10, 24)
    # The author's own day has begun with it, whoever pays.
    assert BudgetDay.objects.get(owner=east, purse=OWN).day == date(2026, 10, 25)
    for owner, scope in ((east, "author"), (west, "site")):
        with pytest.raises(budget.BudgetExhausted) as refusal:
            budget.reserve(owner, SITE, 1)
        assert (refusal.value.scope, refusal.value.resets_at) == (scope, MIDNIGHT)
    clock.now = MIDNIGHT
    budget.reserve(west, SITE, 80)


@pytest.mark.django_db
def test_a_zone_this_machine_does_not_know_is_utc(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    owner = allow(100)
    spending.set_time_zone(owner, "Mars/Olympus_Mons")
    assert books.books(owner).days[OWN] == date(2026, 10, 24)
    assert "Mars/Olympus_Mons" in caplog.text


@pytest.mark.django_db
def test_one_broken_row_keeps_no_other_open(caplog: pytest.LogCaptureFixture) -> None:
    broken, well = allow(100), allow(100)
    keys = [budget.reserve(owner, OWN, 40).pk for owner in (well, broken, well)]
    # Books that somebody has tampered with: the database refuses to go below zero.
    BudgetDay.objects.filter(owner=broken).update(reserved=10)
    Reservation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert budget.forfeit_expired() == 2
    assert row(well) == (80, 0, 0)
    assert row(broken) == (0, 10, 0)
    assert Reservation.objects.get(state=Reservation.State.OPEN).pk == keys[1]
    assert str(keys[1]) in caplog.text


@pytest.mark.django_db
def test_books_that_are_gone_are_no_error() -> None:
    owner = allow(100)
    key = budget.reserve(owner, OWN, 40).pk
    owner.delete()
    assert budget.settle(key, 10) == 0
    assert not budget.forfeit(key)
    assert budget.settle(uuid.uuid4(), None) == 0
