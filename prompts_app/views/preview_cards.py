"""Preview cards: the pictures of links that are shared, for whoever unfurls them."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from prompts_app import access
from prompts_app.http import Request

# Another picture has another address; but its entry may stop being public: a day, then ask again.
_PUBLIC = {"Cache-Control": "public, max-age=86400, immutable"}
_OF_LINK = {
    "Cache-Control": "no-store, private",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@require_safe
def card(request: Request, key: uuid.UUID) -> HttpResponse:
    """A card as PNG, 1200 × 630; those of share links only as long as the link opens."""
    found = access.preview_card(key)
    try:
        # Some 30 kB, and a whole answer: crawlers do not wait.
        with found.file.open("rb") as file:
            response = HttpResponse(file.read(), content_type="image/png")
    except FileNotFoundError as error:
        raise Http404 from error
    response["X-Content-Type-Options"] = "nosniff"
    for name, value in (_PUBLIC if found.link_id is None else _OF_LINK).items():
        response[name] = value
    return response
