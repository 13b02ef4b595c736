"""Connections: what is connected to, which headers go out and come in, how much is read.

One HTTP client per event loop and trust level. Endpoints that may be private and endpoints
that may not never share a connection.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from functools import cache
from weakref import WeakKeyDictionary

import httpx2
from openai import AsyncOpenAI

from prompts_app.llm.errors import LLMError
from prompts_app.llm.network import Connection, connect

ERROR_BODY_BYTES = 65_536
KEEPALIVE_CONNECTIONS = 64
# Short enough that a server rarely closes a connection in the moment it is used again.
KEEPALIVE_SECONDS = 20.0

# Scheme, host and port (None for the scheme's own).
Place = tuple[str, str, int | None]

_BREAKS = re.compile(rb"[\r\n\0]")

# The openai client adds headers from the environment and about the machine; a provider gets
# what a call needs and nothing else.
_SENT_HEADERS = frozenset(
    {
        b"host",
        b"authorization",
        b"x-api-key",
        b"anthropic-version",
        b"accept",
        b"content-type",
        b"content-length",
        b"connection",
    }
)
# Cookies would tie calls together; a location would be parsed although redirects are off; the
# body of an error is read as it is, whatever it claims to be compressed with.
_DROPPED_HEADERS = frozenset({b"set-cookie", b"location", b"content-encoding"})


class Body(httpx2.AsyncByteStream):
    """A response's body. That of an error is cut at a cap and ends where reading fails."""

    def __init__(self, transport: "Transport", place: Place, connection: Connection) -> None:
        self._transport = transport
        self._place = place
        self.connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Only the bodies of errors are read here; the others by `calls.Opened`."""
        size = 0
        try:
            while (chunk := await self.connection.read()) is not None:
                yield chunk[: ERROR_BODY_BYTES - size]
                size += len(chunk)
                if size >= ERROR_BODY_BYTES:
                    return
        except OSError:
            return

    async def aclose(self) -> None:
        self._transport.give_back(self._place, self.connection)
        # Closing takes one turn of the event loop.
        await asyncio.sleep(0)


class Transport(httpx2.AsyncBaseTransport):
    """httpx2's way to our connections. Failures to connect or to be answered are LLMErrors.

    A connection whose answer was read to its end serves the next call to the same place.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._idle: dict[Place, list[Connection]] = {}
        self._loop = asyncio.get_running_loop()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        place = (url.scheme, url.raw_host.decode("ascii"), url.port)
        head = _head(request)
        body = await request.aread()
        connection = self._kept(place)
        try:
            if connection is None:
                connection = await self._open(place, request.extensions["timeout"]["connect"])
            await connection.request(head, body)
        except LLMError:
            raise
        except OSError as error:
            if connection is not None:
                connection.abort()
                failure = LLMError("cut_off", detail=words(error))
            else:
                failure = LLMError("unreachable", detail=words(error), billed=False)
        except BaseException:
            if connection is not None:
                connection.abort()
            raise
        else:
            return self._checked(place, connection)
        # Raised here so that no exception of the client's, which knows the headers, hangs on.
        raise failure

    async def _open(self, place: Place, seconds: float) -> Connection:
        scheme, host, port = place
        tls = _tls() if scheme == "https" else None
        host = host.strip("[]")
        try:
            async with asyncio.timeout(seconds):
                return await connect(
                    host, port or (443 if tls else 80), tls, allow_private=self._allow_private
                )
        except TimeoutError:
            raise ConnectionError("no connection in time") from None
        except UnicodeError as error:
            raise ConnectionError(str(error)) from None

    def _kept(self, place: Place) -> Connection | None:
        idle = self._idle.get(place, [])
        while idle:
            connection = idle.pop()
            if connection.can_be_reused:
                return connection
            connection.abort()
        return None

    def give_back(self, place: Place, connection: Connection) -> None:
        """Keep a connection for the next call for a while, or close it."""
        idle = self._idle.setdefault(place, [])
        if not connection.can_be_reused or len(idle) >= KEEPALIVE_CONNECTIONS:
            connection.abort()
        elif connection not in idle:
            idle.append(connection)
            self._loop.call_later(KEEPALIVE_SECONDS, self._forget, place, connection)

    def _forget(self, place: Place, connection: Connection) -> None:
        idle = self._idle.get(place, [])
        if connection in idle:
            idle.remove(connection)
            connection.abort()

    def _checked(self, place: Place, connection: Connection) -> httpx2.Response:
        is_error = not 200 <= connection.status < 300
        encodings = [v for k, v in connection.headers if k.lower() == b"content-encoding"]
        if not is_error and any(v.strip().lower() not in (b"", b"identity") for v in encodings):
            connection.abort()
            raise LLMError(
                "bad_answer", detail="a compressed answer, although asked for none", status=200
            )
        headers = [(k, v) for k, v in connection.headers if k.lower() not in _DROPPED_HEADERS]
        connection.headers.clear()
        body = Body(self, place, connection)
        return httpx2.Response(
            connection.status, headers=headers, stream=body, extensions={"body": body}
        )

    async def aclose(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)


def _head(request: httpx2.Request) -> bytes:
    """Return a request's line and headers (RFC 9112, section 3). Raises LLMError."""
    headers = [(k, v) for k, v in request.headers.raw if k.lower() in _SENT_HEADERS]
    headers += [(b"User-Agent", b"promptfolio"), (b"Accept-Encoding", b"identity")]
    first = b" ".join((request.method.encode("ascii"), request.url.raw_path, b"HTTP/1.1"))
    lines = [first, *(b": ".join(header) for header in headers)]
    if any(_BREAKS.search(line) for line in lines):
        raise LLMError("bad_url", detail="a line break in the request", billed=False)
    return b"\r\n".join((*lines, b"", b""))


def words(error: Exception) -> str:
    """What an exception says, in one short line."""
    text = " ".join(str(error).split())[:200]
    return text or type(error).__name__


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bool, AsyncOpenAI]] = (
    WeakKeyDictionary()
)


def client_for(*, allow_private: bool) -> AsyncOpenAI:
    """The running event loop's client for that trust level; made at the first call.

    It carries no address and no key of its own: every request names both.
    """
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    client = clients.get(allow_private)
    if client is None:
        client = AsyncOpenAI(
            api_key="-",
            admin_api_key="",
            organization="",
            project="",
            webhook_secret="",
            base_url="https://invalid.invalid",
            max_retries=0,
            http_client=httpx2.AsyncClient(
                transport=Transport(allow_private=allow_private),
                trust_env=False,
                follow_redirects=False,
            ),
        )
        clients[allow_private] = client
    return client


async def close() -> None:
    """Close the running event loop's connections; the next call opens new ones."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()
