"""The neutral document between foreign formats and this site, and the limits both sides share.

Readers yield entries and problems; writers take entries. Text in documents is NFC with LF line
ends. Lengths are in Unicode characters.
"""

from dataclasses import dataclass, field
from typing import Any

MAX_TITLE = 120
MAX_SUMMARY = 300
MAX_USE_CASE = 5_000
MAX_CREDIT = 120
MAX_CHANGE_NOTE = 300
MAX_TAGS = 10
MAX_TAG = 40
MAX_MESSAGES = 20
MAX_MESSAGE_CHARS = 60_000
MAX_VARIABLES = 30
MAX_LABEL = 120
MAX_CHOICES = 50
MAX_CHOICE = 200
MAX_CONTEXT = 20_000
MAX_CONSTRAINTS = 30
MAX_CONSTRAINT = 300
MAX_CASES = 50
MAX_CASE_NAME = 120
MAX_WATCH_FOR = 300
MAX_COMMENT = 400
MAX_VALUE = 20_000
MAX_TRANSLATED = 2_000


@dataclass(frozen=True)
class CaseDocument:
    """A test case: a value for each variable by name, and what a reader should watch for.

    `comment` is what the author says of it where an answer fails.
    """

    name: str
    values: dict[str, str]
    watch_for: str = ""
    comment: str = ""


@dataclass(frozen=True)
class VersionDocument:
    """A version: its content (kind, messages, variables, context, constraints, parameters)."""

    content: dict[str, Any]
    change_note: str = ""


@dataclass(frozen=True)
class RunDocument:
    """An answer that came with the source, made by `version` (an index) on `values`.

    `case` is an index into the entry's cases, or None. `raw` is the provider's own response, where
    the source holds it: only then is the run imported; without it, it is pasted. Tokens are those
    the provider counted; `latency` is in milliseconds; `made_at` an ISO 8601 time or "".
    """

    version: int
    output: str
    model: str
    values: dict[str, str]
    case: int | None = None
    raw: dict[str, Any] | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency: int | None = None
    made_at: str = ""
    finish_reason: str = ""


@dataclass(frozen=True)
class Loss:
    """What is brought in otherwise than it stood, or not at all, though its entry is.

    `line` is where it starts (from 1; 0 unknown), `path` where in the structure
    (`tests[3].assert[0]`; may be empty), `detail` a name or number for the sentence made of `code`.
    """

    line: int
    path: str
    code: str
    detail: str = ""


@dataclass(frozen=True)
class EntryDocument:
    """An entry with its versions, oldest first.

    `language` is an ISO 639-1 code. `credit` names whoever wrote it elsewhere, or is empty.
    `source_key` is the same whenever the same source is read again, and unique within it: it keeps
    a second import from adding anything. `baseline` is an index into `versions`, or None.
    `line` is where the entry starts in the source (from 1; 0 unknown). `second_words` are texts of
    the entry, each with what it is in `second_language`.
    """

    title: str
    summary: str
    use_case: str
    language: str
    tags: tuple[str, ...]
    credit: str
    source_key: str
    versions: tuple[VersionDocument, ...]
    cases: tuple[CaseDocument, ...] = ()
    baseline: int | None = None
    runs: tuple[RunDocument, ...] = ()
    losses: tuple[Loss, ...] = ()
    line: int = 0
    second_language: str = ""
    second_words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What kept a part of the source out: the line it starts on (from 1), a code, a detail.

    `detail` is a name or number for the sentence made from `code`, not a sentence; may be empty.
    `path` is where in the structure it stands, where the source has one.
    """

    line: int
    code: str
    detail: str = ""
    path: str = ""
