"""Database work that must happen: done again while the database is away for a moment."""

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError

from prompts_app.services.threads import in_database

log = logging.getLogger("promptfolio.database")

P = ParamSpec("P")
T = TypeVar("T")

# What a database does that is away, restarting, or full of others' work. Nothing else is worth
# another attempt.
AWAY = (OperationalError, InterfaceError)
# Seconds: how long it is asked again, and how long it is left alone in between.
PATIENCE = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


async def in_database_at_last(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` as `in_database` does, again and again while the database is away.

    It must be such that doing it twice is as good as once. A caller who is cancelled meanwhile
    waits for its end nevertheless, and is then told. After PATIENCE seconds, or once cancelled a
    second time, it raises what the database raised.
    """
    doing = asyncio.ensure_future(_persist(work, *args, **kwargs))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait({doing})
        if not doing.cancelled() and doing.exception() is not None:
            log.error("%s was given up: %s", work, doing.exception())
        raise


async def _persist(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + PATIENCE, _FIRST_PAUSE
    while True:
        try:
            return await in_database(work, *args, **kwargs)
        except AWAY as error:
            if loop.time() + pause > until:
                raise
            log.warning("the database is away, asking again: %s", str(error).partition("\n")[0])
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
