# ruff: noqa: S608 - no value of a person stands in these statements
r"""The full-text index: a table of its own beside the entries, kept in step by triggers.

On both engines `prompts_app_search` holds one row for each listed entry, named by the entry's
position: the second it was published, then its id. Positions in falling order are the entries from
the newest on, so the newest matches are found without sorting all of them.

SQLite keeps the words in FTS5. PostgreSQL keeps a tsvector made from the words as they are: its own
parser takes "json/yaml" for a file and "example.org" for a host, and would find neither part.
"""

# What stands between words, in the syntax that both Python and PostgreSQL read. A list instead of
# "whatever is no letter", because the latter depends on the locale of the database.
SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df"
    r"\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05f3\u05f4\u060c\u061b-\u061f\u066a-\u066d\u06d4"
    r"\u0964\u0965\u0e2f\u0e5a\u0e5b\u2000-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030"
    r"\u303d-\u303f\u30fb\ufe00-\ufe1f\ufe30-\ufe6b\ufeff\uff61-\uff65\ufff0-\uffff"
    r"\U0001f000-\U0001faff\U000e0000-\U000e0fff"
)
# Longer words are known by their beginning: a tsvector takes no more than 2,046 bytes.
MAX_WORD = 60

# The position's lower bits are the entry's id.
ID_BITS = 31
ID_MASK = (1 << ID_BITS) - 1

_FIELDS = ("search_text", "visibility", "published_id", "published_at", "purge_at")


def _listed(row: str) -> str:
    return (
        f"{row}.visibility = 'listed' AND {row}.published_id IS NOT NULL"
        f" AND {row}.published_at IS NOT NULL AND {row}.purge_at IS NULL"
    )


def _changed(different: str) -> str:
    return " OR ".join(f"OLD.{field} {different} NEW.{field}" for field in _FIELDS)


def _sqlite_position(row: str) -> str:
    seconds = f"CAST(strftime('%s', {row}.published_at) AS INTEGER)"
    return f"(({seconds} << {ID_BITS}) | {row}.id)"


def _postgres_position(row: str) -> str:
    return f"((floor(extract(epoch FROM {row}.published_at))::bigint << {ID_BITS}) | {row}.id)"


_SQLITE_FILL = f"""INSERT INTO prompts_app_search(rowid, words)
    SELECT {_sqlite_position("entry")}, entry.search_text FROM prompts_app_entry AS entry
    WHERE {_listed("entry")}"""

SQLITE_DROP = (
    "DROP TRIGGER IF EXISTS entry_search_insert",
    "DROP TRIGGER IF EXISTS entry_search_update",
    "DROP TRIGGER IF EXISTS entry_search_delete",
)

SQLITE = (
    f"""CREATE TRIGGER entry_search_insert AFTER INSERT ON prompts_app_entry
        WHEN {_listed("NEW")}
        BEGIN INSERT INTO prompts_app_search(rowid, words)
            VALUES ({_sqlite_position("NEW")}, NEW.search_text); END""",
    f"""CREATE TRIGGER entry_search_update AFTER UPDATE ON prompts_app_entry
        WHEN {_changed("IS NOT")}
        BEGIN
            DELETE FROM prompts_app_search WHERE rowid = {_sqlite_position("OLD")};
            INSERT INTO prompts_app_search(rowid, words)
                SELECT {_sqlite_position("NEW")}, NEW.search_text WHERE {_listed("NEW")};
        END""",
    f"""CREATE TRIGGER entry_search_delete AFTER DELETE ON prompts_app_entry
        BEGIN DELETE FROM prompts_app_search WHERE rowid = {_sqlite_position("OLD")}; END""",
)

SQLITE_REFILL = ("DELETE FROM prompts_app_search", _SQLITE_FILL)

POSTGRES_DROP = (
    "DROP TRIGGER IF EXISTS entry_search_insert ON prompts_app_entry",
    "DROP TRIGGER IF EXISTS entry_search_update ON prompts_app_entry",
    "DROP TRIGGER IF EXISTS entry_search_delete ON prompts_app_entry",
    "DROP TRIGGER IF EXISTS entry_search_truncate ON prompts_app_entry",
)

_POSTGRES_FILL = f"""INSERT INTO prompts_app_search(position, entry_id, words)
    SELECT {_postgres_position("entry")}, entry.id, prompts_app_search_words(entry.search_text)
    FROM prompts_app_entry AS entry WHERE {_listed("entry")}"""

POSTGRES = (
    f"""CREATE OR REPLACE FUNCTION prompts_app_search_words(words text) RETURNS tsvector
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT array_to_tsvector(coalesce(array_agg(left(word, {MAX_WORD})), '{{}}'))
            FROM regexp_split_to_table(words, '[{SEPARATORS}]+') AS word WHERE word <> ''
        $$""",
    f"""CREATE OR REPLACE FUNCTION prompts_app_search_entry() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                DELETE FROM prompts_app_search;
                RETURN NULL;
            END IF;
            IF TG_OP <> 'INSERT' THEN
                DELETE FROM prompts_app_search WHERE entry_id = OLD.id;
            END IF;
            IF TG_OP <> 'DELETE' THEN
                INSERT INTO prompts_app_search(position, entry_id, words)
                SELECT {_postgres_position("NEW")}, NEW.id,
                    prompts_app_search_words(NEW.search_text)
                WHERE {_listed("NEW")};
            END IF;
            RETURN NULL;
        END $$""",
    f"""CREATE OR REPLACE TRIGGER entry_search_insert AFTER INSERT ON prompts_app_entry
        FOR EACH ROW WHEN ({_listed("NEW")}) EXECUTE FUNCTION prompts_app_search_entry()""",
    f"""CREATE OR REPLACE TRIGGER entry_search_update AFTER UPDATE ON prompts_app_entry
        FOR EACH ROW WHEN ({_changed("IS DISTINCT FROM")})
        EXECUTE FUNCTION prompts_app_search_entry()""",
    """CREATE OR REPLACE TRIGGER entry_search_delete AFTER DELETE ON prompts_app_entry
        FOR EACH ROW EXECUTE FUNCTION prompts_app_search_entry()""",
    """CREATE OR REPLACE TRIGGER entry_search_truncate AFTER TRUNCATE ON prompts_app_entry
        FOR EACH STATEMENT EXECUTE FUNCTION prompts_app_search_entry()""",
)

POSTGRES_REFILL = ("DELETE FROM prompts_app_search", _POSTGRES_FILL)
