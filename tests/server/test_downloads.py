"""Downloads made piece by piece: sent whole, and never held in memory at once."""

import tracemalloc
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

import pytest

from portfolio.wsgi_call import Answer, call

PIECE = b"x" * 64 * 1024
PIECES = 512  # 32 MB


class Response:
    """A response as Django hands it to the server; `streaming` tells that it is made in pieces."""

    def __init__(self, pieces: Iterable[bytes], *, streaming: bool = True) -> None:
        self.streaming = streaming
        self.closed = False
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        self.closed = True


def asked(response: Response, method: str = "GET") -> Answer:
    """Return what a page that answers with `response` comes to."""

    def page(_environ: dict[str, Any], start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/csv")])
        return response

    scope = {
        "method": method, "path": "/", "query_string": b"", "http_version": "1.1",
        "scheme": "http", "headers": [],
    }  # fmt: skip
    try:
        answer = call(page, scope, b"")
        assert answer is not None
        return answer
    finally:
        assert response.closed


async def sent(answer: Answer) -> tuple[list[tuple[bytes, bytes]], list[int]]:
    """Return the headers, and how long each piece of the body was."""
    messages: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        # As the server does: what was sent is gone.
        messages.append({**message, "length": len(message.get("body", b"")), "body": b""})

    await answer.send(send)
    assert not messages[-1].get("more_body")
    return messages[0]["headers"], [one["length"] for one in messages[1:]]


def pieces() -> Iterator[bytes]:
    for _ in range(PIECES):
        yield bytes(PIECE)


async def test_a_large_download_takes_little_memory() -> None:
    tracemalloc.start()
    answer = asked(Response(pieces()))
    headers, lengths = await sent(answer)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(lengths) == len(PIECE) * PIECES
    assert dict(headers)[b"content-length"] == str(len(PIECE) * PIECES).encode()
    assert max(lengths) <= 512 * 1024
    assert most < 8 * 1024 * 1024


async def test_a_small_one_comes_as_it_is() -> None:
    headers, lengths = await sent(asked(Response([b"a", b"bc"])))
    assert sum(lengths) == 3
    assert dict(headers)[b"content-length"] == b"3"


async def test_a_page_is_sent_at_once() -> None:
    _headers, lengths = await sent(asked(Response([b"page"], streaming=False)))
    assert lengths == [4]


async def test_asking_for_the_headers_makes_nothing() -> None:
    made = []

    def remembered() -> Iterator[bytes]:
        made.append(1)
        yield b"x"

    _headers, lengths = await sent(asked(Response(remembered()), "HEAD"))
    assert lengths == [0]
    assert not made


def test_an_error_in_the_middle_is_an_error() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        asked(Response(broken()))
