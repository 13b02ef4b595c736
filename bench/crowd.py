"""Many calls at once: `python -m bench.crowd` reads a `Wish` as JSON and prints `Seen`s.

Through the site each is a try on a connection of its own; with `bare` it is the same call made with
the bare `openai` client, all in one process.
"""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from urllib.parse import urlencode

import openai
import uvloop

from bench.upstream import now


@dataclass
class Wish:
    """What the crowd does: `count` calls begin over `spread` seconds.

    Each is left after `leave_after` seconds, where that is not 0.
    """

    count: int
    spread: float
    model: str
    host: str = "localhost"
    port: int = 0
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    leave_after: float = 0.0
    bare: str = ""


@dataclass
class Seen:
    """One call as its caller sees it. Moments are microseconds of the monotonic clock.

    Of each piece of the answer: when it came, and when its last token was sent.
    """

    began: int = 0
    pieces: list[tuple[int, int]] = field(default_factory=list)
    tokens: int = 0
    ended: str = ""
    left: int = 0

    def take(self, text: str) -> None:
        """Note a piece that has just come."""
        words = text.split()
        if words:
            self.pieces.append((now(), int(words[-1])))
            self.tokens += len(words)


class _Visitor(asyncio.Protocol):
    def __init__(self, request: bytes, leave_after: float) -> None:
        self.seen = Seen()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._leave_after = leave_after
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.seen.began = now()
        # uvloop's transports are no subclasses of asyncio's.
        transport.write(self._request)  # type: ignore[attr-defined]
        if self._leave_after:
            asyncio.get_running_loop().call_later(self._leave_after, self._leave)

    def _leave(self) -> None:
        self.seen.left = now()
        self._transport.abort()  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        *events, self._buffer = (self._buffer + data).split(b"\n\n")
        for event in events:
            if b"event: delta" in event:
                self.seen.take(event.partition(b'"text": "')[2].partition(b'"')[0].decode())
            elif b"event: done" in event:
                self.seen.ended = "done"
                self._transport.close()
            elif b"event: start" not in event:
                self.seen.ended = event.decode()
                self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)


async def _try(wish: Wish) -> Seen:
    body = urlencode(wish.form | {"attempt": str(uuid.uuid4())}).encode()
    headers = wish.headers | {
        "Host": f"{wish.host}:{wish.port}",
        "Accept": "text/event-stream",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
    }
    lines = [f"POST {wish.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
    request = "\r\n".join(lines).encode() + body
    _transport, visitor = await asyncio.get_running_loop().create_connection(
        lambda: _Visitor(request, wish.leave_after), wish.host, wish.port
    )
    await visitor.over
    return visitor.seen


def _bare(base_url: str) -> Callable[[Wish], Awaitable[Seen]]:
    client = openai.AsyncOpenAI(base_url=base_url, api_key="sk-bench", max_retries=0, timeout=120)

    async def call(wish: Wish) -> Seen:
        seen = Seen(began=now())
        stream = await client.chat.completions.create(
            model=wish.model,
            messages=[{"role": "user", "content": "Summarise: Some text to summarise."}],
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=1500,
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                seen.take(chunk.choices[0].delta.content)
        seen.ended = "done"
        return seen

    return call


async def _crowd(wish: Wish) -> list[Seen]:
    loop = asyncio.get_running_loop()
    call = _bare(wish.bare) if wish.bare else _try
    calls: list[asyncio.Task[Seen]] = []
    begun = loop.time()
    for number in range(wish.count):
        at = begun + wish.spread * number / wish.count
        await asyncio.sleep(max(0.0, at - loop.time()))
        calls.append(loop.create_task(call(wish)))  # type: ignore[arg-type]
    return list(await asyncio.gather(*calls))


if __name__ == "__main__":
    seen = uvloop.run(_crowd(Wish(**json.loads(sys.stdin.read()))))
    print(json.dumps({"seen": [asdict(one) for one in seen], "cpu": time.process_time()}))
