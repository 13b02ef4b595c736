"""What every view needs of HTTP: request type, kept pages, client address, page context."""

import ipaddress
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django_htmx.middleware import HtmxDetails

from prompts_app.models import User

P = ParamSpec("P")

# Read and removed by the router in portfolio/asgi.py; they never leave the process.
KEEP_HEADER = "X-Promptfolio-Keep"
STREAM_HEADER = "X-Promptfolio-Stream"

# Made once: json.dumps() would make one for every piece of every answer.
_ENCODER = json.JSONEncoder(ensure_ascii=False)

# Query arguments that change what a public page shows. A kept page ignores every other one.
PAGE_ARGUMENTS = frozenset(
    {
        *("q", "tag", "language", "model", "kind", "after", "before", "from", "to", "case", "run"),
        *("version", "constraint", "page", "with"),
    }
)


class Request(HttpRequest):
    """A request after the middleware: for annotations only."""

    htmx: HtmxDetails
    user: User
    LANGUAGE_CODE: str
    # Of the share link a page was opened through (views/share_door.py).
    share_token: str


@dataclass(frozen=True, slots=True)
class StaticCopy:
    """Says of a request that its page becomes a file (views/static_site.py)."""

    # The argument that leads to the same page in another language.
    LANGUAGE: ClassVar[str] = "hl"
    handle: str
    made_on: date
    # Whether others can open the site it is a copy of.
    live: bool


def has_session(request: HttpRequest) -> bool:
    """Say whether the browser sent a session: without one, a public page asks for none."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def viewer(request: HttpRequest) -> User | None:
    """Return the signed-in account, or None; never creates or reads a session for strangers."""
    if has_session(request) and request.user.is_authenticated:
        return request.user
    return None


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Context of every template (a context processor)."""
    account = viewer(request)
    return {
        "viewer": account,
        "viewer_profile": getattr(account, "profile", None),
        "site_name": "Promptfolio",
        "site_url": settings.SITE_URL,
        "static_copy": copy_of(request),
        "page_is_public": not has_session(request),
        "language_choices": [
            (code, name, code == getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE))
            for code, name in settings.LANGUAGES
        ],
        "current_path": _path_with_known_arguments(request),
    }


def copy_of(request: HttpRequest) -> StaticCopy | None:
    """Return what copy the page is for; None where a server answers."""
    return getattr(request, "static_copy", None)


def _path_with_known_arguments(request: HttpRequest) -> str:
    # A kept page is shown to others: one visitor's own arguments must not stand in it.
    known = [
        (name, value)
        for name, values in request.GET.lists()
        if name in PAGE_ARGUMENTS
        for value in values
    ]
    return f"{request.path}?{urlencode(known)}" if known else request.path


def kept(
    view: Callable[Concatenate[Request, P], HttpResponse],
) -> Callable[Concatenate[Request, P], HttpResponse]:
    """Let the router keep the page for a moment, for visitors without a session.

    The view must touch neither session nor CSRF token for them.
    """

    @wraps(view)
    def wrapper(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200 and not has_session(request):
            response[KEEP_HEADER] = "1"
            response["Cache-Control"] = "public, max-age=0, must-revalidate"
        else:
            response.setdefault("Cache-Control", "private, no-store")
        return response

    return wrapper


def whole_number(text: str | None, default: int = 0) -> int:
    """Return the number in an address, `default` where there is none. Raises Http404 for others."""
    if text is None:
        return default
    # isdecimal alone takes digits of every script, and int() takes any length.
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Http404
    return int(text)


class SeeOther(HttpResponseRedirect):
    """303: what the POST made is to be fetched there with a GET."""

    status_code = 303


def event_frame(event: str, data: dict[str, Any]) -> bytes:
    """Return one server-sent event (WHATWG HTML, section 9.2), its data as JSON on one line."""
    return f"event: {event}\ndata: {_ENCODER.encode(data)}\n\n".encode()


def wants_progress(request: HttpRequest) -> bool:
    """Say whether a script asked to be told how far the work is."""
    return "application/x-ndjson" in request.headers.get("Accept", "")


def progress(lines: Iterable[dict[str, Any]]) -> StreamingHttpResponse:
    """Answer with a JSON object on each line while the work that makes them is under way.

    `{"done": 120, "of": 1000, "text": "what is done"}` as often as there is news, and as the last
    line `{"url": "where it is to be seen"}`. Read by static/js/progress.js.
    """
    return StreamingHttpResponse(
        (_ENCODER.encode(line).encode() + b"\n" for line in lines),
        content_type="application/x-ndjson",
        # A proxy that gathers the answer before passing it on would spoil it (nginx reads this).
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


def wants_stream(request: HttpRequest) -> bool:
    """Say whether the answer is asked for as a stream of events."""
    return "text/event-stream" in request.headers.get("Accept", "")


def event_stream(body: bytes = b"") -> HttpResponse:
    """Return a response of events; those after `body` come from whom STREAM_HEADER names."""
    response = HttpResponse(body, content_type="text/event-stream")
    # A proxy that gathers the answer before passing it on would spoil it (nginx reads this).
    response["X-Accel-Buffering"] = "no"
    return response


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address.

    Each trusted proxy appends the address it was called from to X-Forwarded-For, so with N
    proxies the N-th entry from the right is the visitor's; what stands left of it anyone can write.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    hops = settings.TRUSTED_PROXIES
    if not hops:
        return direct
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if len(forwarded) < hops:
        return direct
    try:
        return str(ipaddress.ip_address(forwarded[-hops]))
    except ValueError:
        return direct
