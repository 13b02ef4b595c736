"""What a share link's pages report of themselves, and a visitor's wish not to be counted."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from prompts_app import http
from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.services import visit_reports
from prompts_app.services.visit_reports import Browser, Report
from prompts_app.views.share_counting import COOKIE, choice
from prompts_app.views.share_door import shared

# Bytes, and entries in one report: more than any page's script sends.
_MOST_BODY = 4096
_MOST_SEEN = 50
_EVENTS = frozenset(("open", "interact", "entry"))
_PATH = "/s/"
_YEAR = 365 * 24 * 3600


# The nonce in the report is signed, and only the page has it.
@csrf_exempt
@require_POST
@shared
def visit(request: Request, link: ShareLink) -> HttpResponse:
    """Count what a page reports; the answer is the same 204 whether it counted or not."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = _MOST_BODY + 1
    if length > _MOST_BODY:
        return HttpResponse(status=413)
    answer = HttpResponse(status=204)
    choosing = choice(request, link)
    events = _EVENTS.intersection(request.POST.getlist("event"))
    if choosing in ("signal", "cookie") or not events:
        return answer
    nonce = visit_reports.read_nonce(link, request.POST.get("nonce", ""))
    if nonce is not None:
        browser = Browser(
            http.client_address(request),
            request.headers.get("User-Agent", ""),
            is_owner=choosing == "owner",
        )
        seen = request.POST.getlist("entry")[:_MOST_SEEN] if "entry" in events else []
        visit_reports.report(link, nonce, browser, Report("interact" in events, tuple(seen)))
    return answer


# Share pages carry no CSRF token for visitors; a site that does not know the link cannot post here.
@csrf_exempt
@require_POST
@shared
def uncount(request: Request, link: ShareLink) -> HttpResponse:
    """Remember in the visitor's browser not to count it, on any link, or forget that again."""
    back = request.POST.get("next", "")
    # Only within share links: the wish concerns nothing else.
    if not (
        back.startswith(_PATH)
        and url_has_allowed_host_and_scheme(
            back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
    ):
        back = reverse("share", args=[request.share_token])
    response = http.SeeOther(f"{back}#counting")
    if request.POST.get("count") == "1":
        response.delete_cookie(COOKIE, path=_PATH, samesite="Lax")
    else:
        response.set_cookie(
            COOKIE,
            "1",
            max_age=_YEAR,
            path=_PATH,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
