"""Characters nobody sees and every model reads.

Some of them have honest work: joiners shape emoji and the scripts of India and Iran, variation
selectors choose how a sign is drawn, marks of direction stand in texts that run from right to left.
There they are not reported.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# Zero width: spaces and joiners without width, fillers, soft hyphens. Bidi: whatever turns the
# direction of reading. Tags: a whole alphabet without pictures. Selectors: of how a sign is drawn.
KINDS: Final = ("zero_width", "bidi", "tags", "selectors")

_FLAG = r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{1,6}\U000E007F"
_HIDDEN = re.compile(
    rf"(?:{_FLAG})"
    r"|(?P<tags>[\U000E0000-\U000E007F]+)"
    r"|(?P<bidi>[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]+)"
    r"|(?P<selectors>[\ufe00-\ufe0f\U000E0100-\U000E01EF]+)"
    r"|(?P<zero_width>[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u2064"
    r"\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]+)"
)
_MARKS = "\u200e\u200f\u061c"
# What emoji are made of: signs, modifiers of skin, the selector of their colours.
_EMOJI = re.compile(r"[\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001F000-\U0001FAFF\ufe0f]")
_DRAWN_BOTH_WAYS = re.compile(r"[#*0-9\u00a9\u00ae]")


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring hidden characters of one kind, and where they begin."""

    kind: str
    text: str
    start: int


def runs(text: str) -> Iterator[Run]:
    """Yield the hidden characters of `text`, but for those that have work to do there."""
    if text.isascii():
        return
    leftward: bool | None = None
    for match in _HIDDEN.finditer(text):
        kind = match.lastgroup
        if kind is None:
            continue
        before = text[match.start() - 1] if match.start() else ""
        after = text[match.end() : match.end() + 1]
        if kind == "selectors" and len(match[0]) == 1 and _may_be_drawn_so(before, match[0]):
            continue
        if match[0] in ("\u200c", "\u200d") and _joins(before, after):
            continue
        if kind == "bidi" and set(match[0]) <= set(_MARKS):
            leftward = _runs_leftward(text) if leftward is None else leftward
            if leftward:
                continue
        yield Run(kind, match[0], match.start())


def _runs_leftward(text: str) -> bool:
    # The marks themselves have such a direction: letters are asked for.
    return any(one.isalpha() and unicodedata.bidirectional(one) in ("R", "AL") for one in text)


def _may_be_drawn_so(before: str, selector: str) -> bool:
    if selector in "\ufe0e\ufe0f":
        return bool(_EMOJI.match(before) or _DRAWN_BOTH_WAYS.match(before) or before == "\u20e3")
    # Chinese characters and mathematical signs have variants.
    return bool(before) and unicodedata.category(before) in ("Lo", "Sm")


def _joins(before: str, after: str) -> bool:
    if not before or not after:
        return False
    if _EMOJI.match(before) and _EMOJI.match(after):
        return True
    # Between letters and signs of scripts that have joining forms: not Latin, Greek or Cyrillic.
    return all(
        ord(one) >= 0x0590 and unicodedata.category(one)[0] in "LM" for one in (before, after)
    )
