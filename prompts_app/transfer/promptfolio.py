"""One entry in Promptfolio's own format, read as the neutral document (docs/archive.md).

What only an archive brings back whole is told as lost: see `read`.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from prompts_app.transfer import document as limits
from prompts_app.transfer.document import (
    CaseDocument,
    EntryDocument,
    Loss,
    Problem,
    RunDocument,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.loaded import Loaded, path_text
from prompts_app.transfer.loading import json_of
from prompts_app.transfer.promptfolio_format import (
    ENTRY,
    VERSION,
    RunsOf,
    check_entry,
    shapes,
    written,
)
from prompts_app.transfer.shapes import Wrong


def sniff(glance: Glance) -> bool:
    """Say whether data looks like one entry in this format."""
    return glance.is_json and {"format", "entry", "runs"} <= glance.keys


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """Yield the one entry in `data` (JSON in UTF-8), or the problem that keeps it out.

    Problems: those of `loading.json_of`, "not_promptfolio", "format_version" (detail: which),
    "shape" (`path`: what is not as the schema says; detail: the keyword), "empty" (no version and
    no draft says anything). Losses: "withdrawn_versions", "withdrawn_cases", "cases" (more than
    fit), "tags" (likewise), "demo_runs" (scripted rules made them), "hidden_runs", "failed_runs",
    "pictures", "receipts" (details: how many), "draft" (it differs from the last version).
    """
    loaded = json_of(data)
    yield loaded if isinstance(loaded, Problem) else _entry(loaded)


def _entry(loaded: Loaded) -> EntryDocument | Problem:
    value = loaded.value
    if not isinstance(value, dict) or value.get("format") != ENTRY:
        return Problem(1, "not_promptfolio")
    if value.get("format_version") != VERSION:
        return Problem(loaded.line(("format_version",)), "format_version", _shown(value))
    try:
        shapes().check("entry_file", value)
        _checked(value)
    except Wrong as wrong:
        return Problem(loaded.line(wrong.path), "shape", wrong.keyword, path_text(wrong.path))
    return _Reading(value).document(loaded.line(("entry",)))


def _shown(value: dict[str, Any]) -> str:
    return str(value.get("format_version"))[:20]


def _checked(value: dict[str, Any]) -> None:
    try:
        check_entry(value["entry"])
    except Wrong as wrong:
        raise wrong.within("entry") from None
    runs = RunsOf(value["entry"])
    for place, run in enumerate(value["runs"]):
        try:
            runs.check(run)
        except Wrong as wrong:
            raise wrong.within(place).within("runs") from None


class _Reading:
    """An entry whose shape is right, on its way to a document."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.entry: dict[str, Any] = value["entry"]
        self.runs: list[dict[str, Any]] = value["runs"]
        self.losses: list[Loss] = []

    def document(self, line: int) -> EntryDocument | Problem:
        entry = self.entry
        kept: list[dict[str, Any]] = []
        index: dict[int, int] = {}
        for version in self._versions():
            # The same content twice in a row is one version.
            if not kept or version["content"] != kept[-1]["content"]:
                kept.append(version)
            index[version["number"]] = len(kept) - 1
        if not kept:
            return Problem(line, "empty", path="entry")
        cases = self._cases()
        self._lose("tags", len(entry["tags"]) - limits.MAX_TAGS)
        return EntryDocument(
            title=entry["title"],
            summary=entry["summary"],
            use_case=entry["use_case"],
            language=entry["language"],
            tags=tuple(entry["tags"][: limits.MAX_TAGS]),
            credit=entry["credit"],
            source_key=f"promptfolio-{hashlib.sha256(written(entry)).hexdigest()[:40]}",
            versions=tuple(VersionDocument(one["content"], one["change_note"]) for one in kept),
            cases=tuple(
                CaseDocument(one["name"], one["values"], one["watch_for"]) for one in cases.values()
            ),
            baseline=index.get(entry["baseline"]),
            runs=tuple(self._runs(index, {old: new for new, old in enumerate(cases)})),
            losses=tuple(self.losses),
            line=line,
            second_language=entry["second_language"],
            second_words=entry["second_words"],
        )

    def _versions(self) -> list[dict[str, Any]]:
        """The versions to bring in; the published one is the last, for that is what it will be."""
        entry = self.entry
        live = [one for one in entry["versions"] if one["withdrawn_at"] is None]
        self._lose("withdrawn_versions", len(entry["versions"]) - len(live))
        said = [one for one in live if _says_something(one["content"])]
        draft = entry["draft"]
        if not said:
            if draft is None or not _says_something(draft):
                return []
            return [{"number": 0, "content": draft, "change_note": ""}]
        said.sort(key=lambda one: (one["number"] == entry["published"], not one["naive"]))
        if draft is not None and draft != said[-1]["content"]:
            self._lose("draft", 1)
        return said

    def _cases(self) -> dict[int, dict[str, Any]]:
        live = {
            place: one
            for place, one in enumerate(self.entry["cases"])
            if one["withdrawn_at"] is None
        }
        self._lose("withdrawn_cases", len(self.entry["cases"]) - len(live))
        self._lose("cases", len(live) - limits.MAX_CASES)
        return dict(list(live.items())[: limits.MAX_CASES])

    def _runs(self, versions: dict[int, int], cases: dict[int, int]) -> Iterator[RunDocument]:
        runs = [one for one in self.runs if one["version"] in versions]
        left_out = {
            "demo_runs": [one for one in runs if one["is_demo"]],
            "hidden_runs": [one for one in runs if not one["is_demo"] and one["hidden"]],
        }
        shown = [one for one in runs if not (one["is_demo"] or one["hidden"])]
        left_out["failed_runs"] = [one for one in shown if one["state"] != "done"]
        done = [one for one in shown if one["state"] == "done"]
        left_out["pictures"] = [one for one in done if one["picture"]]
        told = [one for one in done if not one["picture"]]
        for code, rows in left_out.items():
            self._lose(code, len(rows))
        self._lose("receipts", sum(one["receipt"] is not None for one in told))
        for run in told:
            yield RunDocument(
                version=versions[run["version"]],
                output=run["output"],
                model=run["model_answered"] or run["model_asked"],
                values=run["values"],
                case=cases.get(run["case"]),
                raw=run["raw_response"],
                input_tokens=run["prompt_tokens"],
                output_tokens=run["completion_tokens"],
                latency=run["latency_ms"],
                made_at=run["created_at"],
                finish_reason=run["finish_reason"],
            )

    def _lose(self, code: str, number: int) -> None:
        if number > 0:
            self.losses.append(Loss(0, "entry", code, str(number)))


def _says_something(content: dict[str, Any]) -> bool:
    return any(message["content"].strip() for message in content["messages"])
