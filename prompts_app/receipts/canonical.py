"""Canonical JSON (RFC 8785) and the hash every version is known by."""

import hashlib
from typing import Any

import rfc8785


def canonical(obj: Any) -> bytes:
    """`obj` (None, bool, int, float, str, list, tuple, dict) as canonical JSON in UTF-8.

    Raises ValueError for what JSON readers would not all read alike: NaN and infinities, integers
    beyond ±(2^53 - 1), keys that are not strings, lone surrogates, other types, and nesting too
    deep to walk.
    """
    try:
        return rfc8785.dumps(obj)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def content_hash(obj: Any) -> str:
    """SHA-256 of `canonical(obj)`, 64 lower-case hexadecimal digits. Raises as `canonical`."""
    return hashlib.sha256(canonical(obj)).hexdigest()
