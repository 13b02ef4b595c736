"""Reader of OpenAI's chat completions as JSON: requests, with their responses where they are there.

Source: OpenAI's reference of chat completions, of batches and of training files. A file is one JSON
value or one a line (JSON lines), each of these shapes, or a list of them:

- a request (`messages` and parameters), or its messages alone;
- a request and its response in one object, side by side (`request`, `response`) or mixed, a stored
  completion that tells its messages among them;
- a line of a batch's input (`body`) and one of its output (`response.body`), which belong together
  by `custom_id`.

The same request is one entry, and every answer to it a run of that with the provider's response as
it stood, its model, usage and time. A last message of the assistant's without a response is an
answer too, without any of these. Messages are plain: nothing in them is a variable.

Losses beside those of `chat` and `completion`: "key" (detail: the key), "models" (detail: the
model; information), "parameters" (detail: the name; out of bounds), "json_schema". Problems beside
those of `loading` and `chat`: "not_openai" (no object with messages), "only_response" (an answer
without what was asked), "too_many_entries" (detail: the most lines; none after it is read).
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from prompts_app.transfer.chat import is_chat, messages_of
from prompts_app.transfer.completion import (
    MAX_RUNS,
    Asked,
    is_completion,
    kept_output,
    model_name,
    runs_of,
)
from prompts_app.transfer.document import (
    MAX_CHANGE_NOTE,
    EntryDocument,
    Loss,
    Problem,
    RunDocument,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Loaded, Path
from prompts_app.transfer.loading import json_of_text, text_of
from prompts_app.transfer.notes import Notes, Unfit
from prompts_app.transfer.single import names, parameters_of, source_key
from prompts_app.transfer.texts import escaped, shortened

ENDINGS: Final = (".jsonl", ".ndjson")
MAX_LINES: Final = 5_000

_LINE: Final = re.compile(r"^.*\S.*$", re.MULTILINE)
_PARAMETERS: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
}
# How an answer comes, or whose it is, and not what is asked.
_HOW: Final = (
    "messages",
    "model",
    "stream",
    "stream_options",
    "n",
    "user",
    "store",
    "response_format",
)
_ANSWERED: Final = (
    *("id", "object", "created", "model", "choices", "usage", "system_fingerprint"),
    *("service_tier",),
)
# What stands beside a request, where it is mixed with other things.
_NOT_ASKED: Final = (frozenset(_ANSWERED) - {"model"}) | {
    *("custom_id", "method", "url", "body", "request", "response", "error"),
}


def sniff(glance: Glance) -> bool:
    """Whether it is JSON with the keys of a request, a response, or a pair of them."""
    if not glance.is_json:
        return False
    keys = glance.keys
    return (
        ("messages" in keys and "prompts" not in keys)
        or ("choices" in keys and not keys.isdisjoint(("object", "model", "id")))
        or ("custom_id" in keys and not keys.isdisjoint(("body", "response")))
        or {"request", "response"} <= keys
        or ("role" in keys and "content" in keys)
    )


@dataclass
class _Record:
    """A request with its responses, and where they stand."""

    loaded: Loaded
    path: Path
    messages: Path
    request: Mapping[str, Any]
    responses: list[tuple[Notes, Path, Any]] = field(default_factory=list)


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """Entries in the order of the file, then what cannot be read of it."""
    text = text_of(data)
    if isinstance(text, Problem):
        yield text
        return
    problems: list[Problem] = []
    entries: dict[str, EntryDocument] = {}
    for record in _paired(_values(text, problems), problems):
        try:
            entry = _entry(record)
        except Unfit as unfit:
            problems.append(unfit.problem)
            continue
        before = entries.get(entry.source_key)
        entries[entry.source_key] = _joined(before, entry) if before is not None else entry
    if not entries and not problems:
        problems.append(Problem(1, "not_openai"))
    yield from entries.values()
    yield from sorted(problems, key=lambda one: one.line)


def _values(text: str, problems: list[Problem]) -> Iterator[Loaded]:
    """Every JSON value of a file."""
    whole = json_of_text(text)
    if isinstance(whole, Loaded):
        yield whole
        return
    lines = _lines(text)
    first = next(lines, None)
    second = next(lines, None)
    if first is None or second is None or isinstance(json_of_text(first[1]), Problem):
        problems.append(whole)
        return
    for count, (number, line) in enumerate(itertools.chain((first, second), lines)):
        if count == MAX_LINES:
            problems.append(Problem(number, "too_many_entries", str(MAX_LINES)))
            return
        loaded = json_of_text(line, number)
        if isinstance(loaded, Problem):
            problems.append(loaded)
        else:
            yield loaded


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that say anything, with their numbers."""
    number, reached = 1, 0
    for match in _LINE.finditer(text):
        number += text.count("\n", reached, match.start())
        reached = match.start()
        yield number, match[0]


def _paired(values: Iterator[Loaded], problems: list[Problem]) -> list[_Record]:
    """Requests, each with its responses."""
    records: list[_Record] = []
    by_id: dict[str, _Record] = {}
    alone: list[tuple[str, Notes, Path, Any]] = []
    for loaded in values:
        notes = Notes(loaded)
        for path, value in _listed(loaded.value):
            key = value.get("custom_id") if isinstance(value, dict) else ""
            key = key if isinstance(key, str) else ""
            asked = _request(value, path)
            response = _response(value, path)
            if asked is not None:
                record = _Record(loaded, *asked)
                records.append(record)
                if key:
                    by_id[key] = record
                if response is not None:
                    record.responses.append((notes, *response))
            elif response is not None:
                alone.append((key, notes, *response))
            else:
                problems.append(notes.unfit(path, "not_openai").problem)
    for key, notes, path, response in alone:
        if key in by_id:
            by_id[key].responses.append((notes, path, response))
        else:
            problems.append(notes.unfit(path, "only_response").problem)
    return records


def _listed(value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and isinstance(value.get("data"), list) and "messages" not in value:
        # What a list of stored completions looks like.
        yield from ((("data", number), one) for number, one in enumerate(value["data"]))
    elif isinstance(value, list) and not is_chat(value):
        yield from (((number,), one) for number, one in enumerate(value))
    else:
        yield (), value


def _request(value: Any, path: Path) -> tuple[Path, Path, Mapping[str, Any]] | None:
    """The place of a request, that of its messages, and the request."""
    if is_chat(value):
        return path, path, {"messages": value}
    if not isinstance(value, dict):
        return None
    for name in ("request", "body"):
        inner = value.get(name)
        if isinstance(inner, dict) and "messages" in inner:
            return (*path, name), (*path, name, "messages"), inner
    if "messages" not in value:
        return None
    mixed = {name: one for name, one in value.items() if name not in _NOT_ASKED}
    return path, (*path, "messages"), mixed


def _response(value: Any, path: Path) -> tuple[Path, Mapping[str, Any]] | None:
    """The place of a response, and the response."""
    inner = value.get("response") if isinstance(value, dict) else None
    if isinstance(inner, dict):
        place: Path = (*path, "response")
        if isinstance(inner.get("body"), dict):
            inner, place = inner["body"], (*place, "body")
        return (place, inner) if is_completion(inner) else None
    if is_completion(value):
        return path, {name: value[name] for name in _ANSWERED if name in value}
    return None


def _entry(record: _Record) -> EntryDocument:
    notes, request, path = Notes(record.loaded), record.request, record.path
    texts: list[str] = []

    def plain(text: str, _path: Path) -> str:
        texts.append(text)
        return escaped(text)

    messages = messages_of(request["messages"], notes, record.messages, plain)
    model = model_name(request.get("model"))
    parameters = _parameters(request, notes, path)
    if model:
        notes.lost((*path, "model"), "models", model)
    runs: list[RunDocument] = []
    losses: dict[Loss, None] = {}
    for told, where, response in record.responses:
        runs += runs_of(response, Asked(model=model), told, where)
        losses |= dict.fromkeys(told.losses)
    if not record.responses and len(messages) > 1 and messages[-1]["role"] == "assistant":
        answer = kept_output(texts[-1], notes, record.messages)
        if answer is not None:
            runs.append(RunDocument(version=0, output=answer, model=model, values={}))
            messages = messages[:-1]
    title, summary = names("", "", messages)
    key = source_key("openai", messages, parameters, model)
    return EntryDocument(
        title=title,
        summary=summary,
        use_case="",
        language=guess_language("\n".join(one["content"] for one in messages)),
        tags=(),
        credit="",
        source_key=key,
        versions=(
            VersionDocument(
                {
                    "kind": "text",
                    "messages": messages,
                    "variables": [],
                    "context": "",
                    "constraints": [],
                    "parameters": parameters,
                },
                shortened(model, MAX_CHANGE_NOTE),
            ),
        ),
        runs=tuple(runs[:MAX_RUNS]),
        losses=tuple(dict.fromkeys(notes.losses) | losses),
        line=record.loaded.line(path),
    )


def _parameters(request: Mapping[str, Any], notes: Notes, path: Path) -> dict[str, Any]:
    plain = {name: one for name, one in request.items() if name not in _HOW and one is not None}
    found = parameters_of(plain, _PARAMETERS, notes, path)
    wanted = request.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        notes.lost((*path, "response_format"), "json_schema")
        found["response_format"] = "json_object"
    elif wanted is not None:
        given = {"response_format": wanted}
        found |= parameters_of(given, {"response_format": "response_format"}, notes, path)
    return found


def _joined(before: EntryDocument, entry: EntryDocument) -> EntryDocument:
    runs = (*before.runs, *entry.runs)
    losses = before.losses
    if len(runs) > MAX_RUNS:
        loss = Loss(entry.line, "", "too_many_outputs", str(MAX_RUNS))
        losses = losses if losses and losses[-1].code == loss.code else (*losses, loss)
    return replace(before, runs=runs[:MAX_RUNS], losses=losses)
