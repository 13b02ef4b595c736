"""One run: the answer, what was sent for it, and how far it can be trusted."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Run, Version
from prompts_app.services import receipts, rendering
from prompts_app.templatetags.prompts import messages_filled
from prompts_app.views import answers
from prompts_app.views.places import SITE, Places
from prompts_app.views.receipts import elsewhere_of, receipt_of
from prompts_app.views.verdicts import constraints_of

# Versions whose constraints an answer is measured by; how, where it is not the run's own:
# "again" (it sends the same words) or "baseline" (it is measured against these).
Judging = list[tuple[Version, str]]


@require_safe
@http.kept
def run_page(request: Request, run_id: uuid.UUID) -> HttpResponse:
    """A finished run of an entry that the reader may see."""
    run = access.public_run(run_id, http.viewer(request))
    entry = run.version.entry
    profile = entry.owner.profile
    elsewhere = elsewhere_of(run)
    receipt = receipt_of(run) or (elsewhere if elsewhere and elsewhere.statement else None)
    context = run_context(run, _judging(run)) | {
        "entry": entry,
        "profile": profile,
        "entry_url": reverse("entry", args=[profile.handle, entry.slug]),
        "receipt_code": receipts.code_of(receipt) if receipt else "",
        "elsewhere": elsewhere,
        "elsewhere_lines": receipts.look_elsewhere(elsewhere) if elsewhere else [],
        "same_person": receipts.author_is_operator(run),
        "promptfoo_url": _promptfoo_url(run),
        "is_hidden": entry.visibility != Entry.Visibility.LISTED or not profile.is_indexed,
    }
    return render(request, "runs/page.html", context)


def run_context(run: Run, judging: Judging, places: Places = SITE) -> dict[str, Any]:
    """Return what a page shows of a run, whoever reads it; `judging`: whose constraints."""
    html = rendering.html_of(answers.texts_of([run]))
    # The head of the page names model and date already, and this is the page it would lead to.
    shown = answers.answer(run, html, places=places) | {"figures": [], "url": ""}
    if receipt_of(run) is not None:
        shown["receipt"] = places.receipt(run)
    return {
        "run": run,
        "version": run.version,
        "case": run.case if run.case and run.case.withdrawn_at is None else None,
        "answer": shown,
        "messages_sent": messages_filled(run.version.content, run.values),
        "parameters": _parameters(run),
        "judgements": [
            {"version": version, "how": how, "constraints": _found(version, run)}
            for version, how in judging
            if version.content.get("constraints")
        ],
        "judges": sorted({one["judge"] for one in run.verdicts.values() if one.get("judge")}),
    }


def by_the_rules_of(version: Version, run: Run) -> Judging:
    """Return how a run is judged by the constraints of `version` alone."""
    if version.pk == run.version_id:
        return [(version, "")]
    return [(version, "again" if version.prompt_hash == run.version.prompt_hash else "baseline")]


def _judging(run: Run) -> Judging:
    """The constraints the answer is measured by, with what was found of each.

    Those of the published version come first, where it sends the same words or is measured against
    these; then those of the version the answer was made for, where they are others.
    """
    own, published = run.version, _measuring(run)
    shown = by_the_rules_of(published, run) if published is not None else []
    if published is None or published.content["constraints"] != own.content["constraints"]:
        shown.append((own, ""))
    return shown


def _found(version: Version, run: Run) -> list[dict[str, str]]:
    constraints = constraints_of(version.content, run.verdicts)
    for one in constraints:
        if one["test"] and not one["state"]:
            one["said"] = _("not judged yet")
    return constraints


def _measuring(run: Run) -> Version | None:
    """The published version, if it is another one and runs of this prompt are judged by its rules.

    Makes one query where there are other versions to look at.
    """
    entry, own = run.version.entry, run.version
    if own.withdrawn_at or entry.published_id in (None, own.pk):
        return None
    wanted = [pk for pk in (entry.published_id, entry.baseline_id) if pk is not None]
    found = {one.pk: one for one in entry.versions.filter(pk__in=wanted)}
    published = found.get(entry.published_id)
    hashes = {one.prompt_hash for one in found.values()}
    return published if own.prompt_hash in hashes else None


def _promptfoo_url(run: Run) -> str:
    """Where the tests of its version are as a file; pictures and drafts have none."""
    entry, version = run.version.entry, run.version
    if not entry.published_id or version.withdrawn_at or version.content["kind"] != Entry.Kind.TEXT:
        return ""
    url = reverse("evidence_promptfoo", args=[entry.owner.profile.handle, entry.slug])
    return url if version.pk == entry.published_id else f"{url}?version={version.number}"


def _parameters(run: Run) -> dict[str, Any]:
    """The parameters as sent; where that is not known, nothing is claimed."""
    return {
        name: value
        for name, value in run.parameters_sent.items()
        if not isinstance(value, (dict, list))
    } | (
        {"response_format": run.parameters_sent["response_format"].get("type", "")}
        if isinstance(run.parameters_sent.get("response_format"), dict)
        else {}
    )
