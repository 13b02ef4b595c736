"""Pages for what went wrong."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from prompts_app.views.moved import moved


def _page(request: HttpRequest, status: int, **context: bool) -> HttpResponse:
    response = render(request, f"errors/{status}.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request cannot be read (too large, or not what the form sends)."""
    return _page(request, 400, too_large=isinstance(exception, RequestDataTooBig))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the account may not do this."""
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: missing and forbidden alike. Or the way to where the page stands by now."""
    return moved(request) or _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; the page needs no database."""
    # Without the request: whoever is signed in would be looked up in what may just have failed.
    page = render_to_string("errors/500.html", {"site_name": "Promptfolio"})
    response = HttpResponse(page, status=500)
    response["Cache-Control"] = "no-store"
    return response


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the database is away; the page needs none."""
    page = render_to_string("errors/503.html", {"site_name": "Promptfolio"})
    response = HttpResponse(page, status=503, headers={"Retry-After": "10"})
    response["Cache-Control"] = "no-store"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 with the way out: the page was open too long, or cookies are off."""
    response = render(request, "errors/csrf.html", status=403)
    response["Cache-Control"] = "no-store"
    return response
