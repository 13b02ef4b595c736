"""Reading JSON from strangers: one meaning only, bounded, and every refusal with a code."""

import json
import math
from collections.abc import Iterable
from typing import Any

MAX_BYTES = 1_048_576
# Whole numbers beyond this are not the same number to every reader (RFC 8785, section 3.2.2.3).
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
_MAX_DIGITS = 400


class ReceiptError(ValueError):
    """The bytes are not what they should be.

    `code`: "too_large", "not_text" (not UTF-8, or half a character), "not_json",
    "duplicate_key", "number" (NaN, infinite, or too large for every reader to agree on),
    "too_deep", "not_a_receipt", "format_version", "not_keys", or "field" with the dotted name
    of the field that is missing, unknown or of the wrong kind in `field`.
    """

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(f"{code} {field}".strip())
        self.code = code
        self.field = field


def read_json(data: bytes) -> Any:
    """Return the JSON value in `data` (UTF-8, at most 1 MB). Raises ReceiptError.

    Names that occur twice in one object are refused: readers would disagree on which counts.
    """
    if len(data) > MAX_BYTES:
        raise ReceiptError("too_large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReceiptError("not_text") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except RecursionError as error:
        raise ReceiptError("too_deep") from error
    except json.JSONDecodeError as error:
        raise ReceiptError("not_json") from error
    # Python's own limit depends on who calls; what is read here is walked again elsewhere.
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
    if level:
        raise ReceiptError("too_deep")
    return value


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ReceiptError("duplicate_key")
    return found


def _integer(digits: str) -> int:
    # Looked at before it is read: Python refuses to read thousands of digits.
    if len(digits) > len(str(MAX_INTEGER)) + 1 or abs(int(digits)) > MAX_INTEGER:
        raise ReceiptError("number")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits) if len(digits) <= _MAX_DIGITS else math.inf
    if not math.isfinite(value):
        raise ReceiptError("number")
    return value


def _constant(_name: str) -> float:
    raise ReceiptError("number")
