"""Bringing prompts in: the upload, what it would make, the import itself, and what came of it."""

import logging
import uuid
from collections.abc import Callable, Generator, Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import DatabaseError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prompts_app import access, http
from prompts_app.forms import focus
from prompts_app.forms.imports import FormatForm, UploadForm, places
from prompts_app.http import Request
from prompts_app.models import Import
from prompts_app.models.imports import WAITS
from prompts_app.services import import_undo, imports
from prompts_app.services.import_words import MADE_OF, facts, format_name, told
from prompts_app.views.studio import author

log = logging.getLogger("promptfolio.imports")

ROWS_A_PAGE = 100
# Entries that an undo asks about one by one.
MOST_ASKED = 500

SECTION = {"nav": "studio", "studio_section": "entries"}

Work = Generator[tuple[int, int], None, Import]


@author
@require_http_methods(["GET", "POST"])
def new_import(request: Request) -> HttpResponseBase:
    """Upload a file or paste text: it is kept for an hour, and nothing is made of it yet."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if not form.is_valid():
        focus.on_first_error(form)
        waiting = Import.objects.waiting().without_source().filter(owner=request.user)
        understood = [{"name": format_name(key), "what": MADE_OF[key]} for key in imports.KEYS]
        context = SECTION | {
            "form": form,
            "either": (form["file"], form["text"]),
            "waiting": waiting,
            "understood": understood,
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "imports/new.html", context, status=status)
    work = imports.keep(request.user, *form.data_and_name(), form.cleaned_data["format"])
    return _worked(request, work, _read_so_far, "studio_import_check")


def _read_so_far(done: int, _of: int) -> str:
    return ngettext("Reading: %(count)d entry", "Reading: %(count)d entries", done) % {
        "count": done
    }


def _made_so_far(done: int, of: int) -> str:
    if not of:
        return _read_so_far(done, of)
    return _("Entries brought in: %(done)d of %(of)d") % {"done": done, "of": of}


def _undone_so_far(done: int, of: int) -> str:
    return _("Entries taken back: %(done)d of %(of)d") % {"done": done, "of": of}


def _worked(
    request: Request, work: Work, said: Callable[[int, int], str], route: str
) -> HttpResponseBase:
    """Do the work and lead to the import's page, telling a script how far it is meanwhile.

    The work of a reader who leaves goes on: a page that they come back to tells what it came to.
    """
    if http.wants_progress(request):
        return http.progress(_lines(work, said, route, translation.get_language()))
    try:
        done = _end_of(work)
    except imports.NotWaiting:
        messages.info(request, _("This import was brought in already, or has waited too long."))
        return http.SeeOther(reverse("studio_imports"))
    return http.SeeOther(reverse(route, args=[done.pk]))


def _lines(
    work: Work, said: Callable[[int, int], str], route: str, language: str
) -> Iterator[dict[str, Any]]:
    with translation.override(language):
        try:
            while True:
                done, of = next(work)
                yield {"done": done, "of": of, "text": said(done, of)}
        except StopIteration as stop:
            yield {"url": reverse(route, args=[stop.value.pk])}
        except imports.NotWaiting:
            yield {"url": reverse("studio_imports")}
        except DatabaseError:
            log.exception("an import failed")
            yield {"failed": True}


def _end_of(work: Work) -> Import:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


@author
@require_http_methods(["GET", "POST"])
def check(request: Request, import_id: uuid.UUID) -> HttpResponseBase:
    """What an upload would make, line by line; then its author says yes."""
    upload = access.own_import(request.user, import_id)
    if upload.state in (Import.State.DONE, Import.State.UNDONE):
        return redirect("studio_import_done", upload.pk)
    if not upload.is_waiting:
        return render(request, "imports/expired.html", SECTION | {"upload": upload}, status=410)
    if request.method == "GET":
        return _check_page(request, upload, FormatForm(upload.format))
    if request.POST.get("do") == "format":
        form = FormatForm(upload.format, request.POST)
        if not form.is_valid():
            return _check_page(request, upload, form, status=422)
        work = imports.look_again(upload, form.cleaned_data["format"])
        return _worked(request, work, _read_so_far, "studio_import_check")
    try:
        imports.choose(
            upload, places(request.POST.getlist("row")), places(request.POST.getlist("in"))
        )
    except imports.NotWaiting:
        return redirect("studio_import_check", upload.pk)
    if to := request.POST.get("to", ""):
        return http.SeeOther(f"{request.path}?page={_rows(upload, to).number}#rows")
    if not imports.what_is_new(upload):
        return _check_page(request, upload, FormatForm(upload.format), 422)
    return _worked(request, imports.bring_in(upload), _made_so_far, "studio_import_done")


def _problems(upload: Import) -> list[dict[str, str]]:
    """What keeps parts of an upload out, in words."""
    return [] if imports.as_yaml(upload) else [told(problem) for problem in upload.problems]


def _rows(upload: Import, number: str) -> Page[tuple[int, dict[str, Any]]]:
    return Paginator(list(enumerate(upload.rows)), ROWS_A_PAGE).get_page(number)


def _check_page(
    request: Request, upload: Import, form: FormatForm, status: int = 200
) -> HttpResponse:
    page = _rows(upload, request.GET.get("page", ""))
    known = imports.known_keys(request.user, (row["key"] for row in upload.rows))
    left_out = set(upload.left_out)
    context = SECTION | {
        "upload": upload,
        "comes_whole": upload.format == imports.ARCHIVE,
        "form": form,
        "page": page,
        "rows": [
            row
            | {
                "place": place,
                "out": place in left_out,
                "known": row["key"] in known,
                "facts": facts(row),
                "losses": [told(loss, lost=True) for loss in row["losses"]],
            }
            for place, row in page.object_list
        ],
        "as_yaml": [told(problem) for problem in imports.as_yaml(upload)],
        "problems": _problems(upload),
        "format": format_name(upload.format),
        "until": upload.created_at + WAITS,
        "total": len(upload.rows),
        "new": len(imports.what_is_new(upload)),
        "known": sum(row["key"] in known for row in upload.rows),
        "left_out": len(left_out),
        "lossy": sum(bool(row["losses"]) for row in upload.rows),
        "refused": status == 422 and not form.errors,
    }
    return render(request, "imports/check.html", context, status=status)


@author
@require_POST
def discard(request: Request, import_id: uuid.UUID) -> HttpResponse:
    """Delete an upload before its hour is over."""
    upload = access.own_import(request.user, import_id)
    imports.discard(upload)
    messages.success(request, _("The upload is deleted. Nothing was made of it."))
    return redirect("studio_import")


@author
@require_safe
def all_imports(request: Request) -> HttpResponse:
    """Everything the author has brought in, latest first."""
    found = Import.objects.without_source().filter(owner=request.user)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    rows = [{"import": one, "format": format_name(one.format)} for one in page.object_list]
    return render(request, "imports/list.html", SECTION | {"page": page, "rows": rows})


@author
@require_safe
def done(request: Request, import_id: uuid.UUID) -> HttpResponse:
    """What came of an import: its entries, and what was lost."""
    made = access.own_import(request.user, import_id)
    if made.done_at is None:
        return redirect("studio_import_check", made.pk)
    page = Paginator(import_undo.entries_of(made), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = SECTION | {
        "import": made,
        "format": format_name(made.format),
        "page": page,
        "losses": [
            {"title": row["title"], "losses": [told(loss, lost=True) for loss in row["losses"]]}
            for row in made.rows[:ROWS_A_PAGE]
        ],
        "more_losses": max(len(made.rows) - ROWS_A_PAGE, 0),
        "problems": _problems(made),
    }
    return render(request, "imports/done.html", context)


@author
@require_http_methods(["GET", "POST"])
def undo(request: Request, import_id: uuid.UUID) -> HttpResponseBase:
    """Say what goes and what was worked on since; then take the import back."""
    made = access.own_import(request.user, import_id)
    if made.done_at is None:
        return redirect("studio_import_check", made.pk)
    if request.method == "POST":
        also = places(request.POST.getlist("also"))
        return _worked(request, import_undo.undo(made, also), _undone_so_far, "studio_import_done")
    worked_on = import_undo.touched(made)
    left = import_undo.entries_of(made)
    context = SECTION | {
        "import": made,
        "going": left.count() - len(worked_on),
        "changed": left.filter(pk__in=sorted(worked_on)[:MOST_ASKED]),
        "kept": max(len(worked_on) - MOST_ASKED, 0),
    }
    return render(request, "imports/undo.html", context)
