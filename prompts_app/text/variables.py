r"""Variables in prompts: `{{ name }}`, and nothing else.

A name is a letter or underscore followed by at most 63 letters, numbers or underscores; spaces and
tabs may stand inside the braces; a variable never spans lines. Every other brace is ordinary text.
`\{{` writes a literal `{{`: the backslash disappears when the text is rendered. So a variable
cannot stand right after `\` or `\{`.

The editor finds the same names while they are typed, with

    /\{\{[ \t]*([\p{L}_][\p{L}\p{N}_]{0,63})[ \t]*\}\}/u

and names in NFC. Both must keep the same meaning: whoever changes one changes the other. Python's
`\w` lets a name begin with a number that is not a decimal digit ("²"), `\p{L}` does not, hence the
extra check in `_name_of`. Combining marks belong to no name in either: text is expected in NFC
(`clean.normalise`), where most accented letters are one character.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(r"(?P<escape>\\\{\{)|\{\{[ \t]*(?P<name>[^\W\d]\w{0,63})[ \t]*\}\}")
_NAME = re.compile(r"[^\W\d]\w{0,63}")


class MissingValue(KeyError):  # noqa: N818 - it reads as the condition it is
    """A variable of the text has no value; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Piece:
    """A stretch of text. `kind` is "text" (`name` is empty) or "variable" (`name` in NFC)."""

    kind: Literal["text", "variable"]
    text: str
    name: str = ""


def is_name(name: str) -> bool:
    """Whether `name`, brought to NFC, may stand between the braces."""
    normal = unicodedata.normalize("NFC", name)
    return _NAME.fullmatch(normal) is not None and (normal[0] == "_" or normal[0].isalpha())


def names(text: str) -> list[str]:
    """The variables of `text`, each once, in the order of their first use, in NFC."""
    return list(dict.fromkeys(piece.name for piece in pieces(text) if piece.kind == "variable"))


def pieces(text: str) -> list[Piece]:
    """`text` cut into plain text and variables.

    Plain text reads as it will be sent (escapes resolved); a variable's `text` is its source,
    braces included. Neighbouring plain text is one piece; no piece is empty.
    """
    return _joined(
        Piece("variable", source, name) if name else Piece("text", source)
        for source, name in _tokens(text)
    )


def render(text: str, values: Mapping[str, str]) -> str:
    """`text` with every variable replaced by its value.

    A value is data: braces in it are never read again. Values nobody asks for are ignored.
    Raises MissingValue for a variable without one.
    """
    return "".join(piece.text for piece in filled_pieces(text, values))


def filled_pieces(text: str, values: Mapping[str, str]) -> list[Piece]:
    """As `pieces`, but a variable's `text` is its value: joined, they are what `render` gives.

    A variable with an empty value is still a piece. Raises MissingValue for one without a value.
    """
    by_name = {unicodedata.normalize("NFC", name): value for name, value in values.items()}
    return _joined(
        Piece("variable", _value(by_name, name), name) if name else Piece("text", source)
        for source, name in _tokens(text)
    )


def rename(text: str, old: str, new: str) -> str:
    """`text` with the variable `old` called `new`; spacing, escapes and all else stay as they are.

    Raises ValueError when `new` is not a name.
    """
    if not is_name(new):
        raise ValueError("not a variable name")
    wanted, wished = (unicodedata.normalize("NFC", name) for name in (old, new))

    def swap(match: re.Match[str]) -> str:
        if _name_of(match) != wanted:
            return match[0]
        start, end = match.start("name") - match.start(), match.end("name") - match.start()
        return match[0][:start] + wished + match[0][end:]

    return _TOKEN.sub(swap, text)


def escape(text: str) -> str:
    """`text` written so that rendering it, without any values, gives `text` back."""

    def guard(match: re.Match[str]) -> str:
        return "\\" + match[0] if match["escape"] or _name_of(match) else match[0]

    return _TOKEN.sub(guard, text)


def _name_of(match: re.Match[str]) -> str:
    name = match["name"]
    return unicodedata.normalize("NFC", name) if name and is_name(name) else ""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """(text, "") for plain text as sent, (source, name) for variables."""
    end = 0
    for match in _TOKEN.finditer(text):
        yield text[end : match.start()], ""
        end = match.end()
        if match["escape"]:
            yield "{{", ""
        else:
            yield match[0], _name_of(match)
    yield text[end:], ""


def _joined(found: Iterator[Piece]) -> list[Piece]:
    done: list[Piece] = []
    plain: list[str] = []
    for piece in found:
        if piece.kind == "text":
            plain.append(piece.text)
            continue
        if before := "".join(plain):
            done.append(Piece("text", before))
        plain.clear()
        done.append(piece)
    if rest := "".join(plain):
        done.append(Piece("text", rest))
    return done


def _value(values: Mapping[str, str], name: str) -> str:
    try:
        return values[name]
    except KeyError:
        raise MissingValue(name) from None
