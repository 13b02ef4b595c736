"""Pictures: from the media folder to whoever may see them, and to nobody else."""

import uuid
from pathlib import PurePosixPath

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Picture

_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
# A picture's bytes never change, but its entry may stop being public: a day, then ask again.
_PUBLIC = "public, max-age=86400"
_PRIVATE = "private, no-cache"


@require_safe
def picture_file(request: Request, picture_id: uuid.UUID, suffix: str) -> HttpResponseBase:
    """A picture in full size, under the suffix of its format."""
    found, cache = _find(request, picture_id)
    if suffix != suffix_of(found.file):
        raise Http404
    return response_with(request, found, found.file, cache)


@require_safe
def small_picture_file(request: Request, picture_id: uuid.UUID) -> HttpResponseBase:
    """A picture's small form."""
    found, cache = _find(request, picture_id)
    return response_with(request, found, found.small, cache)


def _find(request: Request, picture_id: uuid.UUID) -> tuple[Picture, str]:
    """The picture, and who may keep a copy: asked as a stranger first, so that what anyone may
    see never depends on who asks."""
    try:
        found = access.picture(picture_id, None)
    except Http404:
        return access.picture(picture_id, http.viewer(request)), _PRIVATE
    # A try's picture is for whoever knows its address, not for shared caches.
    return found, _PRIVATE if found.attempt_id else _PUBLIC


def suffix_of(file: FieldFile) -> str:
    """Return the suffix that tells a file's format."""
    return PurePosixPath(file.name or "").suffix.lstrip(".")


def response_with(
    request: Request, found: Picture, file: FieldFile, cache: str
) -> HttpResponseBase:
    """Return a file of a picture, or 304 to whoever has it; `cache`: who may keep a copy."""
    etag = quote_etag(PurePosixPath(file.name or "").name)
    last_modified = int(found.created_at.timestamp())
    response: HttpResponseBase | None = get_conditional_response(
        request, etag=etag, last_modified=last_modified
    )
    if response is None:
        try:
            response = FileResponse(file.open("rb"), content_type=_TYPES[suffix_of(file)])
        except (FileNotFoundError, KeyError) as error:
            raise Http404 from error
        response["Content-Disposition"] = f'inline; filename="{found.pk}.{suffix_of(file)}"'
        response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = etag
    response["Last-Modified"] = http_date(last_modified)
    response["Cache-Control"] = cache
    return response
