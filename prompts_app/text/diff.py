"""What changed between two texts, in words.

Lines are compared first, then the words inside the lines that changed, both with Myers' greedy
algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986). Its work is counted and
bounded: texts too different for it are shown as removed and added whole, which is also how they
are best read. (difflib has no such bound: repetitive texts take it minutes.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

Op = Literal["same", "added", "removed"]

# Steps of the inner loop; a million take about half a second. Lines leave words the larger share.
_LINE_STEPS = 200_000
_WORD_STEPS = 400_000

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\w+|\s|[^\w\s]")


@dataclass(frozen=True)
class Chunk:
    """A stretch of text that stayed, came or went; `text` is never empty."""

    op: Op
    text: str


def diff(old: str, new: str) -> list[Chunk]:
    """The way from `old` to `new`.

    "same" and "removed" joined give `old`, "same" and "added" joined give `new`; neighbours differ
    in `op`, and "removed" stands before "added".
    """
    old_lines, new_lines = _LINE.findall(old), _LINE.findall(new)
    lines = _Budget(_LINE_STEPS)
    words = _Budget(_WORD_STEPS)
    found: list[tuple[Op, str]] = []
    for same, left, right in _hunks(old_lines, new_lines, lines):
        if same:
            found.append(("same", "".join(left)))
            continue
        old_words, new_words = (_WORD.findall("".join(side)) for side in (left, right))
        hunks = _hunks(old_words, new_words, words)
        if not _related(hunks):
            hunks = [(False, old_words, new_words)]
        for equal, gone, come in hunks:
            if equal:
                found.append(("same", "".join(gone)))
            else:
                found += [("removed", "".join(gone)), ("added", "".join(come))]
    return _readable(found)


@dataclass
class _Budget:
    steps: int


_Hunk = tuple[bool, Sequence[str], Sequence[str]]  # same?, from the old, from the new


def _hunks(old: Sequence[str], new: Sequence[str], budget: _Budget) -> list[_Hunk]:
    """Both sequences cut into alternating stretches that are the same and that differ."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    hunks: list[_Hunk] = [(True, old[:start], new[:start])]
    i = j = start
    for a, b in [
        *_pairs(old, new, start, end, budget),
        (len(old) - end, len(new) - end),
    ]:
        if a > i or b > j:
            hunks.append((False, old[i:a], new[j:b]))
        if a < len(old) - end:
            hunks.append((True, old[a : a + 1], new[b : b + 1]))
        i, j = a + 1, b + 1
    hunks.append((True, old[len(old) - end :], new[len(new) - end :]))
    return hunks


def _related(hunks: Sequence[_Hunk]) -> bool:
    """Whether the sides are one text that was changed: half of their words stayed, or all that
    changed stands in one place. Else what they share is chance, and cuts both to pieces."""
    stayed = sum(_words(old) for same, old, _new in hunks if same)
    changed = sum(_words(old) + _words(new) for same, old, new in hunks if not same)
    return 2 * stayed >= changed or sum(not same for same, _old, _new in hunks) == 1


def _words(tokens: Sequence[str]) -> int:
    return sum(token[0].isalnum() for token in tokens)


def _pairs(
    old: Sequence[str], new: Sequence[str], start: int, end: int, budget: _Budget
) -> list[tuple[int, int]]:
    """Indices of equal tokens, rising on both sides; none once the budget is used up."""
    # A token the other side lacks can match nothing: without it Myers has less to do.
    in_new, in_old = set(new[start : len(new) - end]), set(old[start : len(old) - end])
    a = [i for i in range(start, len(old) - end) if old[i] in in_new]
    b = [j for j in range(start, len(new) - end) if new[j] in in_old]
    found = _myers([old[i] for i in a], [new[j] for j in b], budget)
    return [(a[x], b[y]) for x, y in found]


def _myers(a: list[str], b: list[str], budget: _Budget) -> list[tuple[int, int]]:
    """Pairs of a longest common subsequence: `furthest` x reached with so many edits, by diagonal
    x - y, until both ends are reached; then the same way backwards."""
    furthest = {1: 0}
    trail: list[dict[int, int]] = []
    for edits in range(len(a) + len(b) + 1):
        reached: dict[int, int] = {}
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (
                diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1]
            )
            x = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            begun = x
            while x < len(a) and x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x += 1
            reached[diagonal] = x
            budget.steps -= 1 + x - begun
            if budget.steps < 0:
                return []
            if x >= len(a) and x - diagonal >= len(b):
                trail.append(reached)
                return _walk_back(trail, len(a), len(b))
        trail.append(reached)
        furthest = reached
    return []


def _walk_back(trail: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trail) - 1, 0, -1):
        before = trail[edits - 1]
        diagonal = x - y
        down = diagonal == -edits or (
            diagonal != edits and before[diagonal - 1] < before[diagonal + 1]
        )
        diagonal += 1 if down else -1
        start_x = before[diagonal]
        turn_x, turn_y = (
            (start_x, start_x - diagonal + 1) if down else (start_x + 1, start_x - diagonal)
        )
        while x > turn_x and y > turn_y:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = start_x, start_x - diagonal
    while x > 0 and y > 0:
        x, y = x - 1, y - 1
        pairs.append((x, y))
    return pairs[::-1]


def _readable(found: list[tuple[Op, str]]) -> list[Chunk]:
    """Neighbours joined; a blank that stayed between two changes counts as changed with them."""
    chunks: list[Chunk] = []
    removed: list[str] = []
    added: list[str] = []
    same: list[str] = []

    def settle() -> None:
        for op, texts in (("removed", removed), ("added", added), ("same", same)):
            if text := "".join(texts):
                chunks.append(Chunk(cast(Op, op), text))
            texts.clear()

    for op, text in found:
        if not text:
            continue
        if op == "same":
            same.append(text)
            continue
        if same:
            blank = "".join(same)
            if (removed or added) and blank.isspace() and "\n" not in blank:
                removed.append(blank)
                added.append(blank)
                same.clear()
            else:
                settle()
        (removed if op == "removed" else added).append(text)
    settle()
    return chunks
