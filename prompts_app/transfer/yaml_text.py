"""Values as YAML that 1.1 and 1.2 read alike: JSON, and literal blocks where these are safe."""

import json
import re
from typing import Any, Final

# YAML takes none of these as they are, or takes some for line breaks.
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_NOT_IN_BLOCK: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]|\\A[ \t\n]|\n\\Z"
)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """`value` as JSON that is YAML, too."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def quoted(text: str) -> str:
    """A text in quotes."""
    return json_text(text)


def block(text: str, indent: int) -> str:
    """A text of several lines as a literal block, where YAML keeps every character of it."""
    if "\n" not in text or _NOT_IN_BLOCK.search(text):
        return quoted(text)
    space = " " * indent
    return "|-\n" + "\n".join(f"{space}{line}" if line else "" for line in text.split("\n"))


def comment(text: str) -> str:
    """A text in one line that may stand in a comment."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())
