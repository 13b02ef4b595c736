"""Outputs of a version: run it now, paste a text, upload a picture; then hide, retry, delete."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from prompts_app import access
from prompts_app.forms.outputs import WITHOUT, PasteForm, PictureOutputForm, RunForm
from prompts_app.forms.pictures import PICTURE_ERRORS
from prompts_app.forms.values import ValuesForm
from prompts_app.http import Request
from prompts_app.models import Entry, Evaluation, LLMModel, Run, TestCase, Version
from prompts_app.pictures.intake import PictureError
from prompts_app.services import calls, captures, keys, outputs, rendering
from prompts_app.services.cases import live_cases, values_for
from prompts_app.services.evidence import with_receipts
from prompts_app.services.versions import messages_with
from prompts_app.templatetags.figures import microusd
from prompts_app.views.answers import answer, texts_of
from prompts_app.views.studio import about_entry, author

RUNS_A_PAGE = 20

REFUSALS = {
    "withdrawn": gettext_lazy("This version is withdrawn. Choose another one."),
    "not_usable": gettext_lazy("This model is not usable any more. Choose another one."),
    "wrong_kind": gettext_lazy("This model makes something else than this prompt asks for."),
}


@author
@require_http_methods(["GET", "POST"])
def all_outputs(request: Request, slug: str) -> HttpResponse:
    """The outputs of one version, and the three ways to add more."""
    entry = access.own_entry(request.user, slug)
    version = _chosen_version(entry, request.GET.get("version", ""))
    if version is None:
        if request.method == "POST":
            raise Http404
        return render(request, "studio/outputs_none.html", about_entry(entry, "outputs"))
    if request.method == "GET":
        return _page(request, version)
    match request.POST.get("do"):
        case "run":
            return _run(request, version)
        case "paste":
            return _paste(request, version)
        case "picture":
            return _picture(request, version)
    raise Http404


def _chosen_version(entry: Entry, wanted: str) -> Version | None:
    """Return the version asked for, or the published one, or the newest; never a withdrawn one."""
    left = entry.versions.filter(withdrawn_at__isnull=True)
    version = None
    if wanted:
        if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 9):
            raise Http404
        version = left.filter(number=int(wanted)).first()
        if version is None:
            raise Http404
    if version is None:
        version = left.filter(published_in=entry).first() or left.first()
    if version is not None:
        version.entry = entry
    return version


def _run(request: Request, version: Version) -> HttpResponse:
    form = _run_form(version, live_cases(version.entry), request.POST)
    if not form.is_valid():
        return _page(request, version, run_form=form, status=422)
    try:
        for case in form.chosen_cases():
            for model in form.cleaned_data["models"]:
                captures.request_capture(version, model, values_for(version, case), case)
    except captures.CannotCapture as refusal:
        form.add_error(None, str(REFUSALS[refusal.code]))
        return _page(request, version, run_form=form, status=422)
    return redirect(address_of(version) + "#outputs")


def _run_form(version: Version, cases: list[TestCase], data: Any = None) -> RunForm:
    variables = version.content["variables"]
    without = ""
    if not variables:
        without = _("as it is: this version has no variables")
    elif all(one["default"] for one in variables):
        without = _("the defaults of the variables")
    first = str(cases[0].pk) if cases else WITHOUT
    usable = LLMModel.objects.usable_by(version.entry.owner)
    # A call's plan asks whether the provider's owner may reach private addresses.
    usable = usable.filter(kind=version.content["kind"]).select_related("provider__owner")
    return RunForm(
        usable,
        cases if variables else [],
        data,
        prices=_prices(version, cases, usable),
        without=without,
        initial={"cases": [first if variables else WITHOUT]},
    )


def _paste(request: Request, version: Version) -> HttpResponse:
    form = PasteForm(live_cases(version.entry), request.POST)
    values = ValuesForm(version.content, request.POST, allow_empty=True)
    if not form.is_valid() or _own_values(form, values) is None:
        return _page(request, version, add_form=form, values_form=values, status=422)
    captures.paste_output(
        version,
        output=form.cleaned_data["output"],
        model_name=form.cleaned_data["model_name"],
        case=form.chosen_case(),
        values=_own_values(form, values),
    )
    return _kept(request, version)


def _picture(request: Request, version: Version) -> HttpResponse:
    form = PictureOutputForm(live_cases(version.entry), request.POST, request.FILES)
    values = ValuesForm(version.content, request.POST, allow_empty=True)
    if form.is_valid() and _own_values(form, values) is not None:
        try:
            captures.keep_picture_output(
                version,
                form.cleaned_data["picture"].read(),
                model_name=form.cleaned_data["model_name"],
                case=form.chosen_case(),
                values=_own_values(form, values),
            )
        except PictureError as error:
            form.add_error("picture", str(PICTURE_ERRORS[error.code]))
        else:
            return _kept(request, version)
    return _page(request, version, add_form=form, values_form=values, status=422)


def _own_values(form: PasteForm | PictureOutputForm, values: ValuesForm) -> dict[str, str] | None:
    """Return the input of an output from elsewhere; None when what was typed does not fit."""
    if case := form.chosen_case():
        return dict(case.values)
    typed = any(str(values[name].data or "").strip() for name in values.fields)
    if not typed:
        return {}
    return values.values() if values.is_valid() else None


def _kept(request: Request, version: Version) -> HttpResponse:
    messages.success(request, _("The output is kept."))
    return redirect(address_of(version) + "#outputs")


def address_of(version: Version, evaluation_id: uuid.UUID | None = None) -> str:
    """Return the address of the page with the outputs of a version, or of one evaluation of it."""
    part = f"&evaluation={evaluation_id}" if evaluation_id else ""
    return reverse("studio_outputs", args=[version.entry.slug]) + f"?version={version.number}{part}"


def _chosen_evaluation(entry: Entry, wanted: str) -> Evaluation | None:
    """Return the evaluation whose answers are asked for; None where single runs are."""
    if not wanted:
        return None
    try:
        found = entry.evaluations.filter(pk=uuid.UUID(wanted)).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _page(
    request: Request,
    version: Version,
    *,
    run_form: RunForm | None = None,
    add_form: PasteForm | PictureOutputForm | None = None,
    values_form: ValuesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    entry = version.entry
    cases = live_cases(entry)
    evaluation = _chosen_evaluation(entry, request.GET.get("evaluation", ""))
    found = with_receipts(version.runs.select_related("case", "picture", "model"))
    # An evaluation makes hundreds of runs: among them nobody would find their own.
    found = found.filter(evaluation=evaluation)
    if evaluation is not None:
        found = found.filter(state__in=(Run.State.DONE, Run.State.FAILED))
    page = Paginator(found.order_by("-created_at", "-pk"), RUNS_A_PAGE).get_page(
        request.GET.get("page")
    )
    runs = list(page.object_list)
    picture = version.content["kind"] == "image"
    if values_form is None:
        values_form = ValuesForm(version.content, initial=_blank(version), allow_empty=True)
    # These fields stand folded away: a browser that insisted on one would only refuse to send.
    values_form.use_required_attribute = False
    context = {
        **about_entry(entry, "outputs"),
        "version": version,
        "versions": entry.versions.filter(withdrawn_at__isnull=True).defer("content"),
        "cases": cases,
        "run_form": run_form or _run_form(version, cases),
        "add_form": add_form or (PictureOutputForm if picture else PasteForm)(cases),
        "values_form": values_form,
        "adding": add_form is not None,
        "page": page,
        "runs": shown(runs, version),
        "waiting": any(not run.is_over for run in runs),
        "worker_seen": captures.worker_seen(),
        "address": address_of(version, evaluation.pk if evaluation else None),
        "evaluation": evaluation,
        "from_evaluations": version.runs.counted().filter(evaluation__isnull=False).count(),
    }
    return render(request, "studio/outputs.html", context, status=status)


def may_be_asked_again(run: Run) -> bool:
    """Say whether a run was asked for by itself and came to nothing."""
    return (
        run.origin == Run.Origin.CAPTURED
        and run.state in (Run.State.FAILED, Run.State.STOPPED)
        and run.evaluation_id is None
    )


def _blank(version: Version) -> dict[str, str]:
    # A default nobody used would look like the input of an answer from elsewhere.
    return {one["name"]: "" for one in version.content["variables"]}


def _prices(version: Version, cases: list[TestCase], usable: Iterable[LLMModel]) -> dict[int, str]:
    """Say of each model what a run costs at most, with the longest of the inputs."""
    inputs = [values_for(version, case) for case in cases] or [values_for(version, None)]
    longest = max(
        inputs,
        key=lambda values: sum(
            len(one["content"].encode()) for one in messages_with(version.content, values)
        ),
    )
    found = {}
    for model in usable:
        try:
            bound = calls.plan(model, version.content, longest).bound
        except keys.KeyUnreadable:
            found[model.pk] = _("whose key cannot be read on this server")
        else:
            cost = microusd(bound)
            found[model.pk] = _("at most %(cost)s a run") % {"cost": cost} if bound else cost
    return found


def shown(runs: list[Run], version: Version) -> list[dict[str, Any]]:
    """Return what studio/_output.html shows of each run.

    A baseline without constraints is held to those of the published version.
    """
    entry = version.entry
    judged_by = version
    if version.pk == entry.baseline_id and not version.content.get("constraints"):
        judged_by = entry.published or version
    html = rendering.html_of(texts_of(runs))
    for run in runs:
        run.version = version
    return [
        {
            "run": run,
            "answer": answer(run, html, judged_by=judged_by),
            "again": may_be_asked_again(run),
            "deletable": run.evaluation_id is None and outputs.may_be_deleted(run),
        }
        for run in runs
    ]
