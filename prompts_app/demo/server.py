"""An OpenAI-compatible server on the loopback address, answering by scripted rules.

``GET /v1/models``, ``POST /v1/chat/completions`` (whole or streamed) and
``POST /v1/images/generations`` (b64_json). No key is needed and none is looked at.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import ParamSpec, TypeVar

from prompts_app.demo import api, wire
from prompts_app.demo.picture import draw
from prompts_app.demo.rules import answer
from prompts_app.demo.wire import EventStream, Request, WireError

_P = ParamSpec("_P")
_T = TypeVar("_T")
_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
READABLE_PACE = 60.0


class DemoServer:
    """The demo model in a thread: ``with DemoServer(pace=None) as base_url: …``.

    ``pace`` is in rule tokens a second, None for as fast as possible. ``port`` 0 takes a free one.
    Entering gives the base URL for an OpenAI client (``http://127.0.0.1:PORT/v1``) and raises
    OSError when the port is taken; leaving closes every open stream.
    """

    def __init__(self, *, port: int = 0, pace: float | None = READABLE_PACE) -> None:
        if pace is not None and pace <= 0:
            raise ValueError("pace must be above zero, or None")
        self._port = port
        self._pace = pace
        self._end: Callable[[], None] = lambda: None

    def __enter__(self) -> str:
        outcome: Future[int] = Future()
        thread = threading.Thread(target=self._run, args=(outcome,), name="demo-model", daemon=True)
        thread.start()
        try:
            return f"http://{HOST}:{outcome.result()}/v1"
        except BaseException:
            thread.join()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        self._end = lambda: None

    def _run(self, outcome: Future[int]) -> None:
        async def main() -> None:
            loop, stop, thread = (
                asyncio.get_running_loop(),
                asyncio.Event(),
                threading.current_thread(),
            )

            def end() -> None:
                loop.call_soon_threadsafe(stop.set)
                thread.join()

            def ready(port: int) -> None:
                self._end = end
                outcome.set_result(port)

            await serve(self._port, self._pace, stop, ready)

        try:
            asyncio.run(main())
        except OSError as error:
            outcome.set_exception(error)


async def serve(
    port: int,
    pace: float | None,
    stop: asyncio.Event,
    ready: Callable[[int], None] = lambda port: None,
) -> None:
    """Serve on 127.0.0.1 until ``stop`` is set; ``ready`` is called with the port in use.

    Raises OSError when the port cannot be taken.
    """
    open_connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_connections.add(task)
        try:
            await _converse(reader, writer, pace)
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            open_connections.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, HOST, port, limit=wire.HEAD_LIMIT)
    try:
        ready(server.sockets[0].getsockname()[1])
        await stop.wait()
    finally:
        server.close()
        remaining = list(open_connections)
        for task in remaining:
            task.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pace: float | None
) -> None:
    while True:
        try:
            request = await wire.read_request(reader, writer)
        except WireError as error:
            # What is left of such a request would be taken for the next one.
            await wire.send_json(writer, error.status, error.body(), keep_alive=False)
            await wire.drain_input(reader)
            return
        if request is None:
            return
        try:
            await _respond(request, writer, pace)
        except WireError as error:
            await wire.send_json(writer, error.status, error.body(), keep_alive=request.keep_alive)
        if not request.keep_alive:
            return


async def _respond(request: Request, writer: asyncio.StreamWriter, pace: float | None) -> None:
    parts = request.path.strip("/").split("/")
    if parts[:2] == ["v1", "models"] and len(parts) <= 3:
        _allow(request, "GET")
        value = api.model_list() if len(parts) == 2 else api.model_card(parts[2])
    elif parts == ["v1", "chat", "completions"]:
        _allow(request, "POST")
        chat = api.read_chat(request.json())
        text = await _work(
            answer, chat.messages, chat.parameters, careful=chat.model != "demo-small"
        )
        completion = api.Completion(chat, text)
        if chat.stream:
            await _stream(EventStream(writer, request), completion, chat.include_usage, pace)
            return
        if pace is not None:
            await asyncio.sleep(len(completion.pieces) / pace)
        value = completion.whole()
    elif parts == ["v1", "images", "generations"]:
        _allow(request, "POST")
        wanted = api.read_picture(request.json())
        data = []
        for number in range(wanted.n):
            png = await _work(draw, wanted.prompt, wanted.size, number)
            data.append({"b64_json": base64.b64encode(png).decode("ascii")})
        value = {"created": int(time.time()), "data": data}
    else:
        raise WireError(404, "not_found", "There is nothing at this address.")
    await wire.send_json(writer, 200, value, keep_alive=request.keep_alive)


async def _work(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """Run a rule off the event loop; a rule that breaks is the server's fault, answered 500."""
    try:
        return await asyncio.to_thread(function, *arguments, **named)
    except Exception as error:
        _log.exception("a rule failed")
        raise WireError(500, "rule_failed", "A scripted rule failed on this input.") from error


def _allow(request: Request, method: str) -> None:
    if request.method != method:
        raise WireError(405, "method_not_allowed", f"Use {method} here.")


async def _stream(
    events: EventStream, completion: api.Completion, include_usage: bool, pace: float | None
) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    await events.send(completion.chunk({"role": "assistant", "content": ""}))
    for index, piece in enumerate(completion.pieces):
        if pace is not None and index:
            # Measured from the start, so that slow sends do not add up to a slower stream.
            await asyncio.sleep(max(0.0, began + index / pace - clock()))
        await events.send(completion.chunk({"content": piece}))
    await events.send(completion.chunk({}, completion.finish_reason))
    if include_usage:
        await events.send(completion.usage_chunk())
    await events.send("[DONE]")
    await events.close()
