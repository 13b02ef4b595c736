"""Rules on words, counts and likeness, against other ways of finding the same out."""

import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.assertions.base import Output, Verdict
from prompts_app.assertions.registry import judge

short = st.text(st.sampled_from("ab cAB"), max_size=12)
some = st.text(st.sampled_from("abAB"), min_size=1, max_size=3)
blank = st.sampled_from([" ", "\n", "\t", "\u00a0", "\u2003", "\ufeff", "  "])


def holds(kind: str, text: str, value: object, **more: object) -> bool:
    """Whether the rule holds; that its negation does not is checked on the way."""
    spec = {"type": kind, "value": value, **more}
    verdict, contrary = (
        judge({**spec, "type": prefix + kind}, Output(text)) for prefix in ("", "not-")
    )
    assert {verdict.state, contrary.state} == {"passed", "failed"}
    assert (verdict.code, verdict.values) == (contrary.code, contrary.values)
    return verdict.state == "passed"


@given(short, some)
def test_one_text(text: str, value: str) -> None:
    quoted = re.escape(value)
    assert holds("contains", text, value) == bool(re.search(quoted, text))
    assert holds("icontains", text, value) == bool(re.search(quoted, text, re.IGNORECASE))
    assert holds("starts-with", text, value) == bool(re.match(quoted, text))
    assert holds("ends-with", text, value) == bool(re.search(quoted + r"\Z", text))
    assert holds("equals", text, value) == bool(re.fullmatch(quoted, text))
    assert holds("regex", text, quoted) == bool(re.search(quoted, text))


@given(short, some, short)
def test_what_was_put_in_is_found(before: str, value: str, after: str) -> None:
    assert holds("contains", before + value + after, value)
    assert holds("icontains", before + value.swapcase() + after, value)
    assert holds("starts-with", value + after, value)
    assert holds("ends-with", before + value, value)
    assert holds("contains-all", before + value + after, [value, value])


@given(short, st.lists(some, min_size=1, max_size=4))
def test_several_texts(text: str, values: list[str]) -> None:
    each = [holds("contains", text, value) for value in values]
    assert holds("contains-any", text, values) == any(each)
    assert holds("contains-all", text, values) == all(each)
    folded = [holds("icontains", text, value) for value in values]
    assert holds("icontains-any", text, values) == any(folded)
    assert holds("icontains-all", text, values) == all(folded)


def test_the_missing_texts_are_named() -> None:
    verdict = judge({"type": "contains-all", "value": ["a", "b", "c"]}, Output("xbx"))
    assert verdict == Verdict("failed", "missing_some", {"values": ("a", "c")})
    many = judge({"type": "contains-all", "value": ["a", "b", "c"]}, Output("b" * 200_000))
    assert many == verdict
    eight = judge({"type": "not-contains-any", "value": list("abcdefgh")}, Output("abcdefgh"))
    assert eight.values == {"values": ("a", "b", "c", "d", "e"), "more": 3}


@given(st.lists(st.text(st.sampled_from("aé’-1"), min_size=1), max_size=8), blank, st.data())
def test_words_are_counted(words: list[str], between: str, data: st.DataObject) -> None:
    text = between + between.join(words)
    least = data.draw(st.integers(0, 10))
    most = data.draw(st.integers(least, 12))
    count = len(words)
    assert holds("word-count", text, {"min": least}) == (count >= least)
    assert holds("word-count", text, {"max": most}) == (count <= most)
    assert holds("word-count", text, {"min": least, "max": most}) == (least <= count <= most)
    assert holds("word-count", text, most) == (count == most)
    assert judge({"type": "word-count", "value": 1}, Output(text)).values == {"count": count}


@given(st.text(max_size=20), st.integers(0, 20))
def test_characters_are_counted(text: str, most: int) -> None:
    count = len(text.encode("utf-32-le", "surrogatepass")) // 4
    assert holds("length", text, {"max": most}) == (count <= most)
    assert holds("length", text, {"min": most}) == (count >= most)


def edits(one: str, other: str) -> int:
    """Levenshtein distance, by its definition (Wagner and Fischer, 1974)."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (left != right))
    return row[-1]


@given(short, short.filter(bool), st.integers(0, 8))
def test_edit_distance(text: str, reference: str, most: int) -> None:
    distance = edits(text, reference)
    assert holds("levenshtein", text, reference, threshold=most) == (distance <= most)
    verdict = judge({"type": "levenshtein", "value": reference}, Output(text))
    assert verdict.state == ("passed" if distance <= 5 else "failed")


words = st.lists(st.sampled_from(["the", "cat", "Cat", "don't", "42", "été"]), max_size=9)


@given(words, words.filter(bool), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_shared_words(candidate: list[str], reference: list[str], least: float) -> None:
    left, right = (Counter(map(str.lower, some)) for some in (candidate, reference))
    shared = sum(min(left[word], right[word]) for word in right)
    score = Fraction(0)
    if shared:
        precision, recall = Fraction(shared, len(candidate)), Fraction(shared, len(reference))
        score = 2 * precision * recall / (precision + recall)
    text, other = " ".join(candidate), " ".join(reference)
    assert holds("rouge-n", text, other, threshold=least) == (score >= Fraction(least))


def test_a_mark_is_a_word_of_its_own() -> None:
    assert holds("rouge-n", "Yes , sir .", "Yes, sir.", threshold=1)


@given(st.integers(100_001, 150_000))
def test_a_long_text_is_judged_like_a_short_one(length: int) -> None:
    text = "ab " * (length // 3) + "needle"
    assert holds("contains-all", text, ["needle", "ab ab"])
    assert not holds("contains-any", text, ["nadel"])
    assert holds("levenshtein", "x" + text[:100_000], text[:100_000], threshold=1)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\d{4}-\d\d-\d\d$", "2024-05-12", True),
        (r"(?i)total:\s+\d+", "the Total:  12", True),
        (r"\p{Lu}\p{Ll}+", "el Ñandú", True),
        (r"\bfin\b", "finir", False),
        (r"(?m)^- ", "text\n- item", True),
    ],
)
def test_expressions(pattern: str, text: str, found: bool) -> None:
    assert holds("regex", text, pattern) == found
