"""What a receipt says, field by field, and reading one back (docs/receipts.md).

A receipt file is an object with `statement`, `signature`, and beside them, while the author shows
them, `messages` and `output`. The statement holds only hashes of those, so they can be left out
later without touching what was signed.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prompts_app.receipts.canonical import canonical, content_hash
from prompts_app.receipts.reading import ReceiptError, read_json

FORMAT = "promptfolio-receipt"
FORMAT_VERSION = 1

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as read. `signed` are the bytes that the signature is over.

    `messages` and `output` are None where they were left out. Nothing is checked yet but shape.
    """

    statement: dict[str, Any]
    signature: str
    signed: bytes
    messages: list[dict[str, str]] | None = None
    output: str | None = None

    @property
    def code(self) -> str:
        """A short name for people to compare, such as "3F9A-1C07-88B2"; no proof by itself."""
        return short_code(self.signed)


def short_code(signed: bytes) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a statement, in groups of four."""
    digits = hashlib.sha256(signed).hexdigest()[:12].upper()
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def text_hash(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8. Raises ReceiptError for half a character."""
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise ReceiptError("not_text") from error


def file_hash(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def messages_hash(messages: list[dict[str, str]]) -> str:
    """Return the SHA-256 of messages [{role, content}] in canonical form."""
    return content_hash(messages)


def time_text(moment: datetime) -> str:
    """Return a moment in UTC to the microsecond, as receipts and key files write it (RFC 3339)."""
    return moment.astimezone(UTC).strftime(_TIME)


def read_time(text: object) -> datetime:
    """Return the moment that `time_text` wrote. Raises ValueError for anything else."""
    if not isinstance(text, str):
        raise ValueError("not a time")
    moment = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    if time_text(moment) != text or not 2000 <= moment.year < 3000:
        raise ValueError("a time of this millennium, in its one spelling")
    return moment


def read_receipt(data: bytes) -> Receipt:
    """Read a receipt file (JSON in UTF-8). Raises ReceiptError."""
    document = read_json(data)
    if not isinstance(document, dict) or not isinstance(document.get("statement"), dict):
        raise ReceiptError("not_a_receipt")
    statement = document["statement"]
    if statement.get("format") != FORMAT:
        raise ReceiptError("not_a_receipt")
    if statement.get("format_version") != FORMAT_VERSION:
        raise ReceiptError("format_version")
    beside = {name: shape for name, shape in _BESIDE.items() if name in document}
    field = wrong_field(document, {**_RECEIPT, **beside})
    if field is not None:
        raise ReceiptError("field", field)
    try:
        signed = canonical(statement)
        canonical(document)  # half a character anywhere is refused here, not later
    except ValueError as error:
        raise ReceiptError("not_text") from error
    return Receipt(
        statement, document["signature"], signed, document.get("messages"), document.get("output")
    )


def wrong_field(value: Any, shape: Any, name: str = "") -> str | None:
    """Return the dotted name of the first field that is not as `shape` says; None if all are.

    A shape is a predicate, or an object whose names must all be there, and no others.
    """
    if not isinstance(shape, dict):
        return None if shape(value) else name
    if not isinstance(value, dict):
        return name
    for key in sorted(shape.keys() ^ value.keys()):
        # A name in the file may be anything, and is about to be shown.
        return _dotted(name, key if key and key.isprintable() else ascii(key))[:100]
    for key, inner in shape.items():
        found = wrong_field(value[key], inner, _dotted(name, key))
        if found is not None:
            return found
    return None


def _dotted(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _matches(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_count_or_null(value: object) -> bool:
    return value is None or _is_count(value)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_time(value: object) -> bool:
    try:
        read_time(value)
    except ValueError:
        return False
    return True


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _are_messages(value: object) -> bool:
    return isinstance(value, list) and all(
        wrong_field(one, {"role": _is_text, "content": _is_text}) is None for one in value
    )


_is_hash = _matches(r"[0-9a-f]{64}")

STATEMENT: dict[str, Any] = {
    "format": _is_text,
    "format_version": _is_count,
    "key": _matches(r"[0-9a-f]{16}"),
    "site": _is_text,
    "run": _matches(_UUID),
    "entry": _is_text,
    "version": {"number": _is_count, "content_hash": _is_hash},
    "messages_hash": _is_hash,
    "values_hash": _is_hash,
    "parameters": _is_object,
    "provider_host": _is_text,
    "model_asked": _is_text,
    "model_answered": _is_text,
    "response_id": _is_text_or_null,
    "finish_reason": _is_text,
    "usage": {"prompt_tokens": _is_count_or_null, "completion_tokens": _is_count_or_null},
    "times": {
        "requested_at": _is_time,
        "finished_at": _is_time,
        "first_token_ms": _is_count_or_null,
        "latency_ms": _is_count_or_null,
    },
    "output": {"kind": _matches("text|picture"), "hash": _is_hash},
    "labels": _are_texts,
    "is_demo": _is_bool,
    "author_is_operator": _is_bool,
}
_RECEIPT: dict[str, Any] = {"statement": STATEMENT, "signature": _matches(r"[0-9a-f]{128}")}
_BESIDE: dict[str, Any] = {"messages": _are_messages, "output": _is_text}
