r"""Reader of prompts.chat's CSV: `act,prompt,for_devs,type,contributor`.

Source of the format: the file prompts.csv of https://github.com/f/prompts.chat. What becomes what:

- `${name}` and `${name:default}` become variables. Names are free text there: the nearest
  identifier is used here and the original kept as label. The same name twice is one variable with
  the first default given. Names without any letter or number stay text, and so does a placeholder
  right after `\` or `\{`, where a variable of ours would read as escaped.
- Every other brace is plain text in the source, so `{{ x }}` there is escaped and stays text here.
- TEXT and STRUCTURED are text prompts of one user message, STRUCTURED ones (JSON or YAML) tagged
  "structured"; IMAGE ones are picture prompts; `for_devs` TRUE gives the tag "development".
- Control characters other than tab and line break carry no text and are left out; NUL and
  characters that hide or turn text around are reported.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from prompts_app.transfer.csv_rows import Row, Unreadable, rows
from prompts_app.transfer.document import (
    MAX_CREDIT,
    MAX_MESSAGE_CHARS,
    MAX_TITLE,
    MAX_VALUE,
    MAX_VARIABLES,
    EntryDocument,
    Problem,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loading import MAX_BYTES
from prompts_app.transfer.texts import (
    clean,
    escaped,
    first_sentence,
    identifier,
    one_line,
    refused,
    told,
    variable,
)

HEADER: Final = ("act", "prompt", "for_devs", "type", "contributor")

MAX_ROWS: Final = 10_000

_TYPES = {"TEXT": "text", "STRUCTURED": "text", "IMAGE": "image"}
_PLACEHOLDER = re.compile(r"(?<!\\)(?<!\\\{)\$\{([^{}:\r\n]*)(?::([^{}]*))?\}")
# Where a JSON prompt says in words what it is for, the most telling key first.
_TELLING = [
    re.compile(rf'"{key}"\s*:\s*"((?:[^"\\\n]|\\.){{25,}}+)"')
    for key in ("description", "goal", "objective", "task", "prompt", "instruction")
]


def sniff(glance: Glance) -> bool:
    """Whether the first row is the header."""
    first = glance.head.lstrip("\n").partition("\n")[0]
    return tuple(name.strip(' \t"') for name in first.split(",")) == HEADER


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """Entries and problems in the order of the file; a bad row never keeps the next from reading.

    Codes of problems: "too_large" (detail: the most bytes), "too_many_entries" (detail: the most
    rows; none after it is read), "header" (missing or another one; nothing more is read),
    "columns" (detail: how many), "quoting", "unclosed_quote" (nothing more can be read),
    "empty_act", "empty_prompt", "unknown_type" (detail: the type), "unknown_for_devs", "nul",
    "encoding" (not UTF-8), "bidi", "invisible", "act_too_long", "prompt_too_long",
    "contributor_too_long", "default_too_long" (detail: the variable), "too_many_variables"
    (detail: how many).
    Lines are physical lines, those inside quoted fields included.
    """
    if len(data) > MAX_BYTES:
        yield Problem(1, "too_large", str(MAX_BYTES))
        return
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    found = rows(text)
    first = next(found, None)
    if not isinstance(first, Row) or tuple(f.strip() for f in first.fields) != HEADER:
        yield Problem(1, "header", ",".join(HEADER))
        return
    seen: Counter[str] = Counter()
    for number, row in enumerate(found):
        if number == MAX_ROWS:
            yield Problem(row.line, "too_many_entries", str(MAX_ROWS))
            return
        if isinstance(row, Unreadable):
            yield Problem(row.line, row.code)
        elif problem := _problem(row):
            yield problem
        else:
            yield _entry(row, seen)


def _problem(row: Row) -> Problem | None:
    if len(row.fields) != len(HEADER):
        return Problem(row.line, "columns", str(len(row.fields)))
    if code := refused("\n".join(row.fields)):
        return Problem(row.line, code)
    act, prompt, for_devs, kind, contributor = row.fields
    detail = ""
    if not one_line(act):
        code = "empty_act"
    elif not clean(prompt).strip():
        code = "empty_prompt"
    elif kind.strip() not in _TYPES:
        code, detail = "unknown_type", told(kind, 40)
    elif for_devs.strip().upper() not in ("TRUE", "FALSE"):
        code, detail = "unknown_for_devs", told(for_devs, 40)
    elif len(one_line(act)) > MAX_TITLE:
        code, detail = "act_too_long", str(MAX_TITLE)
    elif len(one_line(contributor)) > MAX_CREDIT:
        code, detail = "contributor_too_long", str(MAX_CREDIT)
    else:
        content, variables = _translated(clean(prompt))
        too_long = [v["label"] for v in variables if len(v["default"]) > MAX_VALUE]
        if len(content) > MAX_MESSAGE_CHARS:
            code, detail = "prompt_too_long", str(MAX_MESSAGE_CHARS)
        elif too_long:
            code, detail = "default_too_long", too_long[0]
        elif len(variables) > MAX_VARIABLES:
            code, detail = "too_many_variables", str(len(variables))
    return Problem(row.line, code, detail) if code else None


def _entry(row: Row, seen: Counter[str]) -> EntryDocument:
    act, prompt, for_devs, kind, contributor = row.fields
    title, prompt = one_line(act), clean(prompt)
    digest = hashlib.sha256(f"{title}\0{prompt}".encode()).hexdigest()[:16]
    seen[digest] += 1
    # The very same row again is an entry of its own: numbered, so that its key stays unique.
    copy = f"-{seen[digest]}" if seen[digest] > 1 else ""
    message, variables = _translated(prompt)
    tags = ["development"] if for_devs.strip().upper() == "TRUE" else []
    if kind.strip() == "STRUCTURED":
        tags.append("structured")
    content: dict[str, Any] = {
        "kind": _TYPES[kind.strip()],
        "messages": [{"role": "user", "content": message}],
        "variables": variables,
        "context": "",
        "constraints": [],
        "parameters": {},
    }
    return EntryDocument(
        title=title,
        summary=_summary(prompt, title),
        use_case="",
        language=guess_language(prompt),
        tags=tuple(tags),
        credit=one_line(contributor),
        source_key=f"prompts.chat:{digest}{copy}",
        versions=(VersionDocument(content),),
    )


def _translated(prompt: str) -> tuple[str, list[dict[str, Any]]]:
    """The prompt with variables of ours, and these in the order of their first use."""
    variables: dict[str, dict[str, Any]] = {}
    parts: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(prompt):
        label = " ".join(match[1].split())
        if not re.search(r"[^\W_]", label):
            continue
        found = variables.get(label)
        if found is None:
            taken = {v["name"] for v in variables.values()}
            found = variables[label] = variable(identifier(label, taken), label)
        found["default"] = found["default"] or (match[2] or "").strip()
        parts += [escaped(prompt[end : match.start()]), f"{{{{ {found['name']} }}}}"]
        end = match.end()
    made = [variable(v["name"], v["label"], v["default"]) for v in variables.values()]
    return "".join((*parts, escaped(prompt[end:]))), made


def _summary(prompt: str, title: str) -> str:
    """The first sentence, or the first telling value where the prompt is JSON."""
    spoken = _PLACEHOLDER.sub(lambda m: (m[2] or m[1]).strip(), prompt).strip()
    if spoken.startswith(("{", "[", "---")):
        told = next((m[1] for key in _TELLING if (m := key.search(spoken)) and " " in m[1]), "")
        spoken = re.sub(r"\\(.)", lambda m: " " if m[1] in "nrt" else m[1], told)
    return first_sentence(spoken, title)
