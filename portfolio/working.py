"""Work that tells how far it is while it is under way (prompts_app/http.py: progress)."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from typing import Any

from portfolio.wsgi_call import Answer, Application, Scope, call

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Working:
    """A request that is answered in a thread of `threads`, begun at once.

    It goes on to its `end` whether or not its visitor reads on: a page they come back to tells
    what became of it. Whoever stops the server waits for that.
    """

    def __init__(
        self, threads: Executor, application: Application, scope: Scope, body: bytes
    ) -> None:
        loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[Answer | bytes | None] = asyncio.Queue()

        def tell(piece: Answer | bytes) -> None:
            loop.call_soon_threadsafe(self._told.put_nowait, piece)

        self.end: asyncio.Future[Answer | None] = loop.run_in_executor(
            threads, call, application, scope, body, tell
        )
        self.end.add_done_callback(lambda _end: self._told.put_nowait(None))

    async def send(self, send: Send) -> None:
        """Send the answer: as it is told, or whole where it tells nothing."""
        while (piece := await self._told.get()) is not None:
            if isinstance(piece, Answer):
                await piece.start(send)
            else:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        answer = self.end.result()
        if answer is None:
            await send({"type": "http.response.body", "body": b""})
        else:
            await answer.send(send)
