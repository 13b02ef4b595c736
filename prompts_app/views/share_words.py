"""A share link's page in words: what an entry comes to, what it costs, where it fails."""

from collections.abc import Iterable
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.services.groups import Group
from prompts_app.services.share_page import Failure
from prompts_app.templatetags.figures import duration, half_up, microusd

# Costs are told for so many runs: those of one are too small to read.
_RUNS = 1000


def result(group: Group | None) -> str:
    """Return the one line: "Keeps 9 of 10 tested constraints, on 3 models, last run 12 May 2026".

    "" without a counted run.
    """
    if group is None or not group.runs:
        return ""
    tested = len(group.tested)
    if tested:
        said = ngettext(
            "Keeps %(kept)s of %(tested)s tested constraint",
            "Keeps %(kept)s of %(tested)s tested constraints",
            tested,
        ) % {"kept": number_format(group.kept), "tested": number_format(tested)}
    else:
        said = ngettext(
            "%(runs)s run, no constraint tested yet",
            "%(runs)s runs, no constraint tested yet",
            group.runs,
        ) % {"runs": number_format(group.runs)}
    parts = [said, _on_models(group)]
    if group.last_run_at is not None:
        day = date_format(group.last_run_at, "DATE_FORMAT")
        parts.append(_("last run on %(day)s") % {"day": day})
    return ", ".join(parts)


def _on_models(group: Group) -> str:
    if group.demo:
        # Never without saying so: these answers prove nothing of a real model.
        return _("on the demo model")
    shown = {"shown": number_format(group.models)}
    return ngettext("on %(shown)s model", "on %(shown)s models", group.models) % shown


def figures(group: Group | None) -> list[dict[str, str]]:
    """Return cost and time as [{"strong", "rest"}]; what providers did not tell is left out."""
    if group is None:
        return []
    costs = [column.cost for column in group.columns if column.cost is not None]
    times = [column.latency_ms for column in group.columns if column.latency_ms is not None]
    shown = []
    if costs:
        told = _span([microusd(half_up(cost * _RUNS)) for cost in _ends(costs)])
        shown.append({"strong": told, "rest": _("for 1,000 runs")})
    if times:
        told = _span([duration(half_up(time)) for time in _ends(times)])
        rest = _("typical time of an answer (median)")
        shown.append({"strong": told, "rest": rest})
    return shown


def _ends(values: Iterable[float]) -> tuple[float, float]:
    known = list(values)
    return min(known), max(known)


def _span(ends: list[str]) -> str:
    low, high = ends
    if low == high:
        return low
    # Translators: from the cheapest or fastest model to the dearest or slowest.
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def failure(one: Failure) -> dict[str, Any]:
    """Return a failing case as {"name", "comment", "watch_for", "broken", "unanswered"}.

    `broken` are the sentences of constraints; of both comment and watch_for pages show the first.
    """
    unanswered = ""
    if one.unanswered:
        unanswered = ngettext(
            "%(count)s call got no answer.", "%(count)s calls got no answer.", one.unanswered
        ) % {"count": number_format(one.unanswered)}
    return {
        "name": one.case.name if one.case is not None else _("No test case"),
        "comment": one.case.comment if one.case is not None else "",
        "watch_for": one.case.watch_for if one.case is not None else "",
        "broken": [constraint.text for constraint in one.broken],
        "unanswered": unanswered,
    }
