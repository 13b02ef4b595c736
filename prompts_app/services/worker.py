"""The worker: runs captures as they are asked for, and the chores on their time.

Work is rows with leases in our own tables; a worker that dies loses nothing but its leases.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from prompts_app.assertions import bounded
from prompts_app.llm import client
from prompts_app.services import (
    budget,
    captures,
    cards,
    draft_runs,
    endings,
    execution,
    exports,
    imports,
    judges,
    judging,
    leaving,
    letters,
    limits,
    rendering,
    reports,
    sessions,
    tries,
    visit_mail,
    visitors,
    visits,
)
from prompts_app.services.patience import AWAY
from prompts_app.services.threads import in_database

log = logging.getLogger("promptfolio.worker")

P = ParamSpec("P")
T = TypeVar("T")

# Calls at once, of all providers; each has its own limit below that (Provider.at_once).
AT_ONCE = 32
# Seconds between two signs of life of a run: several fit into execution.RUN_LEASE.
_RENEW = 5.0
# Seconds: a person who pressed "Run now" is waiting for this.
POLL = 0.5


def delete_old_sessions() -> int:
    """Delete sessions that are over; return how many."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


# Seconds between two rounds, and the chore.
CHORES: tuple[tuple[float, Callable[[], object]], ...] = (
    (20, captures.report_worker),
    (5, execution.take_back_lost),
    (15, letters.send_due),
    (30, budget.forfeit_expired),
    (30, tries.mark_interrupted),
    (30, draft_runs.mark_interrupted),
    (15, tries.take_back_overdue),
    (5, cards.Rounds().make_due),
    (600, visitors.destroy_old_salts),
    (600, tries.delete_expired),
    (600, draft_runs.delete_expired),
    (300, imports.forget_unconfirmed),
    (600, endings.purge_due),
    (300, visit_mail.tell_of_opens),
    (3600, visits.forget_old_visits),
    (3600, limits.forget_old_refusals),
    (3600, delete_old_sessions),
    (3600, exports.forget_old),
    (3600, sessions.forget_ended),
    (60, leaving.delete_due),
    (3600, reports.forget_closed),
    (3600, rendering.forget_old_renderers),
)


async def work_until_told() -> None:
    """Work until SIGTERM or SIGINT; calls under way are then given up, counted and made again."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.to_thread(bounded.warm)
    work = [asyncio.create_task(part(stop)) for part in (_make_runs, _judge, _do_chores)]
    try:
        # None of them ends before it is told to: one that does takes the others with it.
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        await asyncio.gather(*work)
        await client.close()
        await asyncio.to_thread(bounded.close)


async def _make_runs(stop: asyncio.Event) -> None:
    """Keep as many calls under way as there is work for."""
    running: dict[asyncio.Task[None], execution.Claimed] = {}
    renewed = time.monotonic()
    try:
        while not stop.is_set():
            for claimed in await _guarded(execution.claim, AT_ONCE - len(running)) or ():
                running[asyncio.create_task(_run(claimed))] = claimed
            if running and time.monotonic() - renewed > _RENEW:
                renewed = time.monotonic()
                await _guarded(execution.renew, list(running.values()))
            await _pause(stop, running)
            running = {task: claimed for task, claimed in running.items() if not task.done()}
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _run(claimed: execution.Claimed) -> None:
    try:
        await execution.perform(claimed)
    except Exception:
        # The lease ends the run and its reservation; the worker goes on with the others.
        log.exception("run %s failed", claimed.run.pk)


async def _judge(stop: asyncio.Event) -> None:
    """Judge and count what is over; ask the models that judge."""
    while not stop.is_set():
        claimed = await _guarded(judging.claim_due)
        if not claimed:
            await _pause(stop)
            continue
        asked = await _guarded(judging.judge_claimed, claimed)
        await asyncio.gather(*(_ask(one) for one in asked or ()))


async def _ask(asked: judging.Asked) -> None:
    try:
        await judges.ask(asked)
    except Exception:
        log.exception("judging run %s failed", asked.run.pk)


async def _do_chores(stop: asyncio.Event) -> None:
    due = dict.fromkeys((chore for _, chore in CHORES), 0.0)
    while not stop.is_set():
        for every, chore in CHORES:
            if due[chore] <= time.monotonic():
                due[chore] = time.monotonic() + every
                await _guarded(chore)
        await _pause(stop)


async def _guarded(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """Return what `work` returns; a database away for a moment must not end the worker."""
    try:
        return await in_database(work, *args, **kwargs)
    except AWAY as error:
        log.error("%s: the database is away: %s", work.__name__, error)
    except DatabaseError:
        log.exception("%s failed", work.__name__)
    return None


async def _pause(stop: asyncio.Event, running: Iterable[asyncio.Task[None]] = ()) -> None:
    """Wait for a moment, until told to stop, or until one of `running` is done."""
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({told, *running}, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
