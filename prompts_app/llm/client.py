"""The one way out: every call to a model provider starts here.

Each function either returns an answer or raises LLMError; see `errors.CODES` and
`types.LABELS` for everything a provider can do to one. All of them need a running asyncio
event loop; `run` gives one to callers that have none.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from prompts_app.llm import calls, images, transport
from prompts_app.llm.addresses import origin
from prompts_app.llm.answer import clean_json
from prompts_app.llm.calls import Built, Opened
from prompts_app.llm.errors import LLMError
from prompts_app.llm.failures import not_json
from prompts_app.llm.parameters import chat_parameters, picture_parameters
from prompts_app.llm.reading import Reading
from prompts_app.llm.types import (
    ChatCall,
    Delta,
    Endpoint,
    Finished,
    Limits,
    PictureCall,
    PictureResult,
)

close = transport.close

# After the last event, the end of the body: a connection read to its end can be used again.
SECONDS_FOR_END = 0.02
MOST_MODELS = 5000
LIST_LIMITS = Limits(first_token=20.0, silence=20.0, total=20.0, max_bytes=8_388_608)

T = TypeVar("T")


def stream_chat(call: ChatCall) -> AsyncGenerator[Delta | Finished, None]:
    """The answer piece by piece: any number of Delta, about twenty a second, then one Finished.

    Close the generator (`aclose()`, or cancel the task that reads it) and the connection to
    the provider is closed at once. Raises LLMError, its `partial` being the text of all deltas.
    """
    return _chat(call, streamed=True)


async def complete_chat(call: ChatCall) -> Finished:
    """The whole answer at once; of the deadlines only `connect` and `total` apply.

    `Finished.raw` is the provider's own response. Raises LLMError.
    """
    events = _chat(call, streamed=False)
    try:
        async for event in events:
            if isinstance(event, Finished):
                return event
    finally:
        await events.aclose()
    raise AssertionError("a reading ends with Finished or LLMError")


async def _chat(call: ChatCall, *, streamed: bool) -> AsyncGenerator[Delta | Finished, None]:
    messages = clean_json(call.messages)

    def build(refused: frozenset[str]) -> Built:
        sent, left_out = chat_parameters(call, refused)
        body: dict[str, Any] = {"model": call.model, "messages": messages, **sent}
        if streamed:
            body["stream"] = True
            if "stream_options" in refused:
                left_out.add("stream_options")
            else:
                body["stream_options"] = {"include_usage": True}
        return Built(body, sent, frozenset(left_out))

    opened = await calls.open_call(
        call.endpoint,
        "/chat/completions",
        build,
        limits=call.limits,
        refused=call.refused,
        accept=calls.SERVER_SENT if streamed else calls.JSON,
    )
    reading = Reading(opened, call.endpoint.api_key, streamed=streamed)
    events = reading.events()
    try:
        async for event in events:
            yield event
        await opened.end(SECONDS_FOR_END)
    except LLMError as error:
        error.partial = reading.answer.text
        error.usage = reading.answer.usage
        error.refused = opened.left_out
        raise
    finally:
        await events.aclose()
        await opened.close()


async def make_picture(call: PictureCall) -> PictureResult:
    """One picture. Raises LLMError.

    Where the provider answers with an address instead of the bytes, it is fetched under the
    same rules and limits, without the key; from another origin only at a public address.
    """
    prompt = clean_json(call.prompt)

    def build(refused: frozenset[str]) -> Built:
        sent, left_out = picture_parameters(call, refused)
        body = {"model": call.model, "prompt": prompt, "n": 1, **sent}
        return Built(body, sent, frozenset(left_out))

    opened = await calls.open_call(
        call.endpoint,
        "/images/generations",
        build,
        limits=call.limits,
        refused=call.refused,
        accept=calls.JSON,
    )
    try:
        body = await opened.read_all(call.limits.max_bytes)
        answer = images.parse(body, call.endpoint.api_key)
        data = answer.data
        if data is None:
            data = await _fetch_picture(answer.url, call, opened)
        return images.result(answer, data, opened)
    except LLMError as error:
        error.refused = opened.left_out
        raise
    finally:
        await opened.close()


async def _fetch_picture(url: str, call: PictureCall, opened: Opened) -> bytes:
    """The bytes at an address that a picture model answered with."""
    try:
        parts, where = urlsplit(url), origin(url)
    except ValueError:
        parts, where = None, ""
    if parts is None:
        raise LLMError("bad_answer", detail="the picture's address is malformed", status=200)
    same = call.endpoint.allow_private and where == origin(call.endpoint.base_url)
    target = calls.base_url(Endpoint(where, allow_private=same)) + (parts.path or "/")
    if parts.query:
        target += f"?{parts.query}"
    try:
        answer = await calls.send(
            target,
            api_key="",
            allow_private=same,
            limits=call.limits,
            until=opened.deadline,
            accept="image/*",
        )
    except TimeoutError:
        answer = None
    if answer is None:
        raise LLMError("too_slow", detail="the picture's address did not answer")
    if not isinstance(answer, httpx2.Response):
        raise LLMError("bad_answer", detail=f"the picture's address: HTTP {answer.status}")
    fetched = Opened(answer, call.limits, opened.started, opened.deadline)
    try:
        return await fetched.read_all(call.limits.max_bytes)
    finally:
        await fetched.close()


async def list_models(endpoint: Endpoint, limits: Limits = LIST_LIMITS) -> list[str]:
    """The names of the models an endpoint offers, as its `GET /models` orders them.

    Raises LLMError.
    """
    until = asyncio.get_running_loop().time() + limits.total
    url = calls.base_url(endpoint)
    # Anthropic's list is not part of its OpenAI-compatible endpoint and wants its own headers.
    own = {}
    if endpoint.api_key and urlsplit(url).hostname == "api.anthropic.com":
        own = {"x-api-key": endpoint.api_key, "anthropic-version": "2023-06-01"}
    body = await get_json(url + "/models", endpoint, limits, until, own)
    return model_names(body)


async def get_json(
    url: str,
    endpoint: Endpoint,
    limits: Limits,
    until: float,
    extra_headers: dict[str, str] | None = None,
) -> Any:
    """GET an absolute URL with the endpoint's key; its body as JSON. Raises LLMError."""
    started = asyncio.get_running_loop().time()
    try:
        answer = await calls.send(
            url,
            api_key=endpoint.api_key,
            allow_private=endpoint.allow_private,
            limits=limits,
            until=until,
            extra_headers=extra_headers,
        )
    except TimeoutError:
        answer = None
    if answer is None:
        raise LLMError("too_slow", detail="no response in time")
    if not isinstance(answer, httpx2.Response):
        failure = answer.error(endpoint.api_key)
        if answer.status == 404:
            failure.code = "not_found"
        raise failure
    opened = Opened(answer, limits, started, until)
    try:
        body = await opened.read_all(limits.max_bytes)
    finally:
        await opened.close()
    try:
        parsed, _ = calls.parse_json(body)
    except ValueError:
        parsed = None
    if parsed is None:
        raise not_json(body, endpoint.api_key)
    return clean_json(parsed)


def model_names(body: Any) -> list[str]:
    """Names from a list of models: OpenAI's `data[].id`, Ollama's `models[].name`, a bare list.

    Raises LLMError `bad_answer` for another shape.
    """
    rows = body
    if isinstance(body, dict):
        rows = body.get("data", body.get("models"))
    if rows is None and isinstance(body, dict) and ("data" in body or "models" in body):
        rows = []
    if not isinstance(rows, list):
        raise LLMError("bad_answer", detail="not a list of models", status=200)
    names: dict[str, None] = {}
    for row in rows[:MOST_MODELS]:
        name = row
        if isinstance(row, dict):
            name = row.get("id") or row.get("name")
        if isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable():
            # Google lists "models/gemini-…" and takes the name without the folder as well.
            names[name.removeprefix("models/")] = None
    return list(names)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one of the functions here where no event loop runs, and close its connections.

    For example `run(complete_chat(call))` in a worker. Raises what the coroutine raises.
    """

    async def and_close() -> T:
        try:
            return await work
        finally:
            await close()

    return asyncio.run(and_close())
