"""The matrix as a table: signs with words, links to the answers, a summary for each model."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.models import TestCase
from prompts_app.services.claims import so_many
from prompts_app.services.groups import Column
from prompts_app.services.marks import FAILING, Mark
from prompts_app.services.matrix import Matrix, Row
from prompts_app.templatetags.figures import duration, half_up, microusd

CASES_A_PAGE = 25
# Stands in an address for the runs that were made without a test case.
NO_CASE = "none"
# The sign of a cell without a run.
NEVER = "·"

_CELL = '<td><a class="mark mark--{}" href="{}">{}</td>'
_INSIDE = '<span aria-hidden="true">{}</span> {}<span class="visually-hidden">, {}</span></a>{}'
_NEVER = (
    '<td><span class="mark mark--never" aria-hidden="true">{}</span>'
    '<span class="visually-hidden">{}</span></td>'
)


class Sign(NamedTuple):
    """How a mark looks, and what it says."""

    sign: str
    tone: str
    word: str | Promise


SIGNS: Mapping[str, Sign] = {
    "all": Sign("✓", "kept", gettext_lazy("every answer passed every check")),
    "some": Sign("◐", "partly", gettext_lazy("some answers passed every check")),
    "none": Sign("✗", "broken", gettext_lazy("no answer passed every check")),
    "open": Sign("…", "open", gettext_lazy("not judged yet")),
    "untested": Sign("○", "open", gettext_lazy("nothing to test")),
    "unanswered": Sign("–", "broken", gettext_lazy("no answer")),
}


def column_key(column: Column) -> str:
    """Return what names a model in an address: its name, with its host where two serve it."""
    return f"{column.model}@{column.host}" if column.two_hosts else column.model


def case_key(case: TestCase | None) -> str:
    """Return what names a row in an address."""
    return str(case.pk) if case is not None else NO_CASE


def columns_shown(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the heads of the columns."""
    return [
        {
            "name": column.model,
            "host": column.host if column.two_hosts else "",
            "demo": column.demo,
        }
        for column in columns
    ]


def failing(rows: Sequence[Row]) -> list[TestCase]:
    """Return the cases of which some answer fails, or is missing, and the author says something."""
    return [
        row.case
        for row in rows
        if row.case is not None
        and row.case.comment
        and any(mark is not None and mark.sign in FAILING for mark in row.marks)
    ]


def rows_shown(matrix: Matrix, rows: Sequence[Row], address: str) -> list[dict[str, Any]]:
    """Return rows with their cells; `address` ends where the arguments of a cell are added.

    The cells are made here and not by a template: hundreds of them would be most of a page's time.
    """
    models = [quote(column_key(column), safe="") for column in matrix.columns]
    never = format_html(_NEVER, NEVER, _("not run"))
    # Many cells come to the same and differ only in where they lead.
    insides: dict[tuple[str, int, int, int], tuple[str, SafeString]] = {}
    shown = []
    for row in rows:
        start = f"{address}case={case_key(row.case)}&model="
        cells = []
        for mark, model in zip(row.marks, models, strict=True):
            if mark is None:
                cells.append(never)
                continue
            key = (mark.sign, mark.passed, mark.runs, mark.unanswered)
            inside = insides.get(key)
            if inside is None:
                inside = insides[key] = _inside(mark)
            tone, rest = inside
            cells.append(format_html(_CELL, tone, start + model, rest))
        shown.append({"case": row.case, "name": case_name(row.case), "cells": cells})
    return shown


def _inside(mark: Mark) -> tuple[str, SafeString]:
    """The tone of a mark, and what follows its address up to the end of the cell."""
    shown = mark_shown(mark)
    without = ""
    if mark.unanswered:
        text = _("%(count)s without an answer") % {"count": number_format(mark.unanswered)}
        without = format_html("<small>{}</small>", text)
    return shown["tone"], format_html(
        _INSIDE, shown["sign"], shown["count"], shown["word"], without
    )


def mark_shown(mark: Mark) -> dict[str, Any]:
    """Return one mark."""
    sign = SIGNS[mark.sign]
    return {"sign": sign.sign, "tone": sign.tone, "word": sign.word, "count": _count(mark)}


def case_name(case: TestCase | None) -> str:
    """Return what pages call a row."""
    return case.name if case is not None else _("No test case")


def legend(matrix: Matrix) -> list[dict[str, Any]]:
    """Return the signs that stand in the table, with their words."""
    used = {mark.sign for row in matrix.rows for mark in row.marks if mark is not None}
    shown: list[dict[str, Any]] = [
        {"sign": one.sign, "tone": one.tone, "word": one.word}
        for name, one in SIGNS.items()
        if name in used
    ]
    if any(mark is None for row in matrix.rows for mark in row.marks):
        shown.append({"sign": NEVER, "tone": "never", "word": _("not run")})
    return shown


def summary(matrix: Matrix) -> list[dict[str, Any]]:
    """Return the lines below the table as [{"name", "values"}], a value for each column.

    A line that says nothing of any model is left out, and so is the number of constraints kept
    where the table is about one of them.
    """
    lines: dict[str, list[str]] = {
        _("Tested constraints kept"): [],
        _("Checks passed"): [],
        _("Calls without an answer"): [],
        _("Typical time"): [],
        _("Typical cost"): [],
    }
    for group in matrix.groups:
        for at, column in enumerate(group.columns):
            states = [one.by_column[at].state for one in group.tested]
            told = [state for state in states if state != "stated"]
            values = (
                so_many(told.count("kept"), len(told)) if told and not matrix.constraint else "",
                so_many(column.counts.passed, column.counts.checks) if column.counts.checks else "",
                number_format(column.unanswered) if column.unanswered else "",
                duration(half_up(column.latency_ms)) if column.latency_ms is not None else "",
                microusd(half_up(column.cost)) if column.cost is not None else "",
            )
            for line, value in zip(lines.values(), values, strict=True):
                line.append(value)
    return [{"name": name, "values": values} for name, values in lines.items() if any(values)]


def query(**arguments: object) -> str:
    """Return arguments as they stand in an address, "?" included; empty ones are left out."""
    given = {name: value for name, value in arguments.items() if value}
    return f"?{urlencode(given)}" if given else ""


def pages(address: str, page: int, total: int, **arguments: object) -> list[dict[str, Any]]:
    """Return links to `total` pages at `address`, of which `page` (from 1) is the current one."""
    return [
        {
            "number": number,
            "url": address + query(**arguments, page=number if number > 1 else None),
            "current": number == page,
        }
        for number in range(1, total + 1)
    ]


def _count(mark: Mark) -> str:
    if mark.sign == "untested":
        return number_format(mark.calls)
    return f"{number_format(mark.passed)}/{number_format(mark.calls)}"
