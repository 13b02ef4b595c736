"""The little HTTP/1.1 the demo server needs: one request in, one response or stream out.

Bodies need a Content-Length (RFC 9112, section 6.2); chunked requests are answered 411.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

HEAD_LIMIT = 16 * 1024
BODY_LIMIT = 1024 * 1024
IDLE_SECONDS = 60.0


class WireError(Exception):
    """A request that cannot be answered as asked: status, code and a sentence for developers."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        """The error in OpenAI's JSON shape."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {"message": self.message, "type": kind, "param": None, "code": self.code}
        return {"error": error}


@dataclass(frozen=True)
class Request:
    """One request; ``headers`` has lower-case names, ``keep_alive`` what the client wants."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool
    chunked_allowed: bool

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises WireError 400 for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise WireError(400, "invalid_json", "The request body is not valid JSON.") from error
        if not isinstance(value, dict):
            raise WireError(400, "invalid_json", "The request body must be a JSON object.")
        return value


async def read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """Read one request, or None when the client has gone or stayed silent for a minute.

    Raises WireError for a request that is malformed (400) or too large (413, 431).
    """
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
    except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise WireError(431, "headers_too_large", "The request's headers are too long.") from error
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise WireError(400, "bad_request", "This is not an HTTP/1.1 request.")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise WireError(411, "length_required", "Send the body with a Content-Length.")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise WireError(400, "bad_request", "The Content-Length is not a number.")
    if len(length) > 12 or int(length) > BODY_LIMIT:
        raise WireError(413, "body_too_large", f"A body has at most {BODY_LIMIT} bytes.")
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        body = await asyncio.wait_for(reader.readexactly(int(length)), IDLE_SECONDS)
    except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
        return None
    modern = parts[2] == "HTTP/1.1"
    keep_alive = modern and headers.get("connection", "").lower() != "close"
    path = parts[1].partition("?")[0]
    return Request(parts[0], path, headers, body, keep_alive, chunked_allowed=modern)


async def drain_input(reader: asyncio.StreamReader) -> None:
    """Read away what a refused client still sends, for two seconds at most.

    Closing at once would reset the connection before the client has read why.
    """

    async def read_away() -> None:
        while await reader.read(BODY_LIMIT):
            pass

    with contextlib.suppress(TimeoutError, ConnectionError):
        await asyncio.wait_for(read_away(), 2.0)


async def send_json(
    writer: asyncio.StreamWriter, status: int, value: dict[str, Any], *, keep_alive: bool
) -> None:
    """Send one JSON response."""
    body = json.dumps(value).encode("ascii")
    head = _head(status, "application/json", keep_alive) + f"Content-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode("ascii") + body)
    await writer.drain()


class EventStream:
    """A response of server-sent events, sent as they are made."""

    def __init__(self, writer: asyncio.StreamWriter, request: Request) -> None:
        self._writer = writer
        self._chunked = request.chunked_allowed
        head = _head(200, "text/event-stream", request.keep_alive) + "Cache-Control: no-cache\r\n"
        if self._chunked:
            head += "Transfer-Encoding: chunked\r\n"
        writer.write((head + "\r\n").encode("ascii"))

    async def send(self, value: dict[str, Any] | str) -> None:
        """Send one event: a JSON object, or the text as it is (``[DONE]``)."""
        data = value if isinstance(value, str) else json.dumps(value)
        payload = f"data: {data}\n\n".encode("ascii")
        if self._chunked:
            payload = b"%x\r\n%b\r\n" % (len(payload), payload)
        self._writer.write(payload)
        await self._writer.drain()

    async def close(self) -> None:
        """End the response so that the connection can carry another one."""
        if self._chunked:
            self._writer.write(b"0\r\n\r\n")
            await self._writer.drain()


def _head(status: int, content_type: str, keep_alive: bool) -> str:
    connection = "keep-alive" if keep_alive else "close"
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: {content_type}\r\nConnection: {connection}\r\n"
    )
