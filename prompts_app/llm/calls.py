"""One request to a provider: sent, refused parameters left out, its body read within limits."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import httpx2
from openai import APIStatusError, AsyncStream, OpenAIError, omit

from prompts_app.llm import transport
from prompts_app.llm.addresses import BaseURLError, check_base_url
from prompts_app.llm.errors import LLMError
from prompts_app.llm.failures import from_status, scrub
from prompts_app.llm.parameters import MAX_RETRIES, refused_parameter
from prompts_app.llm.types import Endpoint, Limits

SERVER_SENT = "text/event-stream"
# Made once: json.loads() would make one for every piece of every answer.
_DECODER = json.JSONDecoder(parse_constant=lambda _constant: None)
JSON = "application/json"


class Built(NamedTuple):
    """A request's body; its parameters as sent; the names left out because they are refused."""

    body: dict[str, Any]
    sent: dict[str, Any]
    left_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response with a status other than 2xx, read."""

    status: int
    headers: httpx2.Headers
    body: object

    def error(self, api_key: str) -> LLMError:
        return from_status(self.status, self.headers, self.body, api_key)


class Opened:
    """A response with status 2xx whose body is still to be read, and how it was asked for.

    `started` (this request was sent) and `deadline` are times of the event loop's clock.
    """

    def __init__(
        self, response: httpx2.Response, limits: Limits, started: float, deadline: float
    ) -> None:
        self.limits = limits
        self.started = started
        self.deadline = deadline
        self.sent: dict[str, Any] = {}
        self.left_out: frozenset[str] = frozenset()
        # Whether the body's end can be told from a lost connection (RFC 9112, section 6.3).
        self.says_where_it_ends = (
            "content-length" in response.headers or "transfer-encoding" in response.headers
        )
        self._loop = asyncio.get_running_loop()
        self._received = 0
        # Straight from the connection and with its own timer: the layers above cost more for
        # every chunk than parsing it, and the response more memory than the answer.
        self._body: transport.Body = response.extensions["body"]
        self._connection = self._body.connection

    async def read(self, until: float, not_before: float = 0.0) -> bytes | None:
        """The next bytes, or None at the end of the body; see `Connection.read`.

        Raises TimeoutError at `until` (the event loop's clock), LLMError `cut_off` or `too_large`.
        """
        # A flood of bytes is always ready to be read: no timer would ever get its turn.
        if self._loop.time() >= until:
            raise TimeoutError
        self._connection.deadline = until
        try:
            chunk: bytes | None = await self._connection.read(not_before)
        except TimeoutError:
            raise
        except OSError as error:
            problem = transport.words(error)
        else:
            if chunk is None:
                return None
            self._received += len(chunk)
            if self._received > self.limits.max_bytes:
                raise LLMError(
                    "too_large", detail=f"more than {self.limits.max_bytes} bytes", status=200
                )
            return chunk
        raise LLMError("cut_off", detail=problem, status=200)

    async def read_all(self, cap: int) -> bytes:
        """The whole body. Raises LLMError: `too_slow`, `cut_off`, `too_large` above `cap` bytes."""
        body = bytearray()
        try:
            while (chunk := await self.read(self.deadline)) is not None:
                body += chunk
                if len(body) > cap:
                    raise LLMError("too_large", detail=f"more than {cap} bytes", status=200)
        except TimeoutError:
            received = len(body)
        else:
            return bytes(body)
        raise LLMError("too_slow", detail=f"{received} bytes came", status=200)

    async def end(self, seconds: float) -> None:
        """Let the body end for so long, so that the connection can be kept."""
        await self._connection.end(self._loop.time() + seconds)

    async def close(self) -> None:
        """Close the response; the connection too, unless the body was read to its end."""
        await self._body.aclose()

    def milliseconds(self) -> int:
        """Since the request was sent."""
        return round((self._loop.time() - self.started) * 1000)


@lru_cache(maxsize=256)
def _checked(base_url: str, allow_private: bool) -> str:
    return check_base_url(base_url, allow_private)


def base_url(endpoint: Endpoint) -> str:
    """The endpoint's base URL in its one spelling. Raises LLMError `bad_url`, `blocked_address`."""
    try:
        return _checked(endpoint.base_url, endpoint.allow_private)
    except BaseURLError as error:
        code = "blocked_address" if error.code == "private_address" else "bad_url"
        failure = LLMError(code, detail=f"base URL: {error.code}", billed=False)
    raise failure


def _headers(api_key: str, accept: str) -> dict[str, Any]:
    if not api_key:
        return {"Accept": accept, "Authorization": omit}
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise LLMError(
            "bad_key", detail="the API key holds characters that cannot be sent", billed=False
        )
    return {"Accept": accept, "Authorization": f"Bearer {api_key}"}


async def send(
    url: str,
    *,
    api_key: str,
    allow_private: bool,
    limits: Limits,
    until: float,
    body: dict[str, Any] | None = None,
    accept: str = JSON,
    extra_headers: dict[str, str] | None = None,
) -> httpx2.Response | Refusal:
    """POST `body` (or GET without one) to an absolute URL; the body of a 2xx is left unread.

    Raises TimeoutError at `until` (the event loop's clock), and LLMError.
    """
    client = transport.client_for(allow_private=allow_private)
    headers = {**_headers(api_key, accept), **(extra_headers or {})}
    timeout = httpx2.Timeout(None, connect=limits.connect)
    response: httpx2.Response
    try:
        async with asyncio.timeout_at(until):
            if body is None:
                response = await client.get(
                    url,
                    cast_to=httpx2.Response,
                    stream=True,
                    stream_cls=AsyncStream[Any],
                    options={"headers": headers, "timeout": timeout},
                )  # type: ignore[assignment]
            else:
                response = await client.post(
                    url,
                    cast_to=httpx2.Response,
                    body=body,
                    stream=True,
                    stream_cls=AsyncStream[Any],
                    options={"headers": headers, "timeout": timeout},
                )  # type: ignore[assignment]
    except APIStatusError as error:
        return Refusal(error.status_code, error.response.headers, error.body)
    except (OpenAIError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        problem = scrub(transport.words(error), api_key)
    else:
        return response
    raise LLMError("provider_error", detail=problem)


async def open_call(
    endpoint: Endpoint,
    path: str,
    build: Callable[[frozenset[str]], Built],
    *,
    limits: Limits,
    refused: frozenset[str],
    accept: str,
) -> Opened:
    """POST what `build` makes of the refused parameters, until the provider takes it.

    Each 400 or 422 that refuses a parameter adds it to the refused ones, at most three times.
    Raises LLMError; its `refused` names what was left out by then.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    deadline = begun + limits.total
    url = base_url(endpoint) + path
    for attempt in range(MAX_RETRIES + 1):
        built = build(refused)
        started = loop.time()
        until = min(started + limits.first_token, deadline) if accept == SERVER_SENT else deadline
        try:
            answer = await send(
                url,
                api_key=endpoint.api_key,
                allow_private=endpoint.allow_private,
                limits=limits,
                until=until,
                body=built.body,
                accept=accept,
            )
        except TimeoutError:
            failure = LLMError("too_slow" if until == deadline else "no_first_token")
            failure.detail = f"no response within {until - started:g} s"
        except LLMError as error:
            failure = error
        else:
            if isinstance(answer, httpx2.Response):
                opened = Opened(answer, limits, started, deadline)
                opened.sent = built.sent
                opened.left_out = built.left_out
                return opened
            name = None
            if answer.status in (400, 422) and attempt < MAX_RETRIES:
                name = refused_parameter(answer.body, built.body)
            if name is not None:
                refused |= {name}
                continue
            failure = answer.error(endpoint.api_key)
        failure.refused = built.left_out
        failure.__context__ = None
        raise failure
    raise AssertionError("the last attempt either returns or raises")


def parse_json(data: bytes) -> tuple[Any, bool]:
    """JSON from bytes, and whether bytes had to be replaced because they are not UTF-8.

    `NaN` and `Infinity`, which JSON does not have, become null. Raises ValueError for what is
    not JSON, nested too deeply included.
    """
    replaced = False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        replaced = True
    try:
        return _DECODER.decode(text), replaced
    except RecursionError:
        raise ValueError("nested too deeply") from None
