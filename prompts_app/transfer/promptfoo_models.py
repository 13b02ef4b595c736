"""Providers of promptfoo's configuration: whom a prompt was written for, with what parameters."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from prompts_app.transfer.loaded import Path
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.parameters import parameter
from prompts_app.transfer.texts import one_line, refused

_NAMES: Final = ("temperature", "top_p", "max_tokens", "response_format")
# Where an interface calls a parameter otherwise.
_OTHERWISE: Final = {"max_completion_tokens": "max_tokens", "maxOutputTokens": "max_tokens"}
# What says how to reach a model and not what it is asked.
_HOW: Final = ("omitDefaults", "apiBaseUrl", "apiKeyEnvar", "apiHost", "organization")
_MOST_NAMED: Final = 30


def models_of(config: Mapping[str, Any], notes: Notes) -> tuple[list[str], dict[str, Any]]:
    """The models' names as promptfoo has them, and the parameters they share."""
    names: list[str] = []
    found: list[dict[str, Any]] = []
    for path, name, given in _providers(config, notes):
        if refused(name):
            continue
        if name.startswith(("file://", "http://", "https://", "exec:", "python:")):
            notes.lost(path, "file", name)
        names.append(one_line(name))
        found.append(_parameters(given, notes, path))
    shared = {}
    for name in _NAMES:
        values = [one.get(name) for one in found]
        if values and all(value == values[0] for value in values) and values[0] is not None:
            shared[name] = values[0]
        elif any(value is not None for value in values):
            notes.lost(("providers",), "parameters", name)
    names = list(dict.fromkeys(name for name in names if name))
    if names:
        notes.lost(("providers",), "models", ", ".join(names))
    return names, shared


def _providers(config: Mapping[str, Any], notes: Notes) -> Iterator[tuple[Path, str, Any]]:
    """Each provider's place, name and configuration."""
    key = "providers" if config.get("providers") else "targets"
    given = config.get(key)
    several = given if isinstance(given, list) else [given]
    for number, one in enumerate(several[:_MOST_NAMED]):
        path: Path = (key, number) if isinstance(given, list) else (key,)
        if isinstance(one, str):
            yield path, one, {}
        elif isinstance(one, dict) and isinstance(one.get("id"), str):
            yield path, one["id"], one.get("config")
            for more in one:
                if more not in ("id", "config", "label"):
                    notes.lost((*path, more), "key", more)
        elif isinstance(one, dict) and len(one) == 1:
            # An old way of writing: the name as the key.
            name, inner = next(iter(one.items()))
            yield (
                (*path, name),
                name,
                inner.get("config", inner) if isinstance(inner, dict) else {},
            )
        elif one is not None:
            notes.lost(path, "key", key)


def _parameters(given: Any, notes: Notes, path: Path) -> dict[str, Any]:
    found = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        name = _OTHERWISE.get(key, key)
        place = (*path, "config", key)
        if name in _NAMES:
            kept = parameter(name, value)
            if kept is None:
                notes.lost(place, "parameters", key)
            else:
                found[name] = kept
        elif key not in _HOW:
            notes.lost(place, "key", key)
    return found
