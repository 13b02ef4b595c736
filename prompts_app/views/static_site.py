"""An author's public pages as plain files: asked for as a stranger would, followed link by link."""

import hashlib
import io
import posixpath
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from prompts_app.http import StaticCopy
from prompts_app.models import Profile
from prompts_app.services import days
from prompts_app.transfer.static_pages import as_file, is_elsewhere, relative

# More than the largest portfolio has; only a mistake of ours would lead on for ever.
MOST_PAGES = 50_000
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_EVIDENCE_FILES = ("results.csv", "results.json", "promptfooconfig.yaml")
_OF_EVIDENCE = "|".join(("answers/", *map(re.escape, _EVIDENCE_FILES)))
_OF_ENTRY = (
    rf"v[0-9]+/(?:prompt\.prompty|prompt\.prompt\.yml)?|compare/|try/|evidence/(?:{_OF_EVIDENCE})?"
)
# Which arguments make a page of their own, by how an address ends. Every choice of a page times
# every other would be thousands; what is left out leads to the page as it is without.
_ARGUMENTS = (
    ("/compare/", {"from", "to"}),
    ("/evidence/", {"version", "constraint", "page"}),
    ("/evidence/answers/", {"version", "case", "model", "constraint", "page"}),
    *((f"/evidence/{name}", {"version"}) for name in _EVIDENCE_FILES),
    ("", {"after", "before"}),
)
# Files that are the same in every language, and where they lie.
_SHARED = (
    (re.compile(rf"/media/({_UUID}(?:-small)?\.[a-z]+)"), "media/{}"),
    (re.compile(r"/\.well-known/(promptfolio-keys\.json)"), "{}"),
    (re.compile(r"/verify/(verify\.py)"), "{}"),
)
_BEGINNING = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0; url={first}"></head>
<body>{links}</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _Page:
    """One address in one language, "" for what has none."""

    language: str
    address: str


class StaticSite:
    """The copy of one author's pages, written into a ZIP file."""

    def __init__(self, profile: Profile, file: IO[bytes]) -> None:
        self.profile = profile
        self.languages = [code for code, _name in settings.LANGUAGES]
        self.made_on = days.today()
        self._file = file
        handle = re.escape(profile.handle)
        self._pages = re.compile(
            rf"/@{handle}/(?P<entry>(?!contact/)(?:[^/]+/(?:{_OF_ENTRY})?)?)"
            rf"|/(?P<run>runs/{_UUID}/(?:receipt\.json)?)"
        )
        self._waiting: deque[_Page] = deque()
        self._seen: set[_Page] = set()

    def write(self) -> Iterator[tuple[int, int]]:
        """Write it; yield how many files are done, and of how many that are known so far."""
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED) as archive:
            home = reverse("profile", args=[self.profile.handle])
            for language in self.languages:
                self._place(_Page(language, home))
            # What receipts are checked with, without this site.
            for name in ("receipt_keys", "receipt_script"):
                self._place(_Page("", reverse(name)))
            self._begin(archive)
            done = 0
            while self._waiting:
                if len(self._seen) > MOST_PAGES:
                    raise RuntimeError(f"{len(self._seen)} pages of @{self.profile.handle}")
                page = self._waiting.popleft()
                archive.writestr(self._name(page), self._content(page))
                done += 1
                yield done, len(self._seen)

    def _begin(self, archive: zipfile.ZipFile) -> None:
        names = dict(settings.LANGUAGES)
        own = self.profile.user.language
        languages = sorted(self.languages, key=lambda one: one != own)
        links = " · ".join(
            f'<a href="{one}/index.html" lang="{one}">{names[one]}</a>' for one in languages
        )
        page = _BEGINNING.format(
            language=languages[0],
            title=f"@{self.profile.handle}",
            first=f"{languages[0]}/index.html",
            links=links,
        )
        archive.writestr("index.html", page)

    def _content(self, page: _Page) -> bytes:
        if page.address.startswith(settings.STATIC_URL):
            return _static_file(page.address.removeprefix(settings.STATIC_URL))
        response = _answer(
            page, StaticCopy(self.profile.handle, self.made_on, live=not settings.LOCAL)
        )
        body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
        if not response.headers["Content-Type"].startswith("text/html"):
            return bytes(body)
        source = self._name(page)
        return as_file(body.decode(), lambda found: self._lead(found, page, source)).encode()

    def _lead(self, found: str, page: _Page, source: str) -> str | None:
        """Return how the file `source` names what stands at `found` on a page."""
        if found.startswith("#") or not found:
            return found
        if is_elsewhere(found) and not found.startswith(settings.SITE_URL + "/"):
            return found
        parts = urlsplit(urljoin(page.address, found.removeprefix(settings.SITE_URL)))
        asked = dict(parse_qsl(parts.query))
        # The page itself in another language, which a file names as it names any other.
        language = asked.pop(StaticCopy.LANGUAGE, page.language)
        followed = self._followed(parts.path)
        known = urlencode(sorted(one for one in asked.items() if one[0] in followed))
        target = self._target(language, parts.path, known)
        if target == page and len(known) < len(parts.query) and not parts.fragment:
            # Another choice of the same page, which has no file of its own.
            return None
        if target is None:
            # On this machine alone the site itself is nowhere others can go.
            return None if settings.LOCAL else urljoin(settings.SITE_URL, parts.path)
        self._place(target)
        return relative(self._name(target), source, parts.fragment)

    def _followed(self, path: str) -> frozenset[str]:
        match = self._pages.fullmatch(path)
        if match is None or match["run"]:
            return frozenset()
        # Of an entry's own page: step by step through its test cases.
        own = {"case", "model"} if match["entry"].count("/") == 1 else set[str]()
        return frozenset(next((names for end, names in _ARGUMENTS if path.endswith(end))) | own)

    def _target(self, language: str, path: str, query: str) -> _Page | None:
        if path.startswith(settings.STATIC_URL) or any(
            shared.fullmatch(path) for shared, _name in _SHARED
        ):
            return _Page("", path)
        if self._pages.fullmatch(path) is None:
            return None
        return _Page(language, f"{path}?{query}" if query else path)

    def _place(self, page: _Page) -> None:
        if page not in self._seen:
            self._seen.add(page)
            self._waiting.append(page)

    def _name(self, page: _Page) -> str:
        """Return the path of a page's file in the copy."""
        path, _mark, query = page.address.partition("?")
        if path.startswith(settings.STATIC_URL):
            return f"static/{path.removeprefix(settings.STATIC_URL)}"
        for shared, name in _SHARED:
            if match := shared.fullmatch(path):
                return name.format(match[1])
        match = self._pages.fullmatch(path)
        assert match is not None
        within = match["run"] or match["entry"]
        whole = posixpath.join(page.language, within)
        if whole.endswith("/"):
            whole += "index.html"
        if query:
            stem, dot, ending = whole.rpartition(".")
            whole = f"{stem}-{hashlib.sha256(query.encode()).hexdigest()[:12]}{dot}{ending}"
        return whole


@cache
def _handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler


def _answer(page: _Page, copy: StaticCopy) -> HttpResponseBase:
    """Return what a stranger is answered at an address, within this process.

    Raises RuntimeError where the page cannot be made.
    """
    site = urlsplit(settings.SITE_URL)
    address = page.address
    for _redirect in range(3):
        path, _mark, query = address.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": site.hostname,
            "SERVER_PORT": str(site.port or 80),
            "HTTP_HOST": site.netloc,
            "HTTP_ACCEPT_LANGUAGE": page.language,
            "HTTP_X_FORWARDED_PROTO": site.scheme,
            "wsgi.url_scheme": site.scheme,
            "wsgi.input": io.BytesIO(),
        }
        request = WSGIRequest(environ)
        request.static_copy = copy  # type: ignore[attr-defined]
        response = _handler().get_response(request)
        if response.status_code >= 500:
            raise RuntimeError(f"{address} cannot be made")
        if response.status_code not in (301, 302, 303):
            break
        address = response.headers["Location"].removeprefix(settings.SITE_URL)
    return response


def _static_file(name: str) -> bytes:
    """Return a file of the site's look, by the name that pages know it by."""
    collected = Path(settings.STATIC_ROOT, name)
    if collected.is_file():
        return collected.read_bytes()
    found = finders.find(name)
    if not isinstance(found, str):
        raise RuntimeError(f"there is no static file {name}")
    return Path(found).read_bytes()
