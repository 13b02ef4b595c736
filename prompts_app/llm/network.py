"""TCP and TLS for the connection pool, straight on asyncio's transports.

The pool's own network layer costs a cancel scope and several tasks' worth of work for every
chunk of every stream; here a chunk costs one future, and a deadline one timer for the whole
stream.
"""

import asyncio
import ipaddress
import select
import ssl
from collections.abc import Iterable
from typing import Any, cast

import httpcore2

from prompts_app.llm.addresses import blocked_reason
from prompts_app.llm.errors import LLMError

# Reading from the socket stops above this and goes on once it was taken.
BUFFER_BYTES = 262_144
# An address that does not answer (IPv6 without a route, say) leaves time for the next one.
SECONDS_PER_ADDRESS = 2.0


class Stream(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection.

    `deadline` (the event loop's clock) bounds every read; it may be moved at any time, at no
    cost. Reads raise httpcore2.ReadTimeout at that time, ReadError where the connection broke.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.deadline: float | None = None
        self._loop = loop
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._ended = False
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._reading_paused = False
        self._writing_paused = False
        self._timer: asyncio.TimerHandle | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > BUFFER_BYTES and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        self._ended = True
        _wake(self._reader)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = exc
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        _wake(self._writer)

    # What the pool calls.

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if timeout is not None:
            self.deadline = self._loop.time() + timeout
        if not self._buffer and not self._ended:
            self._reader = self._loop.create_future()
            self._arm()
            try:
                await self._reader
            finally:
                self._reader = None
        if not self._buffer and self._failure is not None:
            raise httpcore2.ReadError(str(self._failure) or type(self._failure).__name__)
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        if self._reading_paused and len(self._buffer) <= BUFFER_BYTES // 2:
            self._reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if self._ended or self._transport.is_closing():
            raise httpcore2.WriteError("the connection is closed")
        self._transport.write(buffer)
        if not self._writing_paused:
            return
        self._writer = self._loop.create_future()
        try:
            async with asyncio.timeout(timeout):
                await self._writer
        except TimeoutError:
            raise httpcore2.WriteTimeout from None
        finally:
            self._writer = None
        if self._ended:
            raise httpcore2.WriteError("the connection was closed")

    async def aclose(self) -> None:
        # Not close(): it would wait for what is unsent, and with TLS for the other side.
        self._transport.abort()
        await asyncio.sleep(0)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                transport = await self._loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
            if transport is None:
                raise ConnectionError("the connection was closed")
        except TimeoutError:
            self._transport.abort()
            raise httpcore2.ConnectTimeout("TLS handshake") from None
        except (OSError, ssl.CertificateError) as error:
            self._transport.abort()
            raise httpcore2.ConnectError(f"TLS: {error}") from None
        except BaseException:
            self._transport.abort()
            raise
        self._transport = transport
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # Asked of an idle connection: bytes or an end there mean that it is of no more use.
            return self._ended or bool(self._buffer) or self._at_the_socket()
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))

    def _at_the_socket(self) -> bool:
        """Something has come that the event loop did not yet see."""
        fileno = self._transport.get_extra_info("socket").fileno()
        if fileno < 0:
            return True
        waiting = select.poll()
        waiting.register(fileno, select.POLLIN)
        return bool(waiting.poll(0))

    def _arm(self) -> None:
        if self.deadline is None:
            return
        if self._timer is not None:
            if self._timer.when() <= self.deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(self.deadline, self._expired)

    def _expired(self) -> None:
        self._timer = None
        if self._reader is None or self._reader.done():
            return
        if self.deadline is not None and self._loop.time() >= self.deadline:
            self._reader.set_exception(httpcore2.ReadTimeout())
        else:
            self._arm()


def _wake(waiting: "asyncio.Future[None] | None") -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


class Backend(httpcore2.AsyncNetworkBackend):
    """Resolves a host and connects to one of its addresses.

    Unless `allow_private`, every address is checked first, and it is a checked address that is
    connected to; the host's name stays what it is for TLS and the Host header. Raises LLMError
    `blocked_address` as soon as one of the addresses is not allowed.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await _resolve(host, port)
                if not self._allow_private:
                    _check(host, addresses)
                return await _connect(addresses, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout("no connection in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from None

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _resolve(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _check(host: str, addresses: list[str]) -> None:
    for address in addresses:
        reason = blocked_reason(address)
        if reason is not None:
            raise LLMError(
                "blocked_address",
                detail=f"{host} leads to an address that may not be called ({reason})",
                billed=False,
            )


async def _connect(addresses: list[str], port: int) -> Stream:
    """To the first address that answers. Raises OSError where none does."""
    loop = asyncio.get_running_loop()
    failure: OSError = OSError("the host has no address")
    for place, address in enumerate(addresses, 1):
        limit = None if place == len(addresses) else SECONDS_PER_ADDRESS
        try:
            async with asyncio.timeout(limit):
                _, stream = await loop.create_connection(lambda: Stream(loop), address, port)
        except OSError as error:
            failure = error
        else:
            return stream
    raise failure
