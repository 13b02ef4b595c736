"""Reader of Prompty, versions 1 and 2: YAML front matter, and a body of role-marked messages.

Sources: Prompty's specification and the behaviour of its Python packages 0.1 and 2.1. One file is
one entry of one version:

- The body is cut at lines like `user:`; what stands before the first of them is a system message.
  Blank lines around a message do not belong to it.
- It is a template (Jinja, or Mustache): see `nunjucks`. A variable that stands for earlier turns,
  a picture or a file (`kind: thread`) stays text and is reported as one.
- Inputs are variables where a message asks for them; examples and samples are a test case.
- What answers shall look like (`outputs`) asks for a JSON object.

`${env:…}` and `${file:…}` stay as they are: nothing is looked up. Losses beside those of `chat` and
`nunjucks`: "environment" (detail: the reference), "file" (detail: the reference), "key" (detail:
the key), "models" (detail: the model; information), "parameters" (detail: the name; out of bounds),
"json_schema", "unused" (detail: an input that no message asks for), "value_too_long" (detail: the
variable), and those of `texts.refused` (detail: the variable). Problems beside those of `loading`
and `chat`: "not_prompty" (no front matter, or one that is no mapping), "too_many_variables"
(detail: how many).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from prompts_app.transfer.chat import messages_of
from prompts_app.transfer.document import (
    MAX_CHANGE_NOTE,
    MAX_CREDIT,
    MAX_VARIABLES,
    EntryDocument,
    Problem,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Path
from prompts_app.transfer.loading import text_of, yaml_of_text
from prompts_app.transfer.notes import Notes, Unfit
from prompts_app.transfer.nunjucks import Templates
from prompts_app.transfer.prompty_write import MARK
from prompts_app.transfer.single import (
    Front,
    case_of,
    declared,
    front_matter,
    kept_value,
    names,
    no_file,
    only_entry,
    parameters_of,
    placed,
    references,
    said,
    source_key,
    tags_of,
)
from prompts_app.transfer.texts import shortened

ENDINGS: Final = (".prompty",)

_READ: Final = (
    *("name", "displayName", "description", "metadata", "authors", "tags", "model", "inputs"),
    *("sample", "outputs", "template"),
)
_MODEL_READ: Final = ("id", "options", "parameters", "configuration", "api", "apiType", "provider")
_OPTIONS: Final = {
    "temperature": "temperature",
    "topP": "top_p",
    "top_p": "top_p",
    "maxOutputTokens": "max_tokens",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "response_format": "response_format",
}
_RICH: Final = ("thread", "image", "file", "audio")
# One of them is in nearly every file; a mark below tells it from other people's front matter.
_OWN: Final = ("name", "inputs", "model", "sample", "template", "outputs", "tools")


def sniff(glance: Glance) -> bool:
    """Whether there is front matter with a key of Prompty's, and a message's mark below it."""
    front = front_matter(glance.head)
    return (
        front is not None
        and not glance.keys.isdisjoint(_OWN)
        and MARK.search(front.body) is not None
    )


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """The entry of a file, or the problem that keeps it out."""
    return only_entry(text_of(data), _entry)


def _entry(text: str) -> EntryDocument:
    front = front_matter(text)
    if front is None:
        raise no_file("not_prompty")
    loaded = yaml_of_text(front.text, front.line)
    if isinstance(loaded, Problem):
        raise Unfit(loaded)
    file, notes = loaded.value if loaded.value is not None else {}, Notes(loaded)
    if not isinstance(file, dict):
        raise no_file("not_prompty", front.line)
    for key in file:
        if key not in _READ:
            notes.lost((key,), "key", key)
    for path, reference in references(file, ("${env:", "${file:")):
        is_file = reference[:7].lower() == "${file:"
        notes.lost(path, "file" if is_file else "environment", reference)
    inputs = _inputs(file.get("inputs"))
    parts, more = _parts(front)
    body = placed(parts, front.body_line)
    told = Notes(body)
    for number, attributes in more.items():
        told.lost(("messages", number), "message_key", attributes)
    rich = {name for name, (_path, one) in inputs.items() if one.get("kind") in _RICH}
    templates = Templates(told, literal=rich)
    messages = messages_of(body.value["messages"], told, ("messages",), templates.translated)
    if len(templates.variables) > MAX_VARIABLES:
        raise told.unfit(("messages",), "too_many_variables", str(len(templates.variables)))
    model = _model(file.get("model"), notes)
    title, summary = names(
        said(file.get("name")) or said(file.get("displayName")),
        said(file.get("description")),
        messages,
    )
    parameters = _parameters(file, notes)
    variables = [_variable(name, inputs, notes) for name in templates.variables]
    for name, (path, _one) in inputs.items():
        if name not in templates.variables and name not in rich:
            notes.lost(path, "unused", name)
    values = _values(file.get("sample"), inputs, templates.variables, notes)
    metadata = _metadata(file, notes)
    return EntryDocument(
        title=title,
        summary=summary,
        use_case="",
        language=guess_language("\n".join(one["content"] for one in messages)),
        tags=tags_of(metadata["tags"]),
        credit=_credit(metadata["authors"]),
        source_key=source_key("prompty", title, messages),
        versions=(
            VersionDocument(
                {
                    "kind": "text",
                    "messages": messages,
                    "variables": variables,
                    "context": "",
                    "constraints": [],
                    "parameters": parameters,
                },
                shortened(model, MAX_CHANGE_NOTE),
            ),
        ),
        cases=(case_of(values, 1),) if values else (),
        losses=tuple(sorted((*notes.losses, *told.losses), key=lambda loss: loss.line)),
        line=1,
    )


def _parts(front: Front) -> tuple[list[tuple[str, str, int]], dict[int, str]]:
    """Role, text and line of each message; and by its number what else a mark says."""
    parts: list[tuple[str, str, int]] = []
    more: dict[int, str] = {}
    role, start, at, line, reached = "system", 0, front.body_line, front.body_line, 0
    for match in MARK.finditer(front.body):
        text = front.body[start : match.start()]
        if text.strip() or parts:
            parts.append((role, text.strip("\n"), at))
        line += front.body.count("\n", reached, match.start())
        role, start, at, reached = match["role"], match.end(), line, match.start()
        if match["told"]:
            more[len(parts)] = match["told"]
    return [*parts, (role, front.body[start:].strip("\n"), at)], more


def _inputs(given: Any) -> dict[str, tuple[Path, dict[str, Any]]]:
    """What is declared of each input, by its name, and where; a plain value is an example."""
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    if isinstance(given, dict):
        for name, one in given.items():
            found[name] = (("inputs", name), one if isinstance(one, dict) else {"example": one})
    for number, one in enumerate(given if isinstance(given, list) else ()):
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            found.setdefault(one["name"], (("inputs", number), one))
    return found


def _variable(
    name: str, inputs: Mapping[str, tuple[Path, dict[str, Any]]], notes: Notes
) -> dict[str, Any]:
    path, one = inputs.get(name, ((), {}))
    default = kept_value(one.get("default"), name, notes, (*path, "default")) or ""
    kind = one.get("kind", one.get("type"))
    return declared(name, said(one.get("description")), default, kind, one.get("enumValues"))


def _values(
    sample: Any,
    inputs: Mapping[str, tuple[Path, dict[str, Any]]],
    used: Mapping[str, bool],
    notes: Notes,
) -> dict[str, str]:
    """The values of the one test case there is."""
    given: dict[str, tuple[Path, Any]] = {}
    for name, (path, one) in inputs.items():
        for key in ("example", "sample"):
            if one.get(key) is not None:
                given[name] = ((*path, key), one[key])
    for name, value in sample.items() if isinstance(sample, dict) else ():
        given[name] = (("sample", name), value)
    values = {}
    for name in used:
        if name in given:
            kept = kept_value(given[name][1], name, notes, given[name][0])
            if kept is not None:
                values[name] = kept
    return values


def _model(given: Any, notes: Notes) -> str:
    """The model's name."""
    model = said(given)
    if isinstance(given, dict):
        told = given.get("configuration")
        places = [(given, "id")]
        if isinstance(told, dict):
            places += [(told, key) for key in ("azure_deployment", "name", "model")]
        model = next((name for place, key in places if (name := said(place.get(key)))), "")
        for key in given:
            if key not in _MODEL_READ:
                notes.lost(("model", key), "key", key)
    if model:
        notes.lost(("model",), "models", model)
    return model


def _parameters(file: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    model = file.get("model")
    found: dict[str, Any] = {}
    for key in ("parameters", "options"):
        given = model.get(key) if isinstance(model, dict) else None
        if isinstance(given, dict):
            more = given.get("additionalProperties")
            plain = {name: one for name, one in given.items() if name != "additionalProperties"}
            path: Path = ("model", key)
            found |= parameters_of(plain, _OPTIONS, notes, path)
            found |= parameters_of(more, _OPTIONS, notes, (*path, "additionalProperties"))
    if file.get("outputs"):
        notes.lost(("outputs",), "json_schema")
        found["response_format"] = "json_object"
    return found


def _metadata(file: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    given = file.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    for key in metadata:
        if key not in ("authors", "tags"):
            notes.lost(("metadata", key), "key", key)
    return {key: metadata.get(key) or file.get(key) for key in ("authors", "tags")}


def _credit(authors: Any) -> str:
    texts = [said(one) for one in authors] if isinstance(authors, list) else [said(authors)]
    return shortened(", ".join(text for text in texts if text), MAX_CREDIT)
