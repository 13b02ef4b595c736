"""The long storms: the ledger, version numbers, and crowds of visitors. `make soak` runs them."""

import os
import random
from collections.abc import Callable

import pytest

from tests.processes import resident_kilobytes
from tests.site import RunningSite
from tests.soak.crowd import gather, mixed
from tests.soak.storm import unleash

Note = Callable[[object], None]
CROWD = 200
on_postgres = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") != "postgres", reason="only a database server can be restarted"
)


def test_ledger_holds_while_processes_are_killed(stormy: RunningSite, note: Note) -> None:
    report = unleash(stormy.environment, "ledger", processes=8, kills=50, authors=12, attempts=105)
    note(report.figures)
    assert report.violations == []
    assert report.figures["attempts"] >= 10_000
    assert report.figures["refused"] > 100
    assert report.figures["forfeited"] > report.figures["settled late"] > 0


def test_reading_before_writing_fails_the_same_storm(stormy: RunningSite, note: Note) -> None:
    report = unleash(
        stormy.environment, "ledger", processes=8, kills=20, authors=12, attempts=40, broken=True
    )
    note(report.figures)
    assert report.violations


def test_limits_hold_while_processes_are_killed(stormy: RunningSite, note: Note) -> None:
    report = unleash(stormy.environment, "limits", processes=8, kills=50, presses=40)
    note(report.figures)
    assert report.violations == []
    for reason in ("visitor_limit", "entry_limit", "author_limit", "author_busy", "budget"):
        assert report.figures[f"refused: {reason}"] > 0, reason


@on_postgres
def test_ledger_holds_while_the_database_restarts(stormy: RunningSite, note: Note) -> None:
    report = unleash(
        stormy.environment,
        "ledger",
        processes=8,
        kills=50,
        restarts=5,
        authors=12,
        attempts=105,
        outages=True,
    )
    note(report.figures)
    assert report.violations == []
    assert report.figures["attempts"] >= 10_000
    assert report.figures["outages"] > 0


def test_versions_are_numbered_without_gaps(stormy: RunningSite, note: Note) -> None:
    report = unleash(stormy.environment, "publishing", processes=6, kills=30, each=10, threads=3)
    note(report.figures)
    assert report.violations == []
    assert report.figures["versions"] >= report.figures["told"] > 100
    assert report.figures["changes refused"] > 0


def test_crowds_end_well_and_leave_nothing_behind(stormy: RunningSite, note: Note) -> None:
    rng = random.Random(7)
    warm = gather(stormy, mixed(rng, CROWD, hanging=False), rng)
    assert warm.wrong == []
    before = resident_kilobytes(stormy.web.pid)
    for hanging in (False, True):
        outcome = gather(stormy, mixed(rng, CROWD, hanging=hanging), rng)
        note(f"{outcome.seconds:.1f} s, {dict(outcome.endings)}")
        assert outcome.wrong == []
    grown = (resident_kilobytes(stormy.web.pid) - before) / 1024
    note(f"the web process held {before / 1024:.0f} MB after the first crowd and grew {grown:.1f}")
    assert grown < 50
