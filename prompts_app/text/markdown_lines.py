"""The first pass over Markdown, line by line and in linear time, before python-markdown reads it.

People and models write the Markdown of CommonMark; python-markdown knows an older one. This pass
brings four things over: fenced code (also inside list items, also never closed), lists right after
a paragraph, lists nested by two or three spaces, headings without blank lines around them.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_LIST_DEPTH = 8
MAX_QUOTE_DEPTH = 8

_FENCE = re.compile(r"^( *)(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^`]*$")
_ITEM = re.compile(r"^( *)([-+*]|\d{1,9}[.)])( +)(?=\S)")
_RULE = re.compile(r"^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_HEADING = re.compile(r"^#{1,6}[ \t]")
_QUOTE = re.compile(rf"^(?: {{0,3}}>){{{MAX_QUOTE_DEPTH + 1}}}[ >]*")


@dataclass
class _Level:
    marker: int  # column of the bullet or number
    content: int  # column where the item's text begins
    numbered: bool


class LinePass:
    """Rewrites lines; each block of fenced code becomes what `stash(code, language)` returns."""

    def __init__(self, stash: Callable[[str, str], str]) -> None:
        self._stash = stash
        self._out: list[str] = []
        self._levels: list[_Level] = []
        self._in_later_paragraph = False  # of an item

    def run(self, lines: Iterable[str]) -> list[str]:
        """The lines for python-markdown."""
        waiting = iter(lines)
        for line in waiting:
            if match := _FENCE.match(line):
                self._fence(match, waiting)
            elif not line.strip():
                self._blank()
            elif not _RULE.match(line) and (match := _ITEM.match(line)):
                self._item(line, match)
            else:
                self._other(line)
        if self._out and not self._out[-1]:
            self._out.pop()
        return self._out

    def _blank(self) -> None:
        # Never two in a row: python-markdown would begin or end a block with a line break.
        if self._out and self._out[-1]:
            self._out.append("")

    def _apart(self, line: str) -> None:
        self._blank()
        self._out.append(line)
        self._blank()

    def _fence(self, opening: re.Match[str], rest: Iterable[str]) -> None:
        indent, fence, language = len(opening[1]), opening[2], opening[3]
        code: list[str] = []
        for line in rest:
            mark = line.strip()
            if mark.startswith(fence) and not mark.strip(fence[0]):
                break
            lead = len(line) - len(line.lstrip(" "))
            code.append(line[min(indent, lead) :])
        placeholder = self._stash("\n".join(code), language)
        self._leave_levels(indent)
        if self._levels:
            # Inside an item it must stay a continuation of the item's text, else the list turns
            # into one with paragraphs.
            self._out.append(" " * (4 * len(self._levels)) + placeholder)
        else:
            self._apart(placeholder)

    def _item(self, line: str, match: re.Match[str]) -> None:
        indent, marker = len(match[1]), match[2]
        if not self._levels and indent >= 4:
            self._out.append(line)
            return
        numbered = marker[0].isdigit()
        starts_list, other_kind = not self._levels, False
        while self._levels and indent < self._levels[-1].content:
            level = self._levels.pop()
            if indent >= level.marker:
                other_kind = level.numbered != numbered
                break
        if self._out and self._out[-1]:
            if starts_list and numbered and marker[:-1] != "1":
                # A sentence that happens to break before "1984." is no list.
                self._out.append(line)
                return
            if starts_list or other_kind or self._in_later_paragraph:
                self._blank()
        self._in_later_paragraph = False
        depth = min(len(self._levels), MAX_LIST_DEPTH - 1)
        self._levels.append(_Level(indent, match.end(), numbered))
        mark = marker[:-1] + "." if marker.endswith(")") else marker
        self._out.append(f"{' ' * (4 * depth)}{mark} {line[match.end() :]}")

    def _other(self, line: str) -> None:
        indent = len(line) - len(line.lstrip(" "))
        after_blank = not self._out or not self._out[-1]
        if self._levels:
            if after_blank or _HEADING.match(line) or _RULE.match(line):
                self._leave_levels(indent)
            if self._levels:
                self._in_later_paragraph |= after_blank
                depth = min(len(self._levels), MAX_LIST_DEPTH)
                text = line[min(indent, self._levels[-1].content) :]
                self._out.append(" " * (4 * depth) + text)
                return
        if _HEADING.match(line):
            self._apart(line)
        elif match := _QUOTE.match(line):
            self._out.append("> " * MAX_QUOTE_DEPTH + line[match.end() :])
        else:
            self._out.append(line)

    def _leave_levels(self, indent: int) -> None:
        while self._levels and indent < self._levels[-1].content:
            self._levels.pop()
