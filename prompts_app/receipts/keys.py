"""Ed25519 keys (RFC 8032): signing, verifying, and the file that makes public keys public."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prompts_app.receipts.reading import ReceiptError, read_json
from prompts_app.receipts.statement import read_time, time_text, wrong_field

FORMAT = "promptfolio-keys"
FORMAT_VERSION = 1
ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key of a site. `public_key` is 32 bytes in hexadecimal, `id` a short hash of them.

    It signed from `active_from` until `retired_at` (None: it still does). Once `leaked`, others
    than the site may have signed with it, whatever date they wrote.
    """

    id: str
    public_key: str
    active_from: datetime
    retired_at: datetime | None = None
    leaked: bool = False


def public_of(seed: bytes) -> str:
    """Return the public key of a private one (32 bytes), in hexadecimal."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def key_id(public_key: str) -> str:
    """Return a public key's name: the first 16 hexadecimal digits of the SHA-256 of its bytes."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def sign(seed: bytes, signed: bytes) -> str:
    """Return the signature of `signed` by a private key (32 bytes), 128 hexadecimal digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(signed).hex()


def signature_holds(public_key: str, signature: str, signed: bytes) -> bool:
    """Say whether `signature` is this key's over exactly these bytes."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def keys_document(site: str, keys: Iterable[PublicKey]) -> dict[str, Any]:
    """Return what the site serves at /.well-known/promptfolio-keys.json."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "site": site,
        "keys": [
            {
                "id": key.id,
                "algorithm": ALGORITHM,
                "public_key": key.public_key,
                "active_from": time_text(key.active_from),
                "retired_at": time_text(key.retired_at) if key.retired_at else None,
                "leaked": key.leaked,
            }
            for key in keys
        ],
    }


def read_keys(data: bytes) -> tuple[str, list[PublicKey]]:
    """Return a keys file's site and keys. Raises ReceiptError ("not_keys" and as read_json).

    Keys whose id is not their own hash make the whole file unusable.
    """
    document = read_json(data)
    shape = {
        "format": lambda value: value == FORMAT,
        "format_version": lambda value: value == FORMAT_VERSION,
        "site": lambda value: isinstance(value, str),
        "keys": lambda value: isinstance(value, list),
    }
    if wrong_field(document, shape) is not None:
        raise ReceiptError("not_keys")
    return document["site"], [_read_key(one) for one in document["keys"]]


def keys_of(found: dict[str, Any]) -> list[PublicKey]:
    """Return the key that stands in a keys file like that, or nothing where it is none."""
    try:
        return [_read_key(found)]
    except ReceiptError:
        return []


def _read_key(found: Any) -> PublicKey:
    try:
        if found["algorithm"] != ALGORITHM or not isinstance(found["leaked"], bool):
            raise ValueError("another kind of key")
        retired = found["retired_at"]
        key = PublicKey(
            id=found["id"],
            public_key=found["public_key"],
            active_from=read_time(found["active_from"]),
            retired_at=None if retired is None else read_time(retired),
            leaked=found["leaked"],
        )
        if len(bytes.fromhex(key.public_key)) != 32 or key.id != key_id(key.public_key):
            raise ValueError("the id is not this key's")
    except (KeyError, TypeError, ValueError) as error:
        raise ReceiptError("not_keys") from error
    return key
