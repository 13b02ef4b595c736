"""A load loop: as many GETs as a server answers, over connections that stay open."""

import asyncio
import time
from collections.abc import Iterator


class _Connection(asyncio.Protocol):
    """Sends one GET after the other; counts the answers."""

    def __init__(self, requests: Iterator[bytes], deadline: float) -> None:
        self.answered = 0
        self.failed = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._deadline = deadline
        self._buffer = bytearray()
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            self.failed += not head.startswith((b"http/1.1 200", b"http/1.1 304"))
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._missing = length - (len(self._buffer) - end - 4)
            self._buffer.clear()
        if self._missing <= 0:
            self._missing = 0
            self.answered += 1
            if time.monotonic() < self._deadline:
                self._transport.write(next(self._requests))
            else:
                self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def rate(host: str, port: int, paths: Iterator[str], *, connections: int, seconds: float) -> float:
    """Return answered requests a second over so many open connections.

    Raises RuntimeError if any answer is not a page.
    """
    return asyncio.run(_rate(host, port, paths, connections, seconds))


async def _rate(
    host: str, port: int, paths: Iterator[str], connections: int, seconds: float
) -> float:
    requests = (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        for path in paths
    )
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    protocols = []
    for _ in range(connections):
        _transport, protocol = await loop.create_connection(
            lambda: _Connection(requests, started + seconds), host, port
        )
        protocols.append(protocol)
    await asyncio.wait_for(asyncio.gather(*(protocol.done for protocol in protocols)), seconds + 30)
    if any(protocol.failed for protocol in protocols):
        raise RuntimeError("the server answered with something else than a page")
    return sum(protocol.answered for protocol in protocols) / (time.monotonic() - started)
