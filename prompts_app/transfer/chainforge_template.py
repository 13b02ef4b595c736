"""The wording of ChainForge's prompt nodes: what is a variable of them, and what they send."""

import re
from dataclasses import dataclass, field
from typing import Final

from prompts_app.transfer.braces import translated
from prompts_app.transfer.chat import Messages, message_text
from prompts_app.transfer.loaded import Path
from prompts_app.transfer.notes import Notes

_VARIABLE: Final = re.compile(r"(?<!\\)\{([^\W_][\w .-]{0,63}|_\w{0,63})\}")
_SETTING: Final = re.compile(r"(?<!\\)\{=([\w .-]{1,64})\}[ \t]*\n?")
_ESCAPED: Final = re.compile(r"\\([{}])")
SYSTEM: Final = "system_msg"
_NEVER: Final = re.compile(r"(?!)")


@dataclass
class Prompt:
    """A prompt on its way: its texts, the name here of each variable there, its versions."""

    template: str
    messages: Messages
    known: dict[str, str]
    takes_system: bool
    systems: dict[str, int] = field(default_factory=dict)


def prompt_of(template: str, notes: Notes, path: Path) -> Prompt:
    """Return what a node's text says; what cannot come over is noted at `path`."""
    known: dict[str, str] = {}
    takes_system = False

    def kept(match: re.Match[str]) -> str:
        nonlocal takes_system
        if match[1].strip() == SYSTEM:
            takes_system = True
            return ""
        notes.lost(path, "template", match[0].strip())
        return match[0]

    text = _SETTING.sub(kept, template)
    if takes_system:
        translated(f"{{{SYSTEM}}}", known, _VARIABLE)
    content = message_text(text, notes, path, lambda one, _path: _translated(one, known))
    return Prompt(template, [{"role": "user", "content": content}], known, takes_system)


def _translated(text: str, known: dict[str, str]) -> str:
    # Between variables, a backslash before a brace is no part of the text.
    pieces = []
    end = 0
    for match in _VARIABLE.finditer(text):
        pieces += [translated(_ESCAPED.sub(r"\1", text[end : match.start()]), {}, _NEVER)]
        pieces.append(translated(match[0], known, _VARIABLE))
        end = match.end()
    pieces.append(translated(_ESCAPED.sub(r"\1", text[end:]), {}, _NEVER))
    return "".join(pieces)


def messages_of(prompt: Prompt, system: str, notes: Notes, path: Path) -> Messages:
    """Return the messages of a prompt with the system message of one model."""
    if prompt.takes_system:
        return [
            {"role": "system", "content": f"{{{{ {prompt.known[SYSTEM]} }}}}"},
            *(one for one in prompt.messages if one["content"].strip()),
        ]
    if not system.strip():
        return prompt.messages
    text = message_text(system, notes, path, lambda one, _path: translated(one, {}, _NEVER))
    return [{"role": "system", "content": text}, *prompt.messages]
