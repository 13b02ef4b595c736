"""One HTTP/1.1 connection, straight on asyncio's transports, and how it is opened.

Answers are parsed in C as their bytes come (llhttp, through httptools), so that a piece of a stream
costs one future at most and a deadline one timer for the whole stream. The client library's own
pool costs several times what reading the piece itself does.
"""

import asyncio
import ipaddress
import math
import select
import ssl
from collections.abc import Iterable
from typing import cast

from httptools import HttpParserError, HttpResponseParser

from prompts_app.llm.addresses import blocked_reason
from prompts_app.llm.errors import LLMError

# Reading from the socket stops above this and goes on once it was taken.
BUFFER_BYTES = 262_144
# Nobody who reads waits for more.
ENOUGH_BYTES = 16_384
HEAD_BYTES = 65_536
# An address that does not answer (IPv6 without a route, say) leaves time for the next one.
SECONDS_PER_ADDRESS = 2.0

Headers = list[tuple[bytes, bytes]]


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, and the next request once that was read to its end.

    `deadline` (the event loop's clock) bounds every wait; it may be moved at any time, at no cost.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.deadline: float | None = None
        # The answer's, once `request` returned.
        self.status = 0
        self.headers: Headers = []
        self._loop = loop
        self._transport: asyncio.Transport
        self._parser: HttpResponseParser | None = None
        self._chunks: list[bytes] = []
        self._size = self._head_size = 0
        self._has_head = self._complete = self._is_framed = False
        self._keeps = False
        self._failure: OSError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._reading_paused = False
        # Before that time pieces of the body are gathered; `_due` wakes the reader then.
        self._not_before = 0.0
        self._due: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def request(self, head: bytes, body: bytes) -> None:
        """Send a request and wait for the head of its answer. Raises OSError.

        A caller who is cancelled meanwhile closes the connection.
        """
        self._parser = HttpResponseParser(self)
        self._has_head = self._complete = self._is_framed = self._keeps = False
        self._head_size, self._not_before = 0, 0.0
        self.status, self.headers = 0, []
        self.deadline = None
        if self._failure is None:
            self._transport.write(head + body)
        while not self._has_head:
            if self._failure is not None:
                raise self._failure
            await self._wait()

    async def read(self, not_before: float = 0.0) -> bytes | None:
        """Return what has come of the body, as soon as there is any; None at its end.

        Before `not_before` (the event loop's clock) it only returns when all or much has come.
        Raises TimeoutError at `deadline`, and OSError where the connection broke.
        """
        self._not_before = not_before
        while not self._chunks or not self._is_due():
            if self._complete:
                return None
            if self._failure is not None and not self._chunks:
                raise self._failure
            if self._chunks:
                self._fall_due_later()
            await self._wait()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._reading_paused:
            self._reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
        return data

    async def end(self, until: float) -> None:
        """Wait for the end of the body until then; what else comes is left where it is."""
        self.deadline, self._not_before = until, math.inf
        try:
            while not (self._complete or self._failure or self._reading_paused):
                await self._wait()
        except TimeoutError:
            return

    def abort(self) -> None:
        """Close the connection at once.

        Not with close(): it would wait for what is unsent, and with TLS for the other side.
        """
        self._transport.abort()

    @property
    def can_be_reused(self) -> bool:
        """The last answer was read to its end, nothing came after it, and both sides keep it."""
        return (
            self._complete
            and not self._chunks
            and self._keeps
            and self._failure is None
            and not self._transport.is_closing()
            and not self._at_the_socket()
        )

    def _at_the_socket(self) -> bool:
        """Something has come that the event loop did not yet see, perhaps the end."""
        fileno = self._transport.get_extra_info("socket").fileno()
        if fileno < 0:
            return True
        waiting = select.poll()
        waiting.register(fileno, select.POLLIN)
        return bool(waiting.poll(0))

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._parser is None or self._complete:
            self._fail(ConnectionError("bytes that belong to no answer"))
            return
        if not self._has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(ConnectionError(f"no HTTP answer: {error}"))
            return
        if not self._has_head:
            if self._head_size > HEAD_BYTES:
                self._fail(ConnectionError("an answer with too many headers"))
            return
        if self._size > BUFFER_BYTES and not self._reading_paused and not self._complete:
            self._reading_paused = True
            self._transport.pause_reading()
        if self._is_due():
            self._wake()
        else:
            self._fall_due_later()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._has_head and not self._is_framed and exc is None:
            # A body of which nobody said how long it is ends here (RFC 9112, section 6.3).
            self._complete = True
        self._fail(exc if isinstance(exc, OSError) else ConnectionError("the connection ended"))
        for timer in (self._timer, self._due):
            if timer is not None:
                timer.cancel()
        self._timer = self._due = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._complete:
            # Another answer, to nothing that was asked.
            self._keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._has_head:
            return
        assert self._parser is not None
        self.status = self._parser.get_status_code()
        if 100 <= self.status < 200:
            # Only the word that the answer is still to come (RFC 9110, section 15.2).
            self.headers = []
            return
        names = {name.lower() for name, _value in self.headers}
        self._is_framed = bool(names & {b"content-length", b"transfer-encoding"}) or (
            self.status in (204, 304)
        )
        self._keeps = self._is_framed and self._parser.should_keep_alive()
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        if not self._complete:
            self._chunks.append(body)
            self._size += len(body)

    def on_message_complete(self) -> None:
        # Not that of a mere word that the answer is still to come.
        self._complete = self._has_head

    # Waiting.

    async def _wait(self) -> None:
        """Wait until something happens. Raises TimeoutError at `deadline`."""
        self._waiter = self._loop.create_future()
        if self.deadline is not None and (
            self._timer is None or self._timer.when() > self.deadline
        ):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self.deadline, self._expired)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _is_due(self) -> bool:
        """Whether whoever reads is to be given what has come."""
        return (
            self._complete
            or self._size > ENOUGH_BYTES
            or self._failure is not None
            or self._loop.time() >= self._not_before
        )

    def _fall_due_later(self) -> None:
        if self._due is None and self._not_before < math.inf:
            self._due = self._loop.call_at(self._not_before, self._fall_due)

    def _fall_due(self) -> None:
        self._due = None
        # The event loop's clock may be a little behind its timers.
        self._not_before = 0.0
        self._wake()

    def _expired(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done() or self.deadline is None:
            return
        if self._loop.time() >= self.deadline:
            self._waiter.set_exception(TimeoutError())
        else:
            self._timer = self._loop.call_at(self.deadline, self._expired)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: OSError) -> None:
        if self._failure is None:
            self._failure = failure
        self._transport.abort()
        self._wake()


async def connect(
    host: str, port: int, tls: ssl.SSLContext | None, *, allow_private: bool
) -> Connection:
    """Resolve a host and connect to the first of its addresses that answers. Raises OSError.

    Unless `allow_private`, every address is checked first, and it is a checked address that is
    connected to; the host's name stays what it is for TLS and the Host header. Raises LLMError
    `blocked_address` as soon as one of the addresses is not allowed.
    """
    addresses = await _resolve(host, port)
    if not allow_private:
        _check(host, addresses)
    loop = asyncio.get_running_loop()
    name = host if tls is not None else None
    failure: OSError = OSError("the host has no address")
    for place, address in enumerate(addresses, 1):
        limit = None if place == len(addresses) else SECONDS_PER_ADDRESS
        try:
            async with asyncio.timeout(limit):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop), address, port, ssl=tls, server_hostname=name
                )
        except ssl.SSLError:
            # Somebody answered: another address would be another server.
            raise
        except OSError as error:
            failure = error
        else:
            return connection
    raise failure


async def _resolve(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _check(host: str, addresses: Iterable[str]) -> None:
    for address in addresses:
        reason = blocked_reason(address)
        if reason is not None:
            raise LLMError(
                "blocked_address",
                detail=f"{host} leads to an address that may not be called ({reason})",
                billed=False,
            )
