"""Blocking work of async code, in a few fixed threads.

asyncio's own threads would each open a connection; Django's thread-sensitive ones pin a thread
to every open stream.
"""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="database")
# Apart from the others: however long rules take, what a try cost is written down at once.
_judging = ThreadPoolExecutor(max_workers=2, thread_name_prefix="judging")


def _run(work: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


async def in_database(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in one of the fixed threads and return what it returns.

    Once begun it runs to its end, even if the caller is cancelled meanwhile.
    """
    future = asyncio.get_running_loop().run_in_executor(
        _pool, functools.partial(_run, functools.partial(work, *args, **kwargs))
    )
    return await asyncio.shield(future)


async def in_judging(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work`, which uses no database, in one of the threads for rules; return its result."""
    return await asyncio.get_running_loop().run_in_executor(
        _judging, functools.partial(work, *args, **kwargs)
    )
