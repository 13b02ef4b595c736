"""What the writers of one prompt take: a version or draft with its test cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompts_app.transfer.promptfoo import Test, Text


class Unwritable(Exception):  # noqa: N818 - it reads as the condition it is
    """The format cannot say this prompt. `reason` says why in a word, `detail` what it is about."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Sheet:
    """A prompt. `messages` are (role, pieces); `variables` and `parameters` as in a content.

    `tests` have a value for each variable the messages use. `constraints` are (sentence, assertion
    or None). `model` is a name, "" where nothing is known of one; `address` its base address, where
    that is public, with the environment variable that holds its key. `source` is the page it is
    from; `remarks` stand at the head of the file.
    """

    title: str
    summary: str
    messages: Sequence[tuple[str, Sequence[Text]]]
    variables: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any]
    tests: Sequence[Test] = ()
    constraints: Sequence[tuple[str, Mapping[str, Any] | None]] = ()
    model: str = ""
    address: str = ""
    key_variable: str = ""
    author: str = ""
    tags: Sequence[str] = ()
    source: str = ""
    remarks: Sequence[str] = field(default=())

    @property
    def used(self) -> list[str]:
        """Names of the variables in the messages, in the order of their first use."""
        pieces = (piece for _role, pieces in self.messages for piece in pieces)
        return list(dict.fromkeys(piece.name for piece in pieces if piece.name))
