"""Public pages kept in memory for a moment, in front of Django.

Only what a view marked (see prompts_app.http.kept) is kept, and only for visitors who send no
session. The key holds everything such a page depends on: scheme, host, path, the query arguments
pages know, language, and whether htmx asks.
"""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from django.conf import settings

from portfolio.language import negotiate
from portfolio.wsgi_call import Answer
from prompts_app.http import KEEP_HEADER, PAGE_ARGUMENTS

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Key = tuple[bytes, bytes, str, tuple[tuple[str, str], ...], str, bool]

_SESSION = settings.SESSION_COOKIE_NAME.encode() + b"="
_LANGUAGE = settings.LANGUAGE_COOKIE_NAME + "="


class Asked(NamedTuple):
    """What of a request matters to a kept page."""

    key: Key
    etag: bytes
    gzip: bool


class Kept(NamedTuple):
    """A page: its headers with and without compression, and when it is too old."""

    plain: Answer
    packed: Answer
    unchanged: Answer
    etag: bytes
    until: float
    size: int


class KeptPages:
    """Keeps each page for `seconds`, in at most `max_bytes` of memory, the latest used longest."""

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._pages: OrderedDict[Key, Kept] = OrderedDict()
        self._size = 0
        self._making: dict[Key, asyncio.Future[None]] = {}
        self._generation = 0

    def clear(self) -> None:
        """Forget every page: something changed."""
        self._pages.clear()
        self._size = 0
        self._generation += 1

    async def answer(
        self, scope: MutableMapping[str, Any], send: Send, make: Callable[[], Awaitable[Answer]]
    ) -> None:
        """Answer a GET or HEAD from memory, or by `make`; many askers at once make it once."""
        asked = _asked(scope)
        kept = self._get(asked.key) if asked else None
        # A HEAD that nothing is kept for has no body to keep.
        if asked is None or (kept is None and scope["method"] == "HEAD"):
            answer = await make()
            answer.pop(KEEP_HEADER)
            await answer.send(send)
            return
        if kept is None and (making := self._making.get(asked.key)) is not None:
            await asyncio.shield(making)
            kept = self._get(asked.key)
        if kept is None:
            answer = await self._make(asked.key, make)
            kept = self._get(asked.key)
            if kept is None:
                await answer.send(send)
                return
        if kept.etag == asked.etag:
            await kept.unchanged.send(send)
        elif scope["method"] == "HEAD":
            await Answer(200, kept.plain.headers, b"").send(send)
        else:
            await (kept.packed if asked.gzip else kept.plain).send(send)

    async def _make(self, key: Key, make: Callable[[], Awaitable[Answer]]) -> Answer:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._making[key] = done
        generation = self._generation
        try:
            answer = await make()
            keep = answer.pop(KEEP_HEADER) is not None
            if keep and not any(name == b"set-cookie" for name, _ in answer.headers):
                # Packing takes longer than a stream should wait for.
                kept = await asyncio.to_thread(self._packed, key, answer)
                # What was made while something changed may show the old state.
                if generation == self._generation:
                    self._put(key, kept)
        finally:
            # Only its own entry: a page that was not kept may be made by several at once.
            if self._making.get(key) is done:
                del self._making[key]
            done.set_result(None)
        return answer

    def _get(self, key: Key) -> Kept | None:
        kept = self._pages.get(key)
        if kept is None:
            return None
        if kept.until < time.monotonic():
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return kept

    def _packed(self, key: Key, answer: Answer) -> Kept:
        digest = hashlib.blake2b(answer.body, digest_size=16, key=key[4].encode())
        etag = b'W/"' + digest.hexdigest().encode() + b'"'
        headers = [
            header
            for header in answer.headers
            if header[0] not in (b"content-length", b"etag", b"vary")
        ]
        headers.append((b"etag", etag))
        headers.append((b"vary", b"Accept-Encoding, Accept-Language, Cookie, HX-Request"))
        packed = gzip.compress(answer.body, compresslevel=6)
        return Kept(
            plain=Answer(200, [*headers, _length(answer.body)], answer.body),
            packed=Answer(200, [*headers, (b"content-encoding", b"gzip"), _length(packed)], packed),
            unchanged=Answer(
                304, [header for header in headers if header[0] != b"content-type"], b""
            ),
            etag=etag,
            until=time.monotonic() + self._seconds,
            size=len(answer.body) + len(packed) + 2048,
        )

    def _put(self, key: Key, kept: Kept) -> None:
        self._drop(key)
        self._pages[key] = kept
        self._size += kept.size
        while self._size > self._max_bytes:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: Key) -> None:
        kept = self._pages.pop(key, None)
        if kept is not None:
            self._size -= kept.size


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()


def _asked(scope: MutableMapping[str, Any]) -> Asked | None:
    """Return what to look for; None where no kept page may answer."""
    path: str = scope["path"]
    if path.startswith(("/static/", "/media/", "/studio/", "/accounts/", "/admin/", "/s/")):
        return None
    host = etag = accept = b""
    scheme: bytes = scope["scheme"].encode()
    packed = htmx = False
    cookie = ""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value
        elif name == b"cookie":
            if _SESSION in value:
                return None
            cookie = _language_of(value.decode("latin-1"))
        elif name == b"accept-language":
            accept = value[:200]
        elif name == b"accept-encoding":
            packed = b"gzip" in value
        elif name == b"if-none-match":
            etag = value
        elif name == b"hx-request":
            htmx = True
        elif name == b"x-forwarded-proto":
            scheme = value
    query: bytes = scope["query_string"]
    arguments: tuple[tuple[str, str], ...] = ()
    if query:
        if len(query) > 2000:
            return None
        arguments = tuple(
            (name, value)
            for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True)
            if name in PAGE_ARGUMENTS
        )
    language = negotiate(cookie, accept.decode("latin-1"))
    return Asked((scheme, host, path, arguments, language, htmx), etag, packed)


def _language_of(cookies: str) -> str:
    for part in cookies.split(";"):
        name = part.strip()
        if name.startswith(_LANGUAGE):
            return name[len(_LANGUAGE) :]
    return ""
