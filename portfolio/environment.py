"""Reading the environment: each function turns one variable's text into a value or refuses it."""

import base64
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured


class ModelSetting(NamedTuple):
    """One model named in LLM_MODELS; prices in micro-dollars per million tokens, if given."""

    name: str
    input_price: int | None
    output_price: int | None


def between(value: int, low: int, high: int, name: str) -> int:
    """Return `value` if low <= value <= high, else refuse it by the variable's name."""
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must be between {low} and {high}, not {value}.")
    return value


def one_of(value: str, choices: Sequence[str], name: str) -> str:
    """Return `value` if it is one of `choices`, else refuse it by the variable's name."""
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not “{value}”.")
    return value


def dollars(text: str, name: str) -> int:
    """Return dollars such as "1.50" as micro-dollars."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= 100_000:
        raise ImproperlyConfigured(
            f"{name} must be an amount in dollars such as 1.50, not “{text}”."
        )
    return int(amount * 1_000_000)


def dollars_or_none(text: str, name: str) -> int | None:
    """Return dollars as micro-dollars; None where nothing is set."""
    return dollars(text, name) if text.strip() else None


def site_url(text: str) -> str:
    """Return the public address without a trailing slash."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ImproperlyConfigured(
            f"SITE_URL must be an address such as https://example.org, not “{text}”."
        )
    if parts.scheme == "http" and not is_local(parts.hostname):
        raise ImproperlyConfigured("SITE_URL must start with https:// unless it is localhost.")
    return f"{parts.scheme}://{parts.netloc}"


def is_local(host: str) -> bool:
    """Say whether only this machine can reach `host`."""
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def models(text: str) -> list[ModelSetting]:
    """Read LLM_MODELS: `name,name=IN/OUT`, prices in dollars per million tokens."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, prices = part.partition("=")
        if not prices:
            if "=" in part:
                raise ImproperlyConfigured(f"LLM_MODELS: “{part}” lacks its prices after “=”.")
            found.append(ModelSetting(name.strip(), None, None))
            continue
        match = re.fullmatch(r"\s*([\d.]+)\s*/\s*([\d.]+)\s*", prices)
        if not match:
            raise ImproperlyConfigured(
                "LLM_MODELS: write prices as name=IN/OUT, "
                f"such as my-model=0.15/0.60, not “{part}”."
            )
        found.append(
            ModelSetting(
                name.strip(), dollars(match[1], "LLM_MODELS"), dollars(match[2], "LLM_MODELS")
            )
        )
    return found


def mail(text: str) -> dict[str, Any]:
    """Read EMAIL_URL into Django's EMAIL_* settings."""
    scheme = urlsplit(text).scheme
    if scheme not in dj_email_url.SCHEMES:
        raise ImproperlyConfigured(
            f"EMAIL_URL must look like smtp://user:password@host:587, not “{scheme}:…”."
        )
    return dict(dj_email_url.parse(text))


def database(url: str, *, pool_size: int) -> dict[str, Any]:
    """Read DATABASE_URL: SQLite or PostgreSQL, with the options each needs to be safe."""
    scheme = urlsplit(url).scheme
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(
            "DATABASE_URL must start with sqlite:// or postgres://, "
            f"such as postgres://user:password@host/name, not “{scheme}:”."
        )
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from error
    config.setdefault("OPTIONS", {})
    if scheme == "sqlite":
        if config["NAME"] in ("", ":memory:"):
            raise ImproperlyConfigured("DATABASE_URL: SQLite needs a file, not memory.")
        Path(config["NAME"]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Pages and streams run in fixed threads, so each keeps its one connection.
        config["CONN_MAX_AGE"] = None
        # Read-then-write under DEFERRED fails at once when another writer came between.
        config["OPTIONS"] |= {"transaction_mode": "IMMEDIATE", "timeout": 20}
    else:
        config["CONN_MAX_AGE"] = 0
        config["ENGINE"] = "portfolio.postgresql"
        config["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
        # Lets models/prepared.py ask for plans to be kept; Django's own queries never are.
        config["OPTIONS"]["prepare_threshold"] = 5
    return config


def sqlite_pragmas(version: tuple[int, ...]) -> str:
    """Return the statements that open every SQLite connection."""
    safe_wal = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    journal = "PRAGMA journal_mode=WAL;" if safe_wal else ""
    return f"{journal}PRAGMA synchronous=FULL;"


class Keys:
    """Secret keys: from the environment, or made once beside a local, empty database."""

    def __init__(self, var: Path, database: dict[str, Any], *, local: bool) -> None:
        self._folder = var / "keys"
        self._local = local
        name = Path(str(database["NAME"]))
        sqlite = database["ENGINE"].endswith("sqlite3")
        self._data = name if sqlite and name.exists() and name.stat().st_size > 0 else None

    def file(self, name: str) -> Path:
        """Return where a local site keeps the key called `name`."""
        return self._folder / name

    def get(
        self, name: str, given: str, fresh: str, *, used: Callable[[], bool] | None = None
    ) -> str:
        """Return the key called `name`; `fresh` is kept if a new one may be made.

        `used` says whether the database was used with such a key; without it, any data in it
        counts as that. Raises ImproperlyConfigured when the site is public, or when the database
        was used with a key whose file is gone.
        """
        if given:
            if len(given) < 32:
                raise ImproperlyConfigured(f"{name} is too short: use at least 32 characters.")
            return given
        if not self._local:
            raise ImproperlyConfigured(
                f"{name} is not set. A public site keeps its keys in the environment; "
                f"see docs/configuration.md for how to make one."
            )
        file = self.file(name)
        if file.exists():
            return file.read_text().strip()
        if (used or self._has_data)():
            raise ImproperlyConfigured(
                f"{name} is missing: {file} is gone, but the database was used with it. "
                "Put the file back, or set the variable."
            )
        try:
            # Written whole or not at all, and by one process only.
            draft = _draft(file, fresh)
            try:
                os.link(draft, file)
            except FileExistsError:
                fresh = file.read_text().strip()
            draft.unlink()
        except OSError as error:
            raise ImproperlyConfigured(f"{name} cannot be kept in {file}: {error}") from error
        return fresh

    def fernet(self, name: str, given: str) -> bytes:
        """Return a key for Fernet encryption (32 bytes, URL-safe base64)."""
        key = self.get(name, given, Fernet.generate_key().decode()).encode()
        try:
            Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} must be 32 bytes in URL-safe base64; see docs/configuration.md."
            ) from error
        return key

    def seed(self, name: str, given: str) -> bytes:
        """Return a private key for signing with Ed25519 (32 bytes, from URL-safe base64).

        Databases older than receipts hold data and no such key: those may get one.
        """
        key = self.get(name, given, fresh_seed(), used=self._has_receipt_keys)
        try:
            seed = base64.b64decode(key, altchars=b"-_", validate=True)
        except ValueError:
            seed = b""
        if len(seed) != 32:
            raise ImproperlyConfigured(
                f"{name} must be 32 bytes in URL-safe base64; see docs/configuration.md."
            )
        return seed

    def _has_data(self) -> bool:
        return self._data is not None

    def _has_receipt_keys(self) -> bool:
        if self._data is None:
            return False
        try:
            address = f"{self._data.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as database:
                query = "SELECT 1 FROM prompts_app_receiptkey LIMIT 1"
                return database.execute(query).fetchone() is not None
        except sqlite3.Error as error:
            # What cannot be read may hold keys: then none is made.
            return "no such table" not in str(error)


def fresh_seed() -> str:
    """Return a new private key for `Keys.seed`."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def replace_key(file: Path, fresh: str) -> None:
    """Put `fresh` in the place of a local site's key, whole or not at all. Raises OSError."""
    _draft(file, fresh).replace(file)


def _draft(file: Path, text: str) -> Path:
    """Write `text` beside `file`, for its owner only, and return where."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    return draft
