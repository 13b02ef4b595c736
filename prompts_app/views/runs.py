"""One run: the answer, what was sent for it, and how far it can be trusted."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Run
from prompts_app.services import receipts, rendering
from prompts_app.templatetags.prompts import messages_filled
from prompts_app.views import answers
from prompts_app.views.receipts import receipt_of


@require_safe
@http.kept
def run_page(request: Request, run_id: uuid.UUID) -> HttpResponse:
    """A finished run of an entry that the reader may see."""
    run = access.public_run(run_id, http.viewer(request))
    html = rendering.html_of(answers.texts_of([run]))
    entry = run.version.entry
    profile = entry.owner.profile
    # The head of the page names model and date already, and this is the page it would lead to.
    shown = answers.answer(run, html) | {"figures": [], "url": ""}
    receipt = receipt_of(run)
    context: dict[str, Any] = {
        "run": run,
        "entry": entry,
        "version": run.version,
        "profile": profile,
        "entry_url": reverse("entry", args=[profile.handle, entry.slug]),
        "case": run.case if run.case and run.case.withdrawn_at is None else None,
        "answer": shown,
        "messages_sent": messages_filled(run.version.content, run.values),
        "parameters": _parameters(run),
        "receipt_code": receipts.code_of(receipt) if receipt else "",
        "same_person": receipts.author_is_operator(run),
        "is_hidden": entry.visibility != Entry.Visibility.LISTED,
    }
    return render(request, "runs/page.html", context)


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
