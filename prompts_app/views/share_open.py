"""The password of a share link: by POST only, and only so often."""

import re
from datetime import datetime
from math import ceil

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from prompts_app import http
from prompts_app.forms import focus
from prompts_app.forms.share_open import PasswordForm
from prompts_app.http import Request, SeeOther
from prompts_app.models import ShareLink
from prompts_app.services import share_passwords, share_tokens
from prompts_app.services.visitors import visitor_of
from prompts_app.views.share_door import shared_though_locked

_PLAIN = re.compile(r"[\w/-]*", re.ASCII)


@sensitive_post_parameters("password")
@shared_though_locked
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: Request, link: ShareLink) -> HttpResponse:
    """Open a locked link for this browser; a GET leads to the page, which asks."""
    if request.method != "POST" or not link.password:
        return SeeOther(_back(request))
    form = PasswordForm(request.POST)
    status = 422
    retry_after = 0
    if form.is_valid():
        visitor = visitor_of(http.client_address(request))
        try:
            share_passwords.note_attempt(link, visitor)
        except share_passwords.TooMany as refused:
            status = 429
            retry_after = _seconds_until(refused.until)
            form.add_error("password", _too_many(retry_after))
        else:
            if share_tokens.is_right(link, form.cleaned_data["password"]):
                share_passwords.forget_attempts(link, visitor)
                return _opened(request, link)
            form.add_error("password", _("This is not the password of this link."))
    focus.on_first_error(form)
    context = {
        "link": link,
        "token": request.share_token,
        "form": form,
        "back": _back(request),
        # Nobody has seen anything of the link yet, so nothing is counted.
        "locked": True,
    }
    response = render(request, "share/locked.html", context, status=status)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def _opened(request: Request, link: ShareLink) -> HttpResponse:
    response = SeeOther(_back(request))
    response.set_cookie(
        share_tokens.cookie_name(link),
        share_tokens.pass_for(link),
        max_age=share_tokens.OPEN_FOR,
        path=_address(request),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _address(request: Request) -> str:
    return reverse("share", args=[request.share_token])


def _back(request: Request) -> str:
    """Where the visitor wanted to go on this link; never anywhere else."""
    wanted = request.POST.get("next", "")
    address = _address(request)
    rest = wanted.removeprefix(address)
    # Dots would lead up and out of the link again, however they are written.
    if rest == wanted or not _PLAIN.fullmatch(rest):
        return address
    return wanted


def _seconds_until(moment: datetime) -> int:
    return max(1, ceil((moment - timezone.now()).total_seconds()))


def _too_many(seconds: int) -> str:
    minutes = ceil(seconds / 60)
    return ngettext(
        "The password was tried too often. Try again in %(minutes)s minute.",
        "The password was tried too often. Try again in %(minutes)s minutes.",
        minutes,
    ) % {"minutes": minutes}
