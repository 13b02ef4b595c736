"""Turns: what only one process may do at a time."""

from django.db import connection

# Any numbers, as long as nothing else in the database locks by them.
MONEY = 0x7072_6F6D_7074
REPORTS = 7_071_824


def wait_for(turn: int) -> None:
    """Wait until nobody else has this turn, and keep it until the transaction ends."""
    # SQLite has one writer at a time anyway, from the beginning of its transaction.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [turn])
