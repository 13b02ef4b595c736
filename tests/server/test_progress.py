"""Progress is told while the work is under way, and the work goes on though nobody listens."""

import contextlib
from collections.abc import Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from portfolio.working import Working
from portfolio.wsgi_call import Answer, call
from prompts_app import http

SCOPE: dict[str, Any] = {
    "type": "http", "method": "POST", "path": "/studio/import/", "query_string": b"",
    "http_version": "1.1", "scheme": "http", "headers": [],
}  # fmt: skip


def page(response: HttpResponseBase) -> Any:
    """Return a WSGI application that answers with `response`."""

    def application(_environ: dict[str, Any], start: Any) -> Any:
        start("200 OK", list(response.items()))
        return response

    return application


# The end of an answer looks after connections that earlier tests may have left open.
@pytest.mark.django_db
def test_each_line_is_told_before_the_next_is_made() -> None:
    told: list[Answer | bytes] = []
    seen_by_work: list[int] = []

    def work() -> Iterator[dict[str, Any]]:
        for number in range(3):
            seen_by_work.append(len(told))
            yield {"done": number, "of": 3}

    assert call(page(http.progress(work())), SCOPE, b"", told.append) is None
    head, *lines = told
    assert isinstance(head, Answer)
    assert head.is_progress
    assert lines == [b'{"done": %d, "of": 3}\n' % number for number in range(3)]
    assert seen_by_work == [1, 2, 3]


@pytest.mark.django_db
def test_any_other_answer_is_returned_whole() -> None:
    told: list[Answer | bytes] = []
    answer = call(page(HttpResponse(b"a page")), SCOPE, b"", told.append)
    assert answer is not None
    assert (answer.body, told) == (b"a page", [])


@pytest.mark.parametrize("leaves", [False, True])
async def test_work_goes_to_its_end_whoever_reads(leaves: bool) -> None:
    done = []

    def work() -> Iterator[dict[str, Any]]:
        for number in range(50):
            yield {"done": number, "of": 50}
        done.append(True)

    sent: list[bytes] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if leaves and sent:
            raise ConnectionError
        sent.append(message.get("body", b""))

    with ThreadPoolExecutor(1) as threads:
        working = Working(threads, page(http.progress(work())), SCOPE, b"")
        with contextlib.suppress(ConnectionError):
            await working.send(send)
        assert await working.end is None
    assert done == [True]
    assert leaves or b"".join(sent).count(b"\n") == 50


async def test_work_that_fails_ends_the_answer_with_an_error() -> None:
    def work() -> Iterator[dict[str, Any]]:
        yield {"done": 0, "of": 2}
        raise ValueError("half way")

    async def send(_message: MutableMapping[str, Any]) -> None:
        pass

    with ThreadPoolExecutor(1) as threads:
        working = Working(threads, page(http.progress(work())), SCOPE, b"")
        with pytest.raises(ValueError, match="half way"):
            await working.send(send)
