"""Whether documents fit the database and the pages: the last look before anything is made of them.

Readers promise it for their formats; this looks at every document all the same, so that none can
leave behind what the editor cannot open or a database refuses in the middle of an import.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from prompts_app.assertions.base import UNSTORABLE
from prompts_app.models import Entry, Run, TestCase, Version
from prompts_app.transfer import document as limits
from prompts_app.transfer.document import EntryDocument, RunDocument, VersionDocument

MAX_VERSIONS: Final = 200
MAX_RUNS: Final = 2_000
MAX_OUTPUT: Final = 2_000_000
MAX_RAW: Final = 4_000_000
_MAX_MODEL: Final = Run._meta.get_field("model_asked").max_length or 0
_MAX_KEY: Final = Entry._meta.get_field("source_key").max_length or 0
_MAX_FINISH: Final = Run._meta.get_field("finish_reason").max_length or 0
_MAX_COUNT: Final = 2_147_483_647
_ROLES: Final = ("system", "user", "assistant")
_TYPES: Final = ("text", "long_text", "choice", "number")
_CONTENT: Final = {"kind", "messages", "variables", "context", "constraints", "parameters"}
_VARIABLE: Final = {"name", "type", "label", "default", "choices", "min", "max", "max_length"}
# As JSON escapes it: an even number of backslashes before it would make it ordinary text.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?")

assert TestCase._meta.get_field("name").max_length == limits.MAX_CASE_NAME
assert Version._meta.get_field("change_note").max_length == limits.MAX_CHANGE_NOTE


def unfit(document: EntryDocument) -> str:
    """Return the path of the first part that does not fit, or ""."""
    return next(_wrong(document), "")


def _wrong(document: EntryDocument) -> Iterator[str]:
    if not _text(document.title, limits.MAX_TITLE, least=1) or "\n" in document.title:
        yield "title"
    if not _text(document.summary, limits.MAX_SUMMARY):
        yield "summary"
    if not _text(document.use_case, limits.MAX_USE_CASE):
        yield "use_case"
    if not _LANGUAGE.fullmatch(document.language):
        yield "language"
    if document.second_language and not _LANGUAGE.fullmatch(document.second_language):
        yield "second_language"
    words = document.second_words
    if len(words) > limits.MAX_TRANSLATED or not all(
        _text(one, limits.MAX_CONTEXT, least=1) for pair in words.items() for one in pair
    ):
        yield "second_words"
    if not _text(document.credit, limits.MAX_CREDIT):
        yield "credit"
    if not _text(document.source_key, _MAX_KEY):
        yield "source_key"
    tags = document.tags
    if len(tags) > limits.MAX_TAGS or not all(_text(tag, limits.MAX_TAG, least=1) for tag in tags):
        yield "tags"
    if not 0 < len(document.versions) <= MAX_VERSIONS:
        yield "versions"
    if document.baseline is not None and not 0 <= document.baseline < len(document.versions):
        yield "baseline"
    for number, version in enumerate(document.versions):
        yield from (f"versions[{number}].{path}" for path in _of_version(version))
    if len(document.cases) > limits.MAX_CASES:
        yield "cases"
    for number, case in enumerate(document.cases):
        if not (
            _text(case.name, limits.MAX_CASE_NAME, least=1)
            and _text(case.watch_for, limits.MAX_WATCH_FOR)
            and _values(case.values)
        ):
            yield f"cases[{number}]"
    if len(document.runs) > MAX_RUNS:
        yield "runs"
    for number, run in enumerate(document.runs):
        if not _is_run(run, len(document.versions), len(document.cases)):
            yield f"runs[{number}]"


def _of_version(version: VersionDocument) -> Iterator[str]:
    content = version.content
    if not _text(version.change_note, limits.MAX_CHANGE_NOTE):
        yield "change_note"
    if set(content) != _CONTENT or content["kind"] not in ("text", "image"):
        yield "content"
        return
    if not _text(content["context"], limits.MAX_CONTEXT):
        yield "context"
    for name, most, fits in (
        ("messages", limits.MAX_MESSAGES, _is_message),
        ("variables", limits.MAX_VARIABLES, _is_variable),
        ("constraints", limits.MAX_CONSTRAINTS, _is_constraint),
    ):
        rows = content[name]
        if not isinstance(rows, list) or len(rows) > most:
            yield name
            continue
        for number, row in enumerate(rows):
            if not isinstance(row, dict) or not fits(row):
                yield f"{name}[{number}]"
    if not content["messages"]:
        yield "messages"
    parameters = content["parameters"]
    if not isinstance(parameters, dict) or not _as_json(parameters, 10_000):
        yield "parameters"


def _is_message(row: dict[str, Any]) -> bool:
    return (
        set(row) == {"role", "content"}
        and row["role"] in _ROLES
        and _text(row["content"], limits.MAX_MESSAGE_CHARS)
    )


def _is_variable(row: dict[str, Any]) -> bool:
    return (
        set(row) == _VARIABLE
        and _text(row["name"], 64, least=1)
        and row["type"] in _TYPES
        and _text(row["label"], limits.MAX_LABEL)
        and _text(row["default"], limits.MAX_VALUE)
        and isinstance(row["choices"], list)
        and len(row["choices"]) <= limits.MAX_CHOICES
        and all(_text(choice, limits.MAX_CHOICE) for choice in row["choices"])
        and all(row[key] is None or _number(row[key]) for key in ("min", "max"))
        and (row["max_length"] is None or _whole(row["max_length"], limits.MAX_VALUE))
    )


def _is_constraint(row: dict[str, Any]) -> bool:
    if not _text(row.get("text"), limits.MAX_CONSTRAINT, least=1):
        return False
    rest = row.keys() - {"text"}
    if not rest:
        return True
    (tested,) = rest if len(rest) == 1 else ("",)
    kept = tested in ("assertion", "foreign") and isinstance(row[tested], dict)
    return kept and _as_json(row[tested], 100_000)


def _is_run(run: RunDocument, versions: int, cases: int) -> bool:
    return (
        0 <= run.version < versions
        and (run.case is None or 0 <= run.case < cases)
        and _text(run.output, MAX_OUTPUT)
        and _text(run.model, _MAX_MODEL)
        and _text(run.finish_reason, _MAX_FINISH)
        and _text(run.made_at, 60)
        and _values(run.values)
        and all(
            count is None or _whole(count, _MAX_COUNT)
            for count in (run.input_tokens, run.output_tokens, run.latency)
        )
    )


def keeps_raw(raw: dict[str, Any] | None) -> bool:
    """Say whether a provider's response can be kept as it is."""
    return raw is not None and isinstance(raw, dict) and _as_json(raw, MAX_RAW)


def _values(values: Any) -> bool:
    return isinstance(values, dict) and all(
        _text(name, 64, least=1) and _text(value, limits.MAX_VALUE)
        for name, value in values.items()
    )


def _text(value: Any, most: int, least: int = 0) -> bool:
    return (
        isinstance(value, str)
        and least <= len(value) <= most
        and (not least or bool(value.strip()))
        and not UNSTORABLE.search(value)
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _as_json(value: Any, most: int) -> bool:
    """Say whether both databases keep `value` as JSON of at most `most` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return len(text) <= most and not _NUL.search(text) and not UNSTORABLE.search(text)
