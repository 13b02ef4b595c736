"""HTML in answers, read in one pass over its tags; the names are those of the HTML standard."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prompts_app.assertions.base import Finding, shown
from prompts_app.assertions.html_names import FOREIGN, MAY_STAY_OPEN, NAMES, RAW, VOID

_TAG: Final = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<rest>(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>"
)
_DOCTYPE: Final = re.compile(r"<!doctype\s+html\b[^>]*>", re.IGNORECASE)
# Stops at the next "<", so that a text full of them is still read once.
_LOOSE_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*+)(?=[\s/>])([^<>]*+)>")
_ATTRIBUTE: Final = re.compile(r"\s[a-zA-Z][\w:.-]*+\s*=")


@dataclass
class _Piece:
    """A tag, or text (with an empty `name`) that stands where only tags are expected."""

    name: str
    line: int
    ends: bool = False
    closed: bool = False


class _CutError(Exception):
    """A tag or a comment that does not end."""

    def __init__(self, position: int) -> None:
        self.position = position


def is_html(text: str) -> Finding:
    """Whether all of `text` is elements of HTML, each known, properly nested and closed.

    A whole document or a fragment; end tags may be left out where the HTML standard lets them.
    Names with a hyphen are custom elements. Text or XML around the elements makes it no HTML.
    """
    text = text.strip()
    if text[:5].lower() == "<?xml":
        return Finding(False, "html_is_xml")
    open_names: list[str] = []
    elements = 0
    foreign = 0
    try:
        for piece in _pieces(text, open_names):
            if not piece.name:
                return Finding(False, "text_outside", {"line": piece.line})
            known = foreign or piece.name in NAMES or "-" in piece.name
            if not known:
                return _broken("unknown_element", piece)
            if piece.ends:
                if not _close(open_names, piece.name):
                    return _broken("element_not_open", piece)
                foreign -= piece.name in FOREIGN
            else:
                elements += 1
                if piece.closed and not foreign and piece.name not in VOID | FOREIGN:
                    return _broken("element_not_closed", piece)
                if not piece.closed and piece.name not in VOID:
                    open_names.append(piece.name)
                    foreign += piece.name in FOREIGN
    except _CutError as cut:
        return Finding(False, "tag_cut", {"line": _line(text, cut.position)})
    left = next((name for name in open_names if name not in MAY_STAY_OPEN), None)
    if left is not None:
        return Finding(False, "element_not_closed_at_end", {"element": shown(left)})
    return Finding(True, "html") if elements else Finding(False, "no_html")


def html_inside(text: str) -> Finding:
    """Whether an element of HTML stands in `text`, in sentences or in code.

    A document type, an end tag, a tag alone (`<br>`) or one with attributes that have values: `a
    <b and c> d` is none of these.
    """
    if _DOCTYPE.search(text):
        return Finding(True, "html_found", {"element": "!doctype"})
    for match in _LOOSE_TAG.finditer(text):
        end, name, rest = match.groups()
        if name.lower() in NAMES and (end or not rest.strip(" \t\n/") or _ATTRIBUTE.search(rest)):
            return Finding(True, "html_found", {"element": name.lower()})
    return Finding(False, "no_html")


def _pieces(text: str, open_names: list[str]) -> Iterator[_Piece]:
    """The tags of `text`, and text where no element is open.

    `open_names` is the caller's and changes under way: the contents of the innermost element are
    no tags where it is a script, a style, a text area or a title.
    """
    position = 0
    line = 1
    counted = 0
    while position < len(text):
        start = text.find("<", position)
        start = len(text) if start < 0 else start
        line += text.count("\n", counted, position)
        counted = position
        if not open_names and text[position:start].strip():
            yield _Piece("", line)
        if start == len(text):
            return
        if text.startswith("<!--", start):
            position = _after(text, "-->", start)
        elif text.startswith(("<!", "<?"), start):
            position = _after(text, ">", start)
        elif not text[start + 1 : start + 2].isalpha() and text[start + 1 : start + 2] != "/":
            if not open_names:
                yield _Piece("", line)
            position = start + 1
        else:
            match = _TAG.match(text, start)
            if match is None:
                raise _CutError(start)
            name = match["name"].lower()
            yield _Piece(name, line, bool(match["end"]), _closes_itself(match["rest"]))
            position = match.end()
            if name in RAW and open_names and open_names[-1] == name and not match["end"]:
                position = _raw_end(text, name, position)


def _closes_itself(rest: str) -> bool:
    """Whether a tag's last slash is its own, not the end of an unquoted value (`href=a/`)."""
    return rest.endswith("/") and ("=" not in rest or rest[-2:-1].isspace() or rest[-2] in "\"'")


def _after(text: str, sign: str, start: int) -> int:
    found = text.find(sign, start)
    if found < 0:
        raise _CutError(start)
    return found + len(sign)


def _raw_end(text: str, name: str, start: int) -> int:
    match = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(text, start)
    if match is None:
        raise _CutError(start)
    return match.start()


def _close(open_names: list[str], name: str) -> bool:
    """Close the innermost `name`, and with it what may be left open inside."""
    while open_names:
        innermost = open_names.pop()
        if innermost == name:
            return True
        if innermost not in MAY_STAY_OPEN:
            return False
    return False


def _broken(code: str, piece: _Piece) -> Finding:
    return Finding(False, code, {"element": shown(piece.name), "line": piece.line})


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
