"""How much two texts are alike: edit distance, and shared words."""

import re
from collections import Counter
from typing import Final

from rapidfuzz.distance import Levenshtein

from prompts_app.assertions.base import Finding, untestable

# Cells of the table that the distance fills; a child has just the time for them.
_CELLS: Final = 10_500_000_000

_WORD = re.compile(r"\w+(?:['’]\w+)*+|[^\w\s]")


def distance(text: str, reference: str, most: int) -> Finding:
    """Whether at most `most` insertions, deletions and substitutions of characters part them.

    Levenshtein distance over code points. Texts that are too long to compare within the time are
    untestable, unless their lengths alone differ by more.
    """
    short, long = sorted((len(text), len(reference)))
    if long - short > most:
        return Finding(False, "distance_over", {"most": most})
    if long * min(short, 2 * most + 1) > _CELLS:
        return untestable("too_large")
    found = Levenshtein.distance(text, reference, score_cutoff=most)
    if found > most:
        return Finding(False, "distance_over", {"most": most})
    return Finding(True, "distance", {"distance": found})


def overlap(text: str, reference: str, least: float) -> Finding:
    """Whether the ROUGE-1 score of `text` is at least `least`.

    The F1 of the words both share, each counted as often as it stands in both (Lin, "ROUGE: A
    Package for Automatic Evaluation of Summaries", 2004; the F1 as promptfoo takes it). Words are
    the same with capitals or without, as there; a punctuation mark is a word of its own.
    """
    words, others = ([word.lower() for word in _WORD.findall(one)] for one in (text, reference))
    score = rouge(words, others)
    return Finding(score >= least, "overlap", {"score": round(score, 3)})


def rouge(words: list[str], reference: list[str]) -> float:
    """ROUGE-1 F1 of two lists of words, between 0 and 1."""
    shared = (Counter(words) & Counter(reference)).total()
    return 2 * shared / (len(words) + len(reference)) if shared else 0.0
