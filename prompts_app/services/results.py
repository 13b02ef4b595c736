"""Every counted run of a version, for downloads: read in pieces of bounded size."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models.functions import Length

from prompts_app.models import Run, Version
from prompts_app.services.cells import Constraint, constraints_of

# A piece ends at so many runs, or earlier where their answers hold so many characters.
_RUNS = 500
_CHARACTERS = 4_000_000
_STATES = ("passed", "failed", "untestable")

FIELDS = (
    *("id", "captured_for_version", "content_hash", "case", "case_withdrawn", "repeat"),
    *("model_asked", "model_answered", "provider_host", "demo", "created_at", "finished_at"),
    *("answered", "error", "finish_reason", "prompt_tokens", "completion_tokens", "cost_microusd"),
    *("latency_ms", "first_token_ms", "attempts", "hidden", "output"),
)


def results_of(version: Version) -> Iterator[dict[str, Any]]:
    """Yield one row for each counted run, oldest first: FIELDS, and "states".

    Those of every version that sends the same words, judged by the rules of `version`: "states"
    has one for each of its constraints, "passed", "failed", "untestable", "open" (not judged yet)
    or "stated" (nothing tests it); "" where there was no answer. A hidden run has no output here.
    """
    constraints = constraints_of(version.content)
    for ids in _pieces(version):
        rows = (
            Run.objects.filter(pk__in=ids)
            .select_related("version", "case")
            .defer("raw_response", "error_detail", "parameters_sent", "values")
            .defer("version__content", "case__values")
            .order_by("created_at", "pk")
        )
        for run in rows:
            yield _row(run, constraints)


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


def _row(run: Run, constraints: list[Constraint]) -> dict[str, Any]:
    answered = run.state == Run.State.DONE
    return {
        "id": str(run.pk),
        "captured_for_version": run.version.number,
        "content_hash": run.version.content_hash,
        "case": run.case.name if run.case else "",
        "case_withdrawn": run.case is not None and run.case.withdrawn_at is not None,
        "repeat": run.repeat,
        "model_asked": run.model_asked,
        "model_answered": run.model_answered,
        "provider_host": run.provider_host,
        "demo": run.is_demo,
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else "",
        "answered": answered,
        "error": "" if answered else run.error_code,
        "finish_reason": run.finish_reason,
        "prompt_tokens": run.prompt_tokens,
        "completion_tokens": run.completion_tokens,
        "cost_microusd": run.cost,
        "latency_ms": run.latency_ms,
        "first_token_ms": run.first_token_ms,
        "attempts": run.attempts,
        "hidden": run.hidden,
        "output": None if run.hidden else run.output,
        "states": [_state(run, one) if answered else "" for one in constraints],
    }


def _state(run: Run, constraint: Constraint) -> str:
    if not constraint.rule:
        return "stated"
    verdict = run.verdicts.get(constraint.rule)
    return verdict["state"] if verdict and verdict["state"] in _STATES else "open"
