"""A database that is away for a while: its own server refuses everybody, or one holds its lock."""

import contextlib
import sqlite3
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


@contextlib.contextmanager
def away(url: str) -> Iterator[None]:
    """Let nobody in at `url` (a DATABASE_URL) for as long as the block lasts.

    PostgreSQL throws out whoever is connected and refuses the rest; SQLite lets writers wait until
    their patience ends.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        with contextlib.closing(sqlite3.connect(parts.path, isolation_level=None)) as database:
            database.execute("PRAGMA busy_timeout = 20000")
            database.execute("BEGIN EXCLUSIVE")
            yield
            database.execute("ROLLBACK")
        return
    name = parts.path.lstrip("/")
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        refuse = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        server.execute(refuse.format(sql.Identifier(name), sql.Literal(False)))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            server.execute(refuse.format(sql.Identifier(name), sql.Literal(True)))
