"""A share link's dossier: the document to print and keep."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.services import dossiers, visits
from prompts_app.views import share_counting
from prompts_app.views.share_door import shared


@require_safe
@shared
def dossier(request: Request, link: ShareLink) -> HttpResponse:
    """The dossier as PDF; a page that says why where there is none."""
    try:
        pdf = dossiers.make(link, request.share_token)
    except dossiers.Unmade as refusal:
        response = render(
            request, "share/no_dossier.html", {"busy": refusal.busy, "link": link}, status=503
        )
        if refusal.busy:
            response["Retry-After"] = "10"
        return response
    if request.method == "GET" and share_counting.is_counted(request, link):
        visits.note_download(link)
    response = HttpResponse(pdf, content_type="application/pdf")
    name = dossiers.file_name(link)
    response["Content-Disposition"] = content_disposition_header(False, name) or "inline"
    return response
