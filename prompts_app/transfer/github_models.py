r"""Reader of GitHub Models' prompt files (`.prompt.yml`): messages, model, testData, evaluators.

Sources: GitHub's "Storing prompts in GitHub repositories", and what its command `gh models eval`
does. One file is one entry of one version:

- `{{name}}` becomes a variable, whatever name test data may have; nothing else is a template there.
- `testData` are cases; a value that no message asks for (`expected`) is noted in what to watch for.
- `evaluators` on texts are constraints: `equals` to the character, `contains` capitals or not,
  `startsWith` and `endsWith` to the character here, which is reported. Those that ask a model are
  constraints that nothing tests here.

Losses beside those of `chat`: "key" (detail: the key), "models" (detail: the model; information),
"parameters" (detail: the name; out of bounds), "json_schema" (answers are asked for as an object),
"evaluator" (detail: its name; only its sentence is kept), "case_sensitive" (detail: the rule),
"test" (one that is no mapping), "value_too_long" (detail: the variable), "too_many_tests",
"too_many_constraints" (detail: the most there may be). Problems beside those of `loading` and
`chat`: "not_github_models" (no mapping with messages), "too_many_variables" (detail: how many).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prompts_app.transfer.braces import translated
from prompts_app.transfer.chat import messages_of
from prompts_app.transfer.document import (
    MAX_CASE_NAME,
    MAX_CASES,
    MAX_CHANGE_NOTE,
    MAX_CONSTRAINT,
    MAX_CONSTRAINTS,
    MAX_TITLE,
    MAX_VALUE,
    MAX_VARIABLES,
    MAX_WATCH_FOR,
    CaseDocument,
    EntryDocument,
    Problem,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Loaded, Path
from prompts_app.transfer.loading import yaml_of
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.parameters import parameter
from prompts_app.transfer.single import only_entry, parameters_of, said
from prompts_app.transfer.texts import (
    clean,
    first_sentence,
    one_line,
    refused,
    shortened,
    spoken,
    variable,
)

ENDINGS: Final = (".prompt.yml", ".prompt.yaml")

_READ: Final = (
    *("name", "description", "model", "modelParameters", "responseFormat", "jsonSchema"),
    *("messages", "testData", "evaluators"),
)
_PARAMETERS: Final = {
    "temperature": "temperature",
    "topP": "top_p",
    "maxTokens": "max_tokens",
    "maxCompletionTokens": "max_tokens",
}
# The first that is there counts.
_STRING_RULES: Final = (
    ("equals", "equals"),
    ("contains", "icontains"),
    ("startsWith", "starts-with"),
    ("endsWith", "ends-with"),
)


def sniff(glance: Glance) -> bool:
    """Whether it is YAML with messages and what only these files have beside them."""
    keys = glance.keys
    own = ("modelParameters", "testData", "evaluators", "jsonSchema", "responseFormat")
    return (
        "messages" in keys
        and not glance.is_json
        and (not keys.isdisjoint(own) or "model" in keys or glance.named(*ENDINGS))
    )


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """The entry of a file, or the problem that keeps it out."""
    return only_entry(yaml_of(data), _entry)


def _entry(loaded: Loaded) -> EntryDocument:
    file, notes = loaded.value, Notes(loaded)
    if not isinstance(file, dict) or "messages" not in file:
        raise notes.unfit((), "not_github_models")
    for key in file:
        if key not in _READ:
            notes.lost((key,), "key", key)
    # Each variable's name here by its name there.
    names: dict[str, str] = {}
    messages = messages_of(
        file["messages"], notes, ("messages",), lambda text, _path: translated(text, names)
    )
    if len(names) > MAX_VARIABLES:
        raise notes.unfit(("messages",), "too_many_variables", str(len(names)))
    title = said(file.get("name"))
    described = said(file.get("description"))
    asked = first_sentence(spoken(messages[-1]["content"]))
    title = shortened(title or described or asked, MAX_TITLE)
    model = said(file.get("model"))
    if model:
        notes.lost(("model",), "models", model)
    digest = json.dumps([title, messages], ensure_ascii=False)
    return EntryDocument(
        title=title,
        summary=first_sentence(described or asked, title),
        use_case="",
        language=guess_language("\n".join(one["content"] for one in messages)),
        tags=(),
        credit="",
        source_key=f"github_models:{hashlib.sha256(digest.encode()).hexdigest()[:16]}",
        versions=(
            VersionDocument(
                {
                    "kind": "text",
                    "messages": messages,
                    "variables": [variable(name, label) for label, name in names.items()],
                    "context": "",
                    "constraints": _constraints(file.get("evaluators"), notes),
                    "parameters": _parameters(file, notes),
                },
                shortened(model, MAX_CHANGE_NOTE),
            ),
        ),
        cases=tuple(_cases(file.get("testData"), names, notes)),
        losses=notes.losses,
        line=loaded.first,
    )


def _parameters(file: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    path = ("modelParameters",)
    found = parameters_of(file.get("modelParameters"), _PARAMETERS, notes, path)
    wanted = file.get("responseFormat")
    if wanted == "json_schema" or file.get("jsonSchema") is not None:
        notes.lost(("jsonSchema",), "json_schema")
        found["response_format"] = "json_object"
    elif wanted is not None:
        kept = parameter("response_format", wanted)
        if kept is None:
            notes.lost(("responseFormat",), "parameters", "responseFormat")
        else:
            found["response_format"] = kept
    return found


def _cases(given: Any, names: Mapping[str, str], notes: Notes) -> Iterator[CaseDocument]:
    if given is not None and not isinstance(given, list):
        notes.lost(("testData",), "test")
        return
    for number, one in enumerate(given or ()):
        path: Path = ("testData", number)
        if number == MAX_CASES:
            notes.lost(path, "too_many_tests", str(MAX_CASES))
            return
        if not isinstance(one, dict):
            notes.lost(path, "test")
            continue
        texts = {key: _value(value) for key, value in one.items()}
        bad = next((key for key, text in texts.items() if refused(key + text)), None)
        long = next((key for key, text in texts.items() if len(text) > MAX_VALUE), None)
        if bad is not None:
            notes.lost((*path, bad), refused(bad + texts[bad]), bad)
        elif long is not None:
            notes.lost((*path, long), "value_too_long", long)
        else:
            values = {names[key]: clean(text) for key, text in texts.items() if key in names}
            told = [f"{key}: {text[:400]}" for key, text in texts.items() if key not in names]
            first = one_line(next(iter(values.values()), "")[:400])
            yield CaseDocument(
                shortened(first, 60)[:MAX_CASE_NAME] or str(number + 1),
                values,
                shortened(one_line(" · ".join(told)), MAX_WATCH_FOR),
            )


def _value(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _constraints(given: Any, notes: Notes) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if given is not None and not isinstance(given, list):
        notes.lost(("evaluators",), "evaluator")
        return made
    for number, one in enumerate(given or ()):
        path: Path = ("evaluators", number)
        if len(made) == MAX_CONSTRAINTS:
            notes.lost(path, "too_many_constraints", str(MAX_CONSTRAINTS))
            break
        name = said(one.get("name")) if isinstance(one, dict) else ""
        assertion = _assertion(one.get("string"), notes, path) if isinstance(one, dict) else None
        if assertion is not None:
            text = name or f"{assertion['type']}: {one_line(assertion['value'])}"
            made.append({"text": shortened(text, MAX_CONSTRAINT), "assertion": assertion})
            continue
        notes.lost(path, "evaluator", name)
        if name:
            made.append({"text": shortened(name, MAX_CONSTRAINT)})
    return made


def _assertion(given: Any, notes: Notes, path: Path) -> dict[str, Any] | None:
    if not isinstance(given, dict):
        return None
    for key, rule in _STRING_RULES:
        value = given.get(key)
        if isinstance(value, str) and value and not refused(value):
            if key in ("startsWith", "endsWith"):
                notes.lost((*path, "string", key), "case_sensitive", key)
            return {"type": rule, "value": value}
    return None
