"""Processes that end while visitors read: killed, told to stop, or the database gone under them."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.engines.provider import (
    DONE,
    END,
    Hang,
    Pause,
    Provider,
    Step,
    answer,
    delta,
    event,
    head,
    stop,
    usage,
)
from tests.outage import away
from tests.soak.storm import crash_postgres
from tests.soak.visits import STREAM, TRY, Site, Visitor, checked, events, open_site

Note = Callable[[object], None]
HALF = "As far as this"
OPEN = 20
AWAY_SECONDS = 10.0
LEASES_PASS = """
from datetime import timedelta
from django.utils import timezone
from prompts_app.models import Reservation, Try
long_ago = timezone.now() - timedelta(hours=1)
Reservation.objects.filter(state="open").update(lease_until=long_ago)
Try.objects.filter(state="running").update(created_at=long_ago)
"""
COUNTS = """
from prompts_app.models import *
print(Try.objects.count(), Reservation.objects.count())
"""
on_postgres = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") != "postgres", reason="only a database server can be restarted"
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def site(provider: Provider, tmp_path: Path) -> Iterator[Site]:
    """A site with its worker, new for each test: they end its processes."""
    with open_site(tmp_path, provider.base_url, worker=True) as site:
        yield site


def until(happened: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something that another process does; it is looked at, not slept for."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def half_then_end(seconds: float) -> list[Step]:
    """A good answer that pauses in its middle."""
    ending = [event(stop()), event(usage(5, 4)), DONE, END]
    return [head(), event(delta(HALF)), Pause(seconds), *ending]


def read_until_half(lines: Iterator[str]) -> None:
    for line in lines:
        if HALF in line:
            return
    raise AssertionError("the stream ended early")


def test_a_killed_server_owes_what_it_had_reserved(site: Site, provider: Provider) -> None:
    provider.script([head(), event(delta(HALF)), Hang()])
    with Visitor(site) as visitor:
        with visitor.open("A text") as (attempt, lines):
            read_until_half(lines)
            site.web.send_signal(signal.SIGKILL)
            with pytest.raises(httpx2.HTTPError):
                list(lines)
        site.web.wait()
        site.start_web()
        before = visitor.kept(attempt)
        assert (before["state"], before["money"]) == ("running", "open")
        # A lost connection may be asked about, and never runs twice.
        again = visitor.client.post(TRY, data=visitor.form("A text", attempt), headers=STREAM)
        assert events(again.text)[-1][1]["code"] == "already_running"
        site.python(LEASES_PASS)
        until(lambda: visitor.kept(attempt)["money"] == "forfeited", "the lease was not reaped")
        kept = visitor.kept_at_last(attempt, 60)
        assert (kept["state"], kept["code"]) == ("failed", "interrupted")
        assert (kept["actual"], kept["assumed"], kept["reserved"]) == (kept["amount"], True, 0)
        page = visitor.page(attempt)
        assert "The server stopped while the answer was being made." in page
        assert "Still running" not in page
        again = visitor.client.post(TRY, data=visitor.form("A text", attempt), headers=STREAM)
        assert events(again.text)[-1][1]["code"] == "interrupted"
        provider.script([*answer("Well again")])
        assert visitor.run("Another text")[1][-1][0] == "done"


def test_a_server_told_to_stop_settles_every_stream(
    site: Site, provider: Provider, note: Note
) -> None:
    provider.script([head(), event(delta(HALF)), Hang()])
    with Visitor(site) as visitor, contextlib.ExitStack() as stack:
        opened = []
        for _ in range(OPEN):
            attempt, lines = stack.enter_context(visitor.open("A text"))
            read_until_half(lines)
            opened.append((attempt, lines))
        # One that ends well within the grace it is given.
        provider.script(half_then_end(1.5))
        attempt, lines = stack.enter_context(visitor.open("A text"))
        read_until_half(lines)
        begun = time.monotonic()
        site.web.send_signal(signal.SIGTERM)
        rest = "\n".join(lines)
        assert "event: done" in rest
        for _, others in opened:
            last = "\n".join(others)
            assert last.count("event: ") == last.count("event: error") == 1
            assert '"code": "interrupted"' in last
        assert site.web.wait(20) is not None
        note(f"{OPEN} hanging streams ended {time.monotonic() - begun:.1f} s after SIGTERM")
        assert visitor.kept(attempt)["state"] == "done"
        for one, _ in opened:
            kept = visitor.kept(one)
            assert (kept["state"], kept["output"]) == ("stopped", HALF)
        assert money_open(site) == "0 0"
        site.start_web()
        page = visitor.page(opened[0][0])
        assert "Stopped before the end" in page
        assert HALF in page


def test_the_worker_told_to_stop_settles_its_capture(site: Site, provider: Provider) -> None:
    provider.script([Hang()])
    site.python(
        "from prompts_app.models import *; from prompts_app.services import captures;"
        "captures.request_capture(Version.objects.get(), LLMModel.objects.get(), {'text': 'x'})"
    )
    while True:
        provider.wait_for_request(30)
        if b"Summarise: x" in provider.requests[-1].body:
            break
    site.worker.send_signal(signal.SIGTERM)
    assert site.worker.wait(20) == 0
    state = (
        "from prompts_app.models import Run; r = Run.objects.get(); print(r.state, r.error_code)"
    )
    # Counted, and to be made again by the next worker.
    assert site.python(state) == "waiting interrupted"
    assert money_open(site) == "0 0"


def money_open(site: Site) -> str:
    """What is still reserved, and how many reservations are open."""
    return site.python(
        "from prompts_app.models import *;"
        "print(sum(d.reserved for d in BudgetDay.objects.all()),"
        "Reservation.objects.filter(state='open').count())"
    )


@on_postgres
def test_the_site_goes_on_after_its_database_restarts(site: Site, provider: Provider) -> None:
    provider.script([*answer("Before")])
    with Visitor(site) as visitor:
        assert visitor.run("A text")[1][-1][0] == "done"
        # Warm connections in every thread, for the restart to break.
        everywhere(site)
        site.stop_shell()
        crash_postgres(site.environment["DATABASE_URL"])
        assert everywhere(site) == {200}
        provider.script([*answer("After")])
        attempt, found = visitor.run("A text")
        assert found[-1][0] == "done"
        assert visitor.kept(attempt)["output"] == "After"


@on_postgres
def test_an_answer_outlives_a_restart_of_the_database(site: Site, provider: Provider) -> None:
    provider.script(half_then_end(3))
    with Visitor(site) as visitor:
        with visitor.open("A text") as (attempt, lines):
            read_until_half(lines)
            site.stop_shell()
            crash_postgres(site.environment["DATABASE_URL"])
            rest = "\n".join(lines)
        assert "event: done" in rest
        kept = visitor.kept(attempt)
        assert (kept["state"], kept["money"], kept["reserved"]) == ("done", "settled", 0)


def test_while_the_database_is_away_nothing_is_run_and_it_is_said(
    site: Site, provider: Provider
) -> None:
    provider.script([*answer("Well again")])
    with Visitor(site, timeout=60) as visitor:
        asked = len(provider.requests)
        site.stop_shell()
        with away(site.environment["DATABASE_URL"]):
            data = visitor.form("A text")
            refused = visitor.client.post(TRY, data=data, headers=STREAM)
            assert (refused.status_code, refused.json()["code"]) == (503, "database")
            assert int(refused.headers["retry-after"]) == refused.json()["retry_after"] > 0
            page = visitor.client.post(TRY, data=data)
            assert page.status_code == 503
            assert "Nothing was run and nothing was spent" in page.text
        assert len(provider.requests) == asked
        assert money_open(site) == "0 0"
        assert visitor.run("A text")[1][-1][0] == "done"


def test_a_try_before_a_database_that_is_away_runs_once_or_not_at_all(
    site: Site, provider: Provider, note: Note
) -> None:
    provider.script([*answer("Well again")])
    with Visitor(site, timeout=60) as visitor, ThreadPoolExecutor(OPEN) as visitors:
        asked = len(provider.requests)
        site.stop_shell()
        with away(site.environment["DATABASE_URL"]):
            sent = [
                visitors.submit(
                    visitor.client.post, TRY, data=visitor.form("A text"), headers=STREAM
                )
                for _ in range(OPEN)
            ]
            time.sleep(AWAY_SECONDS)
        answers = [one.result() for one in sent]
        refused = [one.json() for one in answers if one.status_code == 503]
        ran = [checked(events(one.text)) for one in answers if one.status_code == 200]
        note(f"{len(refused)} refused, {len(ran)} ran")
        assert len(refused) + len(ran) == OPEN
        assert all(one["code"] == "database" for one in refused)
        assert [found[-1][0] for found in ran] == ["done"] * len(ran)
        assert len(provider.requests) - asked == len(ran)
        assert site.python(COUNTS) == f"{len(ran)} {len(ran)}"
        assert money_open(site) == "0 0"
        assert not refused or "the database is away" in site.log()


def test_an_answer_waits_for_a_database_that_is_away(site: Site, provider: Provider) -> None:
    provider.script(half_then_end(1))
    with Visitor(site) as visitor, contextlib.ExitStack() as stack:
        opened = []
        for _ in range(OPEN):
            attempt, lines = stack.enter_context(visitor.open("A text"))
            read_until_half(lines)
            opened.append((attempt, lines))
        site.stop_shell()
        with away(site.environment["DATABASE_URL"]):
            time.sleep(AWAY_SECONDS)
        for attempt, lines in opened:
            rest = "\n".join(lines)
            assert rest.count("event: done") == rest.count("event: ") == 1
            assert visitor.kept(attempt)["state"] == "done"
        assert money_open(site) == "0 0"
        # SQLite's writers wait for the lock themselves.
        if not site.environment["DATABASE_URL"].startswith("sqlite"):
            assert "the database is away, asking again" in site.log()


def everywhere(site: Site) -> set[int]:
    """Open a page that is never kept in as many threads at once as the site has for pages."""
    statuses: set[int] = set()

    def look() -> None:
        statuses.add(httpx2.get(site.url + TRY, timeout=30, trust_env=False).status_code)

    threads = [threading.Thread(target=look) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses
