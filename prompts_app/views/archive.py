"""Taking everything along: the page of the archive, its file, one entry's file, the schema."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DatabaseError
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry
from prompts_app.services import archives, exports
from prompts_app.transfer import promptfolio_format as form
from prompts_app.views.static_site import StaticSite
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
            "site": exports.kept(request.user, exports.SITE),
            "listed": Entry.objects.listed().filter(owner=request.user).count(),
        }
        return render(request, "archive/page.html", context)
    return _made(request, exports.make(request.user), _entries, "#ready")


def _entries(done: int, of: int) -> str:
    return _("Entries written: %(done)d of %(of)d") % {"done": done, "of": of}


@author
@require_http_methods(["GET", "HEAD", "POST"])
def site(request: Request) -> HttpResponseBase:
    """Copy the author's public pages as plain files; whoever only looks is led to the button."""
    if request.method != "POST":
        return redirect(reverse("studio_export") + "#site")
    profile = request.user.profile
    if not Entry.objects.listed().filter(owner=request.user).exists():
        raise Http404
    steps = exports.keep(request.user, exports.SITE, lambda file: StaticSite(profile, file).write())
    return _made(request, steps, _pages, "#site")


def _pages(done: int, of: int) -> str:
    return _("Pages and files written: %(done)d; found so far: %(of)d") % {"done": done, "of": of}


def _made(
    request: Request, steps: exports.Steps, say: Callable[[int, int], str], part: str
) -> HttpResponseBase:
    """Make what `steps` makes, telling a script how far it is; then lead to `part` of the page."""
    if http.wants_progress(request):
        return http.progress(_lines(steps, say, part, translation.get_language()))
    for _step in steps:
        pass
    return http.SeeOther(_place(part))


def _place(part: str) -> str:
    # Another address each time: to a browser that is there already, a fragment alone is no page.
    return f"{reverse('studio_export')}?made={timezone.now():%H%M%S%f}{part}"


def _lines(
    steps: exports.Steps, say: Callable[[int, int], str], part: str, language: str
) -> Iterator[dict[str, Any]]:
    with translation.override(language):
        try:
            for done, of in steps:
                yield {"done": done, "of": of, "text": say(done, of)}
        except DatabaseError:
            log.exception("an export failed")
            yield {"failed": True}
        else:
            yield {"url": _place(part)}


@author
@require_safe
def archive_file(request: Request) -> HttpResponseBase:
    """The author's archive, if one was made within the last day."""
    return _file(request, exports.ready(request.user), "promptfolio")


@author
@require_safe
def site_file(request: Request) -> HttpResponseBase:
    """The copy of the author's public pages, if one was made within the last day."""
    return _file(request, exports.kept(request.user, exports.SITE), "site")


def _file(request: Request, kept: exports.Kept | None, word: str) -> HttpResponseBase:
    if kept is None:
        raise Http404
    try:
        file = kept.path.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    name = f"{word}-{request.user.profile.handle}-{kept.made_at:%Y-%m-%d}.zip"
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
