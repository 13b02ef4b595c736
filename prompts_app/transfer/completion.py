"""Responses of OpenAI's chat completions as runs, wherever they are kept.

Losses: "part" (detail: what an answer is that is no text), "output_too_long" (detail: the most
characters), those of `texts.refused`, and "too_many_outputs" (detail: the most there may be).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from prompts_app.transfer.conversation import MAX_OUTPUT
from prompts_app.transfer.document import RunDocument
from prompts_app.transfer.loaded import Path
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.single import said
from prompts_app.transfer.texts import clean, refused, shortened

MAX_RUNS: Final = 2_000
_MAX_MODEL: Final = 120
_MAX_FINISH: Final = 40
_MAX_COUNT: Final = 2_147_483_647
# Seconds since 1970: from 2001 on, and before the year 2100.
_FIRST, _LAST = 10**9, 4 * 10**9


@dataclass(frozen=True)
class Asked:
    """What an answer is of: the places of its version and case, its values, and the model asked
    where the response names none."""

    version: int = 0
    case: int | None = None
    values: Mapping[str, str] | None = None
    model: str = ""


def is_completion(value: Any) -> bool:
    """Whether it is a response with answers, as far as its shape goes."""
    return isinstance(value, dict) and isinstance(value.get("choices"), list)


def runs_of(
    response: Mapping[str, Any], asked: Asked, notes: Notes, path: Path
) -> Iterator[RunDocument]:
    """A run for each answer in a response; tokens of answers are told only where there is one."""
    choices = response["choices"]
    usage = response.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    for number, choice in enumerate(choices):
        place = (*path, "choices", number)
        text = _text(choice, notes, place)
        if text is None:
            continue
        output = kept_output(text, notes, place)
        if output is None:
            continue
        yield RunDocument(
            version=asked.version,
            output=output,
            model=model_name(response.get("model")) or asked.model,
            values=dict(asked.values or {}),
            case=asked.case,
            raw=dict(response),
            input_tokens=_count(usage.get("prompt_tokens")),
            output_tokens=_count(usage.get("completion_tokens")) if len(choices) == 1 else None,
            made_at=_moment(response.get("created")),
            finish_reason=said(choice.get("finish_reason"))[:_MAX_FINISH],
        )


def kept_output(text: str, notes: Notes, path: Path) -> str | None:
    """An answer's text; None for one that cannot be kept, which is noted."""
    if len(text) > MAX_OUTPUT:
        notes.lost(path, "output_too_long", str(MAX_OUTPUT))
        return None
    if code := refused(text):
        notes.lost(path, code)
        return None
    return clean(text)


def model_name(value: Any) -> str:
    """A model's name, "" for what is none."""
    return shortened(said(value), _MAX_MODEL)


def _text(choice: Any, notes: Notes, path: Path) -> str | None:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        notes.lost(path, "part", "choice")
        return None
    content = message.get("content")
    if isinstance(content, list):
        texts = [one["text"] for one in content if _is_text(one)]
        content = "".join(texts) if texts else None
    if isinstance(content, str):
        return content
    if isinstance(message.get("refusal"), str):
        return str(message["refusal"])
    notes.lost(path, "part", "tool_calls" if message.get("tool_calls") else "content")
    return None


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def _count(value: Any) -> int | None:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT
    return value if known else None


def _moment(value: Any) -> str:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not _FIRST <= value <= _LAST
    ):
        return ""
    return datetime.fromtimestamp(int(value), UTC).isoformat()
