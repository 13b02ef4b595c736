"""What a database is told once many rows have come at once.

PostgreSQL plans by what it last counted. Until it counts again by itself, which takes a minute or
more, a search over entries that have just come may be planned as if there were none.
"""

import contextlib
from typing import Final

from django.db import DatabaseError, connection, transaction

from prompts_app.models import (
    CapturedElsewhere,
    Draft,
    Entry,
    Evaluation,
    Picture,
    Receipt,
    Run,
    Tag,
    TestCase,
    Version,
)

# With fewer rows any plan is quick.
MANY: Final = 500
_MODELS = (
    *(Entry, Entry.tags.through, Tag, Draft, Version, TestCase, Evaluation, Run, Receipt),
    *(CapturedElsewhere, Picture),
)
# Not a table of Django's: models/search_index.py.
_TABLES = (*(model._meta.db_table for model in _MODELS), "prompts_app_search")
_STATEMENTS: Final = {
    "postgresql": (f"ANALYZE {', '.join(_TABLES)}",),
    # Looks at no more than so many rows of an index, and only at tables that have changed a lot.
    "sqlite": ("PRAGMA analysis_limit = 400", "PRAGMA optimize"),
}


def many_came(rows: int) -> None:
    """Let the database count anew where so many rows are many; call it after their transaction."""
    if rows < MANY:
        return
    # What came is there in any case; without this the database only counts later.
    with contextlib.suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        for statement in _STATEMENTS[connection.vendor]:
            cursor.execute(statement)
