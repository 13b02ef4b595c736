"""Two versions side by side: what changed, what became of it, and what a model made of both."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.assertions.base import Spec
from prompts_app.http import Request
from prompts_app.models import Entry, Run, Version
from prompts_app.services.cells import Cell, Counts, cells_of, constraints_of, that_count
from prompts_app.services.claims import so_many
from prompts_app.services.comparison import Part, compare
from prompts_app.services.facing import MAX_COMPARED, Asked, Facing, Marked, facing, marked
from prompts_app.services.groups import Group, group_of, total_of
from prompts_app.services.lift import lift_of
from prompts_app.services.matrix import has_one_input
from prompts_app.services.rules import rule_of
from prompts_app.text.diff import Chunk
from prompts_app.views import answers
from prompts_app.views import evidence_table as table
from prompts_app.views.entries import entry_context, history_with, inputs_of
from prompts_app.views.verdicts import said_of


@require_safe
@http.kept
def compare_page(request: Request, handle: str, slug: str) -> HttpResponse:
    """What changed from one version to another; from the baseline to today's if none is named."""
    entry = access.public_entry(handle, slug, http.viewer(request))
    numbers = [
        http.whole_number(request.GET.get(name), default.number if default else 0)
        for name, default in (("from", entry.baseline), ("to", entry.published))
    ]
    history = history_with(entry, *numbers)
    found = {one.number: one for one in history}
    if not found.keys() >= set(numbers):
        raise Http404
    old, new = (found[number] for number in numbers)
    gone = next((one for one in (old, new) if one.withdrawn_at), None)
    context = entry_context(entry) | {"old": old, "new": new, "history": history, "gone": gone}
    if gone is None:
        comparison = compare(old.content, new.content)
        context |= {
            "comparison": comparison,
            "same_words": old.prompt_hash == new.prompt_hash,
        }
        if old.pk != new.pk:
            context |= _results(entry, old, new, comparison.constraints)
            context |= _answers(request, old, new, history)
    return render(request, "entries/compare.html", context)


def _results(entry: Entry, old: Version, new: Version, parts: Iterable[Part]) -> dict[str, Any]:
    """What the counted runs of both come to, each by its own constraints."""
    cells = cells_of(entry.pk, {old.prompt_hash, new.prompt_hash})
    before, after = _of_one_kind(cells[old.prompt_hash], cells[new.prompt_hash])
    if not before and not after:
        return {}
    groups = (_group(old, before), _group(new, after))
    url = reverse("evidence", args=[entry.owner.profile.handle, entry.slug])
    return {
        "sides": [
            {
                "version": version,
                "url": f"{url}?version={version.number}" if group else "",
                "demo": group is not None and group.demo,
            }
            for version, group in zip((old, new), groups, strict=True)
        ],
        "side_rows": _rows(old, new, (before, after), groups),
        "kept": [_constraint(part, before, after) for part in parts],
    }


def _rows(
    old: Version,
    new: Version,
    cells: tuple[list[Cell], list[Cell]],
    groups: tuple[Group | None, Group | None],
) -> list[dict[str, Any]]:
    # A baseline has often nothing of its own: it is measured by what it is compared with.
    borrowed = _group(new, cells[0])
    if borrowed is not None and borrowed.tested and not (groups[0] and groups[0].tested):
        title = _("Constraints of version %(number)s kept") % {"number": new.number}
        groups = (borrowed, groups[1])
    else:
        title = _("Its own constraints kept")
    lift = lift_of(*cells, [], same_input=has_one_input(old, new))
    tokens = lift.tokens if lift is not None and lift.tokens is not None else (None, None)
    return [
        {"title": title, "values": [_kept(group) for group in groups]},
        {"title": _("Checks passed"), "values": [_checks(group) for group in groups]},
        {
            "title": _("Prompt tokens"),
            "values": [number_format(round(one)) if one is not None else "" for one in tokens],
        },
        {
            "title": _("Runs"),
            "values": [number_format(group.runs) if group else "" for group in groups],
        },
    ]


def _kept(group: Group | None) -> str:
    return so_many(group.kept, len(group.tested)) if group and group.tested else ""


def _checks(group: Group | None) -> str:
    counts = group.counts if group else Counts()
    return so_many(counts.passed, counts.checks) if counts.checks else ""


def _of_one_kind(old: list[Cell], new: list[Cell]) -> tuple[list[Cell], list[Cell]]:
    """Cells of real models where both versions have them, else of demo models; else what is there.

    Runs of demo models are never set against those of real ones without need.
    """
    for demo in (False, True):
        kind = [[cell for cell in cells if cell.demo == demo] for cells in (old, new)]
        if all(kind):
            return kind[0], kind[1]
    return that_count(old), that_count(new)


def _group(version: Version, cells: list[Cell]) -> Group | None:
    if not cells:
        return None
    constraints = constraints_of(version.content)
    return group_of(cells[0].demo, cells, constraints, constraints)


def _constraint(part: Part, before: Sequence[Cell], after: Sequence[Cell]) -> dict[str, Any]:
    """One constraint in both versions: how it changed, and what became of it in each.

    A side that does not state it is told of where its runs were judged by the other's rule, as
    those of a baseline are.
    """
    old, new = part.tests
    return {
        "part": part,
        "old": _told(before, old or (new if part.state == "added" else None)),
        "new": _told(after, new or (old if part.state == "removed" else None)),
        "old_states": part.state != "added",
        "new_states": part.state != "removed",
    }


def _told(cells: Sequence[Cell], spec: Spec | None) -> dict[str, str]:
    counts = total_of(cells, (rule_of(spec),) if spec is not None else ())
    if not counts.checks:
        return {"state": "", "said": ""}
    return {"state": counts.state, "said": said_of(counts)}


def _answers(
    request: Request, old: Version, new: Version, history: Sequence[Version]
) -> dict[str, Any]:
    """One model's answers to both versions, and the ways to the others."""
    if old.prompt_hash == new.prompt_hash:
        return {}
    found = facing(
        old,
        new,
        history,
        case_id=request.GET.get("case", ""),
        model=request.GET.get("model", ""),
    )
    if found is None:
        return {}
    case = found.chosen
    changes = marked(found.before.output, found.after.output)
    pictures = bool(found.before.picture_id or found.after.picture_id)
    return {
        "facing": found,
        "case": case,
        "cases": [
            {"case": one, "query": _query(old, new, one.pk, found.asked), "current": one == case}
            for one in found.cases
        ],
        "position": found.cases.index(case) + 1 if case else 0,
        "inputs": inputs_of(new, case) or inputs_of(old, case),
        "models": _models(old, new, found),
        "state": "" if pictures else changes.state,
        "cut": changes.cut,
        "before": _answer(found.before, old, new, changes.before, changes),
        "after": _answer(found.after, new, old, changes.after, changes),
    }


def _answer(
    run: Run, version: Version, other: Version, chunks: Sequence[Chunk], changes: Marked
) -> dict[str, Any]:
    """One answer with its marks; judged as on the entry's page where its version states nothing."""
    own = any(one.get("assertion") for one in version.content["constraints"])
    shown = answers.answer(run, {}, judged_by=version if own else other)
    if run.picture_id is None and changes.state != "apart":
        shown["chunks"] = chunks
    elif changes.cut:
        shown |= {"html": "", "text": run.output[:MAX_COMPARED]}
    return shown


def _models(old: Version, new: Version, found: Facing) -> list[dict[str, Any]]:
    case = found.chosen.pk if found.chosen else None
    return [
        {
            "name": one.key,
            "demo": one.demo,
            "query": _query(old, new, case, one),
            "current": one == found.asked,
        }
        for one in found.models
    ]


def _query(old: Version, new: Version, case: Any, asked: Asked) -> str:
    wanted = {"from": old.number, "to": new.number, "case": case, "model": asked.key}
    return table.query(**wanted)
