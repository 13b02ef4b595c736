"""Reader of Langfuse's prompts as its interface tells them: texts and chats, versions and labels.

Source: Langfuse's documentation of prompt management (data model, and `GET` of prompts). A file is
one prompt object, a list of them, or an object whose `data` is one. All of one name are one entry,
its versions in the order of their numbers; labels and the message of a version stand in the change
note. `{{name}}` is a variable and nothing else is.

Losses beside those of `chat`: "key" (detail: the key), "models" (detail: the model; information),
"parameters" (detail: the name; out of bounds), "json_schema", "template" (detail: a reference to
another prompt), "in_production" (detail: the version that has the label, where it is not the last),
"too_many_versions" (detail: the most there may be; the newest are kept). Problems beside those of
`loading` and `chat`: "not_langfuse" (no prompt object), "too_many_variables" (detail: how many),
"too_many_entries" (detail: the most there may be; none after them is read).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prompts_app.transfer.braces import translated
from prompts_app.transfer.chat import Messages, message_text, messages_of
from prompts_app.transfer.document import (
    MAX_CHANGE_NOTE,
    MAX_VARIABLES,
    EntryDocument,
    Problem,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Loaded, Path
from prompts_app.transfer.loading import json_of
from prompts_app.transfer.notes import Notes, Unfit
from prompts_app.transfer.single import names, parameters_of, said, source_key, tags_of
from prompts_app.transfer.texts import shortened, variable

MAX_ENTRIES: Final = 5_000
MAX_VERSIONS: Final = 200

_VARIABLE: Final = re.compile(r"(?<!\\)(?<!\\\{)\{\{\s*+([A-Za-z_]\w{0,63}+)\s*+\}\}")
_REFERENCE: Final = re.compile(r"@@@langfusePrompt:[^@\n]{0,200}@@@")
_READ: Final = (
    *("name", "type", "prompt", "version", "labels", "tags", "config", "commitMessage"),
    # What its server adds, which is no one's work.
    *("id", "createdAt", "updatedAt", "createdBy", "projectId", "isActive", "resolutionGraph"),
)
_CONFIG: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "topP": "top_p",
    "max_tokens": "max_tokens",
    "maxTokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "response_format": "response_format",
}
_PRODUCTION: Final = "production"


def sniff(glance: Glance) -> bool:
    """Whether it is JSON with the keys of a prompt, or a list of such."""
    keys = glance.keys
    if not glance.is_json:
        return False
    own = ("version", "labels", "type", "config", "commitMessage")
    return {"name", "prompt"} <= keys and not keys.isdisjoint(own)


@dataclass(frozen=True)
class _Prompt:
    """A prompt object and where it stands; `number` is its version's, 0 where it has none."""

    path: Path
    given: Mapping[str, Any]
    number: int


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """Entries in the order of their first prompt, then what cannot be read."""
    loaded = json_of(data)
    if isinstance(loaded, Problem):
        yield loaded
        return
    by_name: dict[str, list[_Prompt]] = {}
    problems = []
    for path, value in _listed(loaded.value):
        if isinstance(value, dict) and isinstance(value.get("prompt"), str | list):
            number = value.get("version")
            number = number if isinstance(number, int) and not isinstance(number, bool) else 0
            found = by_name.setdefault(said(value.get("name")), [])
            found.append(_Prompt(path, value, number))
        else:
            problems.append(Notes(loaded).unfit(path, "not_langfuse").problem)
    if not by_name and not problems:
        problems.append(Problem(1, "not_langfuse"))
    for count, (name, prompts) in enumerate(by_name.items()):
        if count == MAX_ENTRIES:
            reason = Notes(loaded).unfit(prompts[0].path, "too_many_entries", str(MAX_ENTRIES))
            problems.append(reason.problem)
            break
        try:
            yield _entry(name, prompts, loaded)
        except Unfit as unfit:
            problems.append(unfit.problem)
    yield from problems


def _listed(value: Any) -> Iterator[tuple[Path, Any]]:
    path: Path = ()
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        path, value = ("data",), value["data"]
    if isinstance(value, list):
        yield from (((*path, number), one) for number, one in enumerate(value))
    else:
        yield path, value


def _entry(name: str, prompts: list[_Prompt], loaded: Loaded) -> EntryDocument:
    notes = Notes(loaded)
    first = prompts[0].path
    prompts = sorted(prompts, key=lambda one: one.number)
    if len(prompts) > MAX_VERSIONS:
        notes.lost(first, "too_many_versions", str(MAX_VERSIONS))
        prompts = prompts[-MAX_VERSIONS:]
    versions = [_version(one, notes) for one in prompts]
    for one in prompts[:-1]:
        if _PRODUCTION in _labels(one.given):
            notes.lost((*one.path, "labels"), "in_production", str(one.number))
    newest = prompts[-1]
    messages = versions[-1].content["messages"]
    title, summary = names(name, "", messages)
    return EntryDocument(
        title=title,
        summary=summary,
        use_case="",
        language=guess_language("\n".join(one["content"] for one in messages)),
        tags=tags_of(newest.given.get("tags")),
        credit="",
        source_key=source_key("langfuse", title, [one.content["messages"] for one in versions]),
        versions=tuple(versions),
        losses=notes.losses,
        line=loaded.line(first),
    )


def _version(prompt: _Prompt, notes: Notes) -> VersionDocument:
    given, path = prompt.given, prompt.path
    for key in given:
        if key not in _READ:
            notes.lost((*path, key), "key", key)
    known: dict[str, str] = {}
    messages = _messages(given["prompt"], notes, (*path, "prompt"), known)
    if len(known) > MAX_VARIABLES:
        raise notes.unfit((*path, "prompt"), "too_many_variables", str(len(known)))
    config = given.get("config")
    model = said(config.get("model")) if isinstance(config, dict) else ""
    if model:
        notes.lost((*path, "config", "model"), "models", model)
    number = [f"version {prompt.number}"] if prompt.number else []
    told = [*number, ", ".join(_labels(given)), said(given.get("commitMessage")), model]
    return VersionDocument(
        {
            "kind": "text",
            "messages": messages,
            "variables": [variable(name, label) for label, name in known.items()],
            "context": "",
            "constraints": [],
            "parameters": _parameters(config, notes, (*path, "config")),
        },
        shortened(" · ".join(one for one in told if one), MAX_CHANGE_NOTE),
    )


def _messages(prompt: Any, notes: Notes, path: Path, known: dict[str, str]) -> Messages:
    def text_of(text: str, place: Path) -> str:
        for match in _REFERENCE.finditer(text):
            notes.lost(place, "template", match[0])
        return translated(text, known, _VARIABLE)

    if isinstance(prompt, str):
        text = message_text(prompt, notes, path, text_of)
        if not text.strip():
            raise notes.unfit(path, "no_messages")
        return [{"role": "user", "content": text}]
    kept: list[Any] = []
    for number, one in enumerate(prompt):
        if isinstance(one, dict) and one.get("type") == "placeholder":
            notes.lost((*path, number), "part", f"placeholder {said(one.get('name'))}")
            # Holds its place, so that others are told of where they stand.
            kept.append({"role": "user", "content": ""})
        elif isinstance(one, dict):
            kept.append({key: value for key, value in one.items() if key != "type"})
        else:
            kept.append(one)
    return messages_of(kept, notes, path, text_of)


def _parameters(config: Any, notes: Notes, path: Path) -> dict[str, Any]:
    if not isinstance(config, dict):
        return {}
    plain = {key: value for key, value in config.items() if key != "model"}
    wanted = plain.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        notes.lost((*path, "response_format"), "json_schema")
        plain["response_format"] = "json_object"
    return parameters_of(plain, _CONFIG, notes, path)


def _labels(given: Mapping[str, Any]) -> list[str]:
    labels = given.get("labels")
    texts = [said(one) for one in labels] if isinstance(labels, list) else []
    return [one for one in texts if one and one != "latest"]
