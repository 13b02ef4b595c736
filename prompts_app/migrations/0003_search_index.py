"""The full-text index of each engine: see prompts_app/models/search_index.py.

Triggers put back after every migration fill it.
"""

from django.db import migrations

SQLITE = (
    """CREATE VIRTUAL TABLE prompts_app_search USING fts5(
        words, prefix='2 3', columnsize=0,
        tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* Co'")""",
)

POSTGRES = (
    """CREATE TABLE prompts_app_search (
        position bigint PRIMARY KEY, entry_id bigint NOT NULL UNIQUE, words tsvector NOT NULL)""",
    # Without the list of pending words: every search would have to read it through.
    """CREATE INDEX prompts_app_search_words_index ON prompts_app_search
        USING gin (words) WITH (fastupdate = off)""",
)


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE prompts_app_search", params=None)


class Migration(migrations.Migration):
    dependencies = [("prompts_app", "0002_key_fingerprint")]
    operations = [migrations.RunPython(create, drop)]
