"""Days of every time zone: they follow each other without a gap, however the clocks are put."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompts_app.services import days

SECOND = timedelta(seconds=1)
ZONES = st.sampled_from(sorted(zoneinfo.available_timezones())).map(ZoneInfo)
# At midnight the clocks of Cairo go forward; at 23:30 those of Toronto did; Samoa left out a day;
# the clocks of St. John's went back at one minute past midnight, to the day before.
CAIRO, TORONTO = ZoneInfo("Africa/Cairo"), ZoneInfo("America/Toronto")
APIA, ST_JOHNS = ZoneInfo("Pacific/Apia"), ZoneInfo("America/St_Johns")


@given(ZONES, st.dates(date(1900, 1, 2), date(2100, 1, 1)))
@example(CAIRO, date(2026, 4, 24))
@example(TORONTO, date(1919, 3, 31))
@example(APIA, date(2011, 12, 30))
@example(ST_JOHNS, date(2006, 10, 29))
def test_a_day_begins_with_its_first_moment(zone: tzinfo, day: date) -> None:
    begins = days.start(day, zone)
    assert begins.tzinfo is UTC
    assert begins.astimezone(zone).date() >= day
    assert (begins - SECOND).astimezone(zone).date() < day
    assert days.end(day, zone) == days.start(day + timedelta(days=1), zone) >= begins


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (CAIRO, date(2026, 4, 24), 23),
        (TORONTO, date(1919, 3, 30), 23.5),
        (TORONTO, date(1919, 3, 31), 23.5),
        (APIA, date(2011, 12, 30), 0),
        (ST_JOHNS, date(2006, 10, 29), 25),
        (UTC, date(2026, 4, 24), 24),
    ],
)
def test_days_are_as_long_as_the_clocks_make_them(zone: tzinfo, day: date, hours: float) -> None:
    assert days.end(day, zone) - days.start(day, zone) == timedelta(hours=hours)


def test_a_day_without_midnight_begins_as_the_clocks_go_forward() -> None:
    begins = days.start(date(2026, 4, 24), CAIRO)
    assert begins == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert begins.astimezone(CAIRO).hour == 1
