"""Database triggers that keep versions as they were published.

SQLite drops a table's triggers whenever a migration rebuilds the table, so `install` runs after
every migration on both engines.
"""

from typing import Any

from django.db import connections

REFUSAL = "a published version never changes"

# The one allowed change erases the content and nothing else.
_CHANGED = """NOT (
    OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
    AND NEW.id = OLD.id AND NEW.entry_id = OLD.entry_id AND NEW.number = OLD.number
    AND NEW.content_hash = OLD.content_hash AND NEW.created_at = OLD.created_at
    AND NEW.change_note = '' AND {empty}
)"""

_SQLITE = (
    "DROP TRIGGER IF EXISTS version_keeps_content",
    f"""CREATE TRIGGER version_keeps_content BEFORE UPDATE ON prompts_app_version
        WHEN {_CHANGED.format(empty="NEW.content = '{}'")}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    "DROP TRIGGER IF EXISTS version_stays",
    f"""CREATE TRIGGER version_stays BEFORE DELETE ON prompts_app_version
        WHEN EXISTS (SELECT 1 FROM prompts_app_entry
                     WHERE id = OLD.entry_id AND purge_at IS NULL)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
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
                       WHERE id = OLD.entry_id AND purge_at IS NULL) THEN
                RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$""",
    """CREATE OR REPLACE TRIGGER version_stays BEFORE DELETE ON prompts_app_version
        FOR EACH ROW EXECUTE FUNCTION prompts_app_version_stays()""",
)


def install(using: str = "default", **_signal: Any) -> None:
    """Put the triggers (back) into the database called `using`."""
    connection = connections[using]
    statements = _SQLITE if connection.vendor == "sqlite" else _POSTGRES
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
