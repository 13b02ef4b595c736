"""Checks the content of one sample version and gives it every key of the version's JSON shape."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

ROLES = ("system", "user", "assistant")
VARIABLE_TYPES = ("text", "long_text", "choice", "number")
_VARIABLE = re.compile(r"(?<!\\)\{\{ ?([a-z][a-z0-9_]*) ?\}\}")
_CONTENT_KEYS = ("kind", "messages", "variables", "context", "constraints", "parameters")
_VARIABLE_DEFAULTS: dict[str, Any] = {
    "default": "",
    "choices": [],
    "min": None,
    "max": None,
    "max_length": None,
}
_PARAMETERS: dict[str, type | tuple[type, ...]] = {
    "temperature": (int, float),
    "top_p": (int, float),
    "max_tokens": int,
    "response_format": str,
    "size": str,
}


def variable_names(content: dict[str, Any]) -> set[str]:
    """Names of the variables a checked content declares."""
    return {variable["name"] for variable in content["variables"]}


def read_content(raw: object, place: str) -> dict[str, Any]:
    """Return the content with every key present; ``place`` prefixes keys in messages.

    A variable may leave out ``default``, ``choices``, ``min``, ``max`` and ``max_length``; a
    constraint without an assertion may be written as a plain sentence. Raises ValueError naming the
    key. Whether an assertion is one that the site knows is not looked into.
    """
    if not isinstance(raw, dict):
        raise ValueError(f"{place}: keys and values are expected")
    for key in raw:
        if key not in _CONTENT_KEYS:
            raise ValueError(f"{place}.{key}: unknown key")
    if raw.get("kind") not in ("text", "image"):
        raise ValueError(f"{place}.kind: text or image is expected")
    messages = _messages(raw.get("messages"), f"{place}.messages")
    variables = [
        _variable(item, f"{place}.variables[{index}]")
        for index, item in enumerate(raw.get("variables") or [], start=1)
    ]
    declared = [variable["name"] for variable in variables]
    used = {name for message in messages for name in _VARIABLE.findall(message["content"])}
    if len(set(declared)) != len(declared):
        raise ValueError(f"{place}.variables: a name is used twice")
    if set(declared) != used:
        odd = ", ".join(sorted(set(declared) ^ used))
        raise ValueError(f"{place}.variables: declared and used names differ: {odd}")
    context = raw.get("context", "")
    if not isinstance(context, str):
        raise ValueError(f"{place}.context: text is expected")
    constraints = [
        _constraint(item, f"{place}.constraints[{index}]")
        for index, item in enumerate(raw.get("constraints") or [], start=1)
    ]
    return {
        "kind": raw["kind"],
        "messages": messages,
        "variables": variables,
        "context": context.strip(),
        "constraints": constraints,
        "parameters": _parameters(raw.get("parameters") or {}, f"{place}.parameters"),
    }


def _messages(raw: object, place: str) -> list[dict[str, str]]:
    if not isinstance(raw, list) or not raw:
        raise ValueError(f"{place}: a list of messages is expected")
    messages = []
    for index, message in enumerate(raw, start=1):
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            raise ValueError(f"{place}[{index}]: role and content are expected")
        if message["role"] not in ROLES:
            raise ValueError(f"{place}[{index}].role: one of {', '.join(ROLES)} is expected")
        if not isinstance(message["content"], str) or not message["content"].strip():
            raise ValueError(f"{place}[{index}].content: text is expected")
        messages.append({"role": message["role"], "content": message["content"].strip()})
    return messages


def _constraint(raw: object, place: str) -> dict[str, Any]:
    named = {"text": raw} if isinstance(raw, str) else raw
    if not isinstance(named, dict) or not set(named) <= {"text", "assertion"}:
        raise ValueError(f"{place}: a sentence, or text and assertion are expected")
    text = named.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{place}.text: a sentence is expected")
    constraint: dict[str, Any] = {"text": text.strip()}
    if "assertion" in named:
        assertion = named["assertion"]
        if not isinstance(assertion, dict) or not isinstance(assertion.get("type"), str):
            raise ValueError(f"{place}.assertion: a type and its values are expected")
        # Anchors in a file make one object of several; each constraint gets its own.
        constraint["assertion"] = deepcopy(assertion)
    return constraint


def _variable(raw: object, place: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"{place}: keys and values are expected")
    for key in raw:
        if key not in ("name", "type", "label", *_VARIABLE_DEFAULTS):
            raise ValueError(f"{place}.{key}: unknown key")
    variable = {**_VARIABLE_DEFAULTS, **raw}
    for key in ("name", "type", "label"):
        if not isinstance(variable.get(key), str) or not variable[key]:
            raise ValueError(f"{place}.{key}: text is expected")
    if variable["type"] not in VARIABLE_TYPES:
        raise ValueError(f"{place}.type: one of {', '.join(VARIABLE_TYPES)} is expected")
    if not isinstance(variable["default"], str):
        raise ValueError(f"{place}.default: text in quotes is expected")
    choices = variable["choices"]
    if not isinstance(choices, list) or not all(isinstance(item, str) for item in choices):
        raise ValueError(f"{place}.choices: a list of texts is expected")
    if variable["type"] == "choice" and variable["default"] not in choices:
        raise ValueError(f"{place}.default: one of the choices is expected")
    ordered = ("name", "type", "label", "default", "choices", "min", "max", "max_length")
    return {key: list(choices) if key == "choices" else variable[key] for key in ordered}


def _parameters(raw: object, place: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"{place}: keys and values are expected")
    for key, value in raw.items():
        if key not in _PARAMETERS or isinstance(value, bool):
            raise ValueError(f"{place}.{key}: unknown key or value")
        if not isinstance(value, _PARAMETERS[key]):
            raise ValueError(f"{place}.{key}: a value of another type is expected")
    return dict(raw)
