"""One page as one call: an ASGI request in, a Django response out, in a thread of the pool.

The body is read before a thread is taken and sent after it is given back, so that a slow visitor
never holds one. (WSGI-in-ASGI adapters hold a thread for as long as the visitor reads.) What a view
makes piece by piece is written to a file first, so that a large download takes no memory either;
all but progress, which is told while the work is under way.
"""

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import IO, Any

# More is read and thrown away, so that a form too large still gets its answer …
KEPT_BODY = 10 * 1024 * 1024
# … where files of prompts are brought in, too …
KEPT_FILE = 21 * 1024 * 1024
# … up to here, where reading ends.
MOST_BODY = 100 * 1024 * 1024
# A download beyond this leaves memory for a file, and is sent in pieces of that size.
_SPOOLED = 1024 * 1024
_PIECE = 256 * 1024

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
# Takes what is told of work under way: an answer's head first, then pieces of its body.
Tell = Callable[["Answer | bytes"], None]


class TooLarge(Exception):  # noqa: N818 - it reads as the condition it is
    """The body goes on beyond MOST_BODY."""


class VisitorLeft(Exception):  # noqa: N818 - it reads as the condition it is
    """The connection ended before the body did."""


class Answer:
    """A whole response: status, headers (names in lower case) and body, all bytes.

    With `file` the body is read from there when it is sent, once, and `body` is empty.
    """

    def __init__(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        file: IO[bytes] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.file = file

    def pop(self, name: str) -> str | None:
        """Remove a header and return its value; None where there is none."""
        wanted = name.lower().encode()
        for index, (key, value) in enumerate(self.headers):
            if key == wanted:
                del self.headers[index]
                return value.decode("latin-1")
        return None

    @property
    def is_event_stream(self) -> bool:
        """Whether the body is to be sent as server-sent events."""
        return self._is(b"text/event-stream")

    @property
    def is_progress(self) -> bool:
        """Whether the body tells line by line how far the work is."""
        return self._is(b"application/x-ndjson")

    def _is(self, kind: bytes) -> bool:
        return any(key == b"content-type" and value.startswith(kind) for key, value in self.headers)

    async def start(self, send: Send) -> None:
        """Send status and headers; the body follows in pieces of unknown number."""
        headers = [header for header in self.headers if header[0] != b"content-length"]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})

    async def send(self, send: Send) -> None:
        """Send the whole response."""
        if self.file is not None:
            await self._send_file(self.file, send)
            return
        headers = self.headers
        if self.body and not any(name == b"content-length" for name, _ in headers):
            headers = [*headers, (b"content-length", str(len(self.body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    async def _send_file(self, file: IO[bytes], send: Send) -> None:
        length = str(file.seek(0, io.SEEK_END)).encode()
        file.seek(0)
        headers = [header for header in self.headers if header[0] != b"content-length"]
        headers.append((b"content-length", length))
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            while piece := await asyncio.to_thread(file.read, _PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            file.close()


async def read_body(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]], most: int = KEPT_BODY
) -> bytes:
    """Return the request's body, cut at `most` bytes. Raises VisitorLeft or TooLarge."""
    parts: list[bytes] = []
    kept = seen = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise VisitorLeft
        piece: bytes = message.get("body", b"")
        seen += len(piece)
        if seen > MOST_BODY:
            raise TooLarge
        if kept < most:
            parts.append(piece[: most - kept])
            kept += len(parts[-1])
        if not message.get("more_body", False):
            return b"".join(parts)


def call(
    application: Application, scope: Scope, body: bytes, tell: Tell | None = None
) -> Answer | None:
    """Call a WSGI application and return its whole answer (PEP 3333).

    With `tell`, an answer that tells of progress goes there as it is made, and None is returned.
    """
    started: dict[str, Any] = {}

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        started.update(status=int(status[:3]), headers=headers)
        return lambda _data: None

    response = application(_environ(scope, body), start_response)
    head = scope["method"] == "HEAD"
    answer = Answer(
        started["status"],
        [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in started["headers"]
        ],
        b"",
    )
    try:
        if not getattr(response, "streaming", False):
            answer.body = b"".join(response)
        elif tell is not None and answer.is_progress:
            tell(answer)
            for piece in response:
                tell(piece)
            return None
        elif not head:
            answer.file = _spooled(response)
    finally:
        close = getattr(response, "close", None)
        if close is not None:
            close()
    if head:
        answer.body = b""
    return answer


def _spooled(pieces: Iterable[bytes]) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115 - closed once it was sent
    try:
        for piece in pieces:
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return file


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        # X_Forwarded_For would become the same variable as X-Forwarded-For.
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        joined = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joined}{value}" if key in environ else value
    if body and "CONTENT_LENGTH" not in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ
