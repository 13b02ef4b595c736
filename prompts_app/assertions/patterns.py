"""Regular expressions of authors, with the `regex` package (its default, re-compatible rules)."""

from typing import Final

import regex

from prompts_app.assertions.base import Finding, shown, untestable

# Processor time; the child's own timer ends what does not heed this.
_SECONDS: Final = 0.3


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
        position = min(getattr(error, "pos", None) or 0, len(pattern)) + 1
        return Finding(False, "bad_pattern", {"position": position})
    return Finding(True, "pattern")
