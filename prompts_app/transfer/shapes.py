"""Whether a JSON value is what a JSON Schema says, in time that grows with the value alone.

Of JSON Schema (2020-12) this knows exactly the keywords in `KEYWORDS`, and refuses to start with a
schema that has others. No expression is ever run on more than a few hundred characters: a pattern
stands beside a `maxLength`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
KEYWORDS: Final = frozenset(
    (
        *("$ref", "type", "const", "enum", "pattern", "minLength", "maxLength"),
        *("minimum", "maximum", "items", "maxItems", "maxProperties"),
        *("properties", "required", "additionalProperties", "anyOf"),
        # Said to people, not checked.
        *("title", "description", "$comment"),
    )
)


class Wrong(ValueError):  # noqa: N818 - it reads as the condition it is
    """A value is not what its schema says: where (keys and places), and by which keyword."""

    def __init__(self, keyword: str, *path: str | int) -> None:
        super().__init__(keyword)
        self.keyword = keyword
        self.path: tuple[str | int, ...] = path

    def within(self, key: str | int) -> "Wrong":
        """Return the same, told from one level up."""
        self.path = (key, *self.path)
        return self


class Shapes:
    """The definitions of a schema, ready to check values."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take a schema's `$defs`. Raises ValueError for keywords that are not known here."""
        self._shapes: dict[str, Mapping[str, Any]] = dict(schema["$defs"])
        for shape in self._shapes.values():
            for keyword in _keywords(shape):
                if keyword not in KEYWORDS:
                    raise ValueError(f"{keyword} is not known here")

    def check(self, name: str, value: Any) -> None:
        """Say nothing if `value` is what the definition `name` says. Raises Wrong."""
        self._check(self._shapes[name], value)

    def _check(self, shape: Mapping[str, Any], value: Any) -> None:
        if "$ref" in shape:
            self._check(self._shapes[shape["$ref"].rpartition("/")[2]], value)
            return
        if "anyOf" in shape:
            self._any(shape["anyOf"], value)
            return
        if "type" in shape and not _is(value, shape["type"]):
            raise Wrong("type")
        if "const" in shape and not _same(value, shape["const"]):
            raise Wrong("const")
        if "enum" in shape and not any(_same(value, one) for one in shape["enum"]):
            raise Wrong("enum")
        if isinstance(value, str):
            _check_text(shape, value)
        elif isinstance(value, dict):
            self._check_object(shape, value)
        elif isinstance(value, list):
            self._check_list(shape, value)
        elif value is not None and not isinstance(value, bool):
            if value < shape.get("minimum", value):
                raise Wrong("minimum")
            if value > shape.get("maximum", value):
                raise Wrong("maximum")

    def _any(self, shapes: list[Mapping[str, Any]], value: Any) -> None:
        wrong = Wrong("anyOf")
        for shape in shapes:
            try:
                self._check(shape, value)
            except Wrong as error:
                # The one that came furthest is the one that was meant.
                wrong = max(wrong, error, key=lambda one: len(one.path))
            else:
                return
        raise wrong

    def _check_object(self, shape: Mapping[str, Any], value: dict[str, Any]) -> None:
        if len(value) > shape.get("maxProperties", len(value)):
            raise Wrong("maxProperties")
        for name in shape.get("required", ()):
            if name not in value:
                raise Wrong("required", name)
        inner = shape.get("properties", {})
        rest = shape.get("additionalProperties", True)
        for name, one in value.items():
            wanted = inner.get(name, rest)
            if wanted is False:
                raise Wrong("additionalProperties", name)
            if wanted is not True:
                try:
                    self._check(wanted, one)
                except Wrong as error:
                    raise error.within(name) from None

    def _check_list(self, shape: Mapping[str, Any], value: list[Any]) -> None:
        if len(value) > shape.get("maxItems", len(value)):
            raise Wrong("maxItems")
        for number, one in enumerate(value):
            try:
                self._check(shape["items"], one)
            except Wrong as error:
                raise error.within(number) from None


def _is(value: Any, kinds: str | list[str]) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, _TYPES[name]) for name in names)


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _check_text(shape: Mapping[str, Any], value: str) -> None:
    if len(value) > shape.get("maxLength", len(value)):
        raise Wrong("maxLength")
    if len(value) < shape.get("minLength", 0):
        raise Wrong("minLength")
    if "pattern" in shape and not _pattern(shape["pattern"]).search(value):
        raise Wrong("pattern")


@lru_cache(maxsize=64)
def _pattern(pattern: str) -> re.Pattern[str]:
    # Here a last line break would not count as part of the text, in JSON Schema it does.
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


def _keywords(shape: Mapping[str, Any]) -> Iterator[str]:
    yield from shape
    rest = [shape.get("items"), shape.get("additionalProperties")]
    for one in (*shape.get("properties", {}).values(), *shape.get("anyOf", ()), *rest):
        if isinstance(one, dict):
            yield from _keywords(one)
