"""One evaluation in the studio: how far it is, stopped, and taken up again."""

import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from prompts_app import access
from prompts_app.http import Request
from prompts_app.models import Evaluation
from prompts_app.services import captures, evaluations, history
from prompts_app.services.evaluations import Progress
from prompts_app.templatetags.ledger import dollars
from prompts_app.templatetags.sentences import again_reason, run_error_sentence
from prompts_app.views.studio import about_entry, author

# What is said aloud on the way: each quarter once.
_STEP = 25


@author
@require_safe
def evaluation(request: Request, slug: str, evaluation_id: uuid.UUID) -> HttpResponse:
    """How far an evaluation is; a part of the page asks for itself until nothing more happens."""
    found = _of(request, slug, evaluation_id)
    context = _about(found) | {"entry": found.entry}
    if request.htmx:
        context["announce"] = request.GET.get("said") != context["said"]
        context["changed"] = request.GET.get("stage") != context["stage"]
        return render(request, "studio/_evaluation.html", context)
    entry = access.own_entry(request.user, slug)
    context |= about_entry(entry, "evidence") | {"past": history.summaries([found])[0]}
    return render(request, "studio/evaluation.html", context)


@author
@require_POST
def stop(request: Request, slug: str, evaluation_id: uuid.UUID) -> HttpResponse:
    """Make no further call; those under way end by themselves."""
    found = _of(request, slug, evaluation_id)
    if found.stopped_at or evaluations.progress(found).over:
        messages.info(request, _("It makes no further call."))
    elif not evaluations.stop(found):
        messages.info(request, _("Every run had begun already, so they go on to their end."))
    return redirect("studio_evaluation", slug, found.pk)


@author
@require_POST
def resume(request: Request, slug: str, evaluation_id: uuid.UUID) -> HttpResponse:
    """Ask again for what was never made, at no more than what stood beside the button."""
    found = _of(request, slug, evaluation_id)
    if evaluations.progress(found).running:
        messages.info(request, _("Wait until the calls under way have ended."))
        return redirect("studio_evaluation", slug, found.pk)
    _missing, bound = evaluations.missing(found)
    agreed = request.POST.get("agreed", "")
    if not (agreed.isascii() and agreed.isdigit() and len(agreed) < 19):
        raise Http404
    if bound > int(agreed):
        messages.error(request, _("Its cost has changed. Look at it below, then start again."))
    elif not evaluations.resume(found):
        messages.info(request, _("No run is missing."))
    return redirect("studio_evaluation", slug, found.pk)


def _of(request: Request, slug: str, evaluation_id: uuid.UUID) -> Evaluation:
    found = access.own_evaluation(request.user, evaluation_id)
    if found.entry.slug != slug:
        raise Http404
    return found


def _about(found: Evaluation) -> dict[str, Any]:
    progress = evaluations.progress(found)
    put_off = history.put_off(found) if progress.to_judge else 0
    under_way = bool(progress.waiting or progress.running)
    stage = _stage(found, progress, put_off)
    missing, missing_bound = (0, 0) if under_way else evaluations.missing(found)
    made = progress.done + progress.failed - progress.never_made
    return {
        "evaluation": found,
        "progress": progress,
        "stage": stage,
        "said": f"{stage}-{made * 100 // max(1, found.total) // _STEP * _STEP}",
        "made": made,
        "words": _words(progress, made),
        "under_way": under_way,
        "missing": missing,
        "missing_bound": missing_bound,
        "errors": _errors(progress),
        "put_off": put_off,
        "moving": stage in ("running", "stopping", "judging"),
        "worker_seen": captures.worker_seen(),
    }


def _stage(found: Evaluation, progress: Progress, put_off: int) -> str:
    """ "running", "stopping", "judging", "stopped", "incomplete", "put_off" or "over"."""
    if progress.waiting or progress.running:
        return "stopping" if found.stopped_at else "running"
    if progress.to_judge > put_off:
        return "judging"
    if progress.stopped or progress.never_made:
        return "stopped" if found.stopped_at else "incomplete"
    return "put_off" if put_off else "over"


def _words(progress: Progress, made: int) -> str:
    """How far it is, in one sentence."""
    parts = [
        ngettext(
            "%(made)s of %(total)s run made", "%(made)s of %(total)s runs made", progress.total
        )
        % {"made": _number(made), "total": _number(progress.total)}
    ]
    if progress.retrying:
        reasons = dict.fromkeys(again_reason(code) for code in progress.again)
        parts.append(
            ngettext(
                "%(number)s waiting to try again (%(why)s)",
                "%(number)s waiting to try again (%(why)s)",
                progress.retrying,
            )
            % {"number": _number(progress.retrying), "why": ", ".join(reasons)}
        )
    unanswered = progress.failed - progress.never_made
    if unanswered:
        parts.append(
            ngettext("%(number)s got no answer", "%(number)s got no answer", unanswered)
            % {"number": _number(unanswered)}
        )
    if progress.to_judge:
        parts.append(
            ngettext(
                "%(number)s still to be judged", "%(number)s still to be judged", progress.to_judge
            )
            % {"number": _number(progress.to_judge)}
        )
    runs = ", ".join(parts)
    if not progress.bound:
        return _("%(runs)s; free.") % {"runs": runs}
    return _("%(runs)s; %(cost)s of at most %(bound)s.") % {
        "runs": runs,
        "cost": dollars(progress.cost),
        "bound": dollars(progress.bound),
    }


def _errors(progress: Progress) -> list[tuple[int, str]]:
    """How many runs failed for which reason, the most frequent first."""
    counted: Counter[str] = Counter()
    for code, number in progress.errors.items():
        counted[run_error_sentence(code)] += number
    return [(number, sentence) for sentence, number in counted.most_common()]


def _number(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)
