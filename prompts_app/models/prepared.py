"""Queries that are compiled once: for what happens while a visitor waits for a first word.

Django makes the SQL of a query anew each time, which takes several times as long as the database
takes to answer it; and PostgreSQL plans it anew each time, which for a join of many tables takes
several times as long as running it. What a prepared query returns is what the query set would.
"""

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery, UpdateQuery

M = TypeVar("M", bound=Model)


class _Planned(psycopg.Cursor[Any]):
    """A cursor that sends values apart from the statement, whose plan PostgreSQL then keeps."""

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "_Planned":
        """Run a statement (Django calls this)."""
        return super().execute(query, params, prepare=True)


def cursor() -> CursorWrapper:
    """Return a cursor for a statement that is run over and over with other values."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    wrapped: CursorWrapper = connection._prepare_cursor(_Planned(connection.connection))  # type: ignore[attr-defined]
    return wrapped


class Param(Expression):
    """A value that a prepared query is given when it runs."""

    def __init__(self, name: str, output_field: Any = None) -> None:
        super().__init__(output_field)
        self.name = name

    def as_sql(self, *_: Any, **_more: Any) -> tuple[str, Any]:
        """Return a place for the value (Django calls this)."""
        return "%s", [self]


class _Select:
    """A compiled query, for one thread: its compiler belongs to that thread's connection."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.params = self.compiler.as_sql()
        info = self.compiler.klass_info
        fields = info["select_fields"]
        self.columns = slice(fields[0], fields[-1] + 1)
        selected = [one[0] for one in self.compiler.select[: self.compiler.col_count]]
        self.converters = self.compiler.get_converters(selected)
        self.names = [one[0].target.attname for one in self.compiler.select[self.columns]]
        self.populators: Any = get_related_populators(  # type: ignore[call-arg]
            info, self.compiler.select, DEFAULT_DB_ALIAS
        )


class Select(Generic[M]):
    """A query set with a Param wherever a value is to stand; `build` makes it, once a thread."""

    def __init__(self, model: type[M], build: Callable[[], QuerySet[M]]) -> None:
        self._model = model
        self._build = build
        self._local = threading.local()

    def rows(self, **values: Any) -> list[M]:
        """Return the objects found."""
        if not hasattr(self._local, "ready"):
            self._local.ready = _Select(self._build())
        ready: _Select = self._local.ready
        with cursor() as opened:
            opened.execute(ready.sql, _bound(ready.params, values))
            found = opened.fetchall()
        objects = []
        for row in ready.compiler.apply_converters(found, ready.converters):
            one = self._model.from_db(DEFAULT_DB_ALIAS, ready.names, row[ready.columns])
            for populator in ready.populators:
                populator.populate(row, one)
            objects.append(one)
        return objects


class Update:
    """An UPDATE; `build` returns the rows it is for and the fields' new values."""

    def __init__(self, build: Callable[[], tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        self._build = build
        self._compiled: tuple[str, Sequence[Any]] | None = None

    def run(self, **values: Any) -> int:
        """Return how many rows were changed."""
        sql, params = self._ready()
        with cursor() as opened:
            opened.execute(sql, _bound(params, values))
            return int(opened.rowcount)

    def run_each(self, several: Sequence[dict[str, Any]]) -> None:
        """Run it with each of several values, as one."""
        if several:
            sql, params = self._ready()
            with cursor() as opened:
                opened.executemany(sql, [_bound(params, values) for values in several])

    def _ready(self) -> tuple[str, Sequence[Any]]:
        if self._compiled is None:
            rows, fields = self._build()
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values(fields)
            self._compiled = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return self._compiled


class Insert(Generic[M]):
    """An INSERT of whole objects whose keys are made here."""

    def __init__(self, model: type[M]) -> None:
        self._fields = model._meta.local_concrete_fields
        self._model = model
        self._sql = ""

    def run(self, objects: Sequence[M]) -> Sequence[M]:
        """Keep new objects, and return them."""
        rows = self.rows(objects)
        with cursor() as opened:
            for row in rows:
                opened.execute(self._sql, row)
        for one in objects:
            one._state.adding = False
            one._state.db = DEFAULT_DB_ALIAS
        return objects

    def place(self, column: str) -> int:
        """Return where the value of a column stands in `rows`."""
        return [field.attname for field in self._fields].index(column)

    def rows(self, objects: Sequence[M]) -> list[list[Any]]:
        """Return new objects as the database takes them: what of writing them takes time."""
        if objects and not self._sql:
            query = InsertQuery(self._model)
            query.insert_values(self._fields, list(objects[:1]))
            ((self._sql, _params),) = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return [
            [
                field.get_db_prep_save(field.pre_save(one, add=True), connection)
                for field in self._fields
            ]
            for one in objects
        ]

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Keep many new objects by what `rows` returned of them."""
        if rows:
            with cursor() as opened:
                opened.executemany(self._sql, rows)


def _bound(params: Sequence[Any], values: dict[str, Any]) -> list[Any]:
    return [adapted(values[one.name]) if isinstance(one, Param) else one for one in params]


def adapted(value: Any) -> Any:
    """Return a value as the database takes it."""
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return value
