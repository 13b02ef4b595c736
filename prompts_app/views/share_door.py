"""The door of a share link: every address under `/s/<token>/` goes through it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation

from prompts_app import http
from prompts_app.forms.contact import ask_form
from prompts_app.forms.share_open import PasswordForm
from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.services import share_tokens

P = ParamSpec("P")
Response = TypeVar("Response", bound=HttpResponseBase)
# What no link's page may be without: not found, not kept, and its address told to nobody.
_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store, private",
    # Under no-referrer Chromium's form posts would fail the check of their origin.
    "Referrer-Policy": "same-origin",
}


def shared(
    view: Callable[Concatenate[Request, ShareLink, P], HttpResponseBase],
) -> Callable[Concatenate[Request, str, P], HttpResponseBase]:
    """Give a view the link of the token in its address; or answer why it does not open.

    Unknown and revoked are one answer, 404; an expired one is 410. A link that is locked asks for
    its password first (403). The owner passes all but an unknown token, to preview.
    """
    return _door(view)


def shared_though_locked(
    view: Callable[Concatenate[Request, ShareLink, P], HttpResponseBase],
) -> Callable[Concatenate[Request, str, P], HttpResponseBase]:
    """Give a view the link as `shared` does, without asking for its password: that opens it."""
    return _door(view, though_locked=True)


def shared_though_expired(
    view: Callable[Concatenate[Request, ShareLink, P], HttpResponseBase],
) -> Callable[Concatenate[Request, str, P], HttpResponseBase]:
    """Give a view the link as `shared` does, an expired one too, with or without its password."""
    return _door(view, though_expired=True)


def _door(
    view: Callable[Concatenate[Request, ShareLink, P], HttpResponseBase],
    *,
    though_expired: bool = False,
    though_locked: bool = False,
) -> Callable[Concatenate[Request, str, P], HttpResponseBase]:
    @wraps(view)
    def opened(request: Request, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        link = share_tokens.find(token)
        response: HttpResponseBase | None = _refused(
            request, link, token, though_expired=though_expired, though_locked=though_locked
        )
        if response is None:
            assert link is not None
            request.share_token = token
            with language_of(request, link):
                try:
                    response = view(request, link, *args, **kwargs)
                except Http404:
                    # The site's own page leads into the rest of the site, and has other headers.
                    is_shut = though_expired or though_locked
                    response = gone(request) if is_shut else _not_on(request, link)
        return _marked(request, response)

    return opened  # type: ignore[return-value] # addresses give the token by its name


def _marked(request: Request, response: Response) -> Response:
    for name, value in _HEADERS.items():
        response[name] = value
    response["Content-Language"] = request.LANGUAGE_CODE
    return response


def _refused(
    request: Request,
    link: ShareLink | None,
    token: str,
    *,
    though_expired: bool,
    though_locked: bool,
) -> HttpResponse | None:
    if link is None or not link.owner.is_active:
        return gone(request)
    if http.viewer(request) == link.owner:
        return None
    if link.is_revoked:
        return gone(request)
    with language_of(request, link):
        if link.is_expired:
            if though_expired:
                return None
            context = {
                "link": link,
                "token": token,
                "profile": link.owner.profile,
                "form": ask_form(link),
            }
            return render(request, "share/expired.html", context, status=410)
        kept = request.COOKIES.get(share_tokens.cookie_name(link), "")
        if not though_locked and not share_tokens.is_open_to(link, kept):
            context = {"link": link, "token": token, "form": PasswordForm()}
            return render(request, "share/locked.html", context, status=403)
    return None


def too_old(request: Request, token: str) -> HttpResponse:
    """403: a form under a link came without its token. Says no more than the link itself would."""
    link = share_tokens.find(token)
    response = _refused(request, link, token, though_expired=False, though_locked=False)
    if response is None:
        assert link is not None
        request.share_token = token
        with language_of(request, link):
            context = {"link": link, "token": token}
            response = render(request, "share/too_old.html", context, status=403)
    return _marked(request, response)


def gone(request: Request) -> HttpResponse:
    """404: what an unknown link and a revoked one have in common."""
    return render(request, "share/gone.html", status=404)


def _not_on(request: Request, link: ShareLink) -> HttpResponse:
    """404: what is not, or no longer, on a link that does open. Leads back to its page."""
    context = {"link": link, "token": request.share_token}
    return render(request, "share/missing.html", context, status=404)


def language_of(request: Request, link: ShareLink | None) -> translation.override:
    """Use the link's language, unless there is none or the visitor chose one."""
    if link is not None and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        request.LANGUAGE_CODE = link.language
    return translation.override(request.LANGUAGE_CODE)
