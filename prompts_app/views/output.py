"""One output of a version: looked at until it is over, cancelled, retried, hidden, deleted."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prompts_app import access
from prompts_app.http import Request
from prompts_app.models import Run
from prompts_app.services import captures, outputs
from prompts_app.views.outputs import REFUSALS, address_of, may_be_asked_again, shown
from prompts_app.views.studio import about_entry, author


@author
@require_safe
def output(request: Request, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """One output, as the page includes it: asked for again and again until it is over."""
    run = _of(request, slug, run_id)
    if not request.htmx:
        return redirect(address_of(run.version, run.evaluation_id) + f"#run-{run.pk}")
    return _part(request, run)


def _part(request: Request, run: Run) -> HttpResponse:
    context = {
        "item": shown([run], run.version)[0],
        "entry": run.version.entry,
        "worker_seen": captures.worker_seen(),
    }
    return render(request, "studio/_output.html", context)


@author
@require_POST
def cancel(request: Request, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Take back a run that has not begun."""
    run = _of(request, slug, run_id)
    if not captures.cancel(run):
        messages.info(request, _("This run had already begun, so it goes on to its end."))
    return _back(request, run)


@author
@require_POST
def retry(request: Request, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Ask for a failed or cancelled run again; what failed stays until it is deleted."""
    run = _of(request, slug, run_id)
    if not may_be_asked_again(run):
        raise Http404
    try:
        if run.model is None:
            raise captures.CannotCapture("not_usable")
        captures.request_capture(run.version, run.model, run.values, run.case)
    except captures.CannotCapture as refusal:
        messages.error(request, str(REFUSALS[refusal.code]))
    return redirect(address_of(run.version) + "#outputs")


@author
@require_POST
def hide(request: Request, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Hide an output from visitors, or show it again."""
    run = _of(request, slug, run_id)
    hidden = request.POST.get("hidden") == "1"
    outputs.set_hidden(run, hidden)
    if not request.htmx:
        messages.success(
            request,
            _("The answer is hidden. It still counts.") if hidden else _("The answer is shown."),
        )
    return _back(request, run)


@author
@require_http_methods(["GET", "POST"])
def delete(request: Request, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Ask once, then delete an output from elsewhere or a failed run."""
    run = _of(request, slug, run_id)
    # What an evaluation asked for stays: its sums would not come out any more.
    if run.evaluation_id is not None or not outputs.may_be_deleted(run):
        raise Http404
    if request.method == "POST":
        outputs.delete_output(run)
        messages.success(request, _("The output is deleted."))
        return redirect(address_of(run.version) + "#outputs")
    context = {
        **about_entry(access.own_entry(request.user, slug), "outputs"),
        "item": shown([run], run.version)[0],
        "address": address_of(run.version),
    }
    return render(request, "studio/output_delete.html", context)


def _back(request: Request, run: Run) -> HttpResponse:
    if request.htmx:
        return _part(request, _of(request, run.version.entry.slug, run.pk))
    return redirect(address_of(run.version, run.evaluation_id) + f"#run-{run.pk}")


def _of(request: Request, slug: str, run_id: uuid.UUID) -> Run:
    run = access.own_run(request.user, run_id)
    if run.version.entry.slug != slug:
        raise Http404
    return run
