"""A share link's page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.services import share_tokens
from prompts_app.views.share_door import shared


@require_safe
@shared
def share_page(request: Request, link: ShareLink) -> HttpResponse:
    """The page of one link: its note, and its entries."""
    context = {"link": link, "shown": share_tokens.shown_by(link), "profile": link.owner.profile}
    return render(request, "share/page.html", context)
