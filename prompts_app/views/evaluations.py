"""The studio's page of an entry's evidence: start an evaluation, the baseline, those of before."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from prompts_app import access
from prompts_app.forms.evaluations import (
    COST_CHANGED,
    START_AGAIN,
    BaselineForm,
    EvaluationForm,
    JudgeForm,
    OneLinerForm,
    start_values,
)
from prompts_app.http import Request
from prompts_app.models import Entry, Evaluation
from prompts_app.services import captures, evaluations, history, selection, stored, versions
from prompts_app.services.claims import phrases
from prompts_app.services.selection import Selection
from prompts_app.services.wishes import CannotEvaluate
from prompts_app.views.costs import Cost, cost_of, judging_cost, refusal_sentence
from prompts_app.views.studio import about_entry, author

EVALUATIONS_A_PAGE = 10

# services.versions.NotPublishable, of a one-liner; an empty one is refused by its form.
ONE_LINER_REFUSALS = {
    "same": gettext_lazy("This is what the published version sends. Write a simpler prompt."),
    "unknown_variable": gettext_lazy("The published version has no variable “%(name)s”."),
}


@author
@require_http_methods(["GET", "POST"])
def evidence(request: Request, slug: str) -> HttpResponse:
    """What the entry can be evaluated with, its baseline, and its evaluations."""
    entry = access.own_entry(request.user, slug)
    if entry.published is None:
        if request.method == "POST":
            raise Http404
        return render(request, "studio/evidence_none.html", about_entry(entry, "evidence"))
    offered = selection.selection_for(entry)
    if request.method == "GET":
        return _page(request, offered)
    match request.POST.get("do"):
        case "start":
            return _start(request, offered)
        case "cost":
            return _show_cost(request, offered)
        case "baseline":
            return _baseline(request, offered)
        case "one-liner":
            return _one_liner(request, offered)
        case "judge":
            return _judge(request, offered)
        case "judge-cost":
            return _show_judging_cost(request, offered)
    raise Http404


@author
@require_safe
def evaluation_cost(request: Request, slug: str) -> HttpResponse:
    """What the choice in the query comes to, as the page includes it."""
    offered = selection.selection_for(_published(request, slug))
    chosen = request.GET.copy()
    if "judge" not in chosen:
        chosen["judge"] = _start_values(offered, only_baseline=False)["judge"]
    form = EvaluationForm(offered, chosen)
    cost = cost_of(offered, form)
    # The field comes along only when it appears or goes: a choice in it keeps its focus.
    judge_moves = bool(cost.judged) != ("judge" in request.GET)
    context = {"form": form, "cost": cost, "live": True, "judge_moves": judge_moves}
    return render(request, "studio/_evaluation_cost.html", context)


@author
@require_safe
def stored_cost(request: Request, slug: str) -> HttpResponse:
    """What it costs to have the stored answers judged by the model in the query."""
    offered = selection.selection_for(_published(request, slug))
    form = JudgeForm(offered.judges, request.GET)
    context = {"judging": judging_cost(offered, form)}
    return render(request, "studio/_judging_cost.html", context)


def _published(request: Request, slug: str) -> Entry:
    entry = access.own_entry(request.user, slug)
    if entry.published is None:
        raise Http404
    return entry


def _show_cost(request: Request, offered: Selection) -> HttpResponse:
    form = EvaluationForm(offered, request.POST)
    found = cost_of(offered, form)
    status = 422 if found.problems else 200
    return _page(request, offered, form=form, cost=found, status=status)


def _start(request: Request, offered: Selection) -> HttpResponse:
    form = EvaluationForm(offered, request.POST)
    key = form["key"].data
    entry = offered.entry
    if (started := _started(entry, key)) is not None:
        # A second click, or the same form sent again.
        return started
    found = cost_of(offered, form)
    if found.estimate is not None:
        if form.cleaned_data["key"] is None:
            form.add_error(None, START_AGAIN)
        elif found.estimate.bound > (form.cleaned_data["agreed"] or 0):
            # Nobody pays more than what stood beside the button.
            form.add_error(None, COST_CHANGED)
    if form.errors:
        return _page(request, offered, form=form, cost=found, status=422)
    try:
        evaluation = evaluations.start(entry, form.wish(), form.cleaned_data["key"])
    except CannotEvaluate as refusal:
        form.add_error(None, refusal_sentence(refusal))
        return _page(request, offered, form=form, status=422)
    except IntegrityError as error:
        # The second click arrived while the first was being answered.
        if (started := _started(entry, key)) is not None:
            return started
        raise Http404 from error
    return redirect("studio_evaluation", entry.slug, evaluation.pk)


def _started(entry: Entry, key: object) -> HttpResponse | None:
    """Return the way to the evaluation that a form with this one-time id has started."""
    try:
        wanted = uuid.UUID(str(key))
    except ValueError:
        return None
    if not Evaluation.objects.filter(pk=wanted, entry=entry).exists():
        return None
    return redirect("studio_evaluation", entry.slug, wanted)


def _baseline(request: Request, offered: Selection) -> HttpResponse:
    form = BaselineForm(offered.entry, offered.versions, request.POST)
    if not form.is_valid():
        return _page(request, offered, baseline_form=form, status=422)
    version = form.cleaned_data["version"]
    versions.set_baseline(offered.entry, version)
    messages.success(
        request, _("Version %(number)d is the baseline now.") % {"number": version.number}
    )
    return redirect(reverse("studio_evidence", args=[offered.entry.slug]) + "#baseline")


def _one_liner(request: Request, offered: Selection) -> HttpResponse:
    form = OneLinerForm(request.POST)
    if form.is_valid():
        try:
            version = versions.add_baseline(offered.entry, form.cleaned_data["prompt"])
        except versions.NotPublishable as refusal:
            sentence = ONE_LINER_REFUSALS[refusal.code] % {"name": refusal.name}
            form.add_error("prompt", sentence)
        else:
            messages.success(
                request,
                _("The one-liner is kept as version %(number)d, the baseline.")
                % {"number": version.number},
            )
            query = "?run=baseline#start"
            return redirect(reverse("studio_evidence", args=[offered.entry.slug]) + query)
    return _page(request, offered, one_liner_form=form, status=422)


def _show_judging_cost(request: Request, offered: Selection) -> HttpResponse:
    form = JudgeForm(offered.judges, request.POST)
    status = 422 if judging_cost(offered, form).problems else 200
    return _page(request, offered, judge_form=form, status=status)


def _judge(request: Request, offered: Selection) -> HttpResponse:
    form = JudgeForm(offered.judges, request.POST)
    found = judging_cost(offered, form)
    if not form.errors and found.bound > (form.cleaned_data["agreed"] or 0):
        form.add_error(None, COST_CHANGED)
    if not form.errors:
        try:
            number = stored.judge_all(offered.entry, form.cleaned_data["judge"])
        except CannotEvaluate as refusal:
            form.add_error("judge", refusal_sentence(refusal))
        else:
            if number:
                sentence = ngettext(
                    "%(number)d answer is being judged.",
                    "%(number)d answers are being judged.",
                    number,
                )
                messages.success(request, sentence % {"number": number})
            return redirect(reverse("studio_evidence", args=[offered.entry.slug]) + "#judging")
    return _page(request, offered, judge_form=form, status=422)


def _page(
    request: Request,
    offered: Selection,
    *,
    form: EvaluationForm | None = None,
    cost: Cost | None = None,
    baseline_form: BaselineForm | None = None,
    one_liner_form: OneLinerForm | None = None,
    judge_form: JudgeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    entry = offered.entry
    only_baseline = request.GET.get("run") == "baseline" and entry.baseline is not None
    start = _start_values(offered, only_baseline=only_baseline)
    if form is None:
        form = EvaluationForm(offered, initial=start | {"key": uuid.uuid4()})
        # Computed from a form of its own: this one shows no error before anything was sent.
        cost = cost_of(offered, EvaluationForm(offered, start))
    page = Paginator(history.evaluations_of(entry), EVALUATIONS_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        **about_entry(entry, "evidence"),
        "proof": phrases(entry.proof),
        "selection": offered,
        "form": form,
        "cost": cost,
        "only_baseline": only_baseline,
        "baseline_lags": selection.baseline_lags(entry),
        "baseline_form": baseline_form or BaselineForm(entry, offered.versions),
        "one_liner_form": one_liner_form or OneLinerForm(),
        "page": page,
        "evaluations": history.summaries(list(page.object_list)),
        "under_way": history.under_way(entry),
        "worker_seen": captures.worker_seen(),
        **_judging(offered, judge_form, start["judge"]),
    }
    return render(request, "studio/evaluations.html", context, status=status)


def _start_values(offered: Selection, *, only_baseline: bool) -> dict[str, Any]:
    entry = offered.entry
    published = [one for one in offered.versions if one.pk == entry.published_id]
    baseline = [one for one in offered.versions if one.pk == entry.baseline_id]
    wanted = baseline if only_baseline else [*dict.fromkeys([*published, *baseline])]
    return start_values(selection.likely(offered, wanted))


def _judging(offered: Selection, form: JudgeForm | None, likely: str) -> dict[str, Any]:
    """What the part on judging stored answers shows; {} where no model has to judge."""
    if not offered.judged_rules(offered.versions):
        return {}
    chosen = form["judge"].data if form else likely
    return {
        "judge_form": form or JudgeForm(offered.judges, initial={"judge": likely}),
        "judging": judging_cost(offered, JudgeForm(offered.judges, {"judge": chosen})),
    }
