"""What is sent, what is learned from a refusal, and what closing does."""

import asyncio
import base64
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

import pytest

from prompts_app.llm import reading
from prompts_app.llm.client import (
    close,
    complete_chat,
    list_models,
    make_picture,
    run,
    stream_chat,
)
from prompts_app.llm.errors import LLMError
from prompts_app.llm.ollama import local_ollama
from prompts_app.llm.types import (
    ChatCall,
    Delta,
    Endpoint,
    Finished,
    Limits,
    PictureCall,
    Usage,
)
from tests.engines.provider import (
    DONE,
    END,
    Cut,
    Gate,
    Hang,
    Provider,
    Repeat,
    Step,
    completion,
    delta,
    event,
    head,
    sse,
    stop,
    usage,
    whole,
)

KEY = "sk-canary-3f9a1b7c5d"
LIMITS = Limits(first_token=5.0, silence=5.0, total=5.0, connect=5.0)
MESSAGES = [{"role": "user", "content": "Hi"}]
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
GOOD = sse(delta("Hello"), stop(), usage(3, 1))


@pytest.fixture
def server() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    await close()


def endpoint(provider: Provider, key: str = KEY) -> Endpoint:
    return Endpoint(provider.base_url, key, allow_private=True)


def call_to(provider: Provider, **more: Any) -> ChatCall:
    return ChatCall(endpoint(provider), "m", MESSAGES, limits=LIMITS, **more)


def seconds_until_closed(provider: Provider, since: float) -> float:
    return provider.closings.get(timeout=5) - since


# --- closing


@pytest.mark.parametrize("ending", [Hang(), Repeat(event(delta("x")), 0.001)])
async def test_closing_the_generator_closes_upstream(server: Provider, ending: Step) -> None:
    server.script([head(), event(delta("a")), ending])
    events = stream_chat(call_to(server))
    assert isinstance(await anext(events), Delta)
    begun = time.monotonic()
    await events.aclose()
    assert seconds_until_closed(server, begun) < 0.05


async def test_cancelling_the_reader_closes_upstream(server: Provider) -> None:
    server.script([head(), event(delta("a")), Hang()])
    first = asyncio.Event()

    async def read() -> None:
        async for _ in stream_chat(call_to(server)):
            first.set()

    task = asyncio.create_task(read())
    await first.wait()
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seconds_until_closed(server, begun) < 0.05


async def test_cancelling_before_the_response_closes_upstream(server: Provider) -> None:
    server.script([Hang()])
    task = asyncio.create_task(complete_chat(call_to(server)))
    await asyncio.to_thread(server.wait_for_request)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seconds_until_closed(server, begun) < 0.05


async def test_an_error_closes_upstream(server: Provider) -> None:
    server.script([head(), event(b"{nonsense"), Hang()])
    with pytest.raises(LLMError):
        await complete_chat(call_to(server))
    assert seconds_until_closed(server, time.monotonic()) < 0.05


async def test_a_connection_read_to_its_end_is_used_again(server: Provider) -> None:
    server.script(GOOD)
    for _ in range(3):
        async for _event in stream_chat(call_to(server)):
            pass
    assert len(server.requests) == 3
    assert server.closings.empty()


# --- what is sent


async def test_what_comes_after_an_answer_is_no_answer(server: Provider) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
    late = b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}"
    whole_answer = b"".join(step for step in GOOD if isinstance(step, bytes))
    server.script([early + whole_answer + late], sse(delta("Again"), stop()))
    assert (await last(stream_chat(call_to(server)))).text == "Hello"
    assert (await last(stream_chat(call_to(server)))).text == "Again"


async def test_only_what_a_call_needs_is_sent(
    server: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: environment")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    await close()
    server.script(whole(200, completion("Hi"), "application/json", "Set-Cookie: a=b; Path=/"))
    await complete_chat(call_to(server))
    await complete_chat(call_to(server))
    for request in server.requests:
        assert set(request.headers) == {
            "host",
            "connection",
            "authorization",
            "accept",
            "content-type",
            "content-length",
            "user-agent",
            "accept-encoding",
        }
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["accept-encoding"] == "identity"
        assert request.path == "/v1/chat/completions"


async def test_no_key_sends_no_authorization(server: Provider) -> None:
    call = ChatCall(endpoint(server, ""), "m", MESSAGES, limits=LIMITS)
    await complete_chat(call)
    assert "authorization" not in server.requests[0].headers


async def test_parameters_as_sent(server: Provider) -> None:
    given = {
        "temperature": 0.5,
        "top_p": None,
        "max_tokens": 9,
        "response_format": "json_object",
        "size": "1x1",
        "unknown": 1,
    }
    server.script(GOOD)
    finished = await last(stream_chat(call_to(server, parameters=given)))
    sent = {"temperature": 0.5, "max_tokens": 9, "response_format": {"type": "json_object"}}
    assert finished.sent == sent
    assert server.requests[0].json == {
        "model": "m",
        "messages": MESSAGES,
        "stream": True,
        "stream_options": {"include_usage": True},
        **sent,
    }


async def test_text_that_is_no_unicode_is_cleaned_before_it_is_sent(server: Provider) -> None:
    messages = [{"role": "user", "content": "a\x00b\ud800c"}]
    await complete_chat(ChatCall(endpoint(server), "m", messages, limits=LIMITS))
    assert server.requests[0].json["messages"][0]["content"] == "abc"


async def last(events: AsyncGenerator[Delta | Finished, None]) -> Finished:
    finished = [one async for one in events][-1]
    assert isinstance(finished, Finished)
    return finished


# --- refused parameters


def refusal(message: str, param: str | None = None, code: str | None = None) -> list[Step]:
    return whole(400, {"error": {"message": message, "param": param, "code": code}})


ALL = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 9, "response_format": "json_object"}
USE_OTHER = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."


@pytest.mark.parametrize(
    ("refusals", "refused", "sent"),
    [
        ([], set(), {"temperature", "top_p", "max_tokens", "response_format"}),
        (
            [refusal(USE_OTHER, "max_tokens", "unsupported_parameter")],
            {"max_tokens"},
            {"temperature", "top_p", "max_completion_tokens", "response_format"},
        ),
        (
            [refusal(USE_OTHER), refusal("Unknown field max_completion_tokens")],
            {"max_tokens", "max_completion_tokens"},
            {"temperature", "top_p", "response_format"},
        ),
        (
            [refusal("'temperature' does not support 0.5 with this model", "temperature")],
            {"temperature"},
            {"top_p", "max_tokens", "response_format"},
        ),
        (
            [refusal("`temperature` and `top_p` cannot both be specified for this model")],
            {"top_p"},
            {"temperature", "max_tokens", "response_format"},
        ),
        (
            [
                whole(
                    422,
                    {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]},
                )
            ],
            {"stream_options"},
            {"temperature", "top_p", "max_tokens", "response_format"},
        ),
        (
            [
                whole(400, {"error": "response_format is not supported"}),
                refusal("top_p is not supported"),
                refusal("temperature is not supported"),
            ],
            {"response_format", "top_p", "temperature"},
            {"max_tokens"},
        ),
    ],
)
async def test_a_refused_parameter_is_left_out(
    server: Provider, refusals: list[list[Step]], refused: set[str], sent: set[str]
) -> None:
    server.script(*refusals, GOOD)
    finished = await last(stream_chat(call_to(server, parameters=ALL)))
    assert finished.text == "Hello"
    assert finished.refused == refused
    assert set(finished.sent) == sent
    assert len(server.requests) == len(refusals) + 1
    # What was learned, given with the next call, costs no further refusal.
    call = call_to(server, parameters=ALL, refused=finished.refused)
    again = await last(stream_chat(call))
    assert again.refused == refused
    assert len(server.requests) == len(refusals) + 2


@pytest.mark.parametrize(
    "script",
    [
        refusal("max_tokens is too large: 9. This model supports at most 4", "max_tokens"),
        refusal("'messages' must contain the word 'json' to use 'response_format'", "messages"),
        refusal("'messages' must contain the word 'json' to use 'response_format'"),
        refusal("temperature is bad", "messages"),
        whole(401, {"error": "temperature is not supported"}),
    ],
)
async def test_a_complaint_that_is_no_refusal(server: Provider, script: list[Step]) -> None:
    server.script(script)
    with pytest.raises(LLMError) as caught:
        await last(stream_chat(call_to(server, parameters=ALL)))
    assert caught.value.refused == frozenset()
    assert len(server.requests) == 1


async def test_refusing_for_ever_ends(server: Provider) -> None:
    server.script(
        refusal("top_p is not supported"),
        refusal("temperature is not supported"),
        refusal("response_format is not supported"),
        refusal("stream_options is not supported"),
    )
    with pytest.raises(LLMError) as caught:
        await last(stream_chat(call_to(server, parameters=ALL)))
    assert caught.value.code == "bad_request"
    assert not caught.value.billed
    assert caught.value.refused == {"top_p", "temperature", "response_format"}
    assert len(server.requests) == 4


async def test_known_refused_parameters_that_are_not_wanted_are_not_reported(
    server: Provider,
) -> None:
    server.script(GOOD)
    refused = frozenset({"temperature", "max_tokens"})
    finished = await last(stream_chat(call_to(server, refused=refused)))
    assert finished.refused == frozenset()


# --- gathering

FIRST = [head(), event(delta("a"))]


@pytest.mark.parametrize("last", [[DONE, END], [Cut()]])
async def test_pieces_are_joined_but_for_the_first_and_nothing_waits_at_the_end(
    server: Provider, monkeypatch: pytest.MonkeyPatch, last: list[Step]
) -> None:
    # Whatever waits that long runs into the deadline.
    monkeypatch.setattr(reading, "SECONDS_BETWEEN", 60.0)
    taken = Gate()
    server.script([*FIRST, taken, *(event(delta(letter)) for letter in "bcd"), *last])
    events = stream_chat(call_to(server))
    assert await anext(events) == Delta("a")
    taken.open()
    assert await anext(events) == Delta("bcd")
    if DONE in last:
        assert isinstance(await anext(events), Finished)
    else:
        with pytest.raises(LLMError) as caught:
            await anext(events)
        assert (caught.value.code, caught.value.partial) == ("cut_off", "abcd")


async def test_a_slow_stream_passes_piece_by_piece(server: Provider) -> None:
    gates = [Gate() for _ in "abc"]
    steps = [
        step
        for gate, letter in zip(gates, "abc", strict=True)
        for step in (gate, event(delta(letter)))
    ]
    server.script([head(), *steps, event(stop()), DONE, END])
    events = stream_chat(call_to(server))
    for gate, letter in zip(gates, "abc", strict=True):
        gate.open()
        assert await anext(events) == Delta(letter)
    assert isinstance(await anext(events), Finished)


async def test_many_pieces_keep_their_pace(server: Provider) -> None:
    server.script([head(), Repeat(event(delta("x" * 10)), 0.002)])
    limits = Limits(max_chars=1000, total=20.0)
    call = ChatCall(endpoint(server), "m", MESSAGES, limits=limits)
    begun = time.monotonic()
    events = [one async for one in stream_chat(call)]
    took = time.monotonic() - begun
    assert "".join(one.text for one in events if isinstance(one, Delta)) == "x" * 1000
    assert len(events) <= took / reading.SECONDS_BETWEEN + 4


# --- lists, pictures, Ollama


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "b"}]}, ["b", "a"]),
        ({"data": None}, []),
        ({"data": [{"id": "models/gemini-x"}, {"id": 5}, {"id": ""}, 7, "c"]}, ["gemini-x", "c"]),
        ({"models": [{"name": "qwen:4b"}]}, ["qwen:4b"]),
        (["x"], ["x"]),
    ],
)
async def test_list_models(server: Provider, body: object, names: list[str]) -> None:
    server.script(whole(200, body))
    assert await list_models(endpoint(server)) == names
    request = server.requests[0]
    assert (request.method, request.path) == ("GET", "/v1/models")
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (whole(200, {"a": 1}), "bad_answer"),
        (whole(200, "<html>", "text/html"), "not_json"),
        (whole(401, {"error": {"message": KEY}}), "unauthorized"),
        (whole(404, "404 page not found"), "not_found"),
        ([Hang()], "too_slow"),
    ],
)
async def test_list_models_fails(server: Provider, script: list[Step], code: str) -> None:
    server.script(script)
    with pytest.raises(LLMError) as caught:
        await list_models(endpoint(server), Limits(total=0.3))
    assert caught.value.code == code
    assert KEY not in str(caught.value)


def picture_call(provider: Provider, **more: Any) -> PictureCall:
    return PictureCall(endpoint(provider), "p", "a cat", limits=LIMITS, **more)


async def test_a_picture(server: Provider) -> None:
    row = {"b64_json": base64.b64encode(PNG).decode(), "revised_prompt": "a nice cat"}
    body = {"created": 1, "data": [row], "usage": {"input_tokens": 7, "output_tokens": 90}}
    server.script(
        refusal("Unknown parameter: 'response_format'.", "response_format"), whole(200, body)
    )
    result = await make_picture(picture_call(server, size="1024x1024"))
    assert result.data == PNG
    assert (result.media_type, result.revised_prompt) == ("image/png", "a nice cat")
    assert result.usage == Usage(7, 90)
    assert result.refused == {"response_format"}
    assert result.sent == {"size": "1024x1024"}
    assert result.labels == frozenset()
    assert result.raw == {**body, "data": [{"revised_prompt": "a nice cat"}]}
    assert server.requests[1].json == {
        "model": "p",
        "prompt": "a cat",
        "n": 1,
        "size": "1024x1024",
    }


async def test_a_picture_by_its_address(server: Provider) -> None:
    url = server.base_url.replace("/v1", "/files/cat.png?sig=a%2Fb")
    server.script(whole(200, {"data": [{"url": url}]}), whole(200, PNG, "image/png"))
    result = await make_picture(picture_call(server))
    assert result.data == PNG
    assert result.labels == {"fetched_url", "no_usage"}
    assert url not in repr(result.raw)
    fetch = server.requests[1]
    assert (fetch.method, fetch.path) == ("GET", "/files/cat.png?sig=a%2Fb")
    assert "authorization" not in fetch.headers


PICTURE_FAULTS: list[tuple[list[Step], str]] = [
    (whole(200, {"data": [{"url": "http://127.0.0.1:1/cat.png"}]}), "blocked_address"),
    (whole(200, {"data": [{"url": "https://169.254.169.254/x"}]}), "blocked_address"),
    (whole(200, {"data": [{"url": "http://example.com/cat.png"}]}), "bad_url"),
    (whole(200, {"data": [{"url": "file:///etc/passwd"}]}), "bad_answer"),
    (whole(200, {"data": [{"url": "http://[bad"}]}), "bad_answer"),
    (whole(200, {"data": [{"b64_json": "%%%"}]}), "bad_answer"),
    (whole(200, {"data": [{"b64_json": base64.b64encode(b"text").decode()}]}), "bad_answer"),
    (whole(200, {"data": [{}]}), "empty_answer"),
    (whole(200, {"data": []}), "empty_answer"),
    (whole(200, {"data": "x"}), "bad_answer"),
    (whole(200, {}), "empty_answer"),
    (whole(200, b""), "empty_answer"),
    (whole(200, []), "bad_answer"),
    (whole(200, "<p>"), "not_json"),
    (whole(200, {"error": {"message": "boom"}}), "provider_error"),
    (whole(400, {"error": {"code": "moderation_blocked", "message": "no"}}), "content_filter"),
    ([head(200, "application/json"), Repeat(b"5\r\n     \r\n" * 9000)], "too_large"),
]


@pytest.mark.parametrize(("script", "code"), PICTURE_FAULTS)
async def test_no_picture(server: Provider, script: list[Step], code: str) -> None:
    server.script(script)
    limits = Limits(total=5.0, max_bytes=100_000)
    with pytest.raises(LLMError) as caught:
        await make_picture(PictureCall(endpoint(server), "p", "a cat", limits=limits))
    assert caught.value.code == code


async def test_ollama(server: Provider) -> None:
    rows = [{"name": "qwen3:4b"}, {"name": "nomic-embed-text:latest"}, {"name": "llama3.2:1b"}]
    server.script(whole(200, {"models": rows}))
    base = server.base_url.removesuffix("/v1")
    assert await local_ollama(base) == ["qwen3:4b", "llama3.2:1b"]
    assert server.requests[0].path == "/api/tags"


@pytest.mark.parametrize("script", [[Hang()], whole(500, "no"), whole(200, "<html>")])
async def test_no_ollama(server: Provider, script: list[Step]) -> None:
    server.script(script)
    begun = time.monotonic()
    assert await local_ollama(server.base_url.removesuffix("/v1")) == []
    assert time.monotonic() - begun < 1.0
    assert await local_ollama("http://127.0.0.1:1") == []


def test_running_without_an_event_loop(server: Provider) -> None:
    for _ in range(2):
        assert run(complete_chat(call_to(server))).text == "Hello"
    # Each run closed the connections it had opened.
    server.closings.get(timeout=5)
    server.closings.get(timeout=5)
