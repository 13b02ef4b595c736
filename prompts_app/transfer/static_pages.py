"""Pages of a site as files that open from disk: what needs a server goes, links stay.

Scripts and forms are left out, what stood there for browsers without scripts is shown, and every
address is asked for anew, but for links marked LIVE. All else is copied letter by letter.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from html import escape, unescape
from urllib.parse import quote, urlsplit

# Marks a link that leads to the site itself, on purpose.
LIVE = "data-live"
_ADDRESSES = ("href", "src")
_FETCHED = ("stylesheet", "icon")
# Elements without an end of their own (WHATWG HTML, section 13.1.2).
_VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)
# A tag's attributes: whatever stands in quotes may be any character, ">" too.
_INSIDE = r"""[^"'>]*(?:(?:"[^"]*"|'[^']*')[^"'>]*)*"""
# Comments and scripts as wholes, for nothing in them is a tag; and every tag. A reader of all of
# HTML takes ten times as long over a page, and pages of a site's own are well-formed.
_PIECE = re.compile(
    rf"<!--.*?-->|<script(?=[\s/>]){_INSIDE}>.*?</script\s*>|<(/?)([a-z][^\s/>]*)({_INSIDE})>",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""([^\s/>="']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")


def as_file(html: str, find: Callable[[str], str | None]) -> str:
    """Return a page as a file.

    `find` is given each address as it stands in the page and returns the one that is to stand
    there; None for what leads nowhere any more: a link becomes plain text then, and any other
    element is left out.
    """
    return _Rewriter(find).read(html)


def relative(target: str, source: str, fragment: str = "") -> str:
    """Return how the file `source` names the file `target`; both are paths from the same folder."""
    way = posixpath.relpath(target, posixpath.dirname(source) or ".")
    return quote(way) + (f"#{fragment}" if fragment else "")


def is_elsewhere(address: str) -> bool:
    """Say whether an address leads to another site, or is no address of a page."""
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


class _Rewriter:
    def __init__(self, find: Callable[[str], str | None]) -> None:
        self._find = find
        # Of elements that are left out, the one that was opened first and how deep we are in it.
        self._skipped = ""
        self._depth = 0
        # For each open link, whether it has become plain text.
        self._links: list[bool] = []

    def read(self, html: str) -> str:
        pieces, done = [], 0
        for match in _PIECE.finditer(html):
            closing, name, inside = match.groups()
            tag = name.lower() if name else ""
            if self._skipped:
                if tag == self._skipped:
                    self._depth += -1 if closing else 1
                    if not self._depth:
                        self._skipped, done = "", match.end()
                continue
            if not tag:
                instead: str | None = ""
            elif closing:
                instead = self._end(tag)
            else:
                instead = self._start(tag, inside)
            if instead is not None:
                pieces += [html[done : match.start()], instead]
                done = match.end()
        if not self._skipped:
            pieces.append(html[done:])
        return "".join(pieces)

    def _end(self, tag: str) -> str | None:
        """Return what stands in the place of an end tag; None where it stays."""
        if tag == "noscript":
            return ""
        if tag == "a" and self._links and self._links.pop():
            return "</span>"
        return None

    def _start(self, tag: str, inside: str) -> str | None:
        """Return what stands in the place of a start tag; None where it stays."""
        if tag == "form":
            self._skipped, self._depth = tag, 1
            return ""
        if tag == "noscript":
            return ""
        if tag not in ("a", "link") and "href" not in inside and "src" not in inside:
            return None
        attrs = _attributes(inside)
        given = dict(attrs)
        if tag == "link" and given.get("rel") not in _FETCHED:
            # What tells machines about the page: only where that is elsewhere it stays true.
            return None if is_elsewhere(given.get("href") or "") else ""
        named = [name for name in _ADDRESSES if given.get(name) is not None and LIVE not in given]
        found = {name: self._find(given[name] or "") for name in named}
        lost = None in found.values()
        if tag == "a":
            self._links.append(lost)
        if lost and tag == "a":
            kept = [(name, value) for name, value in attrs if name in ("class", "id", "lang")]
            return _tag("span", kept)
        if lost:
            # A void element, such as a picture or a style sheet; nothing else has an address here.
            if tag not in _VOID:
                self._skipped, self._depth = tag, 1
            return ""
        if not named:
            return None
        return _tag(tag, [(name, found.get(name, value)) for name, value in attrs])


@lru_cache(maxsize=4096)
def _attributes(inside: str) -> tuple[tuple[str, str | None], ...]:
    return tuple(
        (name.lower(), unescape(value[1:-1] if value[0] in "\"'" else value) if value else None)
        for name, value in _ATTRIBUTE.findall(inside)
    )


def _tag(tag: str, attrs: Iterable[tuple[str, str | None]]) -> str:
    words = [name if value is None else f'{name}="{escape(value)}"' for name, value in attrs]
    return f"<{' '.join([tag, *words])}>"
