"""Dataclasses as JSON values whose strings are fit to be laid out."""

import dataclasses
import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

_LINE_ENDS = re.compile("\r\n|[\r\u000b\u000c\u0085\u2028\u2029]")
# Controls, halves of surrogate pairs, non-characters; marks that turn the direction of what follows
# (one string must not reach into the next); object replacements, which stand for what is not there.
_UNFIT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffc\ufffe\uffff"
    + "\u202a-\u202e\u2066-\u2069\ufeff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "]"
)
# Fields that steer the layout; whatever they hold is not shown as text.
_UNSHOWN = frozenset({"url", "address", "accent", "language", "qr"})
_ADDRESSES = ("url", "address")
# Fields that are a line of the layout, not a text.
_LINES = frozenset({"name", "title", "headline", "site", "proof"})
_LONGEST_LINE = 400
_SCHEMES = ("http", "https", "mailto")
_LONGEST_ADDRESS = 2000
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def clean(text: str) -> str:
    """`text` in NFC with line ends as "\\n", tabs as spaces, and without what cannot be drawn."""
    text = _UNFIT.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", text).expandtabs(4)


def address(url: str) -> str:
    """`url` in ASCII when a document may lead there (http, https, mailto), else nothing."""
    url = clean(url).strip()
    if len(url) > _LONGEST_ADDRESS or any(char.isspace() for char in url):
        return ""
    try:
        if urlsplit(url).scheme.lower() not in _SCHEMES:
            return ""
    except ValueError:
        return ""
    return quote(url, safe=_ASCII)


def plain(value: object) -> Any:
    """A dataclass as JSON values: strings clean, addresses usable or empty."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _field(field.name, getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return clean(value) if isinstance(value, str) else value


def _field(name: str, value: Any) -> Any:
    if name in _ADDRESSES:
        return address(value)
    if name in _LINES:
        line = " ".join(clean(value).split())
        return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
    return plain(value)


def strings(value: Any) -> list[str]:
    """Every string that is shown, in no particular order."""
    if isinstance(value, dict):
        return [
            text for key, item in value.items() if key not in _UNSHOWN for text in strings(item)
        ]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """The same values with `change` made to every string that is shown."""
    if isinstance(value, dict):
        return {
            key: item if key in _UNSHOWN else changed(item, change) for key, item in value.items()
        }
    if isinstance(value, list):
        return [changed(item, change) for item in value]
    return change(value) if isinstance(value, str) else value
