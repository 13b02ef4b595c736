"""Full text on SQLite: FTS5."""

import json

from django.db.models.expressions import RawSQL

from prompts_app.models.search_index import ID_MASK

POSITION = "found.rowid"
ENTRY = f"(found.rowid & {ID_MASK})"
MATCH = "found.prompts_app_search MATCH %s"


def match(words: list[str]) -> str:
    """Return FTS5's way of asking for all `words`, each as the beginning of a word.

    The words hold no quotation mark: it separates words.
    """
    return " AND ".join(f'"{word}"*' for word in words)


def ids(numbers: list[int]) -> RawSQL:
    """Return a list of ids as one parameter: a thousand of them cost more to write than to find."""
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(numbers)])
