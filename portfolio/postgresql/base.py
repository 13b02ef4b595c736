"""Django's PostgreSQL, except that nobody is lent a connection which died in the pool.

The pool's own check (CONN_HEALTH_CHECKS) waits a second, then two, then four after each dead one;
a restarted server leaves as many of those as there are threads.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection from the pool that answers."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection; raises what Django's own does when the server is away."""
        connection = super().get_new_connection(conn_params)
        pool = self.pool
        while isinstance(pool, ConnectionPool) and not _answers(connection):
            pool.putconn(connection)
            # One dead connection means that others are: all of them are made anew at once.
            pool.check()
            connection = super().get_new_connection(conn_params)
        return connection


def _answers(connection: psycopg.Connection) -> bool:
    # Whatever a server says unasked, that it is going away included, makes its socket readable:
    # where nothing is to be read, there is nothing to ask.
    said = select.poll()
    said.register(connection.fileno(), select.POLLIN)
    if not said.poll(0):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return False
    return True
