r"""Templates and settings of ChainForge's prompts as messages and parameters of ours.

`{name}` is a variable; `\{` writes a brace. `{=system_msg}` gives the system message its text,
other settings stay text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prompts_app.transfer.braces import translated
from prompts_app.transfer.chat import Messages, message_text
from prompts_app.transfer.loaded import Path
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.parameters import parameter

_VARIABLE: Final = re.compile(r"(?<!\\)\{([^\W_][\w .-]{0,63}|_\w{0,63})\}")
_SETTING: Final = re.compile(r"(?<!\\)\{=([\w .-]{1,64})\}[ \t]*\n?")
_ESCAPED: Final = re.compile(r"\\([{}])")
SYSTEM: Final = "system_msg"
_PARAMETERS: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "response_format": "response_format",
}


@dataclass
class Prompt:
    """A prompt on its way: its texts, the name here of each variable there, its versions."""

    template: str
    messages: Messages
    known: dict[str, str]
    takes_system: bool
    systems: dict[str, int] = field(default_factory=dict)


def prompt_of(template: str, notes: Notes, path: Path) -> Prompt:
    """The prompt that a template, which stands at `path`, becomes. Raises Unfit."""
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


_NEVER: Final = re.compile(r"(?!)")


def messages_of(prompt: Prompt, system: str, notes: Notes, path: Path) -> Messages:
    """The messages of the version with that system message. Raises Unfit."""
    if prompt.takes_system:
        return [
            {"role": "system", "content": f"{{{{ {prompt.known[SYSTEM]} }}}}"},
            *(one for one in prompt.messages if one["content"].strip()),
        ]
    if not system.strip():
        return prompt.messages
    text = message_text(system, notes, path, lambda one, _path: translated(one, {}, _NEVER))
    return [{"role": "system", "content": text}, *prompt.messages]


def parameters_of(given: list[Mapping[str, Any]], notes: Notes, path: Path) -> dict[str, Any]:
    """The parameters that all models share, by the settings of each."""
    found: dict[str, Any] = {}
    place = (*path, "data", "llms")
    for key, name in _PARAMETERS.items():
        values = [one.get(key) for one in given]
        if not any(value not in (None, "", -1) for value in values):
            continue
        if any(value != values[0] for value in values):
            notes.lost(place, "parameters", key)
        elif isinstance(values[0], dict) and values[0].get("type") == "json_schema":
            notes.lost(place, "json_schema")
            found[name] = "json_object"
        elif (kept := parameter(name, values[0])) is None:
            notes.lost(place, "parameters", key)
        else:
            found[name] = kept
    return found
