"""Encryption of stored API keys, and the memory of which key a database was used with."""

import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class KeyUnreadable(Exception):  # noqa: N818 - it reads as the condition it is
    """A stored secret was encrypted with another FIELD_KEY."""


def encrypt(secret: str) -> bytes:
    """Return `secret` encrypted with FIELD_KEY; nothing for nothing."""
    return Fernet(settings.FIELD_KEY).encrypt(secret.encode()) if secret else b""


def decrypt(encrypted: bytes | memoryview) -> str:
    """Return the secret again; raises KeyUnreadable when FIELD_KEY is not the one it was."""
    if not encrypted:
        return ""
    try:
        return Fernet(settings.FIELD_KEY).decrypt(bytes(encrypted)).decode()
    except InvalidToken as error:
        raise KeyUnreadable from error


def fingerprint() -> str:
    """Return a short name of FIELD_KEY that tells nothing about it."""
    return hashlib.sha256(b"promptfolio field key" + settings.FIELD_KEY).hexdigest()[:16]
