"""Properties of the event parser and of the answer put together from it."""

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.llm.answer import Answer, clean_json
from prompts_app.llm.errors import LLMError
from prompts_app.llm.sse import Event, Parser, TooLargeError

PIECES = st.sampled_from(
    [
        *(b"data:", b"data: ", b"data", b"event: ", b": ping", b"id: 1", b"{}", b"a", b" "),
        *(b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xc3", b"\xa9", b"\x00"),
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=5), max_size=60).map(b"".join)


def parsed(chunks: list[bytes], cap: int = 100_000) -> list[Event]:
    parser = Parser(cap)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return [*events, *parser.end()]


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(i for i in at if i < len(data))})
    return [data[a:b] for a, b in pairwise(places)]


@given(STREAMS, st.lists(st.integers(0, 300), max_size=40))
def test_any_chunking_gives_the_same_events(data: bytes, at: list[int]) -> None:
    expected = parsed([data])
    assert parsed(cut(data, at)) == expected
    assert parsed([data[i : i + 1] for i in range(len(data))]) == expected


def by_the_standard(data: bytes) -> list[Event]:
    """Event stream interpretation (WHATWG HTML, 9.2.6), line by line, with an event at the end."""
    text = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[Event] = []
    name = b""
    lines: list[bytes] = []
    for line in [*text.split(b"\n"), b""]:
        label, _, value = line.partition(b":")
        if not line:
            if lines:
                events.append(Event(name, b"\n".join(lines)))
            name, lines = b"", []
        elif label == b"data" and b":" in line:
            lines.append(value.removeprefix(b" "))
        elif label == b"event" and b":" in line:
            name = value.strip()
    return events


@given(STREAMS)
def test_events_are_the_standard_s(data: bytes) -> None:
    assert parsed([data]) == by_the_standard(data)


@given(st.lists(st.binary(max_size=400), max_size=30))
def test_memory_is_bounded(chunks: list[bytes]) -> None:
    parser = Parser(500)
    try:
        for chunk in chunks:
            for event in parser.feed(chunk):
                assert len(event.data) <= 500 + event.data.count(b"\n")
    except TooLargeError:
        assert sum(map(len, chunks)) > 500


ANY_TEXT = st.text(st.characters(), max_size=30) | st.text(
    st.sampled_from("a\x00\ud800\udbff\udc00\udfff\ufffd\U0001f600é"), max_size=12
)


def said(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


@given(st.lists(ANY_TEXT, max_size=8))
def test_text_is_joined_and_only_what_cannot_be_kept_is_lost(texts: list[str]) -> None:
    answer = Answer(10_000, "")
    given_out = "".join(answer.add(said(text)) for text in texts)
    everything = "".join(texts)
    # Through UTF-16, halves that meet become the character they stand for.
    units = everything.replace("\x00", "").encode("utf-16-le", "surrogatepass")
    kept = units.decode("utf-16-le", "ignore")
    assert given_out == answer.text == kept
    labels = answer.finish_labels()
    assert ("nul_removed" in labels) == ("\x00" in everything)
    assert ("surrogate_removed" in labels) == (len(kept.encode("utf-16-le")) != len(units))


@given(st.lists(st.text(max_size=9), max_size=9), st.integers(0, 20))
def test_the_cap_is_exact(texts: list[str], cap: int) -> None:
    answer = Answer(cap, "")
    for text in texts:
        answer.add(said(text.replace("\x00", "")))
        if answer.full:
            break
    everything = "".join(texts).replace("\x00", "")
    assert answer.text == everything[:cap]
    assert answer.full == (len(everything) > cap)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
)


@given(JSON_VALUES)
def test_clean_json_can_be_stored(value: Any) -> None:
    stored = json.dumps(clean_json(value), ensure_ascii=False)
    stored.encode("utf-8")
    assert "\\u0000" not in stored


@given(
    st.dictionaries(
        st.sampled_from(["choices", "usage", "error", "id", "model", "object"]),
        JSON_VALUES
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "delta": JSON_VALUES,
                    "message": JSON_VALUES,
                    "index": JSON_VALUES,
                    "finish_reason": JSON_VALUES,
                },
            ),
            max_size=2,
        ),
    )
)
def test_no_chunk_breaks_an_answer(chunk: dict[str, Any]) -> None:
    answer = Answer(1000, "")
    with suppress(LLMError):
        answer.add(chunk)
    json.dumps(answer.assembled(), ensure_ascii=False).encode()


def test_one_line_without_end_is_too_large() -> None:
    parser = Parser(10)
    assert list(parser.feed(b"x" * 10)) == []
    with pytest.raises(TooLargeError):
        list(parser.feed(b"x"))
