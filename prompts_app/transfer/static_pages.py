"""Pages of a site as files that open from disk: what needs a server goes, links stay.

Scripts and forms are left out, what stood there for browsers without scripts is shown, and every
address is asked for anew, but for links marked LIVE. All else is copied letter by letter.
"""

import posixpath
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

# Marks a link that leads to the site itself, on purpose.
LIVE = "data-live"
_LEFT_OUT = frozenset(("script", "form"))
_ADDRESSES = frozenset(("href", "src"))
_FETCHED = ("stylesheet", "icon")
# Elements without an end of their own (WHATWG HTML, section 13.1.2).
_VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)


def as_file(html: str, find: Callable[[str], str | None]) -> str:
    """Return a page as a file.

    `find` is given each address as it stands in the page and returns the one that is to stand
    there; None for what leads nowhere any more: a link becomes plain text then, and any other
    element is left out.
    """
    rewriter = _Rewriter(find)
    rewriter.feed(html)
    rewriter.close()
    return "".join(rewriter.pieces)


def relative(target: str, source: str, fragment: str = "") -> str:
    """Return how the file `source` names the file `target`; both are paths from the same folder."""
    way = posixpath.relpath(target, posixpath.dirname(source) or ".")
    return quote(way) + (f"#{fragment}" if fragment else "")


def is_elsewhere(address: str) -> bool:
    """Say whether an address leads to another site, or is no address of a page."""
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


class _Rewriter(HTMLParser):
    def __init__(self, find: Callable[[str], str | None]) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[str] = []
        self._find = find
        # Of elements that are left out, the one that was opened first and how deep we are in it.
        self._skipped = ""
        self._depth = 0
        # For each open link, whether it has become plain text.
        self._links: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            self._depth += tag == self._skipped
        elif tag in _LEFT_OUT:
            self._skipped, self._depth = tag, 1
        elif tag != "noscript":
            self._open(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._skipped and tag not in _LEFT_OUT:
            self._open(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._depth -= tag == self._skipped
            if not self._depth:
                self._skipped = ""
        elif tag == "a" and self._links:
            self._write("</span>" if self._links.pop() else "</a>")
        elif tag != "noscript":
            self._write(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._write(f"<!{decl}>")

    def _open(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") not in _FETCHED:
            # What tells machines about the page: only where that is elsewhere it stays true.
            if is_elsewhere(given.get("href") or ""):
                self._write(self.get_starttag_text() or "")
            return
        named = [name for name in _ADDRESSES if given.get(name) is not None and LIVE not in given]
        found = {name: self._find(given[name] or "") for name in named}
        lost = None in found.values()
        if tag == "a":
            self._links.append(lost)
        if lost and tag == "a":
            kept = [(name, value) for name, value in attrs if name in ("class", "id", "lang")]
            self._write(_tag("span", kept))
        elif lost:
            # A void element, such as a picture or a style sheet; nothing else has an address here.
            if tag not in _VOID:
                self._skipped, self._depth = tag, 1
        elif named:
            self._write(_tag(tag, [(name, found.get(name, value)) for name, value in attrs]))
        else:
            self._write(self.get_starttag_text() or "")

    def _write(self, text: str) -> None:
        if not self._skipped:
            self.pieces.append(text)


def _tag(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    words = [name if value is None else f'{name}="{escape(value)}"' for name, value in attrs]
    return f"<{' '.join([tag, *words])}>"
