"""Places in an ordered list, and the comparison of whole rows that pages through it.

`(published_at, id) < (…)` is one range of one index; `a < … OR (a = … AND id < …)` is not, and
costs more with every page.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    Field,
    Func,
    Lookup,
    Model,
    Value,
)
from django.db.models.lookups import GreaterThan, LessThan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"([0-9]{1,17})-([0-9]{1,19})")


class Place(NamedTuple):
    """Two numbers that order a list: microseconds and id, or points and position."""

    major: int
    minor: int

    def token(self) -> str:
        """Return the place as it stands in an address."""
        return f"{self.major}-{self.minor}"

    @classmethod
    def of(cls, published_at: datetime, entry_id: int) -> "Place":
        """Return the place of an entry among all entries, newest first."""
        return cls((published_at - _EPOCH) // timedelta(microseconds=1), entry_id)


def place(token: str | None) -> Place | None:
    """Return the place that a token names, or None for no token and for nonsense."""
    found = _TOKEN.fullmatch(token or "")
    # Neither database has a larger number.
    if not found or int(found[2]) >= 1 << 63:
        return None
    return Place(int(found[1]), int(found[2]))


class _Row(Func):
    function = ""
    template = "(%(expressions)s)"
    output_field = BooleanField()


def lower(row: Model, *fields: str) -> "Lookup[Any]":
    """Return the condition that a row's values of `fields` are lower than those of `row`."""
    return LessThan(_Row(*fields), _values_of(row, fields))


def higher(row: Model, *fields: str) -> "Lookup[Any]":
    """Return the condition that a row's values of `fields` are higher than those of `row`."""
    return GreaterThan(_Row(*fields), _values_of(row, fields))


def _values_of(row: Model, fields: Sequence[str]) -> _Row:
    columns = [cast("Field[Any, Any]", row._meta.get_field(name)) for name in fields]
    return _Row(*(Value(getattr(row, one.name), type(one)()) for one in columns))


def before(at: Place) -> "Lookup[Any]":
    """Return the condition that an entry is older than `at`."""
    return LessThan(_Row("published_at", "id"), _values(at))


def after(at: Place) -> "Lookup[Any]":
    """Return the condition that an entry is newer than `at`."""
    return GreaterThan(_Row("published_at", "id"), _values(at))


def _values(at: Place) -> _Row:
    moment = _EPOCH + timedelta(microseconds=at.major)
    return _Row(Value(moment, DateTimeField()), Value(at.minor, BigIntegerField()))
