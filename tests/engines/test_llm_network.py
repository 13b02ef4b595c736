"""The connections themselves, on both event loops, with and without TLS."""

import asyncio
import datetime
import ssl
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from prompts_app.llm import network, transport
from prompts_app.llm.client import close, complete_chat, stream_chat
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import ChatCall, Delta, Endpoint, Limits
from tests.engines.provider import (
    DONE,
    END,
    Cut,
    Hang,
    Provider,
    Repeat,
    Step,
    delta,
    event,
    head,
    sse,
    stop,
    usage,
)

NAME = "provider.example"
LIMITS = Limits(first_token=0.5, silence=0.3, total=5.0, connect=2.0, max_chars=2_000_000)
MESSAGES = [{"role": "user", "content": "Hi"}]
LONG = "x" * 200_000

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of `provider.example`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def run_on(loop_name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def and_close() -> None:
        try:
            await work()
        finally:
            await close()

    with asyncio.Runner(loop_factory=LOOPS[loop_name]) as runner:
        runner.run(and_close())


def trusting(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    """This process trusts the certificate."""
    context = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(transport, "_tls", lambda: context)


def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to this machine."""

    async def answer(*_: object) -> list[str]:
        return ["127.0.0.1"]

    # uvloop does not let its resolver be replaced.
    monkeypatch.setattr(network, "_resolve", answer)


SCRIPTS: dict[str, tuple[list[Step], str | None, str]] = {
    "answer": (sse(delta("Hel"), delta("lo"), stop(), usage(3, 2)), None, "Hello"),
    "long answer": (
        [head(), *(event(delta(LONG)) for _ in range(5)), event(stop()), DONE, END],
        None,
        LONG * 5,
    ),
    "cut": ([head(), event(delta("Hel")), Cut()], "cut_off", "Hel"),
    "silence": ([head(), event(delta("Hel")), Hang()], "silent", "Hel"),
    "nothing": ([Hang()], "no_first_token", ""),
    "gone": ([Cut()], "cut_off", ""),
}


@pytest.mark.parametrize("loop_name", LOOPS)
@pytest.mark.parametrize("with_tls", [False, True])
@pytest.mark.parametrize("name", SCRIPTS)
def test_reading(
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    loop_name: str,
    with_tls: bool,
    name: str,
) -> None:
    script, code, text = SCRIPTS[name]
    server_tls = None
    if with_tls:
        trusting(monkeypatch, certificate)
        at_home(monkeypatch)
        server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_tls.load_cert_chain(certificate)
    with Provider(tls=server_tls) as provider:
        provider.script(script)
        url = provider.base_url
        if with_tls:
            url = f"https://{NAME}:{provider.port}/v1"
        # A request larger than a socket's buffer has to wait for room.
        messages = [{"role": "user", "content": LONG * 10}]
        call = ChatCall(Endpoint(url, "sk-1234", True), "m", messages, limits=LIMITS)

        async def work() -> None:
            seen = ""
            try:
                async for one in stream_chat(call):
                    seen += one.text if isinstance(one, Delta) else ""
            except LLMError as error:
                assert error.code == code  # noqa: PT017
            else:
                assert code is None
            assert seen == text

        run_on(loop_name, work)
        assert len(provider.requests[0].json["messages"][0]["content"]) == len(LONG) * 10
        if with_tls:
            assert provider.requests[0].headers["host"] == f"{NAME}:{provider.port}"


@pytest.mark.parametrize("loop_name", LOOPS)
@pytest.mark.parametrize("with_tls", [False, True])
def test_closing(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, loop_name: str, with_tls: bool
) -> None:
    server_tls = None
    if with_tls:
        trusting(monkeypatch, certificate)
        at_home(monkeypatch)
        server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_tls.load_cert_chain(certificate)
    with Provider(tls=server_tls) as provider:
        provider.script([head(), Repeat(event(delta("x")), 0.001)])
        url = f"https://{NAME}:{provider.port}/v1" if with_tls else provider.base_url
        call = ChatCall(Endpoint(url, "sk-1234", True), "m", MESSAGES, limits=LIMITS)
        begun: list[float] = []

        async def work() -> None:
            events = stream_chat(call)
            await anext(events)
            begun.append(time.monotonic())
            await events.aclose()

        run_on(loop_name, work)
        assert provider.closings.get(timeout=5) - begun[0] < 0.05


@pytest.mark.parametrize("loop_name", LOOPS)
@pytest.mark.parametrize("why", ["unknown authority", "other name"])
def test_a_certificate_that_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, loop_name: str, why: str
) -> None:
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(certificate)
    at_home(monkeypatch)
    host = NAME
    if why == "other name":
        trusting(monkeypatch, certificate)
        host = "other.example"
    with Provider(tls=server_tls) as provider:
        url = f"https://{host}:{provider.port}/v1"
        call = ChatCall(Endpoint(url, "sk-1234", True), "m", MESSAGES, limits=LIMITS)

        async def work() -> None:
            with pytest.raises(LLMError) as caught:
                await complete_chat(call)
            assert (caught.value.code, caught.value.billed) == ("unreachable", False)
            assert "certificate" in caught.value.detail.lower()

        run_on(loop_name, work)
        assert provider.requests == []
