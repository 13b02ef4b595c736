"""How the databases find what a search asks for: by index, and no further than they must."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.seed import seed
from prompts_app import search
from prompts_app.search import Filters, matches

pytestmark = pytest.mark.django_db


def plans(query: str = "", filters: Filters = search.NO_FILTERS, after: str = "") -> list[str]:
    """Return the database's plan of each statement of a search."""
    with CaptureQueriesContext(connection) as captured:
        search.explore(query, filters, after=after)
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    found = []
    with connection.cursor() as cursor:
        for one in captured.captured_queries:
            cursor.execute(explain + one["sql"])
            found.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
    return found


def reads_whole(plan: str, table: str) -> bool:
    """Say whether a plan reads a whole table, not by an index."""
    if connection.vendor == "sqlite":
        return bool(re.search(rf"SCAN {table}\b(?! USING| VIRTUAL TABLE INDEX \d+:\S*M)", plan))
    return bool(re.search(rf"Seq Scan on (\w+ )?{table}\b", plan))


def words_are_found_by_the_full_text_index() -> None:
    large = ("prompts_app_entry", "entry", "prompts_app_version", "prompts_app_run", "found")
    for query in ("number", "ba", "1234", "nothing", "invoice 12"):
        for filters in (search.NO_FILTERS, Filters(tag="field-3", language="fr")):
            for plan in plans(query, filters):
                assert not [table for table in large if reads_whole(plan, table)], plan[:2000]


def pages_are_ranges_of_one_index() -> None:
    place = matches.rows(matches.listed(search.NO_FILTERS), 2000)[-1].place.token()
    for after in ("", place):
        shown = plans(after=after)
        for plan in shown:
            assert not reads_whole(plan, "prompts_app_entry"), plan[:2000]
            assert not reads_whole(plan, "prompts_app_run"), plan[:2000]
    page = shown[1]
    assert "entry_listed" in page
    if connection.vendor == "sqlite":
        assert (
            "SEARCH prompts_app_entry USING INDEX entry_listed (published_at>? AND published_at<?"
            in page
        )
        assert "TEMP B-TREE" not in page
    else:
        assert re.search(r"Index Cond: .*ROW\(published_at, id\) < ROW", page)
        assert "Sort" not in page


def test_searches_read_indexes() -> None:
    # With fewer, reading all of them is cheaper, and PostgreSQL knows.
    seed(6000, runs=1, words=10)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    words_are_found_by_the_full_text_index()
    pages_are_ranges_of_one_index()
