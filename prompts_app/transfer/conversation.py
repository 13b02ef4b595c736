"""Reader of a conversation as people copy it from a chat window, or write one down.

Turns begin with a label, alone on its line or with the text behind its colon: “You said:”, “ChatGPT
said:”, “User:”, “## Assistant”, “**Moi :**”, “Vous avez dit :”. Labels inside code fences are text.
Everything up to the last question is the prompt; what was answered to it is a pasted output, one
for each label where several answered in turn. Nothing in it is a template: braces stay text.

Losses beside "role" of `chat`: "window_text" (detail: a line that is the window's own, such as
“Copy code”, left out at a turn's ends), "before_first_turn" (detail: its beginning), "output_too_
long" (detail: the most characters). Problems beside those of `loading`: "no_turns" (none that has a
text), "too_many_messages", "message_too_long" (detail of both: the most there may be), and those of
`texts.refused`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from prompts_app.transfer.chat import Messages, message_text
from prompts_app.transfer.document import (
    MAX_MESSAGE_CHARS,
    MAX_MESSAGES,
    MAX_TITLE,
    EntryDocument,
    Loss,
    Problem,
    RunDocument,
    VersionDocument,
)
from prompts_app.transfer.glance import Glance
from prompts_app.transfer.language import guess_language
from prompts_app.transfer.loaded import Loaded
from prompts_app.transfer.loading import text_of
from prompts_app.transfer.notes import Notes, Unfit, shown
from prompts_app.transfer.single import only_entry
from prompts_app.transfer.texts import clean, escaped, first_sentence, one_line, refused, shortened

MAX_BYTES: Final = 1_000_000
MAX_OUTPUT: Final = 200_000
_MOST_TURNS: Final = 400
_PREAMBLE: Final = 3

_PRODUCTS: Final = (
    "chatgpt|gpt(?:-[\\w.]{1,12})?|claude(?: [\\w.]{1,12}){0,2}|gemini(?: [\\w.]{1,12}){0,2}|bard"
    "|(?:microsoft )?copilot|le chat|mistral(?: [\\w.]{1,12}){0,2}|deepseek|grok|llama|perplexity"
    "|meta ai|qwen|kimi|poe|huggingchat|bing"
)
_LABELS: Final = {
    "system": "system prompt|system message|system|instructions? système|message système|système",
    "user": "you|user|human|me|prompt|question|vous|utilisateur|utilisatrice|humain|moi|toi|tu",
    "assistant": f"assistant|assistante|ai|ia|bot|model|modèle|answer|response|reply|réponse"
    f"|{_PRODUCTS}",
}
# Texts have these inside them, too: they are labels only where the first one is such a word.
_WEAK: Final = frozenset(
    ["prompt", "question", "answer", "response", "reply", "réponse", "model", "modèle", "bot"]
)
# These say whose turn it is without a colon, too.
_WINDOW: Final = (
    rf"(?P<you>you said|your prompt|vous avez dit|tu as dit|votre invite|votre requête)"
    rf"|(?P<they>{_PRODUCTS}|assistant)"
    r"(?: said| responded| replied| answered| says| a dit| a répondu| dit| répond)"
)
_ROLES: Final = "|".join(f"(?P<{role}>{labels})" for role, labels in _LABELS.items())
_LABEL: Final = re.compile(
    r"[ \t]{0,3}(?P<mark>\#{1,6}[ \t]+|>[ \t]?)?(?P<strong>\*\*|__)?"
    rf"(?:(?P<window>{_WINDOW})|{_ROLES})"
    r"(?P<end>[ \t\u00a0\u202f]*:[ \t]*(?:\*\*|__)?|(?:\*\*|__)[ \t]*:?)?"
    r"(?P<rest>[ \t]+\S.*|\S.*)?[ \t]*\Z",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(r"[ \t]{0,3}(?P<sign>```+|~~~+)")
# Alone on a line, these are what older windows put above a turn.
_ALONE: Final = re.compile(rf"you|vous|{_PRODUCTS}", re.IGNORECASE)
_WINDOW_LINES: Final = re.compile(
    r"copy(?: code)?|copier(?: le code)?|edit(?: message)?|modifier|share|partager|retry|réessayer"
    r"|regenerate|régénérer|good response|bad response|read aloud|lire à voix haute"
    r"|skip to (?:main )?content|passer au contenu|show drafts|volume_up|thumb_up|thumb_down"
    r"|(?:chatgpt|claude|gemini|copilot|le chat) (?:can|may|is ai and can|peut) .{0,120}",
    re.IGNORECASE,
)


@dataclass
class _Turn:
    role: str
    label: str
    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def is_weak(self) -> bool:
        """Return whether the label is a word that stands in texts, too."""
        return self.label.lower() in _WEAK

    @property
    def text(self) -> str:
        """Return what was said, without the blank lines around it."""
        return "\n".join(self.lines).strip("\n").rstrip()


def sniff(glance: Glance) -> bool:
    """Whether it begins with a turn, after a few lines at most, and another role's follows."""
    if glance.is_json or (glance.name and not glance.named(".txt", ".md", ".markdown")):
        return False
    before, turns = _turns(glance.head)
    roles = {turn.role for turn in turns}
    return len([line for line in before if line.strip()]) <= _PREAMBLE and len(roles) > 1


def read(data: bytes) -> Iterator[EntryDocument | Problem]:
    """The entry of a conversation, or the problem that keeps it out."""
    return only_entry(text_of(data, MAX_BYTES), _entry)


def _entry(text: str) -> EntryDocument:
    before, turns = _turns(text)
    losses: list[Loss] = []
    for turn in turns:
        _without_window(turn, losses)
    turns = [turn for turn in turns if turn.text.strip()]
    # What was answered last: several answers in turn are answers to the same.
    answers = [*takewhile(lambda turn: turn.role == "assistant", reversed(turns))][::-1]
    asked = turns[: len(turns) - len(answers)]
    if not asked:
        raise Unfit(Problem(turns[0].line if turns else 1, "no_turns"))
    messages = _messages(asked, losses)
    said = [line.strip(" #*_") for line in before if line.strip(" #*_")]
    question = next((turn.text for turn in asked if turn.role == "user"), asked[0].text)
    title = one_line(said[0]) if len(said) == 1 and not refused(said[0]) else ""
    if said and not title:
        losses.append(Loss(1, "", "before_first_turn", shown(" ".join(said))))
    digest = "\0".join(f"{turn.role}\0{turn.text}" for turn in turns)
    return EntryDocument(
        title=shortened(title or first_sentence(clean(question)), MAX_TITLE),
        summary=first_sentence(clean(question), title),
        use_case="",
        language=guess_language("\n".join(one["content"] for one in messages)),
        tags=(),
        credit="",
        source_key=f"conversation:{hashlib.sha256(digest.encode()).hexdigest()[:16]}",
        versions=(
            VersionDocument(
                {
                    "kind": "text",
                    "messages": messages,
                    "variables": [],
                    "context": "",
                    "constraints": [],
                    "parameters": {},
                }
            ),
        ),
        runs=tuple(_runs(answers, losses)),
        losses=tuple(losses),
        line=asked[0].line,
    )


def _turns(text: str) -> tuple[list[str], list[_Turn]]:
    """The lines before the first label, and the turns."""
    before: list[str] = []
    turns: list[_Turn] = []
    fence = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _FENCE.match(line):
            if not fence:
                fence = match["sign"]
            elif line.strip().startswith(fence) and not line.strip(" \t`~"):
                fence = ""
        found = None if fence else _turn(line, number)
        if found is not None and turns and found.is_weak and not turns[0].is_weak:
            found = None
        if found is not None and len(turns) < _MOST_TURNS:
            turns.append(found)
        elif turns:
            turns[-1].lines.append(line)
        else:
            before.append(line)
    return before, turns


def _turn(line: str, number: int) -> _Turn | None:
    match = _LABEL.match(line[:2_000]) if line[:1] else None
    if match is None:
        return None
    strong_or_head = bool(match["strong"]) or (match["mark"] or "").startswith("#")
    ended = match["end"] or ""
    alone = match["rest"] is None
    label = line[match.start("window") : match.end("window")] if match["window"] else ""
    if not label:
        label = next(match[role] for role in _LABELS if match[role])
    # A label without a colon is one only where nothing else stands on its line.
    if not (
        ":" in ended or (alone and (strong_or_head or match["window"] or _ALONE.fullmatch(label)))
    ):
        return None
    if match["window"]:
        role = "user" if match["you"] else "assistant"
        label = match["they"] or label
    else:
        role = next(role for role in _LABELS if match[role])
    rest = line[match.start("rest") :].lstrip() if not alone else ""
    return _Turn(role, label, number, [rest] if rest else [])


def _without_window(turn: _Turn, losses: list[Loss]) -> None:
    """Leave out the window's own lines at both ends of a turn."""
    for end in (0, -1):
        while turn.lines:
            line = turn.lines[end].strip()
            if line and not _WINDOW_LINES.fullmatch(line[:200]):
                break
            if line:
                losses.append(Loss(turn.line, "", "window_text", shown(line)))
            del turn.lines[end]


def _messages(turns: list[_Turn], losses: list[Loss]) -> Messages:
    made: Messages = []
    for turn in turns:
        notes = Notes(Loaded(None, {}, turn.line))
        text = message_text(turn.text, notes, (), lambda text, _path: escaped(text))
        role = turn.role
        if made and made[-1]["role"] == role:
            made[-1]["content"] += f"\n\n{text}"
            if len(made[-1]["content"]) > MAX_MESSAGE_CHARS:
                raise notes.unfit((), "message_too_long", str(MAX_MESSAGE_CHARS))
            continue
        if made and role == "system":
            losses.append(Loss(turn.line, "", "role", turn.label))
            role = "user"
        made.append({"role": role, "content": text})
    if len(made) > MAX_MESSAGES:
        raise Unfit(Problem(turns[-1].line, "too_many_messages", str(MAX_MESSAGES)))
    return made


def _runs(answers: list[_Turn], losses: list[Loss]) -> Iterator[RunDocument]:
    for turn in answers:
        output = clean(turn.text)
        if len(output) > MAX_OUTPUT or refused(output):
            code = refused(output) if len(output) <= MAX_OUTPUT else ""
            losses.append(Loss(turn.line, "", code or "output_too_long", str(MAX_OUTPUT)))
        else:
            yield RunDocument(version=0, output=output, model=turn.label, values={})
