"""A provider to test against: raw sockets, scripted byte by byte, on the loopback address.

    with Provider() as provider:
        provider.script(sse(delta("Hel"), delta("lo"), stop(), usage(3, 2)))
        ... call provider.base_url ...
        provider.requests[0].json["model"]

Each request takes the next script, or the last one again. It runs an event loop of its own in
a thread, so that it serves tests with and without one.
"""

import asyncio
import contextlib
import json
import queue
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Pause:
    """Send nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Hang:
    """Send nothing more until the client closes the connection."""


@dataclass(frozen=True)
class Cut:
    """Close the connection here and now."""


@dataclass(frozen=True)
class Repeat:
    """Send the same bytes again and again, `every` so many seconds, until the client closes."""

    data: bytes
    every: float = 0.0


@dataclass(frozen=True)
class Gate:
    """Send nothing more until somebody opens it, ten seconds at most."""

    opened: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        """Let the answer go on."""
        self.opened.set()


Step = bytes | Pause | Hang | Cut | Repeat | Gate


@dataclass(frozen=True)
class Request:
    """One request as it arrived. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Provider:
    """The server; start and stop it as a context manager."""

    requests: list[Request] = field(default_factory=list)
    # Times (time.monotonic) at which a client was seen to have closed a connection.
    closings: "queue.Queue[float]" = field(default_factory=queue.Queue)
    port: int = 0
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._scripts: list[list[Step]] = [[*answer("Hello")]]
        self._started = threading.Event()
        self._arrived = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name="test-provider", daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def script(self, *scripts: list[Step]) -> None:
        """What the next requests get, one script each; the last stays for all later ones."""
        self._scripts = [list(one) for one in scripts]

    def wait_for_request(self, seconds: float = 10.0) -> None:
        """Block until one more request than so far waited for has arrived."""
        if not self._arrived.acquire(timeout=seconds):
            raise TimeoutError("no request came")

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(10):
            raise RuntimeError("the test provider did not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._connection(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.requests.append(await _request(reader))
                self._arrived.release()
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                if not await self._play(script, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.closings.put(time.monotonic())
        finally:
            writer.transport.abort()

    async def _play(
        self, script: list[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection may serve another request."""
        for step in script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
            elif isinstance(step, Gate):
                await asyncio.to_thread(step.opened.wait, 10)
            elif isinstance(step, Repeat):
                await self._repeat(step, reader, writer)
                return False
            elif isinstance(step, Hang):
                await reader.read()
                self.closings.put(time.monotonic())
                return False
            else:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()
                return False
        return True

    async def _repeat(
        self, step: Repeat, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        closed = asyncio.ensure_future(reader.read())
        try:
            while not closed.done():
                writer.write(step.data)
                await writer.drain()
                await asyncio.wait({closed}, timeout=step.every)
        finally:
            closed.cancel()
            await asyncio.gather(closed, return_exceptions=True)
            self.closings.put(time.monotonic())


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def head(
    status: int = 200, kind: str = "text/event-stream", *more: str, length: int | None = None
) -> bytes:
    """A response's head; chunked without `length`, ended by the connection with `length=-1`."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {kind}", *more]
    if length is None:
        lines.append("Transfer-Encoding: chunked")
    elif length >= 0:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"0\r\n\r\n"
DONE = chunk(b"data: [DONE]\n\n")


def event(value: object) -> bytes:
    """One server-sent event as a chunk; bytes go out as they are, anything else as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return chunk(b"data: " + data + b"\n\n")


def delta(text: str | None = None, **more: object) -> dict[str, Any]:
    """A `chat.completion.chunk` that adds text; `more` goes into its delta."""
    content = {} if text is None else {"content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "scripted-1",
        "choices": [{"index": 0, "delta": {**content, **more}, "finish_reason": None}],
    }


def stop(reason: str = "stop") -> dict[str, Any]:
    """The chunk that says why the answer ended."""
    return {**delta(), "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def usage(prompt: int, completion: int) -> dict[str, Any]:
    """The chunk that counts tokens; it has no choices."""
    counts = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    return {**delta(), "choices": [], "usage": counts}


def sse(*values: object, done: bool = True) -> list[Step]:
    """A whole streamed response of these events."""
    ending = [DONE] if done else []
    return [head(), *(event(value) for value in values), *ending, END]


def answer(text: str) -> Iterator[Step]:
    """A faultless streamed answer, a word at a time."""
    words = text.split(" ")
    pieces = [word if i == 0 else f" {word}" for i, word in enumerate(words)]
    yield from sse(delta("", role="assistant"), *map(delta, pieces), stop(), usage(5, len(pieces)))


def whole(status: int, body: object, kind: str = "application/json", *more: str) -> list[Step]:
    """A response in one piece; bytes and text go out as they are, anything else as JSON."""
    if isinstance(body, str):
        body = body.encode()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [head(status, kind, *more, length=len(data)), data]


def completion(text: str | None, **more: object) -> dict[str, Any]:
    """A `chat.completion` answered without a stream."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        **more,
    }
