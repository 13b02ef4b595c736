"""Words of a query and of a text, cut the same way as those in the full-text indexes."""

import re
from functools import lru_cache

from prompts_app.models.search_index import MAX_WORD, SEPARATORS
from prompts_app.text.fold import fold

MAX_QUERY = 200
MAX_WORDS = 12

# NUL and halves of UTF-16 pairs reach no database, but an address may hold them.
_BETWEEN = re.compile(rf"[\x00\ud800-\udfff{SEPARATORS}]+")


def words(text: str) -> list[str]:
    """Return the folded words of `text` in their order, each at most MAX_WORD characters."""
    return [word[:MAX_WORD] for word in _BETWEEN.split(fold(text)) if word]


def words_of_query(query: str) -> list[str]:
    """Return the different words of what a person typed, at most MAX_WORDS.

    Only the first MAX_QUERY characters count.
    """
    return list(dict.fromkeys(words(query[:MAX_QUERY])))[:MAX_WORDS]


@lru_cache(maxsize=4096)
def _line(text: str) -> str:
    return " " + " ".join(words(text)) + " "


def score(query: list[str], title: str, summary: str) -> int:
    """Say how much of a query stands where a reader sees it: in the title and the summary.

    Each word counts 4 in the title, 3 as the beginning of a word there, 1 in the summary, else 0:
    every match has all words somewhere. Both engines order alike because neither is asked.
    """
    points = 0
    shown = _line(title)
    for word in query:
        if f" {word} " in shown:
            points += 4
        elif f" {word}" in shown:
            points += 3
        elif f" {word}" in _line(summary):
            points += 1
    return points
