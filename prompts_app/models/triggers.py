"""Database triggers: versions stay as they were published, the full-text index follows the entries.

Versions leave only with an entry whose time has come: `purge_at` is past. An entry in the bin has
one that is still to come, so nothing takes its versions by accident. The moment is compared with
the database's own clock; whoever deletes at once marks the entry by that same clock (`Now()`).

A migration that alters a table meets its triggers: SQLite drops them and refuses to rename a table
that a trigger elsewhere names, PostgreSQL refuses to alter a column that one watches. So `remove`
runs before migrations on both engines and `install` after them.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction
from django.db.models.signals import pre_migrate
from django.dispatch import receiver

from prompts_app.models import search_index

REFUSAL = "a published version never changes"

# A clause of _CHANGED that a database migrated back has no column for.
_NAIVE = "    AND NEW.naive = OLD.naive\n"
# The one allowed change erases the content and nothing else.
_CHANGED = """NOT (
    OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
    AND NEW.id = OLD.id AND NEW.entry_id = OLD.entry_id AND NEW.number = OLD.number
    AND NEW.content_hash = OLD.content_hash AND NEW.prompt_hash = OLD.prompt_hash
    AND NEW.naive = OLD.naive
    AND NEW.created_at = OLD.created_at
    AND NEW.change_note = '' AND {empty}
)"""

_SQLITE_DROP = (
    "DROP TRIGGER IF EXISTS version_keeps_content",
    "DROP TRIGGER IF EXISTS version_stays",
)

_SQLITE = (
    f"""CREATE TRIGGER version_keeps_content BEFORE UPDATE ON prompts_app_version
        WHEN {_CHANGED.format(empty="NEW.content = '{}'")}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER version_stays BEFORE DELETE ON prompts_app_version
        WHEN EXISTS (SELECT 1 FROM prompts_app_entry
                     WHERE id = OLD.entry_id AND (purge_at IS NULL
                         OR purge_at > strftime('%Y-%m-%d %H:%M:%f', 'now')))
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
)

_POSTGRES_DROP = (
    "DROP TRIGGER IF EXISTS version_keeps_content ON prompts_app_version",
    "DROP TRIGGER IF EXISTS version_stays ON prompts_app_version",
)

_POSTGRES = (
    f"""CREATE OR REPLACE FUNCTION prompts_app_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
    f"""CREATE OR REPLACE TRIGGER version_keeps_content BEFORE UPDATE ON prompts_app_version
        FOR EACH ROW WHEN ({_CHANGED.format(empty="NEW.content = '{}'::jsonb")})
        EXECUTE FUNCTION prompts_app_refuse()""",
    f"""CREATE OR REPLACE FUNCTION prompts_app_version_stays() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            IF EXISTS (SELECT 1 FROM prompts_app_entry
                       WHERE id = OLD.entry_id
                           AND (purge_at IS NULL OR purge_at > statement_timestamp())) THEN
                RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$""",
    """CREATE OR REPLACE TRIGGER version_stays BEFORE DELETE ON prompts_app_version
        FOR EACH ROW EXECUTE FUNCTION prompts_app_version_stays()""",
)


@receiver(pre_migrate)
def remove(
    using: str = "default",
    plan: Sequence[Any] | None = None,
    app_config: AppConfig | None = None,
    **_signal: Any,
) -> None:
    """Take the triggers out of the database called `using`, unless the plan has no migration."""
    if (plan is not None and not plan) or (app_config and app_config.label != "prompts_app"):
        return
    sqlite = connections[using].vendor == "sqlite"
    with connections[using].cursor() as cursor:
        for statement in _SQLITE_DROP if sqlite else _POSTGRES_DROP:
            cursor.execute(statement)
        for statement in search_index.SQLITE_DROP if sqlite else search_index.POSTGRES_DROP:
            cursor.execute(statement)


def install(using: str = "default", **_signal: Any) -> None:
    """Put the triggers (back) into the database called `using`.

    Where those of the full-text index were missing, entries may have changed without it: it is
    filled anew.
    """
    connection = connections[using]
    sqlite = connection.vendor == "sqlite"
    with transaction.atomic(using), connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        followed = _has_trigger(cursor, connection.vendor, "entry_search_update")
        if sqlite:
            remove(using)  # PostgreSQL replaces them, without locking readers out
        if "prompts_app_version" in tables:
            table = connection.introspection.get_table_description(cursor, "prompts_app_version")
            lacking = "" if any(column.name == "naive" for column in table) else _NAIVE
            for statement in _SQLITE if sqlite else _POSTGRES:
                cursor.execute(statement.replace(lacking, ""))
        if "prompts_app_search" in tables:
            for statement in search_index.SQLITE if sqlite else search_index.POSTGRES:
                cursor.execute(statement)
            if not followed:
                refill(using)


def refill(using: str = "default") -> None:
    """Make the full-text index anew from the entries of the database called `using`."""
    connection = connections[using]
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for statement in search_index.SQLITE_REFILL if sqlite else search_index.POSTGRES_REFILL:
            cursor.execute(statement)


def _has_trigger(cursor: Any, vendor: str, name: str) -> bool:
    if vendor == "sqlite":
        cursor.execute("SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = %s", [name])
    else:
        cursor.execute("SELECT 1 FROM pg_trigger WHERE tgname = %s", [name])
    return cursor.fetchone() is not None
