"""The demo server over real HTTP: with the openai client, and with raw bytes."""

import asyncio
import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI
from PIL import Image

from prompts_app.demo import tokens
from prompts_app.demo.server import DemoServer

ROOT = Path(__file__).resolve().parents[2]
HELLO: list[Any] = [{"role": "user", "content": "Describe 12 bees and 3 hives in a garden."}]


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with DemoServer(pace=None) as url:
        yield url


@pytest.fixture(scope="module")
def client(base_url: str) -> Iterator[OpenAI]:
    with OpenAI(api_key="none", base_url=base_url, max_retries=0) as client:
        yield client


def raw(base_url: str, request: bytes) -> tuple[int, bytes]:
    """Send bytes as they are; the status and body of what comes back before the connection ends."""
    parts = urlsplit(base_url)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


def post(base_url: str, path: str, body: bytes) -> tuple[int, Any]:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    status, answer = raw(base_url, head.encode() + body)
    return status, json.loads(answer)


def test_it_lists_its_models_and_listens_on_loopback_only(base_url: str, client: OpenAI) -> None:
    assert base_url.startswith("http://127.0.0.1:")
    assert [model.id for model in client.models.list()] == [
        "demo-large",
        "demo-small",
        "demo-picture",
    ]
    assert client.models.retrieve("demo-small").id == "demo-small"


def test_a_stream_says_what_the_whole_answer_says(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="demo-large", messages=HELLO)
    text = whole.choices[0].message.content
    assert text
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage
    assert whole.usage.completion_tokens == len(tokens.split(text))
    chunks = list(
        client.chat.completions.create(
            model="demo-large",
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == text
    assert chunks[-1].usage == whole.usage
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].id != whole.id
    assert len(chunks) > 20


def test_without_being_asked_a_stream_carries_no_usage(client: OpenAI) -> None:
    stream = client.chat.completions.create(model="demo-small", messages=HELLO, stream=True)
    assert all(chunk.usage is None and chunk.choices for chunk in stream)


def test_max_tokens_cuts_the_answer_and_says_so(client: OpenAI) -> None:
    cut = client.chat.completions.create(model="demo-large", messages=HELLO, max_tokens=7)
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage
    assert cut.usage.completion_tokens == 7
    newer = client.chat.completions.create(
        model="demo-large", messages=HELLO, max_completion_tokens=7
    )
    assert newer.choices[0].message.content == cut.choices[0].message.content


def test_json_mode_answers_json(client: OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "Reply in JSON: how many bees?"}]
    whole = client.chat.completions.create(
        model="demo-large", messages=messages, response_format={"type": "json_object"}
    )
    assert json.loads(whole.choices[0].message.content or "")
    with pytest.raises(openai.BadRequestError, match="JSON"):
        client.chat.completions.create(
            model="demo-large", messages=HELLO, response_format={"type": "json_object"}
        )


def test_it_draws_pictures(client: OpenAI) -> None:
    drawn = client.images.generate(
        model="demo-picture", prompt="A red mug", n=2, size="512x512"
    ).data
    assert drawn
    pictures = [base64.b64decode(item.b64_json or "") for item in drawn]
    assert pictures[0] != pictures[1]
    with Image.open(io.BytesIO(pictures[0])) as image:
        assert (image.format, image.size) == ("PNG", (512, 512))


@pytest.mark.parametrize("model", ["gpt-nothing", "demo-picture"])
def test_an_unknown_model_is_404(client: OpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model=model, messages=HELLO)
    assert caught.value.code == "model_not_found"
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="demo-large", prompt="a mug")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b"[" * 200_000, "invalid_json"),
        (b"{}", "invalid_model"),
        (b'{"model": "demo-large"}', "invalid_messages"),
        (b'{"model": "demo-large", "messages": []}', "invalid_messages"),
        (b'{"model": "demo-large", "messages": [7]}', "invalid_messages"),
        (
            b'{"model": "demo-large", "messages": [{"role": "x", "content": ""}]}',
            "invalid_messages",
        ),
        (b'{"model": "demo-large", "messages": [{"role": "user"}]}', "invalid_messages"),
    ],
)
def test_nonsense_is_400_in_the_usual_shape(base_url: str, body: bytes, code: str) -> None:
    status, answer = post(base_url, "/v1/chat/completions", body)
    assert (status, answer["error"]["code"]) == (400, code)
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"max_tokens": 0}, "invalid_max_tokens"),
        ({"max_tokens": "9"}, "invalid_max_tokens"),
        ({"stream": "yes"}, "invalid_stream"),
        ({"response_format": {"type": "yaml"}}, "invalid_response_format"),
        ({"messages": [{"role": "user", "content": "bee " * 40_000}]}, "context_length_exceeded"),
    ],
)
def test_wrong_parameters_are_400(base_url: str, extra: dict[str, Any], code: str) -> None:
    body = json.dumps({"model": "demo-large", "messages": HELLO, **extra}).encode()
    status, answer = post(base_url, "/v1/chat/completions", body)
    assert (status, answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x00\x01\r\n\r\n", 400),
        (b"GET /v1/models\r\n\r\n", 400),
        (b"GET /nowhere HTTP/1.1\r\n\r\n", 404),
        (b"DELETE /v1/models HTTP/1.1\r\n\r\n", 405),
        (b"GET /v1/chat/completions HTTP/1.1\r\n\r\n", 405),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 431),
    ],
)
def test_odd_requests_get_a_clear_status(base_url: str, request_bytes: bytes, status: int) -> None:
    answered, body = raw(base_url, request_bytes)
    assert answered == status
    assert json.loads(body)["error"]["message"]


def test_surrogates_and_nul_in_a_prompt_are_answered(base_url: str) -> None:
    text = "Say \\ud800 and \\u0000 and \\u202e please"
    body = f'{{"model": "demo-large", "messages": [{{"role": "user", "content": "{text}"}}]}}'
    status, answer = post(base_url, "/v1/chat/completions", body.encode())
    assert status == 200
    assert answer["choices"][0]["message"]["content"]
    drawing = f'{{"model": "demo-picture", "prompt": "{text}", "size": "512x512"}}'
    assert post(base_url, "/v1/images/generations", drawing.encode())[0] == 200


def test_one_connection_carries_many_requests(base_url: str) -> None:
    body = json.dumps({"model": "demo-large", "messages": HELLO, "stream": True}).encode()
    one = b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    _, answers = raw(base_url, one + one + b"GET /v1/models HTTP/1.1\r\n\r\n")
    assert answers.count(b"[DONE]") == 2
    assert b"demo-picture" in answers


async def test_many_streams_at_once(base_url: str) -> None:
    async with openai.AsyncOpenAI(api_key="none", base_url=base_url, max_retries=0) as client:

        async def read(number: int) -> bool:
            messages: list[Any] = [{"role": "user", "content": f"Count {number} bees in the hive."}]
            stream = await client.chat.completions.create(
                model="demo-large", messages=messages, stream=True
            )
            text = "".join([c.choices[0].delta.content or "" async for c in stream])
            return str(number) in text

        assert all(await asyncio.gather(*(read(number) for number in range(1000, 1060))))


def test_the_pace_is_kept_and_the_first_token_does_not_wait() -> None:
    with DemoServer(pace=25) as url, OpenAI(api_key="none", base_url=url) as client:
        began = time.monotonic()
        stream = client.chat.completions.create(
            model="demo-large", messages=HELLO, stream=True, max_tokens=30
        )
        arrived = [time.monotonic() - began for chunk in stream if chunk.choices[0].delta.content]
        assert arrived[-1] >= 1.15
        assert arrived[0] < arrived[-1] / 2


def test_leaving_ends_open_streams_and_frees_the_port() -> None:
    server = DemoServer(pace=1)
    with server as url, OpenAI(api_key="none", base_url=url, max_retries=0) as client:
        stream = client.chat.completions.create(model="demo-large", messages=HELLO, stream=True)
        next(iter(stream))
        began = time.monotonic()
        server.__exit__(None, None, None)
        assert time.monotonic() - began < 2
        with pytest.raises(openai.APIConnectionError):
            client.models.list()
        stream.close()
    port = urlsplit(url).port
    assert port
    with DemoServer(port=port) as again:
        assert again == url


def test_a_taken_port_is_an_error(base_url: str) -> None:
    port = urlsplit(base_url).port
    assert port
    with pytest.raises(OSError, match="address already in use"), DemoServer(port=port):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_in_the_foreground_it_is_silent_and_ends_on_a_signal(number: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "prompts_app.demo", "--port", str(port), "--pace", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ""},
    )
    try:
        deadline = time.monotonic() + 10
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", port)) == 0:
                    break
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, b"", b"")


def test_a_taken_port_in_the_foreground_is_one_sentence(base_url: str) -> None:
    port = str(urlsplit(base_url).port)
    done = subprocess.run(
        [sys.executable, "-m", "prompts_app.demo", "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"The demo model cannot listen on 127.0.0.1:{port}")
    assert done.stderr.count("\n") == 1


@given(st.text(max_size=300))
def test_rule_tokens_lose_nothing(text: str) -> None:
    pieces = tokens.split(text)
    assert "".join(pieces) == text
    assert all(pieces)
