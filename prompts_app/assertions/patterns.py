"""Regular expressions of authors, with the `regex` package (its default, re-compatible rules)."""

import re
from typing import Final

import regex

from prompts_app.assertions.base import Finding, shown, untestable

# Processor time; the child's own timer ends what does not heed this.
_SECONDS: Final = 0.3
# What brackets mean nothing in, the rest of a set that does not end, and brackets that do.
_BRACKETS: Final = re.compile(
    r"\\.|\(\?#[^)]*+\)|\[\^?\]?(?:\\.|[^\]\\])*+\]|(?P<open>\(\?#|\[|\()|(?P<shut>\))", re.DOTALL
)


def search(pattern: str, text: str) -> Finding:
    """Whether `pattern` is found anywhere in `text`."""
    try:
        match = regex.compile(pattern).search(text, timeout=_SECONDS)
    except TimeoutError:
        return untestable("too_slow")
    except regex.error:
        return untestable("bad_rule")
    if match is None:
        return Finding(False, "pattern_missing")
    return Finding(True, "pattern_found", {"found": shown(match[0])})


def problem(pattern: str) -> Finding:
    """Whether `pattern` is an expression; where it is not, "position" counts from 1."""
    try:
        regex.compile(pattern)
    except regex.error as error:
        position = (getattr(error, "pos", None) or 0) + 1
        if position > len(pattern):
            # What is missing at the end began somewhere: that is the place to look at.
            position = _left_open(pattern) or max(len(pattern), 1)
        return Finding(False, "bad_pattern", {"position": position})
    return Finding(True, "pattern")


def _left_open(pattern: str) -> int:
    """Where the innermost group or set begins that does not end, from 1; 0 without any."""
    opened = []
    for match in _BRACKETS.finditer(pattern):
        if match["open"]:
            opened.append(match.start() + 1)
            if match["open"] != "(":
                break
        elif match["shut"] and opened:
            opened.pop()
    return opened[-1] if opened else 0
