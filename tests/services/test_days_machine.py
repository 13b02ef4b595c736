"""An author's days under every order of events: visitors press, the author travels, clocks step."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models.functions import Now
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from prompts_app.models import Entry, LLMModel, Spending, Try, User
from prompts_app.services import spending, tryit
from prompts_app.services.limits import Refused
from tests.clock import Clock
from tests.trying import admit, column, tried, visitor

# An hour before the clocks of Europe go forward, and Cairo's at midnight some weeks later.
BEGINNINGS = (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 4, 23, 21, tzinfo=UTC))
ZONES = ("UTC", "Europe/Paris", "Africa/Cairo", "Pacific/Kiritimati", "Pacific/Pago_Pago")
OF_ENTRY, OF_AUTHOR = 2, 3


class Days(RuleBasedStateMachine):
    """One author with two entries, who allows few tries a day and little money."""

    @initialize(beginning=st.sampled_from(BEGINNINGS), in_money=st.booleans())
    def begin(self, beginning: datetime, in_money: bool) -> None:
        """A new author; the near limit is one of tries or one of money."""
        Entry.objects.update(purge_at=Now())
        User.objects.all().delete()
        LLMModel.objects.all().delete()
        self.clock = Clock(beginning)
        self.clock.__enter__()
        first = tried()
        self.owner, self.zone = first.owner, "UTC"
        self.entries = [first, tried("Another", first.owner)]
        Spending.of(self.owner)
        bound = bound_of(first)
        spending.set_limits(
            self.owner,
            tries_per_entry=1000 if in_money else OF_ENTRY,
            money_per_entry=OF_ENTRY * bound if in_money else None,
            tries_per_day=OF_AUTHOR,
        )
        self.reached: date | None = None
        self.made: Counter[tuple[date, int]] = Counter()
        self.visitors = 0

    def teardown(self) -> None:
        """Give the clock back."""
        self.clock.__exit__()

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def _press(self, which: int) -> datetime | None:
        """Press Run for real and in the model; return when a refused one may come again."""
        day = max(self._local(self.clock.now), self.reached or date.min)
        of_day = sum(made for (when, _which), made in self.made.items() if when == day)
        full = self.made[day, which] >= OF_ENTRY or of_day >= OF_AUTHOR
        # Nobody twice: visitors' own limits are of the site's days.
        self.visitors += 1
        entry = Entry.objects.get(pk=self.entries[which].pk)
        if not full:
            (admitted,) = admit(entry, visitor(self.visitors))
            assert admitted.attempt.day == day
            self.made[day, which] += 1
            self.reached = day
            return None
        with pytest.raises(Refused) as refusal:
            admit(entry, visitor(self.visitors))
        until = refusal.value.until
        assert refusal.value.scope in ("entry", "author")
        assert until is not None
        assert self._local(until) > day >= self._local(until - timedelta(seconds=1))
        return until

    @rule(which=st.integers(0, 1))
    def press(self, which: int) -> None:
        """A visitor is admitted exactly when the author's day has tries left."""
        self._press(which)

    @rule(which=st.integers(0, 1))
    def wait(self, which: int) -> None:
        """Whoever comes again when they were told to is admitted."""
        until = self._press(which)
        if until is not None:
            self.clock.now = until
            assert self._press(which) is None

    @rule(zone=st.sampled_from(ZONES))
    def travel(self, zone: str) -> None:
        """The author chooses another time zone."""
        self.zone = zone
        spending.set_time_zone(self.owner, zone)

    @rule(minutes=st.sampled_from((-72 * 60, -60, -1, 1, 30, 60, 11 * 60, 24 * 60)))
    def clock_steps(self, minutes: int) -> None:
        """The clock goes on or back, over midnights and summer time or not."""
        self.clock.move(timedelta(minutes=minutes))

    @invariant()
    def no_day_has_more(self) -> None:
        """Whatever happened, the tries of a day are within what the author allows a day."""
        kept = Counter(Try.objects.values_list("day", flat=True))
        assert all(number <= OF_AUTHOR for number in kept.values())
        assert sum(kept.values()) == sum(self.made.values())


def bound_of(entry: Entry) -> int:
    """Return the most one try can cost."""
    bound = tryit.bound_of([column(entry)], {"text": "A text"})
    assert bound is not None
    return bound


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_every_order_of_events_keeps_days_apart() -> None:
    run_state_machine_as_test(
        Days,
        settings=hypothesis_settings(stateful_step_count=25),
    )
