r"""Handlebars as dotprompt uses it, cut into messages of ours.

`{{name}}` and `{{{name}}}` are variables, `{{role "system"}}` outside of any block starts a
message, comments are left out. Every other tag stays text: blocks, helpers, paths, partials, and
whatever stands in a block that changes what names mean (`#each`, `#with`, others' own). A variable
right after a backslash stays text as well, for one of ours would read as escaped there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from prompts_app.transfer.texts import escaped

_NAME: Final = re.compile(r"[A-Za-z_]\w{0,63}")
_ROLE: Final = re.compile(r"role\s++[\"']([a-z]{1,20})[\"']")
_BLOCK: Final = re.compile(r"#\s*+([\w-]{1,64})")
_HELPERS: Final = frozenset(("else", "history", "json", "media", "role", "section", "this"))
# Blocks that only choose: names mean within what they mean outside.
_CHOOSING: Final = frozenset(("if", "unless", "ifEquals", "unlessEquals"))


@dataclass
class Message:
    """A message, the line it starts on, and what is lost of it: (code, detail)."""

    role: str
    line: int
    parts: list[str] = field(default_factory=list)
    losses: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The message as one of ours."""
        return "".join(self.parts).strip()


@dataclass(frozen=True)
class _Tag:
    """A tag from `start` to `end`, and what is between its braces."""

    start: int
    end: int
    inner: str


class Template:
    """A template that starts on `line` of its file. `variables` are found as `messages` is read."""

    def __init__(self, text: str, line: int) -> None:
        self.text = text
        self.variables: dict[str, None] = {}
        # Open blocks, and how many of them change what names mean.
        self._blocks: list[str] = []
        self._changing = 0
        self._plain: list[str] = []
        # What the plain text ends with.
        self._tail = ""
        self._message = Message("user", line)

    def messages(self) -> list[Message]:
        """Return its messages."""
        found = [self._message]
        end = reached = 0
        line = self._message.line
        for tag in _tags(self.text):
            before = self.text[end : tag.start]
            line += self.text.count("\n", reached, tag.start)
            end, reached = tag.end, tag.start
            role = _ROLE.fullmatch(tag.inner)
            if (len(before) - len(before.rstrip("\\"))) % 2:
                # A tag that is text there; the backslash is no part of it.
                self._add(before[:-1] + self.text[tag.start : tag.end])
            elif role and not self._blocks:
                self._add(before)
                self._flush()
                if self._message.text:
                    self._message = Message(role[1], line)
                    found.append(self._message)
                else:
                    # Nothing was said yet: only who says it is another one.
                    self._message.role, self._message.line = role[1], line
            else:
                self._add(before)
                self._tag(tag)
        self._add(self.text[end:])
        self._flush()
        return found

    def _tag(self, tag: _Tag) -> None:
        inner = tag.inner
        if inner.startswith("!"):
            self._message.losses.append(("comment", inner[1:].strip("- \n")[:80]))
            return
        if self._is_variable(inner):
            self._flush()
            self._message.parts.append(f"{{{{ {inner} }}}}")
            self.variables[inner] = None
            return
        if block := _BLOCK.match(inner):
            self._blocks.append(block[1])
            self._changing += block[1] not in _CHOOSING
        elif inner.startswith("/") and self._blocks:
            self._changing -= self._blocks.pop() not in _CHOOSING
        source = self.text[tag.start : tag.end]
        self._message.losses.append(("template", source[:80]))
        self._add(source)

    def _is_variable(self, inner: str) -> bool:
        return (
            _NAME.fullmatch(inner) is not None
            and inner not in _HELPERS
            and not self._changing
            and not self._tail.endswith(("\\", "\\{"))
        )

    def _add(self, plain: str) -> None:
        self._plain.append(plain)
        self._tail = (self._tail + plain)[-2:]

    def _flush(self) -> None:
        self._message.parts.append(escaped("".join(self._plain)))
        self._plain, self._tail = [], ""


def _tags(text: str) -> Iterator[_Tag]:
    """Every tag that ends."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        if text.startswith("{{!--", start):
            sign, skip = "--}}", 2
        elif text.startswith("{{{", start):
            sign, skip = "}}}", 3
        else:
            sign, skip = "}}", 2
        end = text.find(sign, start + skip)
        if end < 0:
            return
        yield _Tag(start, end + len(sign), text[start + skip : end].strip())
        at = end + len(sign)
