"""The editor of a draft: one form, its preview, and two tabs that never overwrite each other."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prompts_app import access, http
from prompts_app.forms import content as contents
from prompts_app.forms import draft_runs, draft_wishes, focus
from prompts_app.forms.content import DraftForm
from prompts_app.http import Request
from prompts_app.models import Draft, Entry, TestCase
from prompts_app.services import comparison, entries, judging, rendering, tryit
from prompts_app.services import draft_runs as runs
from prompts_app.services.cases import after_renames, live_cases, with_defaults
from prompts_app.services.limits import Refused
from prompts_app.services.rules import rules_of
from prompts_app.templatetags.constraints import stated
from prompts_app.templatetags.prompts import messages_filled
from prompts_app.templatetags.sentences import error_sentence
from prompts_app.views import draft_answers, rule_tests, try_streams
from prompts_app.views.studio import about_entry, author


@author
@require_http_methods(["GET", "POST"])
def draft(request: Request, slug: str) -> HttpResponse:
    """The draft as it is kept; or as it was sent: saved, refused, or only shown again."""
    entry = access.own_entry(request.user, slug)
    if request.method == "GET":
        start = contents.initial_of(entry.draft.content, entry.draft.revision)
        return _page(request, entry, _form(entry, initial=start))
    form = _form(entry, data=request.POST)
    if wish := draft_wishes.asked_for(request.POST):
        return _shown_again(request, entry, form, wish)
    if not form.is_valid():
        return _page(request, entry, form, status=422)
    try:
        kept = _save(entry, form)
    except entries.StaleDraft as stale:
        return _conflict(request, entry, form, stale.current)
    if request.accepts("application/json") and not request.accepts("text/html"):
        return JsonResponse({"revision": kept.revision, "saved_at": kept.updated_at})
    if gone := _names(entry.draft.content) - _names(kept.content):
        # Nobody saw them go who has no scripts.
        names = ", ".join(sorted(gone))
        messages.info(
            request, _("No longer used, so no longer kept: %(names)s.") % {"names": names}
        )
    return redirect("studio_entry", slug)


def _form(entry: Entry, **options: Any) -> DraftForm:
    return DraftForm(entry.draft.content["kind"], language=entry.language, **options)


def _save(entry: Entry, form: DraftForm) -> Draft:
    once = form.fields.cleaned_data
    return entries.save_draft(entry, form.content(), once["revision"], once["renames"])


def _shown_again(request: Request, entry: Entry, form: DraftForm, wish: str) -> HttpResponse:
    """Do what a button asks for besides saving: nothing is saved by it, nothing is lost."""
    raw, problem = form.raw(), ""
    row = form.constraints.place_of(request.POST.get("test_rule", ""))
    tested = rule_tests.tested(entry, form.constraints.kept[row]) if row is not None else None
    if request.htmx:
        return render(request, "studio/_rule_test.html", {"tested": tested})
    if (place := form.variables.place_of(request.POST.get("rename", ""))) is not None:
        problem = draft_wishes.renamed(raw, raw["variables"][place])
    again = _form(entry, initial=draft_wishes.changed(raw, wish))
    if row is not None:
        again.constraints.forms[row].tested = tested
    again.problems = [problem] if problem else []
    return _page(request, entry, again, status=422 if problem else 200)


def _names(content: dict[str, Any]) -> set[str]:
    return {variable["name"] for variable in content["variables"]}


def _conflict(request: Request, entry: Entry, form: DraftForm, current: Draft) -> HttpResponse:
    """Show both texts; saving what was typed now needs the press of a button that says so."""
    mine = form.content()
    start = contents.initial_of(mine, current.revision)
    start["fields"]["renames"] = form.fields["renames"].value()
    entry.draft = current
    extra = {"conflict": comparison.compare(current.content, mine)}
    return _page(request, entry, _form(entry, initial=start), status=409, extra=extra)


def _page(
    request: Request,
    entry: Entry,
    form: DraftForm,
    *,
    status: int = 200,
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    cases = live_cases(entry)
    chosen = _case(cases, request)
    context = {
        **about_entry(entry, "draft"),
        "form": form,
        "draft": entry.draft,
        "unsaved": request.method == "POST",
        "cases": cases,
        "case": chosen,
        "preview": _preview(form, chosen),
        **_running(entry, request.POST.get("run_model", "")),
        **(extra or {}),
    }
    focus.on_first_error(form, context["run_form"])
    return render(request, "studio/editor.html", context, status=status)


def _running(entry: Entry, model: str) -> dict[str, Any]:
    """What the editor shows of runs of the draft."""
    models, last = list(runs.models_for(entry)), runs.latest(entry)
    return {
        "run_models": models,
        "run_form": draft_runs.DraftRunForm(
            models, initial={"run_id": uuid.uuid4(), "run_model": model}
        ),
        "last_run": draft_answers.shown(last) if last is not None else None,
        "model_data": {str(one.pk): {"demo": one.provider.is_demo} for one in models},
    }


@author
@require_POST
def preview(request: Request, slug: str) -> HttpResponse:
    """What the sent draft renders to with the chosen test case; for the pane beside it."""
    entry = access.own_entry(request.user, slug)
    form = _form(entry, data=request.POST)
    chosen = _case(live_cases(entry), request)
    return render(
        request, "studio/_preview.html", {"preview": _preview(form, chosen), "case": chosen}
    )


@author
@require_POST
def run(request: Request, slug: str) -> HttpResponse:
    """Run the draft as it was sent: its answer as a stream, or saved first and then run."""
    entry = access.own_entry(request.user, slug)
    form = _form(entry, data=request.POST)
    models = list(runs.models_for(entry))
    asked = draft_runs.DraftRunForm(models, data=request.POST)
    streams = http.wants_stream(request)
    if not form.is_valid() or not asked.is_valid():
        if streams:
            return _not_run(
                asked.refused or _("Not run. What has to change is said when you save.")
            )
        said = asked.refused_here or _("Not run. What has to change is said at its field.")
        # Its number is used up or unknown: the next try needs another one.
        again = draft_runs.DraftRunForm(
            models, data={"run_id": uuid.uuid4(), "run_model": request.POST.get("run_model", "")}
        )
        extra = {"not_run": said, "run_form": again}
        return _page(request, entry, form, status=422, extra=extra)
    if not streams:
        try:
            _save(entry, form)
        except entries.StaleDraft as stale:
            return _conflict(request, entry, form, stale.current)
    content, case = form.content(), _case(live_cases(entry), request)
    values = with_defaults(content, _values(form, case))
    if empty := [name for name, value in values.items() if not value]:
        names = ", ".join(empty)
        return _refused(
            request,
            slug,
            _("Nothing stands for %(names)s: choose a test case, or give a default.")
            % {"names": names},
        )
    run_id = asked.cleaned_data["run_id"]
    try:
        admitted = runs.admit(run_id, entry, content, values, asked.cleaned_data["run_model"])
    except IntegrityError:
        return _refused(request, slug, error_sentence("already_running"))
    except Refused as refusal:
        return _refused(request, slug, error_sentence(refusal.code))
    tryit.handover.put(admitted)
    response = http.event_stream() if streams else http.SeeOther(_at_run(slug))
    response[http.STREAM_HEADER] = try_streams.handed_over([run_id])
    if rules_of(content):
        judging.warm_soon()
    return response


def _not_run(said: str) -> HttpResponse:
    return JsonResponse({"code": "refused", "message": said}, status=422)


def _refused(request: Request, slug: str, said: str) -> HttpResponse:
    if http.wants_stream(request):
        return _not_run(said)
    messages.error(request, said)
    return redirect("studio_entry", slug)


def _at_run(slug: str) -> str:
    return reverse("studio_entry", args=[slug]) + "#draft-run"


def _case(cases: list[TestCase], request: Request) -> TestCase | None:
    sent: QueryDict = request.POST if request.method == "POST" else request.GET
    wanted = sent.get("case", str(cases[0].pk) if cases else "")
    return next((case for case in cases if str(case.pk) == wanted), None)


def _values(form: DraftForm, case: TestCase | None) -> dict[str, str]:
    """The values of a case under the names that the sent draft gives to its variables."""
    renames = draft_wishes.renames_of(form.fields["renames"].value())
    return after_renames(case.values, renames) if case is not None else {}


def _preview(form: DraftForm, case: TestCase | None) -> dict[str, Any]:
    content = contents.loose_content(form.kind, form.raw(), form.language)
    # An empty default says nothing about the prompt: the name does.
    content["variables"] = [one for one in content["variables"] if one["default"]]
    shown = messages_filled(content, _values(form, case))
    return {
        "messages": shown,
        "characters": sum(len(piece.text) for one in shown for piece in one["pieces"]),
        "context": rendering.html_once(content["context"]) if content["context"].strip() else "",
        "constraints": stated(content["constraints"]),
        "empty": not any(one["pieces"] for one in shown),
    }
