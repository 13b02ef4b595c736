"""How the demo model counts: its "rule tokens" stand for a provider's tokens.

A rule token is a run of up to six letters or digits, or one other sign, together with the white
space before it. ``"".join(split(text)) == text`` for every text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_TOKEN = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")
MESSAGE_OVERHEAD = 3


def split(text: str) -> list[str]:
    """Cut a text into rule tokens, none lost."""
    return _TOKEN.findall(text)


def count_prompt(messages: Iterable[Mapping[str, str]]) -> int:
    """Rule tokens of a prompt: those of every message and three more for each."""
    return sum(len(split(message["content"])) + MESSAGE_OVERHEAD for message in messages)
