"""The server's entrance: pages run as sync views in a few fixed threads, streams on the event loop.

A view decides everything about a try (form, limits, money) like any other page; it then names the
admitted try in a header, and the stream is sent from here. So an open stream holds no thread.
"""

import asyncio
import contextlib
import gc
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portfolio.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection

# Named in settings too; it also loads the apps that the imports below need.
pages = get_wsgi_application()

from portfolio.kept import KeptPages
from portfolio.working import Working
from portfolio.wsgi_call import (
    KEPT_BODY,
    KEPT_FILE,
    Answer,
    TooLarge,
    VisitorLeft,
    call,
    read_body,
)
from prompts_app.http import STREAM_HEADER
from prompts_app.llm import client
from prompts_app.views import try_streams

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Tries are admitted in threads of their own, so that busy pages do not hold them up. SQLite lets
# one write at a time, and whoever finds another at it sleeps for longer than that one needs.
_page_threads = ThreadPoolExecutor(settings.PAGE_THREADS, thread_name_prefix="page")
_try_threads = ThreadPoolExecutor(
    1 if connection.vendor == "sqlite" else 4, thread_name_prefix="try"
)
# Files that come and go take seconds: neither pages nor tries wait behind them.
_file_threads = ThreadPoolExecutor(2, thread_name_prefix="file")
_kept = KeptPages(seconds=2.0, max_bytes=32 * 1024 * 1024)
_TOO_LARGE = Answer(
    413,
    [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")],
    b"This is more than the site takes: 8 MB for a picture, 20 MB for a file of prompts.\n",
)
# Tries whose answer is on its way, and work on files.
_under_way: set[asyncio.Future[Any]] = set()
_FILES = re.compile(r"/studio/(import|imports|export)/.*")
_TRY = re.compile(r"/(@[^/]+|s/[^/]+)/[^/]+/try/|/tries/[^/]+/run/")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one ASGI scope: lifespan, or an HTTP request."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1000})


async def _lifespan(receive: Receive, send: Send) -> None:
    # What is loaded by now stays: nobody needs to look again and again whether it is garbage, while
    # a thousand streams wait.
    gc.collect()
    gc.freeze()
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    # The process ends right after this: what a stream came to must be written down before.
    if _under_way:
        await asyncio.wait(_under_way)
    await client.close()
    await send({"type": "lifespan.shutdown.complete"})


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] in ("GET", "HEAD"):
        await _kept.answer(scope, send, lambda: _page(scope, b""))
        return
    files = bool(_FILES.fullmatch(scope["path"]))
    try:
        body = await read_body(receive, KEPT_FILE if files else KEPT_BODY)
    except VisitorLeft:
        return
    except TooLarge:
        await _TOO_LARGE.send(send)
        return
    if files:
        working = Working(_file_threads, pages, scope, body)
        _under_way.add(working.end)
        working.end.add_done_callback(_under_way.discard)
        working.end.add_done_callback(lambda _end: _kept.clear())
        await working.send(send)
        return
    answer = await _page(scope, body)
    attempt = answer.pop(STREAM_HEADER)
    if attempt is None:
        # Whatever changed here, this process shows it at once; others within two seconds.
        _kept.clear()
        await answer.send(send)
    elif answer.is_event_stream:
        await _until_gone(receive, _stream(attempt, answer, send))
    else:
        await _until_gone(receive, _finish_then_redirect(attempt, answer, send))


async def _page(scope: Scope, body: bytes) -> Answer:
    threads = _try_threads if body and _TRY.fullmatch(scope["path"]) else _page_threads
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(threads, call, pages, scope, body)
    assert answer is not None
    return answer


async def _stream(attempt: str, answer: Answer, send: Send) -> None:
    last = b""
    await answer.start(send)
    answer.headers.clear()
    try:
        async with aclosing(try_streams.frames(attempt)) as frames:
            async for frame in frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
    except asyncio.CancelledError:
        # The server stops; or the visitor has left, and nobody reads this.
        last = try_streams.last_frame(attempt)
    await send({"type": "http.response.body", "body": last})


async def _finish_then_redirect(attempts: str, answer: Answer, send: Send) -> None:
    """Without JavaScript tries run to their end, and the redirect leads to what is kept of them."""
    with contextlib.suppress(asyncio.CancelledError):
        await try_streams.finish(attempts)
    await answer.send(send)


async def _until_gone(receive: Receive, work: Awaitable[None]) -> None:
    """Do `work`, but stop it as soon as the visitor has left or the server is to stop."""
    working = asyncio.ensure_future(work)
    _under_way.add(working)
    working.add_done_callback(_under_way.discard)
    leaving = asyncio.ensure_future(_disconnect(receive))
    # The server cancels what outlasts its patience: that is the answer's end, not an error.
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not working.done():
        working.cancel()
    await asyncio.gather(working, leaving, return_exceptions=True)
    if not working.cancelled():
        working.result()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
