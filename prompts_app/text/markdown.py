"""Markdown from anyone to HTML for a page: parsed, coloured, sanitised last.

HTML written in the text is shown as text. Pictures are loaded only from the site itself. However
hostile the text, the work is bounded: what would take too long loses its formatting, first within
a paragraph, then as a whole. All bounds count work, never time, so the same text always gives the
same HTML.
"""

import html
import re
from typing import Final
from xml.etree import ElementTree

import nh3
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER, AtomicString

from prompts_app.text.code import BLOCK_START, CLASSES, code_html
from prompts_app.text.markdown_lines import LinePass

# Kept HTML is keyed by this: raise it whenever the same text would give different HTML.
RENDERER: Final = "markdown-2"

MAX_CHARS: Final = 250_000
# Bounds on work, from measurements on two slow cores: each stops at about half a second.
_MAX_BLOCK_WORK: Final = 3_000_000
_MAX_INLINE_WORK: Final = 2_000_000
_MAX_PARAGRAPH_WORK: Final = 400_000
_MAX_COLOURED: Final = 30_000
_MAX_CELLS: Final = 5_000

_OWN_PICTURE = re.compile(r"/media/[A-Za-z0-9_-][A-Za-z0-9_./-]*")
_MARKS = re.compile(r"[*_\[\]`!<&\\]|  \n")
_STASHED = re.compile(HTML_PLACEHOLDER % "([0-9]+)")
_LINKABLE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)

_TAGS = {
    *("a", "blockquote", "br", "code", "div", "em", "h3", "h4", "h5", "h6", "hr", "img", "li"),
    *("ol", "p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}


def to_html(text: str) -> str:
    """`text` as safe HTML: headings from h3 down, no ids, no style, classes only on code.

    Text longer than MAX_CHARS, or nested or linked beyond the bounds on work, comes back whole and
    escaped in one `<pre>`.
    """
    if len(text) > MAX_CHARS:
        return _plain(text)
    try:
        return _sanitise(_converter().convert(_UNSTORABLE.sub("\ufffd", text)))
    except (_TooMuchWorkError, RecursionError):
        return _plain(text)


_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _plain(text: str) -> str:
    return f'<pre tabindex="0">{html.escape(_UNSTORABLE.sub(chr(0xFFFD), text))}</pre>'


def _is_own_picture(src: str) -> bool:
    return bool(_OWN_PICTURE.fullmatch(src)) and ".." not in src and "//" not in src


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src" and not _is_own_picture(value):
        return None
    return value


def _sanitise(markup: str) -> str:
    return nh3.clean(
        markup,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep_attribute,
        allowed_classes={"div": {"code"}, "span": set(CLASSES)},
        # Long lines scroll sideways; without a tab stop the keyboard could not follow them.
        set_tag_attribute_values={"pre": {"tabindex": "0"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
        strip_comments=True,
    )


class _TooMuchWorkError(Exception):
    pass


class _Lines(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        coloured = 0

        def stash(code: str, language: str) -> str:
            nonlocal coloured
            coloured += len(code)
            block = code_html(code, language if coloured <= _MAX_COLOURED else "")
            return self.md.htmlStash.store(block)

        return LinePass(stash).run(lines)


class _Meter(BlockProcessor):
    """Sees every block each time one is looked at, nested ones once a level, and counts."""

    spent = 0

    def test(self, parent: ElementTree.Element, block: str) -> bool:
        lines = block.count("\n")
        # The last term: items of a list grow line by line, copied whole each time.
        self.spent += len(block) + 250 + 40 * lines + len(block) * lines // 800
        if self.spent > _MAX_BLOCK_WORK:
            raise _TooMuchWorkError
        return False

    def run(self, parent: ElementTree.Element, blocks: list[str]) -> bool | None:
        return False


class _Table(TableProcessor):
    """Tables of a size a person reads.

    Every row is filled to the width of the first, so a table's cost is rows times columns, and
    pairing backticks within a row takes the square of their number.
    """

    def test(self, parent: ElementTree.Element, block: str) -> bool:
        rows = block.split("\n")
        if len(rows) < 2 or "-" not in rows[1] or set(rows[1]) - set("|:- "):
            return False
        if rows[0].count("|") * len(rows) > _MAX_CELLS or max(r.count("`") for r in rows) > 100:
            return False
        return bool(super().test(parent, block))


class _PlainWhereHostile(Treeprocessor):
    """Takes paragraphs out of inline parsing whose marks would make it crawl."""

    def run(self, root: ElementTree.Element) -> None:
        spent = 0
        for element in root.iter():
            for place in ("text", "tail"):
                words = getattr(element, place)
                if not words or isinstance(words, AtomicString):
                    continue
                work = len(words) * (len(_MARKS.findall(words)) + 1)
                if work > _MAX_PARAGRAPH_WORK or spent + work > _MAX_INLINE_WORK:
                    setattr(element, place, AtomicString(words))
                else:
                    spent += work


class _ForThisSite(Treeprocessor):
    """Headings below the page's own; foreign pictures as links; no code blocks in paragraphs."""

    def run(self, root: ElementTree.Element) -> None:
        self._walk(root, inside_link=False)

    def _walk(self, element: ElementTree.Element, *, inside_link: bool) -> None:
        if re.fullmatch("h[1-6]", element.tag):
            element.tag = f"h{min(int(element.tag[1]) + 2, 6)}"
        elif element.tag == "img" and not _is_own_picture(src := element.get("src", "")):
            element.attrib.clear()
            element.text = AtomicString(src)
            element.tag = "a" if _LINKABLE.match(src) and not inside_link else "span"
            if element.tag == "a":
                element.set("href", src)
        elif element.tag == "p" and self._holds_code_among_words(element):
            # A <p> ends where a block begins; browsers would leave empty ones behind.
            element.tag = "div"
        for child in element:
            self._walk(child, inside_link=inside_link or element.tag == "a")

    def _holds_code_among_words(self, paragraph: ElementTree.Element) -> bool:
        words = [paragraph.text or "", *(child.tail or "" for child in paragraph)]
        keys = [int(key) for part in words for key in _STASHED.findall(part)]
        blocks = self.md.htmlStash.rawHtmlBlocks
        code = any(k < len(blocks) and str(blocks[k]).startswith(BLOCK_START) for k in keys)
        alone = len(paragraph) == 0 and _STASHED.fullmatch(words[0])
        return code and not alone


class _House(Extension):
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - python-markdown's name
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")
        md.preprocessors.register(_Lines(md), "lines", 20)
        md.parser.blockprocessors.register(_Meter(md.parser), "meter", 1000)
        table = _Table(md.parser, {"use_align_attribute": True})
        md.parser.blockprocessors.register(table, "table", 75)
        md.ESCAPED_CHARS.append("|")
        md.treeprocessors.register(_PlainWhereHostile(md), "plain_where_hostile", 30)
        md.treeprocessors.register(_ForThisSite(md), "for_this_site", -10)


def _converter() -> Markdown:
    # A new one each time: a converter keeps state and threads would share it.
    return Markdown(
        extensions=[SaneListExtension(), _House()],
        output_format="html",
    )
