"""Many rows that come at once are counted at once: searching them is planned by what is there."""

import io
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prompts_app.models import Entry, User
from prompts_app.search import explore
from prompts_app.services import archives
from prompts_app.services.bulk import MANY
from tests import factories, importing
from tests.archiving import archive_of

pytestmark = pytest.mark.django_db
# Of importing.whole: an entry, two versions, a case, two runs.
ROWS = 6
ENOUGH = MANY // ROWS + 1


@pytest.fixture(autouse=True)
def counted_before() -> None:
    """What was counted of earlier tests says nothing of this one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE prompts_app_entry, prompts_app_run, prompts_app_search")


def brought(owner: User, entries: int) -> list[str]:
    """Import so many entries; return the statements that made the database count them."""
    like = importing.whole()
    documents = [
        replace(like, title=f"No. {number}", source_key=f"bulk:{number}")
        for number in range(entries)
    ]
    with CaptureQueriesContext(connection) as queries:
        importing.brought(owner, *documents)
    return counting(queries)


def counting(queries: CaptureQueriesContext) -> list[str]:
    found = (one["sql"] for one in queries.captured_queries)
    return [one for one in found if one.startswith(("ANALYZE", "PRAGMA optimize"))]


def planned_with(table: str) -> int:
    """How many rows PostgreSQL takes a table to have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])


def test_an_import_of_many_is_counted() -> None:
    assert len(brought(factories.profile().user, ENOUGH)) == 1
    if connection.vendor == "postgresql":
        assert planned_with("prompts_app_entry") == ENOUGH
        assert planned_with("prompts_app_run") == 2 * ENOUGH


def test_an_import_of_few_is_not() -> None:
    assert brought(factories.profile().user, ENOUGH - 2) == []
    if connection.vendor == "postgresql":
        assert planned_with("prompts_app_entry") == 0


def test_so_is_an_archive_and_what_is_searched_in_it() -> None:
    owner = factories.profile().user
    # An archive is counted by its entries and runs, of which these have two each.
    brought(owner, MANY // 3 + 1)
    Entry.objects.update(visibility="listed")
    archive: io.BytesIO = archive_of(owner)
    reader = factories.profile(handle="reader").user
    looked = archives.Looking(reader, archive)
    for _step in looked.look():
        pass
    with CaptureQueriesContext(connection) as queries:
        for _step in archives.Making(looked).make():
            pass
    assert len(counting(queries)) == 1
    assert len(explore("read").entries) == 20
    if connection.vendor == "postgresql":
        assert planned_with("prompts_app_search") == 2 * (MANY // 3 + 1)
        assert planned_with("prompts_app_entry") == 2 * (MANY // 3 + 1)
