"""Limits under many threads at once, each with a connection of its own."""

import pytest
from pytest_django import Settings

from prompts_app.models import Entry, Reservation, Spending, Try
from prompts_app.services import tryit, visitors
from prompts_app.services.limits import Refused
from tests import factories
from tests.services.test_budget import at_once
from tests.site import ROOMY
from tests.trying import AT_ONCE, SAME, SCOPES, admit, allow, tried, visitor

# In the database itself: every thread has a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowded(settings: Settings) -> list[Entry]:
    """Entries in the database itself, one of them on its author's own model; no limit is near."""
    for name, number in ROOMY.items():
        if hasattr(settings, name):
            setattr(settings, name, int(number))
    first = tried("First")
    second = factories.entry(first.owner)
    second.tryable.add(
        factories.model(factories.provider(first.owner), "own-model", input_price=0, output_price=0)
    )
    third = tried("Elsewhere")
    for entry in (first, third):
        Spending.of(entry.owner)
    # The salt of the day, and what each thread would make at first.
    visitors.visitor_of("192.0.2.1")
    return [first, second, third]


THREADS, EACH = 6, 6


@pytest.mark.parametrize("scope", SCOPES)
def test_no_crowd_passes_a_days_limit(crowded: list[Entry], settings: Settings, scope: str) -> None:
    allow(settings, scope, "day", 7)
    admitted = at_once(THREADS, lambda worker: pressing(crowded, scope, worker))
    assert admitted == Try.objects.count() == Reservation.objects.count() == 7


@pytest.mark.parametrize("scope", AT_ONCE)
def test_no_crowd_passes_a_limit_at_once(
    crowded: list[Entry], settings: Settings, scope: str
) -> None:
    allow(settings, scope, "at_once", 3)
    admitted = at_once(THREADS, lambda worker: pressing(crowded, scope, worker, columns=2))
    assert admitted == 3
    assert Try.objects.count() == 6


def pressing(entries: list[Entry], scope: str, worker: int, columns: int = 1) -> int:
    """Press Run all over what a scope takes in; return how often that was admitted."""
    where = {"entry": [0], "visitor": [0, 1], "author": [0, 1]}.get(scope, [0, 1, 2])
    who = {"visitor": SAME, "block": visitor(worker, 9)}.get(scope, visitor(worker))
    won = 0
    for number in range(EACH):
        try:
            admit(entries[where[(worker + number) % len(where)]], who, columns)
            won += 1
        except Refused as refused:
            if refused.scope != scope:
                raise
    return won


def test_a_column_is_begun_by_one_of_many(crowded: list[Entry]) -> None:
    waiting = admit(crowded[0], SAME, columns=3)

    def begin(_worker: int) -> int:
        won = 0
        for one in waiting:
            try:
                tryit.start(one.attempt.pk)
                won += 1
            except tryit.NotWaiting:
                pass
        return won

    assert at_once(THREADS, begin) == 3
