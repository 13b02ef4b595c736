"""The demo model's answers: scripted rules per trade, chosen by what the prompt asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from prompts_app.demo.rules import generic
from prompts_app.demo.rules.prompt import read


def answer(
    messages: Sequence[Mapping[str, str]],
    parameters: Mapping[str, object],
    *,
    careful: bool = True,
) -> str:
    """Answer a chat (``[{"role", "content"}, …]``) by rules; the same chat gets the same answer.

    Of the parameters only ``response_format`` ("text" or "json_object") matters. With ``careful``
    false, awkward inputs cost one broken constraint, as they do on smaller models.
    """
    prompt = read(messages, parameters)
    text = generic.answer(prompt)
    if prompt.json_mode and not _is_json(text):
        return json.dumps({"answer": text}, ensure_ascii=False)
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
