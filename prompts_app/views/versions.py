"""Versions of an entry: publish the draft as the next one, look back, withdraw."""

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.versions import PublishForm, WithdrawForm
from prompts_app.http import Request
from prompts_app.models import Entry, Run, Version
from prompts_app.services import comparison, publish_checks
from prompts_app.services import versions as version_services
from prompts_app.services.cases import live_cases
from prompts_app.views.studio import about_entry, author

REASONS = {
    "empty": gettext_lazy("There is nothing to publish yet: write the prompt first."),
    "unchanged": gettext_lazy("Nothing changed since the last version, so there is none to add."),
    "stale": gettext_lazy(
        "The draft was saved elsewhere meanwhile. Look at the changes below, then publish."
    ),
}


@author
@require_http_methods(["GET", "POST"])
def versions(request: Request, slug: str) -> HttpResponse:
    """What publishing would change, the button that does it, and every version so far."""
    entry = access.own_entry(request.user, slug)
    latest = entry.versions.order_by("-number").first()
    number = latest.number + 1 if latest else 1
    changes = _changes(entry)
    sent = request.POST if request.method == "POST" else None
    # What the draft holds the page has warned of; the note is written there.
    note = sent.get("change_note", "") if sent is not None else ""
    checks = _checks(entry, changes, note)
    form = PublishForm(number, sent, secrets=publish_checks.secrets_mark(checks))
    noted = publish_checks.in_note(note)
    if sent is not None and form.is_valid() and (sent.get("seen") or not noted):
        try:
            version = version_services.publish_version(
                entry, form.cleaned_data["change_note"], revision=form.cleaned_data["revision"]
            )
        except version_services.NotPublishable as refusal:
            form.add_error(None, str(REASONS[refusal.code]))
        else:
            _say_published(request, entry, version)
            return redirect("studio_versions", slug)
    focus.on_first_error(form)
    context = {
        **about_entry(entry, "versions"),
        "form": form,
        "draft": entry.draft,
        "checks": checks,
        "alarming": any(one.kind != "missing" for one in checks),
        "secret": any(one.kind == "secret" for one in checks),
        "seen": noted,
        "shown": entry.published,
        "number": number,
        "changes": changes,
        "blank": _is_blank(entry),
        "history": _history(entry),
        "unseen": entry.published_id and entry.visibility == Entry.Visibility.DRAFT,
    }
    return render(request, "studio/versions.html", context, status=200 if sent is None else 422)


def _is_blank(entry: Entry) -> bool:
    return not any(one["content"].strip() for one in entry.draft.content["messages"])


def _changes(entry: Entry) -> comparison.Comparison | None:
    shown = entry.published
    return comparison.compare(shown.content, entry.draft.content) if shown is not None else None


def _checks(
    entry: Entry, changes: comparison.Comparison | None, note: str
) -> list[publish_checks.Check]:
    # Nothing that can be published has to be looked at.
    if _is_blank(entry) or (changes is not None and changes.same):
        return []
    return publish_checks.checks_of(entry, entry.draft.content, live_cases(entry), note)


def _say_published(request: Request, entry: Entry, version: Version) -> None:
    said = _("Version %(number)s is published.") % {"number": version.number}
    if entry.visibility == Entry.Visibility.LINKS:
        said += " " + _("It is seen only through your share links.")
    elif entry.visibility == Entry.Visibility.ARCHIVED:
        said += " " + _("Nobody else sees it as long as the entry is archived.")
    messages.success(request, said)


def _history(entry: Entry) -> list[dict[str, Any]]:
    """Versions, newest first, each with the number of the last one before it that has content."""
    outputs = (
        Run.objects.shown()
        .filter(version=OuterRef("pk"))
        .order_by()
        .values("version")
        .annotate(number=Count("pk"))
        .values("number")
    )
    found = list(
        entry.versions.defer("content").annotate(
            outputs=Coalesce(Subquery(outputs, output_field=IntegerField()), 0)
        )
    )
    left = [version for version in found if not version.withdrawn_at and not version.naive]
    before = {newer.pk: older.number for newer, older in pairwise(left)}
    return [{"version": version, "before": before.get(version.pk)} for version in found]


@author
@require_http_methods(["GET", "POST"])
def withdraw(request: Request, slug: str, number: int) -> HttpResponse:
    """Say what withdrawing erases, ask for the number, then do it."""
    version = access.own_version(request.user, slug, number)
    if version.withdrawn_at:
        return redirect("studio_versions", slug)
    form = WithdrawForm(number, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        version_services.withdraw_version(version)
        messages.success(
            request,
            _("Version %(number)s is withdrawn: its content is erased.") % {"number": number},
        )
        return redirect("studio_versions", slug)
    entry = access.own_entry(request.user, slug)
    context = {
        **about_entry(entry, "versions"),
        "version": version,
        "form": form,
        "runs": version.runs.count(),
        "is_published": entry.published_id == version.pk,
        "left": version_services.successor(version),
        "draft_same": entry.draft.content == version.content,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "studio/withdraw.html", context, status=status)
