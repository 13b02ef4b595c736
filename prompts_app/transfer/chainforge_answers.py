"""The answers that ChainForge keeps beside a flow, and the models that gave them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prompts_app.transfer.completion import (
    Asked,
    is_completion,
    kept_output,
    model_name,
    runs_of,
)
from prompts_app.transfer.document import MAX_VALUE, RunDocument
from prompts_app.transfer.loaded import Path
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.single import text_of_value

_PARTS: Final = re.compile(r"\\([{}])|\{=?([^{}\n]{1,80})\}")
_MAX_FILLED: Final = 200_000
# In characters that are put together, and what a part of a template costs beside its own.
_MOST_WORK: Final = 50_000_000
_WORK_OF_PART: Final = 20


@dataclass(frozen=True)
class Spec:
    """A model of a prompt node: its name, its system message, its settings."""

    model: str
    system: str
    settings: Mapping[str, Any]


def spec_of(value: Any) -> Spec | None:
    """What is said of a model, None for what is none."""
    if isinstance(value, str):
        return Spec(model_name(value), "", {})
    if not isinstance(value, dict):
        return None
    settings = value.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    system = settings.get("system_msg")
    model = model_name(value.get("model")) or model_name(value.get("name"))
    return Spec(model, system if isinstance(system, str) else "", settings)


@dataclass(frozen=True)
class Answer:
    """The texts that one model gave to one prompt, at `path`; `values` by the variables there."""

    path: Path
    prompt: str
    values: Mapping[str, str]
    texts: list[Any]
    raw: Any
    model: str
    system: str

    def runs(self, asked: Asked, notes: Notes) -> Iterator[RunDocument]:
        """Its runs, with the provider's responses where they are there."""
        if is_completion(self.raw):
            yield from runs_of(self.raw, asked, notes, (*self.path, "raw_response"))
            return
        for number, text in enumerate(self.texts):
            place = (*self.path, "responses", number)
            if not isinstance(text, str):
                notes.lost(place, "part", text_of_value(text)[:40])
                continue
            output = kept_output(text, notes, place)
            if output is None:
                continue
            raw = self.raw
            if isinstance(raw, list):
                raw = raw[number] if number < len(raw) else None
            elif len(self.texts) > 1:
                raw = None
            named = model_name(raw.get("model")) if isinstance(raw, dict) else ""
            yield RunDocument(
                version=asked.version,
                output=output,
                model=named or asked.model,
                values=dict(asked.values or {}),
                case=asked.case,
                raw=raw if isinstance(raw, dict) else None,
            )


def answers_of(cache: Mapping[str, Any], node_id: str, notes: Notes) -> Iterator[Answer]:
    """The answers kept for a node.

    An answer that was kept before is used again for the same prompt, however it came about: what
    the last run says of it counts. Answers of the last run alone have no response of the provider.
    """
    name = f"{node_id}.json"
    kept = cache.get(name)
    kept = kept if isinstance(kept, dict) else {}
    files, last_run = kept.get("cache_files"), kept.get("responses_last_run")
    last = last_run if isinstance(last_run, list) else []
    by_id = {uid: one for one in last if (uid := _uid(one))}
    found = set()
    for path, value, spec in _kept(cache, files):
        answer = _answer(value, path, spec, by_id, notes)
        if answer is not None:
            found.add(_uid(value))
            yield answer
    for number, value in enumerate(last):
        if isinstance(value, dict) and (not _uid(value) or _uid(value) not in found):
            path = ("cache", name, "responses_last_run", number)
            answer = _answer(value, path, spec_of(value.get("llm")), {}, notes)
            if answer is not None:
                yield answer


def _kept(cache: Mapping[str, Any], files: Any) -> Iterator[tuple[Path, Any, Spec | None]]:
    for name, given in files.items() if isinstance(files, dict) else ():
        file = cache.get(name)
        for prompt, value in file.items() if isinstance(file, dict) else ():
            path: Path = ("cache", name, prompt)
            if isinstance(value, list):
                for number, one in enumerate(value):
                    yield (*path, number), one, spec_of(given)
            else:
                yield path, value, spec_of(given)


def _uid(value: Any) -> str:
    uid = value.get("uid") if isinstance(value, dict) else ""
    return uid if isinstance(uid, str) else ""


def _answer(
    value: Any, path: Path, spec: Spec | None, last: Mapping[str, dict[str, Any]], notes: Notes
) -> Answer | None:
    texts = value.get("responses") if isinstance(value, dict) else None
    prompt = value.get("prompt") if isinstance(value, dict) else None
    if not isinstance(texts, list) or not isinstance(prompt, str):
        notes.lost(path, "part", "answer")
        return None
    given = last.get(_uid(value), {}).get("vars", value.get("vars", value.get("info")))
    values = {key: _said(one) for key, one in given.items()} if isinstance(given, dict) else {}
    told = spec_of(value.get("llm"))
    model = (spec.model if spec else "") or (told.model if told else "")
    system = _system(value, spec)
    return Answer(path, prompt, values, texts, value.get("raw_response"), model, system)


def _system(value: Mapping[str, Any], spec: Spec | None) -> str:
    """The system message that was sent."""
    query = value.get("query")
    messages = query.get("messages") if isinstance(query, dict) else None
    if isinstance(messages, list):
        first = messages[0] if messages else None
        is_system = isinstance(first, dict) and first.get("role") in ("system", "developer")
        text = first.get("content") if is_system and isinstance(first, dict) else ""
        return text if isinstance(text, str) else ""
    return spec.system if spec else ""


def _said(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return str(value["text"])
    return text_of_value(value)[: MAX_VALUE + 1]


class Wording:
    """A template as it is now, to tell the answers to it from those to former ones."""

    def __init__(self, template: str) -> None:
        # Plain text and, at odd places, variables. A setting (`{=name}`) is not sent as text.
        self._parts: list[str] = [""]
        end = 0
        for match in _PARTS.finditer(template):
            self._parts[-1] += template[end : match.start()] + (match[1] or "")
            if match[2] and not match[0].startswith("{="):
                self._parts += [match[2], ""]
            end = match.end()
        self._parts[-1] += template[end:]
        self._left = _MOST_WORK

    def is_of(self, answer: Answer) -> bool:
        """Whether it is an answer to this wording; no, where looking at all of them takes long."""
        values = answer.values
        filled = [
            values.get(part, f"{{{part}}}") if number % 2 else part
            for number, part in enumerate(self._parts)
        ]
        length = sum(map(len, filled))
        self._left -= length + _WORK_OF_PART * len(filled)
        if self._left < 0:
            self._parts = [""]
            return False
        return length < _MAX_FILLED and "".join(filled).strip() == answer.prompt.strip()
