"""What people may not write, as codes, and the one spelling text is kept in."""

import re
import unicodedata

# A flag of a subdivision (Scotland, Wales) is the one honest use of tag characters.
_FLAG = r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{1,6}\U000E007F"

_REFUSED = re.compile(
    rf"(?:{_FLAG})"
    r"|(?P<nul>\x00)"
    r"|(?P<surrogate>[\ud800-\udfff])"
    r"|(?P<bidi>[\u202a-\u202e\u2066-\u2069])"
    r"|(?P<line_break>[\r\n\u2028\u2029])"
    r"|(?P<control>[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f])"
    r"|(?P<invisible>[\U000E0000-\U000E007F])"
)


def problem(text: str, *, multiline: bool) -> str | None:
    """Why `text` is refused, or None. Looks at the text as typed or as normalised alike.

    Codes: "nul", "surrogate" (half of a UTF-16 pair, no character at all), "bidi" (characters that
    turn the reading direction of what follows, U+202A-202E and U+2066-2069), "control" (other C0
    and C1 controls; tab is allowed), "line_break" (only unless `multiline`), "invisible" (tag
    characters, which hide text from readers and not from models). The first in the text counts.
    """
    for match in _REFUSED.finditer(text):
        code = match.lastgroup
        if code and not (multiline and code == "line_break"):
            return code
    return None


def normalise(text: str) -> str:
    """`text` with line ends as LF and characters in NFC."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
