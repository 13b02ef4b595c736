"""The answers behind one cell of the evidence, beside the baseline's or another model's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Version
from prompts_app.services import rendering
from prompts_app.services.cell_answers import PAGE, Side, Wanted, sides_of
from prompts_app.services.cells import Place
from prompts_app.services.claims import is_one_liner, so_many
from prompts_app.services.comparison import compared
from prompts_app.services.facing import MAX_COMPARED, marked
from prompts_app.services.groups import Column
from prompts_app.services.matrix import Matrix, Row, matrix_for, measured_against, sharing
from prompts_app.views import answers
from prompts_app.views import evidence_table as table
from prompts_app.views import evidence_words as words
from prompts_app.views.entries import inputs_of
from prompts_app.views.evidence import page_context, version_asked_for


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The cell a reader asked for; `other` is the model to put beside it, if any."""

    row: Row
    column: Column
    other: Column | None


@require_safe
@http.kept
def answers_page(request: Request, handle: str, slug: str) -> HttpResponse:
    """What a model answered to a test case, each answer with what the rules found in it."""
    entry = access.public_entry(handle, slug, http.viewer(request))
    version, history = version_asked_for(request, entry)
    if version.withdrawn_at is not None:
        raise Http404
    baseline = measured_against(version, entry.baseline)
    matrix = matrix_for(version)
    chosen = _choose(request, matrix)
    case = chosen.row.case
    page = http.whole_number(request.GET.get("page"), 1)
    wanted = [_wanted(version, history, chosen.row, chosen.column)]
    if chosen.other is not None:
        wanted.append(_wanted(version, history, chosen.row, chosen.other))
    elif baseline is not None:
        wanted.append(_wanted(baseline, history, chosen.row, chosen.column))
    sides = sides_of(wanted, case, page)
    pages = max(1, *(-(-side.shown // PAGE) for side in sides))
    if not 1 <= page <= pages:
        raise Http404
    html = rendering.html_of(answers.texts_of([run for side in sides for run in side.answers]))
    context = page_context(entry, version)
    beside = sides[1] if len(sides) > 1 else None
    if beside is not None and not beside.calls:
        beside = None
    here = {"version": context["of_version"], "case": table.case_key(case),
            "model": table.column_key(chosen.column)}  # fmt: skip
    if chosen.other is not None:
        here["with"] = table.column_key(chosen.other)
    return render(
        request,
        "evidence/answers.html",
        context
        | {
            "case": case,
            "case_name": table.case_name(case),
            "fails": bool(table.failing([chosen.row])),
            "inputs": inputs_of(version, case),
            "column": chosen.column,
            "other": chosen.other,
            "baseline": baseline,
            "one_liner": is_one_liner(baseline),
            "main": _side(sides[0], version, html),
            "beside": _side(beside, version, html) if beside is not None else None,
            "difference": _difference(beside, sides[0], swap=chosen.other is not None),
            "models": _models(matrix, chosen, here),
            "steps": _steps(matrix, chosen, here),
            "pages": table.pages(context["answers_url"], page, pages, **here),
        },
    )


def _choose(request: Request, matrix: Matrix) -> _Chosen:
    """The cell named in the address; the first one of its row or column where it names only one."""
    columns = {table.column_key(column): column for column in matrix.columns}
    rows = {table.case_key(row.case): row for row in matrix.rows if row.calls}
    model, case = request.GET.get("model"), request.GET.get("case")
    row = _named(rows, case or next(iter(rows), ""))
    if model is None:
        column = next(
            column
            for column, mark in zip(matrix.columns, row.marks, strict=True)
            if mark is not None
        )
    else:
        column = _named(columns, model)
        at = matrix.columns.index(column)
        if case is None:
            row = next(row for row in matrix.rows if row.marks[at] is not None)
    other = request.GET.get("with")
    beside = _named(columns, other) if other else None
    return _Chosen(row, column, beside if beside is not column else None)


def _named(found: Mapping[str, Any], name: str) -> Any:
    """What is called so. Raises Http404 where there is none."""
    if name not in found:
        raise Http404
    return found[name]


def _wanted(version: Version, history: Sequence[Version], row: Row, column: Column) -> Wanted:
    case_id = row.case.pk if row.case else None
    place = Place(case_id, column.model, column.host, column.demo)
    return Wanted(sharing(history, version), place)


def _side(side: Side, version: Version, html: Mapping[str, SafeString]) -> dict[str, Any]:
    """One column of answers; whoever made them, they are judged by the constraints of `version`."""
    shown = [answers.answer(run, html, judged_by=version) for run in side.answers]
    for answer in shown:
        tested = [one for one in answer["constraints"] if one["test"]]
        kept = sum(one["state"] == "kept" for one in tested)
        answer["kept"] = so_many(kept, len(tested)) if tested else ""
        answer["all_kept"] = kept == len(tested)
    return {
        "answers": shown,
        "hidden": side.hidden,
        "withdrawn": side.withdrawn,
        "failures": words.failures(side.failures),
    }


def _difference(beside: Side | None, main: Side, *, swap: bool) -> Sequence[Any]:
    """How the first answers of the page differ; empty where that would tell nothing."""
    if beside is None or not beside.answers or not main.answers:
        return []
    before, after = beside.answers[0], main.answers[0]
    if swap:
        before, after = after, before
    texts = [run.output[:MAX_COMPARED] for run in (before, after)]
    if before.picture_id or after.picture_id or marked(*texts).state != "marked":
        return []
    return compared(*texts)


def _models(matrix: Matrix, chosen: _Chosen, here: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every model that was asked with this case: its mark, and where its answers are."""
    shown = []
    for column, mark in zip(matrix.columns, chosen.row.marks, strict=True):
        if mark is None:
            continue
        key = table.column_key(column)
        shown.append(
            {
                "name": key,
                "demo": column.demo,
                "mark": table.mark_shown(mark),
                "current": column is chosen.column,
                "beside": column is chosen.other,
                "url": table.query(**{**here, "model": key, "with": None}),
                "with_url": table.query(**{**here, "with": key}),
            }
        )
    return shown


def _steps(matrix: Matrix, chosen: _Chosen, here: Mapping[str, Any]) -> dict[str, Any]:
    """The cases before and after this one, on the same model where it was asked with them."""
    rows = [row for row in matrix.rows if row.calls]
    at = rows.index(chosen.row)

    def step(to: int) -> dict[str, Any] | None:
        if not 0 <= to < len(rows):
            return None
        key = table.case_key(rows[to].case)
        return {
            "name": table.case_name(rows[to].case),
            "url": table.query(**{**here, "case": key}),
        }

    return {"position": at + 1, "total": len(rows), "newer": step(at - 1), "older": step(at + 1)}
