"""Connections: what is connected to, which headers go out and come in, how much is read.

One HTTP client per event loop and trust level. Endpoints that may be private and endpoints
that may not never share a connection.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import cache
from weakref import WeakKeyDictionary

import httpcore2
import httpx2
from openai import AsyncOpenAI

from prompts_app.llm.errors import LLMError
from prompts_app.llm.network import Backend

ERROR_BODY_BYTES = 65_536
KEEPALIVE_CONNECTIONS = 64
# Short enough that a server rarely closes a connection in the moment it is used again.
KEEPALIVE_SECONDS = 20.0

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

READ_ERRORS: tuple[type[Exception], ...] = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    OSError,
)


class _Body(httpx2.AsyncByteStream):
    """A response's body. That of an error is cut at a cap and ends where reading fails."""

    def __init__(self, response: httpcore2.Response, *, is_error: bool) -> None:
        self._response = response
        self._is_error = is_error

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._error_body() if self._is_error else self._response.stream.__aiter__()  # type: ignore[union-attr]

    async def _error_body(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._response.stream:  # type: ignore[union-attr]
                yield chunk[: ERROR_BODY_BYTES - size]
                size += len(chunk)
                if size >= ERROR_BODY_BYTES:
                    return
        except READ_ERRORS:
            return

    async def aclose(self) -> None:
        await self._response.aclose()


class Transport(httpx2.AsyncBaseTransport):
    """httpx2's way to our connection pool. Failures to connect or to be answered are LLMErrors."""

    def __init__(self, *, allow_private: bool) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=None,
            max_keepalive_connections=KEEPALIVE_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=Backend(allow_private=allow_private),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = [(k, v) for k, v in request.headers.raw if k.lower() in _SENT_HEADERS]
        headers += [(b"User-Agent", b"promptfolio"), (b"Accept-Encoding", b"identity")]
        url = request.url
        outgoing = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=headers,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            response = await self._pool.handle_async_request(outgoing)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout, ssl.SSLError) as error:
            failure = LLMError("unreachable", detail=words(error), billed=False)
        except READ_ERRORS as error:
            failure = LLMError("cut_off", detail=words(error))
        else:
            return await self._checked(response)
        # Raised here so that no exception of the client's, which knows the headers, hangs on.
        raise failure

    async def _checked(self, response: httpcore2.Response) -> httpx2.Response:
        is_error = not 200 <= response.status < 300
        encodings = [v for k, v in response.headers if k.lower() == b"content-encoding"]
        if not is_error and any(v.strip().lower() not in (b"", b"identity") for v in encodings):
            await response.aclose()
            raise LLMError(
                "bad_answer", detail="a compressed answer, although asked for none", status=200
            )
        return httpx2.Response(
            status_code=response.status,
            headers=[(k, v) for k, v in response.headers if k.lower() not in _DROPPED_HEADERS],
            stream=_Body(response, is_error=is_error),
            extensions={**response.extensions, "chunks": response.stream},
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


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
