"""Reader of dotprompt (`.prompt`): YAML front matter, and a Handlebars template.

Source: Google's description of dotprompt and Picoschema, and what its library does. One file is one
entry of one version; see `handlebars` for the template. What the input's schema (Picoschema or JSON
Schema) says of a variable becomes its type, label and choices, and `default` its default. What
answers shall look like asks for a JSON object.

Losses beside those of `chat`: "template" (detail: the tag), "comment" (detail: its text), "key"
(detail: the key), "models" (detail: the model; information), "parameters" (detail: the name; out of
bounds), "json_schema", "unused" (detail: an input that no message asks for), "value_too_long" and
those of `texts.refused` (detail: the variable). Problems beside those of `loading` and `chat`:
"not_dotprompt" (front matter without an end, or that is no mapping), "too_many_variables" (detail:
how many).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prompts_app.transfer.chat import messages_of
from prompts_app.transfer.document import (
    MAX_CHANGE_NOTE,
    MAX_MESSAGE_CHARS,
    MAX_MESSAGES,
    MAX_VARIABLES,
    EntryDocument,
    Problem,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.handlebars import Template
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loading import text_of, yaml_of_text
from prompts_app.transfer.notes import Notes, Unfit
from prompts_app.transfer.single import (
    Front,
    declared,
    front_matter,
    kept_value,
    names,
    no_file,
    only_entry,
    parameters_of,
    placed,
    said,
    source_key,
)
from prompts_app.transfer.texts import clean, refused, shortened

ENDINGS: Final = (".prompt",)

# Remarks, as of a licence, may stand before the front matter.
_HEAD: Final = re.compile(r"(?:[ \t]*+(?:#[^\n]*+)?\n)*+")
_OPEN: Final = re.compile(r"---[ \t]*+(?:\n|\Z)")
# `"a" | "b"` is how its documents list values, though it is no YAML.
_UNION: Final = re.compile(
    r'^([ \t]*+[^\s:#"]++:[ \t]*+)("[^"\n]*"(?:[ \t]*\|[ \t]*"[^"\n]*")+)[ \t]*$', re.M
)
_QUOTED: Final = re.compile(r'"([^"]*)"')
_READ: Final = ("model", "config", "input", "output", "name", "description")
_CONFIG: Final = {
    "temperature": "temperature",
    "topP": "top_p",
    "maxOutputTokens": "max_tokens",
}


def sniff(glance: Glance) -> bool:
    """Whether it has front matter with keys of dotprompt's, and tags below it."""
    if glance.named(*ENDINGS):
        return True
    front = _front(glance.head)
    return (
        front is not None
        and not glance.keys.isdisjoint(("model", "input", "config", "output"))
        and "{{" in front.body
    )


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """The entry of a file, or the problem that keeps it out."""
    return only_entry(text_of(data), _entry)


def _front(text: str) -> Front | None:
    head = _HEAD.match(text)
    return front_matter(text, head.end() if head else 0)


@dataclass(frozen=True)
class _Input:
    """What the schema says of an input."""

    label: str = ""
    kind: str = ""
    choices: tuple[str, ...] = ()


def _entry(text: str) -> EntryDocument:
    front = _front(text)
    if front is None:
        head = _HEAD.match(text)
        if _OPEN.match(text, head.end() if head else 0):
            raise no_file("not_dotprompt")
        front = Front("", 1, text, 1)
    loaded = yaml_of_text(_UNION.sub(r"\1'\2'", front.text), front.line)
    if isinstance(loaded, Problem):
        raise Unfit(loaded)
    file, notes = loaded.value if loaded.value is not None else {}, Notes(loaded)
    if not isinstance(file, dict):
        raise no_file("not_dotprompt", front.line)
    for key in file:
        if key not in _READ:
            notes.lost((key,), "key", key)
    if len(front.body) > MAX_MESSAGES * MAX_MESSAGE_CHARS:
        raise Unfit(Problem(front.body_line, "message_too_long", str(MAX_MESSAGE_CHARS)))
    template = Template(clean(front.body), front.body_line)
    parts = template.messages()
    body = placed(((one.role, one.text, one.line) for one in parts), front.body_line)
    told = Notes(body)
    for number, one in enumerate(parts):
        for code, detail in one.losses:
            told.lost(("messages", number), code, detail)
    messages = messages_of(body.value["messages"], told, ("messages",), lambda text, _path: text)
    if len(template.variables) > MAX_VARIABLES:
        raise told.unfit(("messages",), "too_many_variables", str(len(template.variables)))
    inputs, defaults = _inputs(file.get("input"))
    variables = []
    for name in template.variables:
        given = inputs.get(name, _Input())
        default = kept_value(defaults.get(name), name, notes, ("input", "default", name)) or ""
        variables.append(declared(name, given.label, default, given.kind, [*given.choices]))
    for name in inputs:
        if name not in template.variables:
            notes.lost(("input", "schema"), "unused", name)
    model = said(file.get("model"))
    if model:
        notes.lost(("model",), "models", model)
    title, summary = names(said(file.get("name")), said(file.get("description")), messages)
    content = {
        "kind": "text",
        "messages": messages,
        "variables": variables,
        "context": "",
        "constraints": [],
        "parameters": _parameters(file, notes),
    }
    return EntryDocument(
        title=title,
        summary=summary,
        use_case="",
        language=guess_language("\n".join(one["content"] for one in messages)),
        tags=(),
        credit="",
        source_key=source_key("dotprompt", title, messages),
        versions=(VersionDocument(content, shortened(model, MAX_CHANGE_NOTE)),),
        losses=tuple(sorted((*notes.losses, *told.losses), key=lambda loss: loss.line)),
        line=1,
    )


def _inputs(given: Any) -> tuple[dict[str, _Input], Mapping[str, Any]]:
    """What is said of each input, and the defaults, both by name."""
    told = given if isinstance(given, dict) else {}
    schema, defaults = told.get("schema"), told.get("default")
    found: dict[str, _Input] = {}
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            found = {name: _of_json_schema(one) for name, one in properties.items()}
        else:
            found = dict(_of_picoschema(key, one) for key, one in schema.items())
    return found, defaults if isinstance(defaults, dict) else {}


def _of_json_schema(given: Any) -> _Input:
    one = given if isinstance(given, dict) else {}
    listed = one.get("enum")
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    return _Input(said(one.get("description")), said(one.get("type")), tuple(texts))


def _of_picoschema(key: str, given: Any) -> tuple[str, _Input]:
    """An input from a line such as `style?(enum, how): [a, b]` or `age: integer, in years`."""
    name, _sign, more = key.partition("(")
    name = name.strip().removesuffix("?")
    if isinstance(given, list):
        texts = tuple(text for text in given if isinstance(text, str))
        return name, _Input(said(more.rstrip(")").partition(",")[2]), "", texts)
    if not isinstance(given, str) or refused(given):
        return name, _Input()
    if "|" in given and (texts := tuple(_QUOTED.findall(given[:10_000]))):
        return name, _Input("", "", texts)
    kind, _comma, label = given.partition(",")
    return name, _Input(said(label), kind.strip())


def _parameters(file: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    found = parameters_of(file.get("config"), _CONFIG, notes, ("config",))
    output = file.get("output")
    if isinstance(output, dict) and output.get("format") == "text":
        found["response_format"] = "text"
    elif isinstance(output, dict) and (output.get("format") == "json" or output.get("schema")):
        found["response_format"] = "json_object"
        if output.get("schema"):
            notes.lost(("output", "schema"), "json_schema")
    return found
