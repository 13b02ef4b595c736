"""JSON in answers (RFC 8259), read strictly: no NaN, a limit to depth, numbers of any length."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from prompts_app.assertions.base import Finding, untestable

MAX_DEPTH: Final = 200
# Characters read in search of JSON inside a text, over all attempts; see `pieces`.
_WORK: Final = 4_000_000
_ATTEMPT: Final = 20

_DEPTH = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class TooDeepError(Exception):
    """Lists and objects stand more than `MAX_DEPTH` deep in each other."""


class TooMuchWorkError(Exception):
    """Too many places look like the start of JSON and are not."""


def is_json(text: str) -> Finding:
    """Whether the whole of `text` is one JSON value."""
    try:
        parse(text)
    except TooDeepError:
        return untestable("too_deep")
    except ValueError as error:
        return not_json(error)
    return Finding(True, "json")


def not_json(error: ValueError) -> Finding:
    """The finding for a text that could not be read."""
    if isinstance(error, json.JSONDecodeError):
        return Finding(False, "not_json_at", {"line": error.lineno, "column": error.colno})
    return Finding(False, "not_json")


def json_inside(text: str) -> Finding:
    """Whether an object or a list in JSON stands anywhere in `text`."""
    try:
        found = next(pieces(text), None)
    except TooDeepError:
        return untestable("too_deep")
    except TooMuchWorkError:
        return untestable("too_slow")
    return Finding(False, "no_json") if found is None else Finding(True, "json_found")


def parse(text: str) -> Any:
    """The value that `text` is. Raises ValueError where it is none, and TooDeepError."""
    if _deep(text):
        raise TooDeepError
    return _DECODER.decode(text)


def pieces(text: str) -> Iterator[Any]:
    """Every object and list in `text` that does not stand in another one, first to last.

    Text that looks like JSON and is not makes this read on from the next bracket, so the work
    could grow with the square of the length: it is counted. Raises TooDeepError and
    TooMuchWorkError.
    """
    work = 0
    start = _next(text, 0)
    while start >= 0:
        try:
            value, end = _DECODER.raw_decode(text, start)
            if _deep(text[start:end]):
                raise TooDeepError
        except json.JSONDecodeError as error:
            work += error.pos - start + _ATTEMPT
            start = _next(text, start + 1)
        except RecursionError:
            raise TooDeepError from None
        except ValueError:
            work += _ATTEMPT
            start = _next(text, start + 1)
        else:
            yield value
            work += end - start + _ATTEMPT
            start = _next(text, end)
        if work > _WORK:
            raise TooMuchWorkError


def _next(text: str, start: int) -> int:
    match = _OPENING.search(text, start)
    return match.start() if match else -1


# What may follow tells most brackets of sentences and code apart at no cost.
_OPENING = re.compile(r'\{(?=[ \t\n\r]*["}])|\[(?=[ \t\n\r]*[\[\]{"\-0-9tfn])')


def _deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _DEPTH.finditer(text):
        sign = text[match.start()]
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif sign in "]}":
            depth -= 1
    return False


def _integer(digits: str) -> int | float:
    # Python refuses to read integers of more than 4,300 digits; JSON does not.
    return int(digits) if len(digits) <= 4_000 else float(digits)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_no_number)
