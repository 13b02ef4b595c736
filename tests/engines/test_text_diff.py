"""Differences put both texts together again and never take long."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text.diff import Chunk, diff

texts = st.one_of(st.text(max_size=80), st.text(alphabet="ab .\n", max_size=80))


def assert_whole(old: str, new: str) -> list[Chunk]:
    chunks = diff(old, new)
    assert "".join(c.text for c in chunks if c.op != "added") == old
    assert "".join(c.text for c in chunks if c.op != "removed") == new
    assert all(c.text for c in chunks)
    for left, right in pairwise(chunks):
        assert left.op != right.op
        assert (left.op, right.op) != ("added", "removed")
    return chunks


@given(texts, texts)
def test_both_texts_come_back(old: str, new: str) -> None:
    assert_whole(old, new)


@given(texts, texts, texts, texts)
def test_common_beginnings_and_ends_stay(start: str, old: str, new: str, end: str) -> None:
    assert_whole(start + old + end, start + new + end)


def test_words_not_letters() -> None:
    old = "You are a pirate. Answer in verse,\nalways.\nBye"
    new = "You are a polite pirate. Answer in prose,\nalways.\nBe short.\nBye"
    assert diff(old, new) == [
        Chunk("same", "You are a "),
        Chunk("added", "polite "),
        Chunk("same", "pirate. Answer in "),
        Chunk("removed", "verse"),
        Chunk("added", "prose"),
        Chunk("same", ",\nalways.\n"),
        Chunk("added", "Be short.\n"),
        Chunk("same", "Bye"),
    ]
    assert diff("", "") == []
    assert diff("same", "same") == [Chunk("same", "same")]


def test_a_blank_between_two_changes_changes_with_them() -> None:
    assert diff("hello world", "good day") == [
        Chunk("removed", "hello world"),
        Chunk("added", "good day"),
    ]


def test_texts_with_little_in_common_change_as_a_whole() -> None:
    old = "Turn this invoice into JSON with the total and the date of it."
    new = "You read the invoices of a supplier and give the fields that a program imports."
    assert diff(old, new) == [Chunk("removed", old), Chunk("added", new)]
    # What stands in one place only is told from the rest, however long it is.
    assert diff("Sum it up.", "Sum it up. " + new) == [
        Chunk("same", "Sum it up."),
        Chunk("added", " " + new),
    ]
    assert diff("Always.\n" + old + "\nBye", "Always.\n" + new + "\nBye") == [
        Chunk("same", "Always.\n"),
        Chunk("removed", old + "\n"),
        Chunk("added", new + "\n"),
        Chunk("same", "Bye"),
    ]


def _shuffled(alphabet: str, separator: str, length: int) -> str:
    chooser = random.Random(length)
    return separator.join(chooser.choice(alphabet) for _ in range(length))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n" * 100_000, "\n" * 50_000 + "a" + "\n" * 50_000),
        ("a b " * 25_000, "b a " * 25_000),
        (_shuffled("ab", "\n", 50_000), _shuffled("ab", "\n", 49_999)),
        (_shuffled("ab", " ", 50_000), _shuffled("abc", " ", 49_999)),
        (_shuffled(".,;!?", "", 100_000), _shuffled(".,;!?", "", 99_999)),
        ("x " * 50_000, "y " * 50_000),
        ("".join(f"w{i} x\n" for i in range(9_000)), "".join(f"w{i} y\n" for i in range(9_000))),
    ],
)
def test_hostile_texts_are_bounded(old: str, new: str) -> None:
    started = time.process_time()
    assert_whole(old, new)
    assert time.process_time() - started < 2.5  # about 0.5 on an idle core
