"""Every odd thing a provider may do, over a real socket, and what becomes of it."""

import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from prompts_app.llm.client import close, complete_chat, stream_chat
from prompts_app.llm.errors import CODES, LLMError
from prompts_app.llm.types import LABELS, ChatCall, Delta, Endpoint, Finished, Limits, Usage
from tests.engines.provider import (
    DONE,
    END,
    Cut,
    Hang,
    Provider,
    Repeat,
    Step,
    chunk,
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
LIMITS = Limits(
    first_token=0.5,
    silence=0.35,
    total=1.0,
    connect=0.8,
    max_chars=1000,
    max_event_bytes=20_000,
    max_bytes=150_000,
)
MESSAGES = [{"role": "user", "content": "Hi"}]


@dataclass(frozen=True)
class Fault:
    """What the provider does, and what must come of it. `text` is the partial text of an error."""

    script: list[Step]
    code: str | None = None
    text: str = ""
    labels: frozenset[str] = frozenset()
    billed: bool = True
    retryable: bool | None = None
    retry_after: float | None = None
    says: str = ""
    usage: Usage = field(default=Usage())
    finish_reason: str | None = None


def ok(script: list[Step], text: str, *labels: str, reason: str | None = "stop") -> Fault:
    counted = Usage() if "no_usage" in labels else Usage(3, 2)
    return Fault(script, None, text, frozenset(labels), usage=counted, finish_reason=reason)


def api_error(status: int, body: object, code: str, *more: str, **expected: Any) -> Fault:
    expected.setdefault("billed", status not in (400, 401, 403, 404, 429))
    return Fault(whole(status, body, "application/json", *more), code, **expected)


def openai_error(message: str, **more: object) -> dict[str, Any]:
    return {"error": {"message": message, "type": "x", "param": None, "code": None, **more}}


TAIL = (stop(), usage(3, 2))
HTML = "<!doctype html><title>Sign in</title><script>var a=1</script><p>Please sign in</p>"
TOOL = [{"index": 0, "id": "c", "function": {"name": "rm", "arguments": "{}"}}]
EMOJI = "\U0001f600"

FAULTS: dict[str, Fault] = {
    # Nothing, or not in time.
    "no response at all": Fault([Hang()], "no_first_token", retryable=True),
    "closed without a response": Fault([Cut()], "cut_off", retryable=True),
    "silence before the first token": Fault([head(), Hang()], "no_first_token"),
    "silence after an empty first chunk": Fault(
        [head(), event(delta("", role="assistant")), Hang()], "no_first_token"
    ),
    "silence in mid-stream": Fault([head(), event(delta("Hel")), Hang()], "silent", "Hel"),
    "keep-alive comments for ever": Fault(
        [head(), Repeat(chunk(b": ping\n\n"), 0.02)], "no_first_token"
    ),
    "a flood of comments": Fault([head(), Repeat(chunk(b": x\n" * 2000))], "too_large"),
    "comments for ever in mid-stream": Fault(
        [head(), event(delta("a")), Repeat(chunk(b": ping\n\n"), 0.02)], "silent", "a"
    ),
    "empty deltas for ever": Fault(
        [head(), event(delta("a")), Repeat(event(delta("")), 0.02)], "silent", "a"
    ),
    "one byte a second of one event": Fault(
        [head(), event(delta("a")), b'22\r\ndata: {"choices":[', Repeat(b" ", 0.1)], "silent", "a"
    ),
    "a letter at a time for ever": Fault(
        [head(), event(delta("a")), Repeat(event(delta("b")), 0.1)], "too_slow", "abb"
    ),
    # Refused with a status.
    "401": api_error(401, openai_error("Incorrect API key provided"), "unauthorized"),
    "403": api_error(403, openai_error("Country not supported"), "forbidden"),
    "404 model": api_error(404, openai_error("The model `m` does not exist"), "model_not_found"),
    "402": api_error(402, openai_error("Insufficient credits"), "no_credit"),
    "400 context": api_error(
        400,
        openai_error("maximum context length is 10 tokens", code="context_length_exceeded"),
        "context_too_long",
    ),
    "413": api_error(413, "too big", "context_too_long"),
    "400 other": api_error(400, openai_error("messages must not be empty"), "bad_request"),
    "400 unknown model": api_error(
        400, openai_error("m is not a valid model ID"), "model_not_found"
    ),
    "400 key": api_error(400, [openai_error("API key not valid.")], "unauthorized"),
    "400 filter": api_error(
        400, openai_error("rejected", code="content_policy_violation"), "content_filter"
    ),
    "429": api_error(429, openai_error("Slow down"), "rate_limited", retryable=True),
    "429 seconds": api_error(
        429, openai_error("Slow down"), "rate_limited", "Retry-After: 20", retry_after=20.0
    ),
    "429 milliseconds": api_error(
        429, openai_error("x"), "rate_limited", "retry-after-ms: 1500", retry_after=1.5
    ),
    "429 date in the past": api_error(
        429,
        openai_error("x"),
        "rate_limited",
        "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT",
        retry_after=0.0,
    ),
    "429 nonsense": api_error(429, openai_error("x"), "rate_limited", "Retry-After: soon"),
    "429 quota": api_error(
        429, openai_error("quota", code="insufficient_quota"), "no_credit", retryable=False
    ),
    "500": api_error(500, openai_error("Oops"), "provider_error", retryable=True, says="Oops"),
    "503 with Retry-After": api_error(
        503, "", "provider_error", "Retry-After: 7", retry_after=7.0, says="HTTP 503"
    ),
    "529 in Anthropic's shape": api_error(
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        "provider_error",
        says="Overloaded",
    ),
    "501": api_error(501, "no", "provider_error", retryable=False),
    "redirect": api_error(
        302, "", "redirected", "Location: http://127.0.0.1:1/elsewhere", retryable=False
    ),
    "redirect to nonsense": api_error(307, "", "redirected", "Location: http://[::bad"),
    # Error bodies of other shapes.
    "error as text in JSON": api_error(500, {"error": "boom"}, "provider_error", says="boom"),
    "error as a string": api_error(500, '"boom"', "provider_error", says="boom"),
    "error as a list": api_error(
        500, [{"error": {"message": "boom"}}], "provider_error", says="boom"
    ),
    "error as an empty list": api_error(500, [], "provider_error"),
    "error as a number": api_error(500, 17, "provider_error", says="17"),
    "error as null": api_error(500, b"null", "provider_error"),
    "error as detail": api_error(
        500, {"detail": [{"loc": ["body"], "msg": "boom"}]}, "provider_error", says="boom"
    ),
    "error without a message": api_error(500, {"a": 1}, "provider_error", says='{"a": 1}'),
    "error as a page": Fault(
        whole(502, HTML, "text/html"), "provider_error", says="HTTP 502: Sign in Please sign in"
    ),
    "error cut off": Fault([head(500, length=500), b'{"error":', Cut()], "provider_error"),
    "error without end": Fault([head(500), Repeat(chunk(b"x" * 5000))], "provider_error"),
    "error never coming": Fault([head(500), Hang()], "no_first_token"),
    "error compressed": Fault(
        whole(500, b"\x1f\x8b\x08nonsense", "application/json", "Content-Encoding: gzip"),
        "provider_error",
    ),
    "error with a key in it": api_error(401, openai_error(f"Bad key {KEY}"), "unauthorized"),
    # Status 200, and yet no answer.
    "a page with 200": Fault(whole(200, HTML, "text/html"), "not_json", says="Please sign in"),
    "text with 200": Fault(whole(200, "no backend", "text/plain"), "not_json", says="no backend"),
    "empty 200": Fault(whole(200, b""), "empty_answer", retryable=True),
    "empty stream": Fault(sse(), "empty_answer"),
    "blanks with 200": Fault(whole(200, b" \n \n"), "empty_answer"),
    "blanks for ever": Fault([head(), Repeat(chunk(b" " * 9000))], "bad_answer"),
    "204": Fault([b"HTTP/1.1 204 No Content\r\n\r\n"], "empty_answer"),
    "an empty answer": Fault(sse(delta(""), *TAIL), "empty_answer", usage=Usage(3, 2)),
    "choices null only": Fault(sse({"choices": None}), "empty_answer"),
    "choices empty only": Fault(sse({"choices": []}), "empty_answer"),
    "choices missing": Fault(sse({"result": "hm"}), "bad_answer", says="no choices"),
    "choices a string": Fault(sse({"choices": "no"}), "bad_answer"),
    "choice a string": Fault(sse({"choices": ["no"]}), "bad_answer"),
    "delta a string": Fault(sse({"choices": [{"delta": "no"}]}), "bad_answer"),
    "content a number": Fault(sse(delta("a"), delta(None, content=5)), "bad_answer", "a"),
    "a string for a chunk": Fault(sse("hello"), "bad_answer"),
    "bad JSON first": Fault(sse(b"{nonsense"), "not_json"),
    "bad JSON later": Fault(sse(delta("a"), b"{nonsense"), "not_json", "a"),
    "JSON nested too deeply": Fault(sse(b"[" * 9000), "not_json"),
    "compressed with 200": Fault(
        [head(200, "text/event-stream", "Content-Encoding: gzip"), chunk(b"\x1f\x8b"), END],
        "bad_answer",
    ),
    "not HTTP": Fault([b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Cut()], "cut_off"),
    # Errors within the stream.
    "error event": Fault(
        [head(), event(delta("Hel")), chunk(b'event: error\ndata: {"message":"boom"}\n\n'), END],
        "provider_error",
        "Hel",
        says="boom",
    ),
    "error event as text": Fault(
        [head(), chunk(b"event: error\ndata: boom\n\n"), END], "provider_error", says="boom"
    ),
    "error object": Fault(
        sse(delta("Hel"), openai_error("boom", code=500)), "provider_error", "Hel", says="boom"
    ),
    "error object, rate": Fault(
        sse(delta("Hel"), openai_error("slow", code=429)), "rate_limited", "Hel"
    ),
    "error with 200, no stream": Fault(
        whole(200, {"error": "boom"}), "provider_error", says="boom"
    ),
    "finish_reason error": Fault(
        sse(delta("a"), {"choices": [{"finish_reason": "error", "error": {"message": "boom"}}]}),
        "provider_error",
        "a",
        says="boom",
    ),
    # The end.
    "connection cut": Fault([head(), event(delta("Hel")), Cut()], "cut_off", "Hel"),
    "connection cut within an event": Fault(
        [head(), event(delta("Hel")), b'40\r\ndata: {"cho', Cut()], "cut_off", "Hel"
    ),
    "unframed end without a reason": Fault(
        [head(length=-1), b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', Cut()],
        "cut_off",
        "a",
    ),
    "unframed end after [DONE]": ok(
        [
            head(length=-1),
            b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n',
            Cut(),
        ],
        "a",
        "no_usage",
        "no_finish_reason",
        reason=None,
    ),
    "end without finish_reason": ok(
        sse(delta("Hello"), usage(3, 2)), "Hello", "no_finish_reason", reason=None
    ),
    "end without [DONE]": ok(sse(delta("Hello"), *TAIL, done=False), "Hello"),
    "no end after [DONE]": ok(
        [head(), event(delta("Hello")), *map(event, TAIL), DONE, Hang()], "Hello"
    ),
    "cut after finish_reason": ok(
        [head(), event(delta("Hello")), event(stop()), Cut()], "Hello", "no_usage"
    ),
    "silence after finish_reason": ok(
        [head(), event(delta("Hello")), event(stop()), Hang()], "Hello", "no_usage"
    ),
    "last event without a blank line": ok(
        [
            head(),
            event(delta("Hello")),
            event(usage(3, 2)),
            chunk(b"data: " + json.dumps(stop()).encode()),
            END,
        ],
        "Hello",
    ),
    # Usage.
    "usage absent": ok(sse(delta("Hello"), stop()), "Hello", "no_usage"),
    "usage null": ok(sse(delta("Hello"), {**stop(), "usage": None}), "Hello", "no_usage"),
    "usage nonsense": ok(
        sse(
            delta("Hello"),
            stop(),
            {"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": "2"}},
        ),
        "Hello",
        "no_usage",
    ),
    "usage twice": ok(sse(delta("Hello"), stop(), usage(1, 1), usage(3, 2)), "Hello"),
    "usage zero at the end": ok(sse(delta("Hello"), *TAIL, usage(0, 0)), "Hello"),
    "usage with choices": ok(
        sse(
            {**delta("Hello"), "usage": usage(3, 1)["usage"]},
            {**stop(), "usage": usage(3, 2)["usage"]},
        ),
        "Hello",
    ),
    "usage before choices": ok(sse(usage(3, 2), delta("Hello"), stop()), "Hello"),
    # What a model may do.
    "choices null and empty between": ok(
        sse(delta("He"), {"choices": None}, {"choices": []}, delta("llo"), *TAIL), "Hello"
    ),
    "content_filter": ok(
        sse(delta("He"), stop("content_filter"), usage(3, 2)),
        "He",
        "content_filter",
        reason="content_filter",
    ),
    "content_filter at once": ok(
        sse(stop("content_filter"), usage(3, 2)), "", "content_filter", reason="content_filter"
    ),
    "length": ok(sse(delta("He"), stop("length"), usage(3, 2)), "He", "length", reason="length"),
    "tool calls": ok(
        sse(delta(None, tool_calls=TOOL), stop("tool_calls"), usage(3, 2)),
        "",
        "tool_calls_ignored",
        reason="tool_calls",
    ),
    "reasoning": ok(
        sse(
            delta(None, reasoning_content="hm"), delta(None, reasoning="hm"), delta("Hello"), *TAIL
        ),
        "Hello",
        "reasoning_ignored",
    ),
    "content in parts": ok(
        sse(
            delta(None, content=[{"type": "thinking", "thinking": []}]),
            delta(None, content=[{"type": "text", "text": "Hel"}, "lo"]),
            *TAIL,
        ),
        "Hello",
        "reasoning_ignored",
    ),
    "refusal": ok(sse(delta(None, refusal="I cannot."), *TAIL), "I cannot.", "refusal"),
    "two choices": ok(
        sse(delta("Hello"), {"choices": [{"index": 1, "delta": {"content": "no"}}]}, *TAIL), "Hello"
    ),
    # Bytes.
    "bad UTF-8": ok(
        sse(b'{"choices":[{"delta":{"content":"a\xffb"}}]}', *TAIL), "a\ufffdb", "bad_utf8"
    ),
    "NUL": ok(sse(delta("a\x00b"), *TAIL), "ab", "nul_removed"),
    "lone surrogates": ok(
        sse(delta("a\ud800b"), delta("\udc00c"), delta("d\udbff"), *TAIL),
        "abcd",
        "surrogate_removed",
    ),
    "a pair cut in two": ok(sse(delta("a\ud83d"), delta("\ude00b"), *TAIL), f"a{EMOJI}b"),
    "CRLF, comments, no space, byte order mark": ok(
        [
            head(),
            chunk(b"\xef\xbb"),
            chunk(
                b"\xbf: hi\r\n\r\nid: 1\r\nretry: 5\r\ndata:" + json.dumps(delta("Hello")).encode()
            ),
            chunk(b"\r"),
            chunk(b"\n\r\n"),
            *map(event, TAIL),
            END,
        ],
        "Hello",
    ),
    "one event over several data lines": ok(
        [
            head(),
            chunk(b'data: {"choices":[{"delta":\ndata: {"content":"Hello"}}]}\n\n'),
            *map(event, TAIL),
            END,
        ],
        "Hello",
    ),
    "no blank lines between events": ok(
        [
            head(),
            chunk(
                b"".join(
                    b"data: " + json.dumps(v).encode() + b"\n" for v in (delta("Hello"), *TAIL)
                )
            ),
            chunk(b"data: [DONE]\n"),
            END,
        ],
        "Hello",
    ),
    "named pings": ok(
        [
            head(),
            chunk(b'event: ping\ndata: {"type": "ping"}\n\n'),
            event(delta("Hello")),
            *map(event, TAIL),
            END,
        ],
        "Hello",
    ),
    # Too much.
    "one huge event": Fault(
        [head(), event(delta("a")), chunk(b"data: "), Repeat(chunk(b"x" * 8000))], "too_large", "a"
    ),
    "a huge event of many lines": Fault(
        [head(), Repeat(chunk(b"data: xxxxxxxxxxxxxxxx\n" * 100))], "too_large"
    ),
    "endless reasoning": Fault(
        [head(), Repeat(event(delta(None, reasoning="hm" * 400)))], "too_large"
    ),
    "an endless answer": Fault(
        [head(), Repeat(event(delta("abcde" * 30)))],
        None,
        ("abcde" * 200),
        frozenset({"cut_at_cap", "no_usage"}),
    ),
    # No stream, though one was asked for.
    "JSON for a stream": Fault(
        whole(200, completion("Hello")),
        None,
        "Hello",
        frozenset({"not_streamed"}),
        usage=Usage(5, 2),
        finish_reason="stop",
    ),
    "JSON without choices": Fault(whole(200, {"id": "x"}), "bad_answer"),
    "JSON with null choices": Fault(
        whole(200, completion(None, choices=None)), "empty_answer", usage=Usage(5, 2)
    ),
    "JSON with null content": Fault(
        whole(200, completion(None)), "empty_answer", usage=Usage(5, 2)
    ),
    "JSON cut off": Fault([head(200, "application/json", length=99), b'{"id":', Cut()], "cut_off"),
    "broken JSON": Fault(whole(200, b'{"id": nope}'), "not_json"),
    "too much JSON": Fault(
        [head(200, "application/json"), chunk(b'{"a":"'), Repeat(chunk(b"x" * 9000))], "too_large"
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    await close()


def call_to(provider: Provider, **more: Any) -> ChatCall:
    endpoint = Endpoint(provider.base_url, KEY, allow_private=True)
    return ChatCall(endpoint, "m", MESSAGES, limits=LIMITS, **more)


@pytest.mark.parametrize("name", FAULTS)
async def test_fault(server: Provider, name: str, caplog: pytest.LogCaptureFixture) -> None:
    fault = FAULTS[name]
    caplog.set_level(logging.DEBUG)
    server.script(fault.script)
    text, finished, error = "", None, None
    begun = time.monotonic()
    try:
        async for one in stream_chat(call_to(server)):
            assert finished is None
            if isinstance(one, Delta):
                assert one.text
                text += one.text
            else:
                finished = one
    except LLMError as raised:
        error = raised
    assert time.monotonic() - begun < LIMITS.total + 1.0
    assert KEY not in caplog.text
    if fault.code is None:
        assert error is None
        assert finished is not None
        assert (finished.text, finished.labels) == (fault.text, fault.labels)
        assert (finished.usage, finished.finish_reason) == (fault.usage, fault.finish_reason)
        assert finished.labels <= LABELS
        assert text == finished.text
        assert KEY not in repr(finished)
        json.dumps(finished.raw, allow_nan=False).encode()
        return
    assert error is not None, finished
    assert error.code == fault.code, error
    assert error.code in CODES
    # How many of a slow trickle came in time depends on the machine.
    if error.code == "too_slow":
        assert error.partial.startswith(fault.text[:3])
    else:
        assert error.partial == fault.text
    assert text == error.partial
    assert error.billed is fault.billed
    assert error.retry_after == fault.retry_after
    assert error.usage in (None, fault.usage)
    if fault.retryable is not None:
        assert error.retryable is fault.retryable
    assert fault.says in error.detail
    shown = f"{error} {error!r} {error.detail} {error.args}"
    assert KEY not in shown
    assert "sk-canary" not in shown
    # The client's own exception knows the request and its headers.
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        (whole(200, completion("Hello")), None, "Hello"),
        (sse(delta("Hel"), delta("lo"), *TAIL), None, "Hello"),
        (whole(200, b""), "empty_answer", ""),
        (whole(429, openai_error("x")), "rate_limited", ""),
        ([head(200, "application/json"), Hang()], "too_slow", ""),
        ([Hang()], "too_slow", ""),
    ],
)
async def test_complete_chat(
    server: Provider, script: list[Step], code: str | None, text: str
) -> None:
    server.script(script)
    if code is not None:
        with pytest.raises(LLMError) as caught:
            await complete_chat(call_to(server))
        assert caught.value.code == code
        return
    finished = await complete_chat(call_to(server))
    assert finished.text == text
    assert finished.raw["id"] == "chatcmpl-1"
    assert "stream" not in server.requests[-1].json


async def test_connection_refused() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = Endpoint(f"http://127.0.0.1:{closed.getsockname()[1]}/v1", KEY, True)
        with pytest.raises(LLMError) as caught:
            await complete_chat(ChatCall(endpoint, "m", MESSAGES, limits=LIMITS))
    error = caught.value
    assert (error.code, error.billed, error.retryable) == ("unreachable", False, True)
    assert error.__context__ is None


async def test_plain_text_behind_https(server: Provider) -> None:
    endpoint = Endpoint(server.base_url.replace("http:", "https:"), KEY, allow_private=True)
    with pytest.raises(LLMError) as caught:
        await complete_chat(ChatCall(endpoint, "m", MESSAGES, limits=LIMITS))
    assert caught.value.code == "unreachable"
    assert not caught.value.billed


@pytest.mark.parametrize("key", ["sk-line\nbreak", "sk-é", "two words"])
async def test_a_key_that_cannot_be_sent(server: Provider, key: str) -> None:
    endpoint = Endpoint(server.base_url, key, allow_private=True)
    with pytest.raises(LLMError) as caught:
        await complete_chat(ChatCall(endpoint, "m", MESSAGES, limits=LIMITS))
    assert caught.value.code == "bad_key"
    assert not caught.value.billed
    assert key not in repr(caught.value)


async def test_a_faultless_answer(server: Provider) -> None:
    server.script(sse(delta("", role="assistant"), delta("Hel"), delta("lo"), *TAIL))
    events = [one async for one in stream_chat(call_to(server))]
    assert "".join(one.text for one in events[:-1] if isinstance(one, Delta)) == "Hello"
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.labels == frozenset()
    assert (finished.model_answered, finished.response_id) == ("scripted-1", "chatcmpl-1")
    assert finished.ttft_ms is not None
    assert 0 <= finished.ttft_ms <= finished.latency_ms
    assert finished.raw == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
