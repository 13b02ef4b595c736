"""The upstream of the benches: `python -m bench.upstream` prints its address and serves.

Its models are called `paced-<first>-<rate>-<count>`: after so many milliseconds so many tokens a
second, so many of them; a rate of 0 sends all at once. Each token is the moment it was sent, in
microseconds of the machine's monotonic clock, which all processes share. `GET /left` tells when
connections were closed by the other side in mid-answer.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import uvloop

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_left: list[int] = []


def started(stack: ExitStack) -> str:
    """Start an upstream that ends with `stack`; return its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.upstream"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(process.communicate)
    assert process.stdout is not None
    return process.stdout.readline().strip()


def now() -> int:
    """Return the machine's monotonic clock in microseconds."""
    return time.monotonic_ns() // 1000


def _event(data: object) -> bytes:
    body = b"data: %s\n\n" % json.dumps(data).encode()
    return b"%x\r\n%s\r\n" % (len(body), body)


def _token() -> bytes:
    return _event({"id": "c", "choices": [{"index": 0, "delta": {"content": f"{now()} "}}]})


def _ending(count: int) -> bytes:
    stop = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"prompt_tokens": 20, "completion_tokens": count}
    done = b"data: [DONE]\n\n"
    return b"".join(
        (
            _event(stop),
            _event({"id": "c", "choices": [], "usage": usage}),
            b"%x\r\n%s\r\n" % (len(done), done),
            b"0\r\n\r\n",
        )
    )


class _Connection(asyncio.Protocol):
    """Answers one call after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._write = transport.write  # type: ignore[attr-defined]

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            _left.append(now())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"GET /v1/left"):
            answer = json.dumps(_left).encode()
            _left.clear()
            self._write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
        else:
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(body) < length:
                return
            _paced, first, rate, count = json.loads(body)["model"].split("-")
            self._write(_HEAD)
            sending = self._tokens(int(rate), int(count))
            self._timer = self._loop.call_later(int(first) / 1000, self._send, sending)
        self._buffer = b""

    def _tokens(self, rate: int, count: int) -> Iterator[float]:
        """Send the answer; yield when the next token is due, by the event loop's clock."""
        if rate:
            at = self._loop.time()
            for _ in range(count):
                self._write(_token())
                at += 1 / rate
                yield at
        else:
            self._write(b"".join(_token() for _ in range(count)))
        self._write(_ending(count))

    def _send(self, sending: Iterator[float]) -> None:
        at = next(sending, None)
        self._timer = None if at is None else self._loop.call_at(at, self._send, sending)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    ended = asyncio.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(_serve())
