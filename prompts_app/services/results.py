"""Every counted run of a version, for downloads: read in pieces of bounded size."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models.functions import Length

from prompts_app.models import Run, Version
from prompts_app.services.cells import constraints_of
from prompts_app.services.rules import is_told

# A piece ends at so many runs, or earlier where their answers hold so many characters.
_RUNS = 500
_CHARACTERS = 4_000_000

FIELDS = (
    *("id", "captured_for_version", "content_hash", "case", "case_withdrawn", "repeat"),
    *("model_asked", "model_answered", "provider_host", "demo", "created_at", "finished_at"),
    *("answered", "error", "finish_reason", "prompt_tokens", "completion_tokens", "cost_microusd"),
    *("latency_ms", "first_token_ms", "attempts", "hidden", "output"),
)

# Fields of a run that are called the same in a row.
_AS_THEY_ARE = (
    *("repeat", "model_asked", "model_answered", "provider_host", "created_at", "finished_at"),
    *("finish_reason", "prompt_tokens", "completion_tokens", "latency_ms", "first_token_ms"),
    *("attempts", "hidden", "output"),
)


def results_of(version: Version, judged_by: Version | None = None) -> Iterator[dict[str, Any]]:
    """Yield one row for each counted run, oldest first: FIELDS, and "states".

    Those of every version that sends the same words as `version`, judged by the rules of
    `judged_by`, its own unless given: "states" has one for each of those constraints, "passed",
    "failed", "untestable", "open" (not judged yet) or "stated" (nothing tests it); "" where there
    was no answer. A hidden run has no output here.
    """
    rules = [one.rule for one in constraints_of((judged_by or version).content)]
    for ids in _pieces(version):
        rows = (
            Run.objects.filter(pk__in=ids)
            .order_by("created_at", "pk")
            .values(
                *("pk", "version__number", "version__content_hash", "case__name"),
                *("case__withdrawn_at", "is_demo", "state", "error_code", "cost", "verdicts"),
                *_AS_THEY_ARE,
            )
        )
        for row in rows:
            yield _row(row, rules)


def _pieces(version: Version) -> Iterator[list[UUID]]:
    found = (
        Run.objects.counted()
        .filter(version__entry=version.entry_id, version__prompt_hash=version.prompt_hash)
        .annotate(size=Length("output"))
        .order_by("created_at", "pk")
        .values_list("pk", "size")
    )
    piece: list[UUID] = []
    characters = 0
    for run_id, size in list(found):
        if piece and (len(piece) == _RUNS or characters + size > _CHARACTERS):
            yield piece
            piece, characters = [], 0
        piece.append(run_id)
        characters += size
    if piece:
        yield piece


def _row(run: dict[str, Any], rules: list[str]) -> dict[str, Any]:
    answered = run["state"] == Run.State.DONE
    return {name: run[name] for name in _AS_THEY_ARE} | {
        "id": str(run["pk"]),
        "captured_for_version": run["version__number"],
        "content_hash": run["version__content_hash"],
        "case": run["case__name"] or "",
        "case_withdrawn": run["case__withdrawn_at"] is not None,
        "demo": run["is_demo"],
        "created_at": run["created_at"].isoformat(),
        "finished_at": run["finished_at"].isoformat() if run["finished_at"] else "",
        "answered": answered,
        "error": "" if answered else run["error_code"],
        "cost_microusd": run["cost"],
        "output": None if run["hidden"] else run["output"],
        "states": [_state(run["verdicts"], rule) if answered else "" for rule in rules],
    }


def _state(verdicts: dict[str, dict[str, Any]], rule: str) -> str:
    if not rule:
        return "stated"
    return verdicts[rule]["state"] if is_told(verdicts, rule) else "open"
