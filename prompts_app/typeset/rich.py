"""Texts of several blocks, from plain text or from HTML that was made from Markdown.

Only what Markdown makes is understood; of anything else the text stays and the look is dropped.
"""

import re
from html.parser import HTMLParser
from typing import Literal

from prompts_app.typeset.contents import Block, Rich, Span

_SPACE = re.compile(r"[ \t\r\n\f]+")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LISTS = ("ul", "ol")
# Whatever ends a block without being one.
_BREAKS = ("p", "div", "li", "blockquote", "pre", "table", "tr", "hr", *_HEADINGS, *_LISTS)
_UNSEEN = ("script", "style", "template", "head", "title")


def paragraphs(text: str) -> Rich:
    """Plain text as paragraphs: an empty line parts them, a single line break stays."""
    found = re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n"))
    return tuple(
        Block("paragraph", (Span(paragraph.strip()),)) for paragraph in found if paragraph.strip()
    )


def from_html(html: str) -> Rich:
    """The blocks of an HTML fragment: paragraphs, headings, lists, quotes, code; cells of a table
    row on one line. Pictures leave their alternative text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_block()
    return tuple(reader.blocks)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._spans: list[Span] = []
        self._lists: list[int | None] = []  # the next number, or None for bullets
        self._marker = ""
        self._heading = self._pre = self._quote = False
        self._bold = self._italic = self._code = self._unseen = 0
        self._urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in _BREAKS:
            self.end_block()
        if tag in _HEADINGS:
            self._heading = True
        elif tag in _LISTS:
            start = found.get("start") or "1"
            number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
            self._lists.append(number if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "blockquote":
            self._quote = True
        elif tag == "pre":
            self._pre = True
        elif tag == "br":
            self._spans.append(self._span("\n"))
        elif tag in ("td", "th") and self._spans:
            self._spans.append(self._span(" · "))
        elif tag == "img" and found.get("alt"):
            self.handle_data(found["alt"] or "")
        elif tag == "a":
            self._urls.append(found.get("href") or "")
        self._count(tag, 1)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.end_block()
        if tag in _HEADINGS:
            self._heading = False
        elif tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "blockquote":
            self._quote = False
        elif tag == "pre":
            self._pre = False
        elif tag == "a" and self._urls:
            self._urls.pop()
        self._count(tag, -1)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        text = data if self._pre else _SPACE.sub(" ", data)
        if not self._spans or (not self._pre and self._spans[-1].text.endswith("\n")):
            text = text if self._pre else text.lstrip()
        if text:
            self._spans.append(self._span(text))

    def end_block(self) -> None:
        """Close the block that is open, if it says anything."""
        spans, self._spans = self._spans, []
        if not any(span.text.strip() for span in spans):
            return
        kind: Literal["paragraph", "heading", "item", "quote", "code"] = "paragraph"
        if self._pre:
            kind = "code"
            spans[-1] = Span(spans[-1].text.rstrip("\n"), code=True)
        elif self._heading:
            kind = "heading"
        elif self._lists:
            kind = "item"
        elif self._quote:
            kind = "quote"
        depth = max(0, len(self._lists) - 1) if kind == "item" else 0
        marker, self._marker = self._marker, ""
        self.blocks.append(Block(kind, tuple(spans), min(depth, 5), marker))

    def _next_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "•"
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{number}."

    def _span(self, text: str) -> Span:
        return Span(
            text,
            bold=self._bold > 0,
            italic=self._italic > 0,
            code=self._code > 0 or self._pre,
            url=self._urls[-1] if self._urls else "",
        )

    def _count(self, tag: str, step: int) -> None:
        if tag in ("strong", "b"):
            self._bold = max(0, self._bold + step)
        elif tag in ("em", "i"):
            self._italic = max(0, self._italic + step)
        elif tag == "code":
            self._code = max(0, self._code + step)
        elif tag in _UNSEEN:
            self._unseen = max(0, self._unseen + step)
