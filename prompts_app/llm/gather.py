"""Fewer, larger pieces: many small deltas become about twenty a second."""

import asyncio
from collections.abc import AsyncGenerator

from prompts_app.llm.types import Delta, Finished

Stream = AsyncGenerator[Delta | Finished, None]


async def gathered(events: Stream, interval: float = 0.05) -> Stream:
    """The same answer with its deltas at least `interval` seconds apart.

    The first delta passes at once, and so does any that comes later than that after the last
    one. What is held back goes out before Finished and before an exception. Closing this
    generator closes `events`.
    """
    loop = asyncio.get_running_loop()
    pieces: list[str] = []
    finished: list[Finished] = []
    wake = asyncio.Event()
    ended = False

    async def pump() -> None:
        nonlocal ended
        try:
            async for event in events:
                if isinstance(event, Delta):
                    pieces.append(event.text)
                else:
                    finished.append(event)
                wake.set()
        finally:
            ended = True
            wake.set()

    task = loop.create_task(pump())
    next_at = 0.0
    try:
        while True:
            await wake.wait()
            wake.clear()
            while pieces and not (finished or ended) and loop.time() < next_at:
                timer = loop.call_at(next_at, wake.set)
                try:
                    await wake.wait()
                finally:
                    timer.cancel()
                wake.clear()
            if pieces:
                text = "".join(pieces)
                pieces.clear()
                next_at = loop.time() + interval
                yield Delta(text)
            if finished:
                yield finished.pop()
            if ended and not pieces and not finished:
                break
        await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        await events.aclose()
