"""Reader of promptfoo's configuration, YAML or JSON: prompts × providers × tests.

Source: promptfoo's configuration guide, as of version 0.121. One configuration is one entry:

- Each prompt is a version, in the order of the file; those that are called "version N" in the order
  of their numbers, the first of two being the baseline, as the writer has it.
- Texts are templates: see `nunjucks`. Tests are cases; a list as a variable's value stands for one
  case of each; a value no prompt asks for is noted in what to watch for.
- Asserts of `defaultTest`, and those that every test has, are constraints: see `promptfoo_asserts`.
  Others concern one test alone, which constraints do not: they are noted in what to watch for, but
  for those that are not run here, which are kept as constraints all the same.
- Providers are named in the change note; the parameters they share are the versions'.

Nothing is looked up: names of files, addresses and environment variables stay texts. Losses beside
those of `chat`, `nunjucks` and `promptfoo_asserts`: "file" (detail: the name; it is not opened),
"key" (detail: the key), "models" (detail: their names; information, nothing is lost), "parameters"
(detail: the name; models differ in it, or it is out of bounds), "only_one_test", "for_all_tests"
(detail of both: the assert's type), "test", "prompt" (unreadable ones), "value_too_long" (detail:
the variable), "too_many_prompts", "too_many_tests", "too_many_constraints" (detail: the most there
may be). Problems beside those of `loading` and `chat`: "not_promptfoo" (no mapping, or no prompts),
"too_many_variables" (detail: how many).
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from prompts_app.transfer.chat import Messages, is_chat, message_text, messages_of
from prompts_app.transfer.document import (
    MAX_CHANGE_NOTE,
    MAX_TITLE,
    MAX_VARIABLES,
    EntryDocument,
    Problem,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Loaded, Path
from prompts_app.transfer.loading import json_of_text, structured_of, yaml_of_text
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.nunjucks import Templates
from prompts_app.transfer.promptfoo_models import models_of
from prompts_app.transfer.promptfoo_tests import cases_of, constraints_of, defaults_of, tests_of
from prompts_app.transfer.single import only_entry
from prompts_app.transfer.texts import (
    first_sentence,
    one_line,
    refused,
    shortened,
    spoken,
    variable,
)

MAX_VERSIONS: Final = 20

_READ: Final = ("description", "prompts", "providers", "targets", "tests", "defaultTest", "$schema")
_VERSION: Final = re.compile(r"version (\d{1,9})")
_FILE: Final = re.compile(
    r"file://|[^\s{}]+\.(?:txt|md|json|jsonl|ya?ml|js|cjs|mjs|ts|py|j2|csv)\Z"
)


def sniff(glance: Glance) -> bool:
    """Whether the outermost keys are a configuration's."""
    keys = glance.keys
    return "prompts" in keys and not keys.isdisjoint(
        ("providers", "targets", "tests", "defaultTest")
    )


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """The entry of a configuration, or the problem that keeps it out."""
    return only_entry(structured_of(data), _entry)


def _entry(loaded: Loaded) -> EntryDocument:
    config, notes = loaded.value, Notes(loaded)
    if not isinstance(config, dict) or not config.get("prompts"):
        raise notes.unfit((), "not_promptfoo")
    prompts = _prompts(config["prompts"], notes)
    loads: dict[str, bool] = {}
    for prompt in prompts:
        for name, load in prompt.variables.items():
            loads[name] = loads.get(name, True) and load
        if len(prompt.variables) > MAX_VARIABLES:
            raise notes.unfit(("prompts",), "too_many_variables", str(len(prompt.variables)))
    for key in config:
        if key not in _READ:
            notes.lost((key,), "key", key)
    first, tests = tests_of(config, notes)
    models, parameters = models_of(config, notes)
    constraints, only = constraints_of(first, tests, notes)
    defaults = defaults_of(first, loads, notes)
    numbered = all(_VERSION.fullmatch(prompt.label) for prompt in prompts)
    if numbered:
        prompts.sort(key=lambda prompt: int(prompt.label.removeprefix("version ")))
    cases = cases_of(first, tests, only, loads, notes)
    title, summary = _names(config, prompts[-1].messages, own=numbered)
    content = {
        "kind": "text",
        "context": "",
        "constraints": constraints,
        "parameters": parameters,
    }
    digest = json.dumps([title, [prompt.messages for prompt in prompts]], ensure_ascii=False)
    return EntryDocument(
        title=title,
        summary=summary,
        use_case="",
        language=guess_language("\n".join(one["content"] for one in prompts[-1].messages)),
        tags=(),
        credit="",
        source_key=f"promptfoo:{hashlib.sha256(digest.encode()).hexdigest()[:16]}",
        versions=tuple(
            VersionDocument(
                {
                    **content,
                    "messages": prompt.messages,
                    "variables": [
                        variable(name, "", defaults.get(name, "")) for name in prompt.variables
                    ],
                },
                _change_note(prompt.label, models),
            )
            for prompt in prompts
        ),
        cases=cases,
        baseline=0 if numbered and len(prompts) == 2 else None,
        losses=notes.losses,
        line=loaded.first,
    )


@dataclass(frozen=True)
class _Prompt:
    """A prompt; `variables` are its own, and whether every use of one loads JSON."""

    label: str
    messages: Messages
    variables: dict[str, bool]


def _prompts(value: Any, notes: Notes) -> list[_Prompt]:
    given: list[tuple[Path, Any, Any]]
    if isinstance(value, dict):
        # An old way of writing: the prompt or its file as the key, its label as the value.
        given = [(("prompts", key), key, label) for key, label in value.items()]
    else:
        several = value if isinstance(value, list) else [value]
        given = [
            (("prompts", number) if isinstance(value, list) else ("prompts",), one, "")
            for number, one in enumerate(several)
        ]
    made: list[_Prompt] = []
    for path, one, label in given:
        if len(made) == MAX_VERSIONS:
            notes.lost(path, "too_many_prompts", str(MAX_VERSIONS))
            break
        raw: Any = one
        if isinstance(one, dict):
            label = one.get("label") or label
            raw = one.get("raw") or one.get("id")
            for key in one:
                if key not in ("label", "raw", "id"):
                    notes.lost((*path, key), "key", key)
        if not isinstance(raw, str) or not raw.strip():
            notes.lost(path, "prompt")
            continue
        label = one_line(label) if isinstance(label, str) and not refused(label) else ""
        templates = Templates(notes)
        messages = _messages(raw, notes, path, templates)
        made.append(_Prompt(label, messages, templates.variables))
    if not made:
        raise notes.unfit(("prompts",), "not_promptfoo")
    return made


def _messages(raw: str, notes: Notes, path: Path, templates: Templates) -> Messages:
    if "\n" not in raw.strip() and _FILE.match(raw.strip()):
        notes.lost(path, "file", raw)
    start = raw.lstrip()[:1]
    loaded: Loaded | Problem | None = None
    if start == "[":
        loaded = json_of_text(raw)
    elif re.match(r"\s*- +role *:", raw):
        loaded = yaml_of_text(raw)
    if isinstance(loaded, Loaded) and is_chat(loaded.value):
        # Places in the text of a chat are told by where that text stands.
        return messages_of(loaded.value, notes, path, templates.translated)
    return [
        {"role": "user", "content": message_text(raw, notes, path, templates.translated)},
    ]


def _names(config: dict[str, Any], messages: Messages, *, own: bool) -> tuple[str, str]:
    """Title and summary."""
    given = config.get("description")
    said = one_line(given) if isinstance(given, str) and not refused(given) else ""
    if own:
        # What the writer puts behind a title.
        said = re.sub(r", version \d{1,9}\Z", "", said)
    asked = first_sentence(spoken(messages[-1]["content"]))
    title = shortened(said or asked, MAX_TITLE)
    return title, first_sentence(said) if len(said) > MAX_TITLE else asked or title


def _change_note(label: str, models: list[str]) -> str:
    return shortened(" · ".join(one for one in (label, ", ".join(models)) if one), MAX_CHANGE_NOTE)
