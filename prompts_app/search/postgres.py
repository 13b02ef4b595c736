"""Full text on PostgreSQL: a tsvector with a GIN index."""

from django.db.models.expressions import RawSQL

POSITION = "found.position"
ENTRY = "found.entry_id"
MATCH = "found.words @@ %s::tsquery"


def match(words: list[str]) -> str:
    """Return PostgreSQL's way of asking for all `words`, each as the beginning of a word.

    The words hold neither apostrophe nor backslash: both separate words. The cast takes them as
    they are, where to_tsquery would parse them again.
    """
    return " & ".join(f"'{word}':*" for word in words)


def ids(numbers: list[int]) -> RawSQL:
    """Return a list of ids as one parameter: a thousand of them cost more to write than to find."""
    return RawSQL("SELECT unnest(%s::bigint[])", [numbers])
