"""Plain values with the lines they stood on, put together piece by piece within bounds."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

from prompts_app.transfer.document import Problem
from prompts_app.transfer.texts import told

MAX_VALUES: Final = 100_000
MAX_DEPTH: Final = 100
# Characters of the longest number; whole ones must fit into 64 bits besides.
MAX_NUMBER: Final = 60
_MOST: Final = 2**63 - 1

Path = tuple[str | int, ...]
# By the id of a container: the lines of its values. Containers live as long as the root does.
_Lines = dict[int, dict[str | int, int]]


class Refused(Exception):  # noqa: N818 - it reads as the condition it is
    """The data cannot be taken, for the reason `problem`."""

    def __init__(self, line: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.problem = Problem(line, code, told(detail, 80))


@dataclass(frozen=True)
class Loaded:
    """Plain values (dict, list, str, int, float, bool, None) and where they stood.

    A value that was written once and referred to elsewhere is one object: change none of them.
    """

    value: Any
    _lines: _Lines = field(repr=False)
    first: int = 1

    def line(self, path: Path = ()) -> int:
        """The line, from 1, on which the value at `path`, or the nearest around it, starts."""
        value, line = self.value, self.first
        for key in path:
            line = self._lines.get(id(value), {}).get(key, line)
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                break
        return line


def path_text(path: Path) -> str:
    """`path` as people write it: `tests[3].assert[0]`."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return told("".join(parts).removeprefix("."), 200)


def whole_number(text: str, line: int) -> int:
    """The number `text` writes in decimal digits; raises Refused ("big_number")."""
    number = int(text) if len(text) <= MAX_NUMBER else _MOST + 1
    if abs(number) > _MOST:
        raise Refused(line, "big_number")
    return number


def broken_number(text: str, line: int) -> float:
    """The number `text` writes with a point or exponent; raises Refused ("big_number")."""
    number = float(text) if len(text) <= MAX_NUMBER else math.inf
    if math.isinf(number):
        raise Refused(line, "big_number")
    return number


@dataclass
class _Open:
    """A container that is not closed yet; `height` is that of the highest container within."""

    container: dict[str, Any] | list[Any]
    started: int
    line: int
    key: str = ""
    height: int = 0
    merged: list[dict[str, Any]] = field(default_factory=list)


class Builder:
    """Takes values, keys, and the starts and ends of containers in the order of the text.

    Raises Refused with "too_deep", "too_many_values" (detail of both: the most there may be) and
    "duplicate_key" (detail: the key).
    """

    def __init__(self) -> None:
        self.root: Any = None
        self.first = 1
        self.stack: list[_Open] = []
        self.values = 0
        self._lines: _Lines = {}

    def loaded(self) -> Loaded:
        """Return what was built."""
        return Loaded(self.root, self._lines, self.first)

    def add(self, value: Any, line: int, *, values: int = 1, height: int = 0) -> None:
        """Take the next value; one that was built before has `values` in it and a height."""
        self._admit(line, values, height)
        if not self.stack:
            self.root, self.first = value, line
            return
        around = self.stack[-1]
        around.height = max(around.height, height)
        lines = self._lines[id(around.container)]
        if isinstance(around.container, list):
            lines[len(around.container)] = line
            around.container.append(value)
        else:
            around.container[around.key] = value

    def key(self, key: str, line: int) -> None:
        """Take the key of the next value."""
        around = self.stack[-1]
        assert isinstance(around.container, dict)
        if key in around.container:
            raise Refused(line, "duplicate_key", key)
        around.key = key
        self._lines[id(around.container)][key] = line

    def open(self, container: dict[str, Any] | list[Any], line: int) -> None:
        """Take an empty container, which the values that follow go into."""
        started = self.values
        self.add(container, line, height=1)
        self._lines[id(container)] = {}
        self.stack.append(_Open(container, started, line))

    def merge(self, source: dict[str, Any], line: int, *, values: int, height: int) -> None:
        """Take the pairs of `source` for the open mapping, where it has no such keys itself."""
        self._admit(line, values, height)
        self.stack[-1].height = max(self.stack[-1].height, height - 1)
        self.stack[-1].merged.append(source)

    def _admit(self, line: int, values: int, height: int) -> None:
        self.values += values
        if self.values > MAX_VALUES:
            raise Refused(line, "too_many_values", str(MAX_VALUES))
        if len(self.stack) + height > MAX_DEPTH:
            raise Refused(line, "too_deep", str(MAX_DEPTH))

    def close(self) -> tuple[int, int]:
        """End the open container; return how many values it is in all, and its height."""
        done = self.stack.pop()
        if isinstance(done.container, dict):
            lines = self._lines[id(done.container)]
            for source in done.merged:
                for key, value in source.items():
                    if key not in done.container:
                        done.container[key] = value
                        lines[key] = self._lines.get(id(source), {}).get(key, done.line)
        height = done.height + 1
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height)
        return self.values - done.started, height
