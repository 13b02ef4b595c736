"""JSON Schemas as draft 7 says them, for promptfoo: its Ajv knows no other, and tests nothing of an
answer where a schema names another or holds a keyword that Ajv does not know."""

import re
from collections.abc import Mapping
from typing import Any, Final

from prompts_app.assertions.javascript import has_expression

_DRAFT_7: Final = "http://json-schema.org/draft-07/schema"
_LIKE_IT: Final = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
)
# Those tested here. Others are ignored here, and Ajv would test some and refuse the rest.
_FORMATS: Final = (
    *("date", "time", "date-time", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"),
)
_ONE: Final = (
    *("additionalProperties", "propertyNames", "contains", "items", "not", "if", "then", "else"),
)
_LIST: Final = ("allOf", "anyOf", "oneOf")
_MAP: Final = ("properties", "patternProperties", "$defs", "definitions")
_PLAIN: Final = (
    *("type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum"),
    *("exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems"),
    *("uniqueItems", "maxProperties", "minProperties", "required", "title", "description"),
    *("default", "$ref"),
)
# What asks something of an answer in a way that draft 7 does not have, or has otherwise.
_NEWER: Final = (
    *("prefixItems", "dependentRequired", "dependentSchemas", "unevaluatedItems", "$id"),
    *("unevaluatedProperties", "minContains", "maxContains", "$anchor", "$dynamicRef"),
    *("$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"),
)
# To what is surely still there.
_REFERENCE: Final = re.compile(r"#(?:/(?:\$defs|definitions)/[^/~%]+)?")
# Ajv's expressions take a backslash before these alone, and no lone bracket.
_OTHER_ESCAPE: Final = re.compile(r"\\[^\w^$\\.*+?()\[\]{}|/]")
_PIECES: Final = re.compile(r"\\.|\{\d+(?:,\d*)?\}|\[(?:\\.|[^\]\\])*+\]", re.DOTALL)


class _OtherwiseError(Exception):
    """Draft 7 cannot say it."""


def as_draft_7(schema: Any) -> Any:
    """`schema` (one that rules take) in draft 7, without what asks nothing; None: it cannot be."""
    named = schema.get("$schema", _LIKE_IT[0]) if isinstance(schema, Mapping) else _LIKE_IT[0]
    older = named.rstrip("#") == _DRAFT_7
    if not older and named.rstrip("#") not in _LIKE_IT:
        return None
    try:
        return _said(schema, older)
    except _OtherwiseError:
        return None


def _said(schema: Any, older: bool) -> Any:
    if not isinstance(schema, Mapping):
        if isinstance(schema, bool):
            return schema
        raise _OtherwiseError
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NEWER:
            raise _OtherwiseError
        if older and key == "dependencies":
            made[key] = {
                name: one if isinstance(one, list) else _said(one, older)
                for name, one in value.items()
            }
        elif key in _LIST or (older and key == "items" and isinstance(value, list)):
            made[key] = [_said(one, older) for one in value]
        elif key in _ONE or (older and key == "additionalItems"):
            made[key] = _said(value, older)
        elif key in _MAP:
            if key == "patternProperties":
                _check(*value)
            made[key] = {name: _said(one, older) for name, one in value.items()}
        elif key in _PLAIN or (key == "format" and value in _FORMATS):
            made[key] = value
    if "pattern" in made:
        _check(made["pattern"])
    reference = made.get("$ref", "#")
    # Draft 7 ignores what stands beside a reference; Ajv does not, nor do later drafts.
    if not _REFERENCE.fullmatch(reference) or (older and "$ref" in made and len(made) > 1):
        raise _OtherwiseError
    return made


def _check(*patterns: str) -> None:
    for pattern in patterns:
        bare = _PIECES.sub("", pattern)
        if (
            not has_expression(pattern)
            or _OTHER_ESCAPE.search(pattern)
            or re.search(r"[]{}]", bare)
        ):
            raise _OtherwiseError
