"""Which engine is behind the door."""

from types import ModuleType

from django.db import connection

from prompts_app.search import postgres, sqlite


def engine() -> ModuleType:
    """Return the module of the database in use: both offer POSITION, ENTRY, MATCH, match, ids."""
    return sqlite if connection.vendor == "sqlite" else postgres
