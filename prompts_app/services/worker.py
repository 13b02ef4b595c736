"""The worker: runs captures as they are asked for, and the chores on their time.

Work is rows with leases in our own tables; a worker that dies loses nothing but its leases.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable
from typing import TypeVar

from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from prompts_app.llm import client
from prompts_app.services import budget, captures, rendering, tries, visitors
from prompts_app.services.threads import in_database

log = logging.getLogger("promptfolio.worker")

T = TypeVar("T")

AT_ONCE = 4
# Seconds: a person who pressed "Run now" is waiting for this.
POLL = 0.5


def delete_old_sessions() -> int:
    """Delete sessions that are over; return how many."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


# Seconds between two rounds, and the chore.
CHORES: tuple[tuple[float, Callable[[], object]], ...] = (
    (20, captures.report_worker),
    (30, budget.forfeit_expired),
    (30, captures.mark_interrupted),
    (30, tries.mark_interrupted),
    (600, visitors.destroy_old_salts),
    (600, tries.delete_expired),
    (3600, delete_old_sessions),
    (3600, rendering.forget_old_renderers),
)


async def work_until_told() -> None:
    """Work until SIGTERM or SIGINT; calls under way then end as interrupted and are settled."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    due = dict.fromkeys((chore for _, chore in CHORES), 0.0)
    running: set[asyncio.Task[None]] = set()
    try:
        while not stop.is_set():
            for every, chore in CHORES:
                if due[chore] <= time.monotonic():
                    due[chore] = time.monotonic() + every
                    await _guarded(chore)
            while len(running) < AT_ONCE:
                claimed = await _guarded(captures.claim_next)
                if claimed is None:
                    break
                task = asyncio.create_task(_run(claimed))
                running.add(task)
                task.add_done_callback(running.discard)
            await _wait(stop)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await client.close()


async def _run(claimed: captures.Claimed) -> None:
    try:
        await captures.perform(claimed)
    except Exception:
        # The lease ends the run and its reservation; the worker goes on with the others.
        log.exception("run %s failed", claimed.run.pk)


async def _guarded(work: Callable[[], T]) -> T | None:
    """Return what `work` returns; a database away for a moment must not end the worker."""
    try:
        return await in_database(work)
    except DatabaseError:
        log.exception("%s failed", work.__name__)
        return None


async def _wait(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POLL):
            await stop.wait()
