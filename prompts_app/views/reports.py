"""Reporting a page to whoever runs the site."""

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from prompts_app import access, access_shares, http
from prompts_app.forms.reports import ReportForm
from prompts_app.http import Request
from prompts_app.models import Report, ShareLink, User
from prompts_app.services import reports, visitors
from prompts_app.views.share_door import shared

METHODS = ("GET", "HEAD", "POST")


@never_cache
@require_http_methods(METHODS)
def report(request: Request) -> HttpResponse:
    """The form about one public page, where strangers may sign up."""
    _only_where_strangers_sign_up()
    page = request.GET.get("page", "")
    author = access.author_of_page(page)
    shown = {"page": page, "named": page}
    return _answer(request, page, author, {"page": page}, shown)


@shared
@require_http_methods(METHODS)
def share_report(request: Request, link: ShareLink) -> HttpResponse:
    """The form about one page of a share link, which is named without the link's token."""
    _only_where_strangers_sign_up()
    below = request.GET.get("at", "")
    access_shares.shared_page(link, below)
    shown = {
        "page": reverse("share", args=[request.share_token]) + below,
        "named": f"/s/…/{below}",
        "through_link": True,
    }
    return _answer(request, reports.page_of(link, below), link.owner, {"at": below}, shown)


def _only_where_strangers_sign_up() -> None:
    if settings.ACCOUNT_SIGNUP != "open":
        raise Http404


def _answer(
    request: Request, page: str, author: User, query: dict[str, str], shown: dict[str, Any]
) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = ReportForm(page, posted)
    status = 200
    if posted is not None:
        status = 422
        if form.is_valid():
            visitor = visitors.visitor_of(http.client_address(request))
            try:
                kept = reports.keep(form.letter, visitor, page=page, author=author, **form.values())
            except reports.Refused as refused:
                form.add_error(None, _refusal(refused.code))
                status = 429
            else:
                return http.SeeOther(f"{request.path}?{urlencode(query | {'sent': str(kept.pk)})}")
    context = {
        "form": form,
        "sent": _is_sent(request),
        "address": f"{request.path}?{urlencode(query)}",
        **shown,
    }
    return render(request, "reports/page.html", context, status=status)


def _is_sent(request: Request) -> bool:
    """Whether this is the page after sending: only where the report is there indeed."""
    try:
        number = uuid.UUID(request.GET.get("sent", ""))
    except ValueError:
        return False
    return Report.objects.filter(pk=number).exists()


def _refusal(code: str) -> str:
    if code == "visitor":
        return _("Several reports came from here today. Try again tomorrow.")
    return _("Very many reports came today. Try again tomorrow.")
