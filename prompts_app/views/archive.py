"""Taking everything along: the page of the archive, its file, one entry's file, the schema."""

import logging
from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.services import archives, exports
from prompts_app.transfer import promptfolio_format as form
from prompts_app.views.studio import author

log = logging.getLogger("promptfolio.exports")


@author
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: Request) -> HttpResponseBase:
    """What an archive has and has not; a POST makes it, telling a script how far it is."""
    if request.method != "POST":
        context = {
            "nav": "studio",
            "studio_section": "entries",
            "ready": exports.ready(request.user),
            "counts": exports.counts_of(request.user),
            "schema_url": reverse("schema"),
        }
        return render(request, "archive/page.html", context)
    if http.wants_progress(request):
        return http.progress(_lines(request, translation.get_language()))
    for _step in exports.make(request.user):
        pass
    return http.SeeOther(_place())


def _place() -> str:
    # Another address each time: to a browser that is there already, a fragment alone is no page.
    return f"{reverse('studio_export')}?made={timezone.now():%H%M%S%f}#ready"


def _lines(request: Request, language: str) -> Iterator[dict[str, Any]]:
    with translation.override(language):
        try:
            for done, of in exports.make(request.user):
                text = _("Written: %(done)d of %(of)d entries") % {"done": done, "of": of}
                yield {"done": done, "of": of, "text": text}
        except DatabaseError:
            log.exception("an export failed")
            yield {"failed": True}
        else:
            yield {"url": _place()}


@author
@require_safe
def archive_file(request: Request) -> HttpResponseBase:
    """The author's archive, if one was made within the last day."""
    ready = exports.ready(request.user)
    if ready is None:
        raise Http404
    try:
        file = ready.path.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    name = f"promptfolio-{request.user.profile.handle}-{ready.made_at:%Y-%m-%d}.zip"
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return response


@author
@require_safe
def entry_file(request: Request, slug: str) -> HttpResponseBase:
    """One entry of the author's in Promptfolio's own format."""
    entry = access.own_entry(request.user, slug)
    response = StreamingHttpResponse(
        archives.entry_pieces(entry), content_type="application/json; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{entry.slug}.promptfolio.json"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@http.kept
def schema(_request: Request) -> HttpResponse:
    """The published JSON Schema of the format."""
    return HttpResponse(form.schema_text(), content_type="application/schema+json")
