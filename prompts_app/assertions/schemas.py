"""JSON Schemas of authors, checked and applied with jsonschema; nothing is ever fetched.

A schema without "$schema" is read as draft 2020-12. "format" is asserted for the formats in
`_FORMATS`, as promptfoo does, and says nothing for any other.
"""

import ipaddress
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from prompts_app.assertions import json_text
from prompts_app.assertions.base import Finding, shown, untestable

# The child's stack holds so many calls.
_RECURSION: Final = 6_000


def problem(schema: str) -> Finding:
    """Whether `schema` (JSON) is a schema whose every reference leads somewhere within it."""
    try:
        validator = _validator(schema)
    except SchemaError as error:
        return Finding(False, "bad_schema", {"place": shown(error.json_path)})
    except _UnknownDialectError:
        return Finding(False, "unknown_dialect")
    try:
        lost = next(_lost_references(validator.schema), None)
    except Unresolvable as error:
        lost = str(error.ref)
    if lost is not None:
        return Finding(False, "unknown_reference", {"reference": shown(lost)})
    return Finding(True, "schema")


def json_keeps(schema: str, text: str) -> Finding:
    """Whether the whole of `text` is JSON that keeps `schema`."""
    try:
        value = json_text.parse(text)
    except json_text.TooDeepError:
        return untestable("too_deep")
    except ValueError as error:
        return json_text.not_json(error)
    return _applied(schema, [value])


def json_inside_keeps(schema: str, text: str) -> Finding:
    """Whether an object or list in `text` keeps `schema`."""
    try:
        values = list(json_text.pieces(text))
    except json_text.TooDeepError:
        return untestable("too_deep")
    except json_text.TooMuchWorkError:
        return untestable("too_slow")
    return _applied(schema, values) if values else Finding(False, "no_json")


def _applied(schema: str, values: list[Any]) -> Finding:
    """The finding for the first value that keeps `schema`, else for the first of all."""
    try:
        validator = _validator(schema)
        errors = []
        for value in values:
            with _going_deep():
                error = next(validator.iter_errors(value), None)
            if error is None:
                return Finding(True, "schema_kept")
            errors.append(error)
    except (SchemaError, _UnknownDialectError):
        return untestable("bad_rule")
    except Unresolvable:
        return untestable("unknown_reference")
    return _broken(errors[0])


@contextmanager
def _going_deep() -> Iterator[None]:
    """Room for a schema that reaches into itself: a dozen calls for each level of the value."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(_RECURSION)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _broken(error: ValidationError) -> Finding:
    return Finding(
        False,
        "schema_broken",
        {"place": shown(error.json_path), "keyword": str(error.validator)},
    )


class _UnknownDialectError(Exception):
    """A "$schema" that names no draft known here."""


@lru_cache(maxsize=64)
def _validator(schema: str) -> Validator:
    parsed = json_text.parse(schema)
    kind = validator_for(parsed, default=Draft202012Validator)
    named = parsed.get("$schema") if isinstance(parsed, dict) else None
    if named is not None and kind.META_SCHEMA.get("$schema", "").rstrip("#") != named.rstrip("#"):
        raise _UnknownDialectError
    kind.check_schema(parsed)
    return kind(parsed, registry=REGISTRY, format_checker=_formats())


def _lost_references(schema: Any) -> Iterator[str]:
    """The references in `schema` that lead nowhere."""
    if not isinstance(schema, dict):
        return
    root = DRAFT202012.detect(schema).create_resource(schema)
    left = [(root, REGISTRY.resolver_with_root(root))]
    while left:
        resource, resolver = left.pop()
        if isinstance(resource.contents, dict):
            for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
                reference = resource.contents.get(keyword)
                if isinstance(reference, str):
                    try:
                        resolver.lookup(reference)
                    except Unresolvable:
                        yield reference
        left += [(each, resolver.in_subresource(each)) for each in _inside(resource)]


def _inside(resource: Resource[Any]) -> list[Resource[Any]]:
    """The schemas directly in `resource`."""
    # "dependencies" that mixes names and schemas trips referencing, or comes with the names as
    # schemas; `json_keeps` does not mind.
    try:
        inside = list(resource.subresources())
    except (AttributeError, TypeError):
        return []
    return [each for each in inside if isinstance(each.contents, dict | bool)]


_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](\d\d):(\d\d))", re.ASCII
)
_HOST = re.compile(
    r"(?!.{254})[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
    re.ASCII | re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@([^\s@]+)")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:(?:[\w.~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+", re.A | re.I)


def _is_date_time(value: str) -> bool:
    """RFC 3339, leap seconds included wherever they are written."""
    match = _DATE_TIME.fullmatch(value)
    if match is None:
        return False
    day, minute, second, *offset = match.groups()
    datetime.fromisoformat(f"{day}T{minute}:00")
    return int(second) <= 60 and (offset[0] is None or (int(offset[0]) < 24 > int(offset[1]) // 3))


def _is_date(value: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.A) and date.fromisoformat(value))


def _is_time(value: str) -> bool:
    return _is_date_time(f"2000-01-01T{value}")


def _is_uuid(value: str) -> bool:
    return len(value) == 36 and str(uuid.UUID(value)) == value.lower()


def _is_email(value: str) -> bool:
    match = _EMAIL.fullmatch(value)
    return match is not None and _HOST.fullmatch(match[1]) is not None


def _is_ipv4(value: str) -> bool:
    return bool(ipaddress.IPv4Address(value))


def _is_ipv6(value: str) -> bool:
    return "%" not in value and ipaddress.IPv6Address(value) is not None


_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_date_time,
    "email": _is_email,
    "hostname": lambda value: _HOST.fullmatch(value) is not None,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "uri": lambda value: _URI.fullmatch(value) is not None,
    "uuid": _is_uuid,
}


@lru_cache(maxsize=1)
def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, holds in _FORMATS.items():
        checker.checks(name, raises=ValueError)(
            lambda value, holds=holds: not isinstance(value, str) or holds(value)
        )
    return checker
