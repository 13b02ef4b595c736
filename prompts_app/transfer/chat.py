"""Messages of others' chats as messages of ours.

Losses: "role" (detail: the role; its message becomes a user's: unknown, or a system message that is
not the first), "part" (detail: its type; a picture, a file, a tool's call), "message_key" (detail:
the key), "empty_message". Problems: "messages" (no list of messages), "role" (a message without
one), "content" (neither text nor parts), "no_messages", "too_many_messages", "message_too_long"
(detail of both: the most there may be), and those of `texts.refused`.
"""

from collections.abc import Callable
from typing import Any, Final

from prompts_app.transfer.document import MAX_MESSAGE_CHARS, MAX_MESSAGES
from prompts_app.transfer.loaded import Path
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.texts import clean, refused

ROLES: Final = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
}
Messages = list[dict[str, str]]


def is_chat(value: Any) -> bool:
    """Whether `value` is a list of messages, as far as its shape goes."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and "role" in one and "content" in one for one in value)
    )


def messages_of(
    value: Any, notes: Notes, path: Path, translated: Callable[[str, Path], str]
) -> Messages:
    """The messages of `value`, which stands at `path`, each text as `translated` gives it.

    Raises Unfit.
    """
    if not isinstance(value, list):
        raise notes.unfit(path, "messages")
    made: Messages = []
    for number, one in enumerate(value):
        place = (*path, number)
        if not isinstance(one, dict):
            raise notes.unfit(place, "messages")
        role = _role(one, notes, place, first=not made)
        text = _text(one.get("content"), notes, place)
        for key in one:
            if key not in ("role", "content"):
                notes.lost((*place, key), "message_key", key)
        if not text.strip():
            notes.lost(place, "empty_message")
            continue
        made.append({"role": role, "content": message_text(text, notes, place, translated)})
        if len(made) > MAX_MESSAGES:
            raise notes.unfit(place, "too_many_messages", str(MAX_MESSAGES))
    if not made:
        raise notes.unfit(path, "no_messages")
    return made


def message_text(
    text: str, notes: Notes, path: Path, translated: Callable[[str, Path], str]
) -> str:
    """One text as `translated` gives it, within bounds. Raises Unfit."""
    # Looked at before translating, too: that takes its time with what is far too long.
    if len(text) <= MAX_MESSAGE_CHARS:
        if code := refused(text):
            raise notes.unfit(path, code)
        text = translated(clean(text), path)
    if len(text) > MAX_MESSAGE_CHARS:
        raise notes.unfit(path, "message_too_long", str(MAX_MESSAGE_CHARS))
    return text


def _role(one: dict[str, Any], notes: Notes, path: Path, *, first: bool) -> str:
    given = one.get("role")
    if not isinstance(given, str):
        raise notes.unfit(path, "role")
    role = ROLES.get(given.strip().lower())
    if role is None or (role == "system" and not first):
        notes.lost((*path, "role"), "role", given)
        return "user"
    return role


def _text(content: Any, notes: Notes, path: Path) -> str:
    if content is None:
        return ""
    if isinstance(content, bool | int | float):
        return str(content)
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise notes.unfit((*path, "content"), "content")
    texts = []
    for number, part in enumerate(content):
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            kind = part.get("type") if isinstance(part, dict) else None
            notes.lost((*path, "content", number), "part", str(kind or ""))
    return "\n\n".join(texts)
