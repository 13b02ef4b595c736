"""Reads the templates that an entry may start from: YAML files in the folder beside this module.

``starters/<language>/<number>-<key>.yaml`` holds one; they come in the order of their numbers, and
every language has the same ones. A mistake in a file raises ValueError naming the file and the key.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from prompts_app.demo.content import read_content, variable_names

FOLDER = Path(__file__).parent / "starters"
LANGUAGES = ("en", "fr")
_FILE = re.compile(r"[0-9]-([a-z-]+)\.yaml")
_KEYS = {"name", "about", "title", "summary", "tags", "content", "cases"}


@dataclass(frozen=True)
class StarterCase:
    """A test case to fill in: its values say what belongs there."""

    name: str
    values: dict[str, str]
    watch_for: str


@dataclass(frozen=True)
class Starter:
    """A template. ``about`` is one line for whoever chooses; ``content`` is that of a version."""

    key: str
    language: str
    name: str
    about: str
    title: str
    summary: str
    tags: tuple[str, ...]
    content: dict[str, Any]
    cases: tuple[StarterCase, ...]


@cache
def load(language: str) -> dict[str, Starter]:
    """Return the templates of a language by key, those in English for one there are none in."""
    folder = FOLDER / (language if language in LANGUAGES else LANGUAGES[0])
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            starter = _starter(path)
        except (yaml.YAMLError, ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{folder.name}/{path.name}: {error}") from error
        found[starter.key] = starter
    return found


def content_of(starter: Starter) -> dict[str, Any]:
    """Return a content of the caller's own: what is loaded is everybody's."""
    return deepcopy(starter.content)


def _starter(path: Path) -> Starter:
    named = _FILE.fullmatch(path.name)
    if named is None:
        raise ValueError("a number and a key are expected as its name")
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict) or set(raw) != _KEYS:
        raise ValueError(f"exactly these keys are expected: {', '.join(sorted(_KEYS))}")
    content = read_content(raw["content"], "content")
    wanted = variable_names(content)
    cases = []
    for case in raw["cases"]:
        if set(case["values"]) != wanted:
            raise ValueError(f"cases: {case['name']}: values for {', '.join(sorted(wanted))}")
        values = {name: value.strip() for name, value in case["values"].items()}
        cases.append(StarterCase(case["name"], values, case["watch_for"].strip()))
    return Starter(
        key=named[1],
        language=path.parent.name,
        **{key: raw[key].strip() for key in ("name", "about", "title", "summary")},
        tags=tuple(raw["tags"]),
        content=content,
        cases=tuple(cases),
    )
