"""Pictures under a share link: those that its pages show."""

import uuid

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_safe

from prompts_app import access_shares
from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.views.media import response_with, suffix_of
from prompts_app.views.share_door import shared

# The door says so of all it lets through.
_CACHE = "no-store, private"


@shared
@require_safe
def picture_file(
    request: Request, link: ShareLink, picture_id: uuid.UUID, suffix: str
) -> HttpResponseBase:
    """A picture in full size, under the suffix of its format."""
    found = access_shares.shared_picture(link, picture_id)
    if suffix != suffix_of(found.file):
        raise Http404
    return response_with(request, found, found.file, _CACHE)


@shared
@require_safe
def small_picture_file(
    request: Request, link: ShareLink, picture_id: uuid.UUID
) -> HttpResponseBase:
    """A picture's small form."""
    found = access_shares.shared_picture(link, picture_id)
    return response_with(request, found, found.small, _CACHE)
