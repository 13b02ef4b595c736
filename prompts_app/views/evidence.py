"""The evidence of an entry: test cases × models, and the answers behind each cell."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Version
from prompts_app.services import claims
from prompts_app.services.matrix import Matrix, captured_for, matrix_for, measured_against
from prompts_app.services.story import story
from prompts_app.views import evidence_table as table
from prompts_app.views import evidence_words as words
from prompts_app.views.entries import entry_context, history_with
from prompts_app.views.lift_words import gain
from prompts_app.views.verdicts import said_of, standings_of


@require_safe
@http.kept
def evidence_page(request: Request, handle: str, slug: str) -> HttpResponse:
    """How well a version keeps its constraints, on which inputs and models, and since when."""
    entry = access.public_entry(handle, slug, http.viewer(request))
    number = http.whole_number(request.GET.get("constraint"))
    version, history = version_asked_for(request, entry, whole=bool(number))
    context = page_context(entry, version)
    context |= {
        "others": [
            {"version": one, "query": table.query(version=one.number)}
            for one in history
            if one.pk != version.pk and one.withdrawn_at is None
        ],
        "files": _files(entry, version, context["of_version"]),
    }
    if version.withdrawn_at is not None:
        return render(request, "evidence/page.html", context)
    baseline = measured_against(version, entry.baseline)
    try:
        matrix = matrix_for(version, constraint=number, baseline=baseline)
    except KeyError as error:
        raise Http404 from error
    context |= _totals(matrix, baseline, history) | _table(request, matrix, context)
    if matrix.constraint is not None:
        context["story"] = [
            {"chapter": one, "said": words.chapter(one, version) if one.rule else ""}
            for one in story(entry, history, version, matrix.constraint)
        ]
    return render(request, "evidence/page.html", context)


def version_asked_for(
    request: Request, entry: Entry, *, whole: bool = False
) -> tuple[Version, list[Version]]:
    """Return the version a reader asked for, the published one by default, and all versions.

    Only it has its content, unless `whole` asks for every one's.
    """
    assert entry.published is not None
    number = http.whole_number(request.GET.get("version"), entry.published.number)
    history = list(entry.versions.all()) if whole else list(history_with(entry, number))
    found = next((one for one in history if one.number == number), None)
    if found is None:
        raise Http404
    for one in history:
        one.entry = entry
    return found, history


def page_context(entry: Entry, version: Version) -> dict[str, Any]:
    """Return what both pages of the evidence need."""
    names = [entry.owner.profile.handle, entry.slug]
    of_version = version.number if version.pk != entry.published_id else None
    evidence_url = reverse("evidence", args=names)
    return entry_context(entry) | {
        "version": version,
        "of_version": of_version,
        "evidence_url": evidence_url,
        "answers_url": reverse("evidence_answers", args=names),
        "here": evidence_url + table.query(version=of_version),
    }


def _files(entry: Entry, version: Version, of_version: int | None) -> dict[str, str]:
    if version.withdrawn_at is not None:
        return {}
    names = [entry.owner.profile.handle, entry.slug]
    suffix = table.query(version=of_version)
    wanted = {"csv": "evidence_csv", "json": "evidence_json"}
    if version.content["kind"] == Entry.Kind.TEXT:
        wanted["promptfoo"] = "evidence_promptfoo"
    return {name: reverse(route, args=names) + suffix for name, route in wanted.items()}


def _totals(matrix: Matrix, baseline: Version | None, history: list[Version]) -> dict[str, Any]:
    group, version = matrix.main, matrix.version
    if group is None:
        return {"matrix": matrix}
    lift = matrix.lift
    one = matrix.constraint is not None
    return {
        "matrix": matrix,
        "verdict": words.about_constraint(matrix) if one else words.verdict(matrix, baseline),
        "basis": claims.basis(group),
        "figures": words.figures(matrix, baseline),
        "counted": words.counted(group, version, history),
        "rejudged": words.rejudged(version, captured_for(version, history)),
        "lift": lift,
        "gain": gain(lift, baseline, version) if lift and baseline else [],
        "baseline": baseline,
        "compared": [
            {"text": told.text, "before": said_of(old), "after": said_of(new),
             "old": old.state, "new": new.state}
            for told, old, new in (lift.constraints if lift else [])
        ],
    }  # fmt: skip


def _table(request: Request, matrix: Matrix, context: dict[str, Any]) -> dict[str, Any]:
    page = http.whole_number(request.GET.get("page"), 1)
    start = (page - 1) * table.CASES_A_PAGE
    rows = matrix.rows[start : start + table.CASES_A_PAGE]
    if page < 1 or (page > 1 and not rows):
        raise Http404
    constraint = matrix.constraint.number if matrix.constraint else None
    suffix = table.query(version=context["of_version"])
    return {
        "standings": standings_of(
            matrix.version.content,
            matrix.main,
            f"{context['evidence_url']}{suffix}{'&' if suffix else '?'}constraint=",
        ),
        "columns": table.columns_shown(matrix.columns),
        "rows": table.rows_shown(
            matrix, rows, f"{context['answers_url']}{suffix}{'&' if suffix else '?'}"
        ),
        "failing": table.failing(rows),
        "legend": table.legend(matrix),
        "summary": table.summary(matrix),
        "pages": table.pages(
            context["evidence_url"],
            page,
            -(-len(matrix.rows) // table.CASES_A_PAGE),
            version=context["of_version"],
            constraint=constraint,
        ),
    }
