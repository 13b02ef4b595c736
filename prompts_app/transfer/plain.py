"""Reader of plain text and Markdown: one prompt.

A heading at the front is the title; it stays in the prompt where others of its level follow, for
then it is a part of it. One code fence with nothing but a text in it (no language, or “text”,
“prompt”, “markdown”) is the prompt, and the prose around it the context; fences called “system”,
“user” and “assistant” are messages. Otherwise the whole text is the prompt. `{{ name }}` is a
variable, as anywhere on this site.

Losses: "context_too_long" (detail: the most characters; it is left out). Problems beside those of
`loading` and `chat`: "empty_prompt", "too_many_variables" (detail: how many).
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from prompts_app.transfer.chat import Messages, message_text
from prompts_app.transfer.document import (
    MAX_CONTEXT,
    MAX_MESSAGES,
    MAX_TITLE,
    MAX_VARIABLES,
    EntryDocument,
    Loss,
    Problem,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Loaded
from prompts_app.transfer.loading import text_of
from prompts_app.transfer.notes import Notes, Unfit
from prompts_app.transfer.single import only_entry
from prompts_app.transfer.texts import (
    clean,
    first_sentence,
    one_line,
    refused,
    shortened,
    spoken,
    variable,
)

ENDINGS: Final = (".txt", ".md", ".markdown")
MAX_BYTES: Final = 1_000_000

_HEADING: Final = re.compile(r"(?P<level>#{1,6})[ \t]+(?P<text>[^\n]*?)[ \t#]*(?:\n|\Z)")
_EMPHASIS: Final = re.compile(r"\A([*_`]{1,3})(.*)\1\Z")
_FENCE: Final = re.compile(
    r"^(?P<sign>```+|~~~+)[ \t]*(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=sign)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_TEXTS: Final = ("", "text", "txt", "prompt", "markdown", "md")
_ROLES: Final = ("system", "user", "assistant")
_VARIABLE: Final = re.compile(r"(?P<escape>\\\{\{)|\{\{[ \t]*(?P<name>[^\W\d]\w{0,63})[ \t]*\}\}")


def sniff(glance: Glance) -> bool:
    """Whether it is a text, and its name, if it has one, does not say that it is something else."""
    return "\0" not in glance.head and (not glance.name or glance.named(*ENDINGS))


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """The entry of a text, or the problem that keeps it out."""
    return only_entry(text_of(data, MAX_BYTES), _entry)


def _entry(text: str) -> EntryDocument:
    notes = Notes(Loaded(None, {}, 1))
    if refused(text):
        lines = enumerate(text.split("\n"), start=1)
        raise Unfit(
            next(Problem(number, code) for number, line in lines if (code := refused(line)))
        )
    text = clean(text).strip("\n").rstrip()
    title, body = _headed(text)
    parts, context = _parts(body)
    messages: Messages = [
        {"role": role, "content": message_text(part, notes, (), lambda text, _path: text)}
        for role, part in parts
        if part.strip()
    ]
    if not messages:
        raise Unfit(Problem(1, "empty_prompt"))
    names = _names(messages)
    if len(names) > MAX_VARIABLES:
        raise Unfit(Problem(1, "too_many_variables", str(len(names))))
    losses = []
    if len(context) > MAX_CONTEXT:
        losses.append(Loss(1, "", "context_too_long", str(MAX_CONTEXT)))
        context = ""
    said = first_sentence(spoken(messages[-1]["content"]))
    return EntryDocument(
        title=shortened(title or said or one_line(messages[-1]["content"]), MAX_TITLE),
        summary=said or title,
        use_case="",
        language=guess_language("\n".join(one["content"] for one in messages)),
        tags=(),
        credit="",
        source_key=f"plain:{hashlib.sha256(text.encode()).hexdigest()[:16]}",
        versions=(
            VersionDocument(
                {
                    "kind": "text",
                    "messages": messages,
                    "variables": [variable(name) for name in names],
                    "context": context,
                    "constraints": [],
                    "parameters": {},
                }
            ),
        ),
        losses=tuple(losses),
        line=1,
    )


def _headed(text: str) -> tuple[str, str]:
    """The title at the front, "" without one, and the text below."""
    match = _HEADING.match(text)
    if match is None or not match["text"].strip(" *_`"):
        return "", text
    title = one_line(_EMPHASIS.sub(r"\2", match["text"]))
    same = re.compile(rf"^{match['level']}[ \t]+\S", re.MULTILINE)
    rest = text[match.end() :].strip("\n")
    return title, text if same.search(rest) or not rest.strip() else rest


def _parts(text: str) -> tuple[list[tuple[str, str]], str]:
    """Roles and texts of the prompt, and the context around it."""
    fences = [*_FENCE.finditer(text)] if text.count("```") + text.count("~~~") < 200 else []
    infos = [match["info"].strip().lower() for match in fences]
    if fences and len(fences) <= MAX_MESSAGES and all(info in _ROLES for info in infos):
        if "system" not in infos[1:]:
            parts = [(info, match["text"]) for info, match in zip(infos, fences, strict=True)]
            return [(role, part.rstrip("\n")) for role, part in parts], _around(text, fences)
    elif len(fences) == 1 and infos[0] in _TEXTS:
        return [("user", fences[0]["text"].rstrip("\n"))], _around(text, fences)
    return [("user", text)], ""


def _around(text: str, fences: list[re.Match[str]]) -> str:
    end, parts = 0, []
    for match in fences:
        parts.append(text[end : match.start()])
        end = match.end()
    return "\n\n".join(part.strip() for part in (*parts, text[end:]) if part.strip())


def _names(messages: Messages) -> list[str]:
    """The variables in the messages, in the order of their first use."""
    found = (match for one in messages for match in _VARIABLE.finditer(one["content"]))
    names = (unicodedata.normalize("NFC", match["name"]) for match in found if match["name"])
    return list(dict.fromkeys(name for name in names if name[0] == "_" or name[0].isalpha()))
