"""What readers of files with one prompt share: names, cases, inputs, and where messages stood."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from prompts_app.transfer.chat import Messages
from prompts_app.transfer.document import (
    MAX_CASE_NAME,
    MAX_CHOICE,
    MAX_CHOICES,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
    MAX_VALUE,
    CaseDocument,
    EntryDocument,
    Problem,
)
from prompts_app.transfer.loaded import Builder, Loaded, Path, Refused
from prompts_app.transfer.notes import Notes, Unfit
from prompts_app.transfer.parameters import parameter
from prompts_app.transfer.texts import (
    clean,
    first_sentence,
    one_line,
    refused,
    shortened,
    spoken,
    variable,
)

Found = TypeVar("Found")

_OPENING: Final = re.compile(r"\s*+---[ \t]*+\n")
_CLOSING: Final = re.compile(r"^---[ \t]*+$", re.MULTILINE)
_NUMBERS: Final = ("number", "float", "integer", "int")


@dataclass(frozen=True)
class Front:
    """Front matter and body, each with the line, from 1, on which it starts."""

    text: str
    line: int
    body: str
    body_line: int


def said(value: Any) -> str:
    """A text in one line, "" for what is none or cannot be kept."""
    return one_line(value) if isinstance(value, str) and not refused(value) else ""


def names(title: str, described: str, messages: Messages) -> tuple[str, str]:
    """The title and the summary, by what the file says or else the last message."""
    asked = first_sentence(spoken(messages[-1]["content"]))
    title = shortened(title or described or asked or one_line(messages[-1]["content"]), MAX_TITLE)
    return title, first_sentence(described or asked, title)


def source_key(format_key: str, *parts: Any) -> str:
    """What is the same whenever the same is read again."""
    digest = json.dumps(parts, ensure_ascii=False)
    return f"{format_key}:{hashlib.sha256(digest.encode()).hexdigest()[:16]}"


def tags_of(value: Any) -> tuple[str, ...]:
    """The texts in a list as tags, as far as they fit."""
    texts = [said(one) for one in value] if isinstance(value, list) else []
    fit = dict.fromkeys(one for one in texts if 0 < len(one) <= MAX_TAG)
    return tuple(fit)[:MAX_TAGS]


def text_of_value(value: Any) -> str:
    """A value as it is put into a text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def kept_value(value: Any, name: str, notes: Notes, path: Path) -> str | None:
    """The text of a variable's value; None for one that cannot be kept, which is noted."""
    text = text_of_value(value)
    if code := refused(text):
        notes.lost(path, code, name)
        return None
    if len(text) > MAX_VALUE:
        notes.lost(path, "value_too_long", name)
        return None
    return clean(text)


def case_of(values: Mapping[str, str], number: int, watch_for: str = "") -> CaseDocument:
    """A case called after its first value; `number`, from 1, where that says nothing."""
    first = one_line(next(iter(values.values()), "")[:400])
    name = shortened(first, 60)[:MAX_CASE_NAME] or str(number)
    return CaseDocument(name, dict(values), watch_for)


def declared(
    name: str, label: str, default: str, kind: Any = "", choices: Any = None
) -> dict[str, Any]:
    """A variable of a content from what others declare: their type's name and listed values."""
    made = variable(name, label, default)
    texts = [one for one in choices if isinstance(one, str)] if isinstance(choices, list) else []
    texts = [one_line(one) for one in texts if not refused(one)]
    texts = [one for one in dict.fromkeys(texts) if one and len(one) <= MAX_CHOICE]
    if texts and len(texts) <= MAX_CHOICES and default in ("", *texts):
        return made | {"type": "choice", "choices": texts}
    if kind in _NUMBERS and "\n" not in default:
        return made | {"type": "number"}
    return made


def parameters_of(given: Any, known: Mapping[str, str], notes: Notes, path: Path) -> dict[str, Any]:
    """The parameters in a mapping, `known` by their names there; all others are noted."""
    found: dict[str, Any] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        place = (*path, key)
        if key not in known:
            notes.lost(place, "key", key)
            continue
        kept = parameter(known[key], value)
        if kept is None:
            notes.lost(place, "parameters", key)
        else:
            found[known[key]] = kept
    return found


def references(value: Any, starts: tuple[str, ...], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Texts that stand alone as a value and start so, with their places."""
    if isinstance(value, str):
        if value.strip().lower().startswith(starts):
            yield path, value.strip()
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from references(one, starts, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from references(one, starts, (*path, number))


def placed(parts: Iterable[tuple[str, str, int]], first: int) -> Loaded:
    """`messages` (role, text and line of each) as if loaded, from line `first`. Raises Unfit."""
    builder = Builder()
    try:
        builder.open({}, first)
        builder.key("messages", first)
        builder.open([], first)
        for role, text, line in parts:
            builder.open({}, line)
            builder.key("role", line)
            builder.add(role, line)
            builder.key("content", line)
            builder.add(text, line)
            builder.close()
        builder.close()
        builder.close()
    except Refused as refusal:
        raise Unfit(refusal.problem) from None
    return builder.loaded()


def front_matter(text: str, start: int = 0) -> Front | None:
    """The front matter between two lines of three hyphens, and the body; None without one."""
    opening = _OPENING.match(text, start)
    closing = _CLOSING.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        return None
    body = min(closing.end() + 1, len(text))
    return Front(
        text[opening.end() : closing.start()],
        text.count("\n", 0, opening.end()) + 1,
        text[body:],
        text.count("\n", 0, body) + 1,
    )


def only_entry(
    found: Found | Problem, make: Callable[[Found], EntryDocument]
) -> Iterator[EntryDocument | Problem]:
    """The one entry that `make` makes of what was loaded, or the problem that keeps it out."""
    if isinstance(found, Problem):
        yield found
        return
    try:
        yield make(found)
    except Unfit as unfit:
        yield unfit.problem


def no_file(code: str, line: int = 1) -> Unfit:
    """The reason to give up what is no file of the format at all."""
    return Unfit(Problem(line, code))
