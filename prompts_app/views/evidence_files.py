"""The evidence to take along: every counted run as CSV or JSON, and the tests for promptfoo."""

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from django.conf import settings
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Version
from prompts_app.services.cases import live_cases
from prompts_app.services.cells import constraints_of
from prompts_app.services.matrix import matrix_for, measured_against
from prompts_app.services.promptfoo_file import promptfoo_file
from prompts_app.services.results import FIELDS, results_of
from prompts_app.transfer import csv_cells
from prompts_app.views.evidence import version_asked_for

R = TypeVar("R", bound=HttpResponseBase)


@require_safe
def csv_file(request: Request, handle: str, slug: str) -> HttpResponseBase:
    """Every counted run of a version and of its baseline, one column for each constraint."""
    entry, version = _asked_for(request, handle, slug)
    baseline = measured_against(version, entry.baseline)
    return _download(
        _csv(version, baseline), "text/csv; charset=utf-8", _name(entry, version, "csv")
    )


@require_safe
def json_file(request: Request, handle: str, slug: str) -> HttpResponseBase:
    """The same as JSON, with the constraints and their rules."""
    entry, version = _asked_for(request, handle, slug)
    baseline = measured_against(version, entry.baseline)
    return _download(_json(version, baseline), "application/json", _name(entry, version, "json"))


@require_safe
@http.kept
def promptfoo_config(request: Request, handle: str, slug: str) -> HttpResponse:
    """The tests as promptfoo's configuration, for the reader's own key."""
    entry, version = _asked_for(request, handle, slug)
    if version.content["kind"] != Entry.Kind.TEXT:
        raise Http404
    baseline = measured_against(version, entry.baseline)
    text = promptfoo_file(
        version, live_cases(entry), matrix_for(version).columns, _page(entry), baseline
    )
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    return _as_file(response, "promptfooconfig.yaml")


def _asked_for(request: Request, handle: str, slug: str) -> tuple[Entry, Version]:
    entry = access.public_entry(handle, slug, http.viewer(request))
    version, _history = version_asked_for(request, entry)
    if version.withdrawn_at is not None:
        raise Http404
    return entry, version


def _csv(version: Version, baseline: Version | None) -> Iterator[str]:
    """Rows of the version, then those of its baseline, which the same constraints judge."""
    names = [f"constraint {one.number}: {one.text}" for one in constraints_of(version.content)]
    yield csv_cells.BYTE_ORDER_MARK + csv_cells.row([*FIELDS, "url", "prompt", *names])
    for prompt, sent in (("version", version), ("baseline", baseline)):
        for row in results_of(sent, version) if sent is not None else ():
            plain = [_cell(row[name]) for name in FIELDS]
            yield csv_cells.row([*plain, _run_url(row), prompt, *row["states"]])


def _json(version: Version, baseline: Version | None) -> Iterator[str]:
    head = {
        "entry": _page(version.entry),
        "title": version.entry.title,
        "version": version.number,
        "content_hash": version.content_hash,
        "constraints": [
            {"number": one.number, "text": one.text, "assertion": dict(one.spec) or None}
            for one in constraints_of(version.content)
        ],
    }
    # One object, written run by run. The baseline's are judged by the constraints above.
    yield from _with_runs(head, version, version)
    yield ',\n"baseline": '
    if baseline is None:
        yield "null"
    else:
        head = {"version": baseline.number, "content_hash": baseline.content_hash}
        yield from _with_runs(head, baseline, version)
        yield "}"
    yield "}\n"


def _with_runs(head: dict[str, Any], sent: Version, judged_by: Version) -> Iterator[str]:
    """An object with its list of runs, which its end does not close yet."""
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "runs": ['
    between = "\n"
    for row in results_of(sent, judged_by):
        yield between + json.dumps(_in_order(row), ensure_ascii=False)
        between = ",\n"
    yield "\n]"


def _in_order(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in (*FIELDS, "states")} | {"url": _run_url(row)}


def _cell(value: Any) -> str | float | None:
    return str(value).lower() if isinstance(value, bool) else value


def _run_url(row: dict[str, Any]) -> str:
    """The page of a run; "" where it has none, being hidden or without an answer."""
    if row["hidden"] or not row["answered"]:
        return ""
    return settings.SITE_URL + reverse("run", args=[row["id"]])


def _page(entry: Entry) -> str:
    return settings.SITE_URL + reverse("evidence", args=[entry.owner.profile.handle, entry.slug])


def _name(entry: Entry, version: Version, suffix: str) -> str:
    return f"{entry.slug}-v{version.number}-results.{suffix}"


def _download(pieces: Iterator[str], kind: str, name: str) -> HttpResponseBase:
    # May be as large as everything that was ever answered: made anew each time, kept nowhere.
    response = StreamingHttpResponse(pieces, content_type=kind)
    response["Cache-Control"] = "private, no-store"
    return _as_file(response, name)


def _as_file(response: R, name: str) -> R:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # A file for programs: search engines are given the page.
    response["X-Robots-Tag"] = "noindex"
    return response
