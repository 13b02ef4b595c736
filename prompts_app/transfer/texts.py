"""What every reader does with texts: the one spelling they are kept in, names, first sentences."""

import re
import unicodedata
from collections.abc import Collection
from typing import Any, Final

from prompts_app.transfer.document import MAX_LABEL, MAX_SUMMARY

# A flag of a subdivision (Scotland, Wales) is the one honest use of tag characters.
_FLAG: Final = r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{1,6}\U000E007F"
_REFUSED: Final = re.compile(
    rf"(?:{_FLAG})|(?P<nul>\x00)|(?P<encoding>[\ud800-\udfff])"
    r"|(?P<bidi>[\u202a-\u202e\u2066-\u2069])|(?P<invisible>[\U000E0000-\U000E007F])"
)
_CONTROL: Final = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# What a template variable or its escape looks like here: both need a backslash to stay text.
_OWN_SYNTAX: Final = re.compile(r"\\\{\{|\{\{[ \t]*[^\W\d]\w{0,63}[ \t]*\}\}")
_NAMED: Final = re.compile(r"\\?\{\{[ \t]*([^\W\d]\w{0,63})[ \t]*\}\}")
_NAME: Final = re.compile(r"[^\W\d]\w{0,63}")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s|(?<=[。！？])|\n\s*\n")


def refused(text: str) -> str:
    """Why `text` cannot be kept: "nul", "encoding" (half of a UTF-16 pair, or bytes that were no
    UTF-8), "bidi" or "invisible" (characters that turn or hide text); "" where it can."""
    return next((str(m.lastgroup) for m in _REFUSED.finditer(text) if m.lastgroup), "")


def told(text: str, most: int) -> str:
    """`text` of a stranger's as one line of a report: hidden and turning characters are "�"."""
    line = " ".join(_CONTROL.sub("", _REFUSED.sub("�", text[: 4 * most])).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def clean(text: str) -> str:
    """`text` in NFC with LF line ends, without the control characters that carry no text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", lines))


def one_line(text: str) -> str:
    """`text`, cleaned, with single blanks between its words."""
    return " ".join(clean(text).split())


def shortened(text: str, length: int) -> str:
    """`text`, or as many whole words as fit with an ellipsis."""
    if len(text) <= length:
        return text
    words = text[:length].rpartition(" ")[0] or text[: length - 1]
    return words.rstrip(" ,;:.–—-") + "…"


def first_sentence(text: str, otherwise: str = "") -> str:
    """The first sentence of `text` as a summary, or `otherwise` where it says nothing."""
    sentence = _SENTENCE_END.split(text[:5_000].lstrip("#*>-_=`\"' \t\n"), maxsplit=1)[0]
    return shortened(" ".join(sentence.split()), MAX_SUMMARY) or otherwise


def escaped(text: str) -> str:
    """Plain text as a message that is sent as that text: what looks like a variable is none."""
    return _OWN_SYNTAX.sub(lambda match: "\\" + match[0], text)


def identifier(label: str, taken: Collection[str] = ()) -> str:
    """The nearest name of a variable for `label`, not in `taken`."""
    if _NAME.fullmatch(label) and (label[0] == "_" or label[0].isalpha()):
        name = label
    else:
        name = re.sub(r"\W+", "_", label).strip("_")[:60]
        name = name if name[:1].isalpha() else f"_{name}"
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name[:60]}_{number}", number + 1
    return candidate


def variable(name: str, label: str = "", default: str = "") -> dict[str, Any]:
    """A variable of a content, its type by its default."""
    return {
        "name": name,
        "type": "long_text" if "\n" in default or len(default) > 200 else "text",
        "label": shortened(label or name, MAX_LABEL),
        "default": default,
        "choices": [],
        "min": None,
        "max": None,
        "max_length": None,
    }


def spoken(message: str) -> str:
    """A message with the names of its variables in the place of these, for titles."""
    return _NAMED.sub(r"\1", message[:10_000])
