"""Which base URLs are accepted, and that the checked address is the one connected to."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.llm.addresses import (
    BaseURLError,
    blocked_reason,
    check_base_url,
    is_private_host,
    origin,
)
from prompts_app.llm.client import close, complete_chat, list_models
from prompts_app.llm.errors import LLMError
from prompts_app.llm.network import connect
from prompts_app.llm.types import ChatCall, Endpoint, Limits
from tests.engines.provider import Provider


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    await close()


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        (" HTTPS://API.OpenAI.com:443//v1/ ", "https://api.openai.com/v1"),
        ("https://example.com", "https://example.com"),
        ("https://example.com.:8443/a/b/", "https://example.com:8443/a/b"),
        ("https://exämple.com/v1", "https://xn--exmple-cua.com/v1"),
        ("https://8.8.8.8/v1", "https://8.8.8.8/v1"),
        ("https://[2001:4860:4860:0::8888]/v1", "https://[2001:4860:4860::8888]/v1"),
    ],
)
def test_accepted(url: str, normal: str) -> None:
    assert check_base_url(url, allow_private=False) == normal
    assert check_base_url(normal, allow_private=False) == normal
    assert not is_private_host(url)
    assert normal.startswith(origin(url))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "bad_scheme"),
        ("api.openai.com/v1", "bad_scheme"),
        ("ftp://example.com", "bad_scheme"),
        ("file:///etc/passwd", "bad_scheme"),
        ("https:///v1", "no_host"),
        ("http://example.com/v1", "https_required"),
        ("https://user@example.com", "userinfo"),
        ("https://user:pass@example.com", "userinfo"),
        ("https://example.com@127.0.0.1/", "userinfo"),
        ("https://example.com/v1?key=x", "query"),
        ("https://example.com/v1?", "query"),
        ("https://example.com/v1#x", "query"),
        ("https://example.com:0/v1", "bad_port"),
        ("https://example.com:99999/v1", "bad_port"),
        ("https://example.com:x/v1", "bad_port"),
        ("https://example.com:/v1", "bad_port"),
        ("https://exa mple.com/v1", "bad_url"),
        ("https://example.com\\@127.0.0.1/v1", "bad_url"),
        ("https://example.com/\r\nHost: x", "bad_url"),
        ("https://example.com/../admin", "bad_url"),
        ("https://[::1", "bad_url"),
        ("https://[fe80::1%25eth0]/v1", "bad_url"),
        ("https://exa\u202emple.com/v1", "bad_url"),
        ("https://localhost/v1", "private_address"),
        ("https://LOCALHOST./v1", "private_address"),
        ("https://ollama:11434/v1", "private_address"),
        ("https://printer.local/v1", "private_address"),
        ("https://metadata.google.internal/v1", "private_address"),
        ("https://127.0.0.1/v1", "private_address"),
        ("https://127.1/v1", "private_address"),
        ("https://2130706433/v1", "private_address"),
        ("https://0x7f.0.0.1/v1", "private_address"),
        ("https://0177.0.0.1/v1", "private_address"),
        ("https://0/v1", "private_address"),
        ("https://169.254.169.254/latest", "private_address"),
        ("https://[::1]/v1", "private_address"),
        ("https://[::ffff:10.0.0.1]/v1", "private_address"),
        ("https://[64:ff9b::a00:1]/v1", "private_address"),
    ],
)
def test_not_accepted(url: str, code: str) -> None:
    with pytest.raises(BaseURLError) as caught:
        check_base_url(url, allow_private=False)
    assert caught.value.code == code
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:11434/v1", "http://ollama:11434/v1", "http://[::1]:8000", "http://10.0.0.1"],
)
def test_private_hosts_are_for_the_operator(url: str) -> None:
    assert check_base_url(url, allow_private=True) == url
    assert is_private_host(url)


@given(st.text(max_size=40) | st.text("ht ps:/@[]%.0x1?#\\a", max_size=30).map("https://".__add__))
def test_any_text_is_accepted_once_and_for_all_or_refused_with_a_code(url: str) -> None:
    try:
        normal = check_base_url(url, allow_private=False)
    except BaseURLError as error:
        refused = error.code
    else:
        assert check_base_url(normal, allow_private=False) == normal
        assert origin(normal) == origin(url)
        return
    assert refused


BLOCKED = """0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.0.1
169.254.169.254
172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 203.0.113.1 224.0.0.1 240.0.0.1
255.255.255.255 168.63.129.16 :: ::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1
fe80::1%eth0 64:ff9b:1::1 nonsense"""
PUBLIC = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.32.0.1 2606:4700:4700::1111 2a00:1450::1"


@pytest.mark.parametrize("address", BLOCKED.split())
def test_blocked(address: str) -> None:
    assert blocked_reason(address) is not None


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public(address: str) -> None:
    assert blocked_reason(address) is None


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_judged_as_itself(inner: ipaddress.IPv4Address) -> None:
    expected = blocked_reason(str(inner)) is not None
    mapped = ipaddress.IPv6Address(f"::ffff:{inner}")
    assert (blocked_reason(str(mapped)) is not None) == expected
    if expected:
        number = int(inner)
        for outer in ((0x2002 << 112) | (number << 80), (0x64FF9B << 96) | number, number):
            assert blocked_reason(str(ipaddress.IPv6Address(outer))) is not None


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """The name service answers every name with these addresses."""

    async def answer(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)


def connecting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that connections are tried to; none of them answers."""
    tried: list[str] = []

    async def refuse(_: object, host: str, port: int, **_more: object) -> None:
        tried.append(host)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", refuse)
    return tried


async def test_the_checked_addresses_are_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "1.1.1.1", "1.1.1.1", "8.8.8.8")
    tried = connecting(monkeypatch)
    with pytest.raises(ConnectionRefusedError):
        await connect("provider.example", 443, None, allow_private=False)
    assert tried == ["1.1.1.1", "8.8.8.8"]


async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with Provider() as provider:
        resolving(monkeypatch, "127.0.0.9", "127.0.0.1")
        url = f"http://provider.example:{provider.port}/v1"
        call = ChatCall(Endpoint(url, allow_private=True), "m", [{"role": "user", "content": "x"}])
        assert (await complete_chat(call)).text == "Hello"
        host = provider.requests[0].headers["host"]
        assert host == f"provider.example:{provider.port}"


@pytest.mark.parametrize("bad", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "::1"])
async def test_one_bad_address_is_enough(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    resolving(monkeypatch, "1.1.1.1", bad)
    tried = connecting(monkeypatch)
    with pytest.raises(LLMError) as caught:
        await connect("provider.example", 443, None, allow_private=False)
    assert (caught.value.code, caught.value.billed) == ("blocked_address", False)
    assert bad not in caught.value.detail
    assert tried == []


async def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch)
    with pytest.raises(LLMError) as caught:
        await list_models(Endpoint("https://provider.example/v1", "sk-canary-1234"))
    assert (caught.value.code, caught.value.billed) == ("unreachable", False)


async def test_a_name_that_leads_home_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    with Provider() as provider:
        resolving(monkeypatch, "127.0.0.1")
        url = f"https://provider.example:{provider.port}/v1"
        call = ChatCall(Endpoint(url, "sk-canary-1234"), "m", [{"role": "user", "content": "x"}])
        with pytest.raises(LLMError) as caught:
            await complete_chat(call)
        assert (caught.value.code, caught.value.billed) == ("blocked_address", False)
        assert provider.requests == []


async def test_a_private_connection_is_not_lent_to_others() -> None:
    with Provider() as provider:
        url = provider.base_url
        messages = [{"role": "user", "content": "x"}]
        await complete_chat(ChatCall(Endpoint(url, allow_private=True), "m", messages))
        with pytest.raises(LLMError) as caught:
            await complete_chat(ChatCall(Endpoint(url), "m", messages, limits=Limits(total=2)))
        assert caught.value.code == "blocked_address"
        assert len(provider.requests) == 1
