"""Reporting a page to whoever runs the site."""

import uuid

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from prompts_app import access, http
from prompts_app.forms.reports import ReportForm
from prompts_app.http import Request
from prompts_app.models import Report
from prompts_app.services import reports, visitors


@never_cache
@require_http_methods(("GET", "HEAD", "POST"))
def report(request: Request) -> HttpResponse:
    """The form about one public page, where strangers may sign up."""
    if settings.ACCOUNT_SIGNUP != "open":
        raise Http404
    page = request.GET.get("page", "")
    author = access.author_of_page(page)
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
                sent = urlencode({"page": page, "sent": str(kept.pk)})
                return http.SeeOther(f"{request.path}?{sent}")
    context = {
        "form": form,
        "page": page,
        "sent": _is_sent(request),
        "address": f"{request.path}?{urlencode({'page': page})}",
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
