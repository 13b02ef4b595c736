"""The demo model's answers: scripted rules per trade, chosen by what the prompt asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from prompts_app.demo.rules import generic, invoice, meeting, role, sql, triage
from prompts_app.demo.rules.prompt import Prompt, read

# Words of the instructions that speak for a trade; the trade with most of them answers.
_TRADES = (
    (invoice.answer, invoice.SIGNS),
    (triage.answer, triage.SIGNS),
    (meeting.answer, meeting.SIGNS),
    (sql.answer, sql.SIGNS),
    (role.answer, role.SIGNS),
)


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
    text = _answer(prompt, careful=careful)
    if prompt.json_mode and not _is_json(text):
        return json.dumps({"answer": text}, ensure_ascii=False)
    return text


def _answer(prompt: Prompt, *, careful: bool) -> str:
    scores = [
        (sum(prompt.says(sign) for sign in signs), -index)
        for index, (_, signs) in enumerate(_TRADES)
    ]
    best, place = max(scores)
    if best < 1:
        return generic.answer(prompt)
    return _TRADES[-place][0](prompt, careful=careful)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
