"""Sets a template in type, and sees to it that no empty box stands in for a character.

PDF/A forbids the glyph that stands for a missing one, and typst names every character that would
need it. So each document is set as PDF/A first, and what is named there is written otherwise: in
compatible characters where Unicode has them ("𝐁" as "B"), else as a mark. Asking the program that
draws is the one way to know what it finds among its own, the package's and the system's fonts.
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import typst

from prompts_app.typeset.fonts import usual
from prompts_app.typeset.plain import changed, strings

_TEMPLATES = Path(__file__).parent / "templates"
_MISSING = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_ROUNDS = 4
# What may stand between two missing characters without parting their run in two.
_BETWEEN = " ,.;:!?…·'\"‘’“”、。-"


class TypesetError(RuntimeError):
    """A document could not be set; the message is typst's."""


def as_pdf(
    template: str, data: dict[str, Any], *, mark: str, made: int, fonts: typst.Fonts | None = None
) -> bytes:
    """`template` as a PDF, archival and tagged (PDF/A-2b, PDF/UA-1).

    `data` comes from `plain.plain`; `mark` takes the place of characters that no font has, and the
    template is told so as `marked`. `made` is the moment written into the file, in seconds since
    1970. Raises TypesetError.
    """
    return _legible(template, data, mark, made, fonts or usual())[1]


def as_png(
    template: str, data: dict[str, Any], *, mark: str, fonts: typst.Fonts | None = None
) -> bytes:
    """`template`, one page, as a PNG of one pixel a point; otherwise as `as_pdf`."""
    fonts = fonts or usual()
    data, _ = _legible(template, data, mark, 0, fonts)
    try:
        return _compiled(template, data, fonts, format="png", ppi=72)
    except typst.TypstError as error:
        raise TypesetError(error.message) from error


def source_of(template: str) -> str:
    """The source of a template."""
    return (_TEMPLATES / f"{template}.typ").read_text()


def _legible(
    template: str, data: dict[str, Any], mark: str, made: int, fonts: typst.Fonts
) -> tuple[dict[str, Any], bytes]:
    """The data as it can be drawn, and the PDF of it."""
    # Characters one by one first: beside a combining mark a missing letter vanishes unnoticed.
    letters = {letter for text in strings(data) for letter in text if letter > "~"}
    missing, _ = _pdf("probe", {"letters": sorted(letters)}, 0, fonts) if letters else (set(), b"")
    try:
        return _tried(template, data, mark, made, fonts, letters, missing)
    except TypesetError:
        # A tangle of scripts and combining marks can make typst itself fail. What is certain: the
        # letters of the package's font.
        missing |= {letter for letter in letters if not _certain(letter)}
        return _tried(template, data, mark, made, fonts, letters - missing, missing)


def _tried(
    template: str,
    data: dict[str, Any],
    mark: str,
    made: int,
    fonts: typst.Fonts,
    letters: set[str],
    missing: set[str],
) -> tuple[dict[str, Any], bytes]:
    data = {**data, "marked": False}
    combining = set(filter(_combines, letters))
    known = {*map(chr, range(0x7F)), *letters} - missing
    for _ in range(_ROUNDS):
        if missing:
            rewriting = _Rewriting(missing - known, missing & known, combining, mark)
            data = changed(data, rewriting)
            data["marked"] = data["marked"] or rewriting.marked
            known -= {letter for letter in missing if letter > "~"}
        missing, pdf = _pdf(template, data, made, fonts)
        if not missing:
            return data, pdf
    raise TypesetError(f"no font for {sorted(missing)[:20]}")


def _pdf(
    template: str, data: dict[str, Any], made: int, fonts: typst.Fonts
) -> tuple[set[str], bytes]:
    """What no font has, or else the document."""
    try:
        standards = ["a-2b", "ua-1"]
        pdf = _compiled(
            template, data, fonts, format="pdf", pdf_standards=standards, timestamp=made
        )
    except typst.TypstError as error:
        missing = {_ESCAPE.sub(_unescaped, found) for found in _MISSING.findall(error.diagnostic)}
        if not missing:
            raise TypesetError(error.message) from error
        return missing, b""
    return set(), pdf


def _compiled(template: str, data: dict[str, Any], fonts: typst.Fonts, **how: Any) -> bytes:
    try:
        drawn: bytes = typst.compile(
            _TEMPLATES / f"{template}.typ",
            root=_TEMPLATES,
            font_paths=fonts,
            sys_inputs={"data": json.dumps(data)},
            **how,
        )
    except typst.TypstError:
        raise
    except BaseException as error:
        # A panic inside typst is no Exception, lest it be overlooked; here it means this text.
        if type(error).__name__ != "PanicException":
            raise
        raise TypesetError(f"typst failed: {error}") from error
    return drawn


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _NAMED.get(found[2], found[2])


class _Rewriting:
    """Writes a text without what is missing; `marked` tells whether a mark was needed.

    `joined` are characters that fonts have, but not with those of `combining` that follow them (the
    "1" of a keycap): these are taken off.
    """

    def __init__(self, missing: set[str], joined: set[str], combining: set[str], mark: str) -> None:
        self._one = _any_of(missing)
        # One mark for a whole run, with the joiners inside emoji and what is between the words.
        one, loose = self._one.pattern, _any_of(combining).pattern
        between = f"(?:{loose}|[{re.escape(_BETWEEN)}])*"
        self._run = re.compile(f"(?:{one})(?:{between}(?:{one}))*(?:{loose})*")
        self._joined = re.compile(f"({_any_of(joined).pattern})(?:{loose})+")
        self._loose = _any_of(joined & combining)
        self._mark = mark
        self.marked = False

    def __call__(self, text: str) -> str:
        text = self._one.sub(self._compatible, text)
        text = self._loose.sub("", self._joined.sub(r"\1", text))
        shown = self._run.sub(self._mark, text)
        if shown == text:
            return text
        self.marked = True
        return shown if self._mark else " ".join(shown.split())

    def _compatible(self, found: re.Match[str]) -> str:
        other = unicodedata.normalize("NFKC", found[0])
        return found[0] if self._one.search(other) else other


def _certain(letter: str) -> bool:
    """Latin, Greek and Cyrillic letters and common signs, none of which combines with another."""
    return (letter < "\u0530" or "\u1e00" <= letter < "\u2200") and not _combines(letter)


def _combines(letter: str) -> bool:
    """Combining marks, variation selectors, joiners and tags: what belongs to the letter before."""
    return unicodedata.category(letter) in ("Mn", "Mc", "Me", "Cf")


def _any_of(texts: set[str]) -> re.Pattern[str]:
    """Matches each of `texts`, the longest first; nothing when there are none."""
    letters = "".join(re.escape(text) for text in texts if len(text) == 1)
    longer = sorted((text for text in texts if len(text) > 1), key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, longer), f"[{letters}]" if letters else "(?!)"]))
