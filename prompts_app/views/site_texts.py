"""Legal notice and privacy: the operator's own texts."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prompts_app import http
from prompts_app.http import Request
from prompts_app.models import SiteText
from prompts_app.services import site_texts


@require_safe
@http.kept
def legal(request: Request) -> HttpResponse:
    """Who is behind the site."""
    return _shown(request, SiteText.Kind.LEGAL, _("Legal notice"))


@require_safe
@http.kept
def privacy(request: Request) -> HttpResponse:
    """What happens to data of visitors and authors."""
    return _shown(request, SiteText.Kind.PRIVACY, _("Privacy"))


def _shown(request: Request, kind: str, title: str) -> HttpResponse:
    found = site_texts.text(kind, get_language() or "")
    if found is None:
        raise Http404
    return render(request, "site_texts/page.html", {"title": title, "shown": found})
