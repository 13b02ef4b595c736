"""Specifications and outputs made by chance, right and wrong ones, for the tests of rules."""

import json
import random
import string
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prompts_app.assertions.answering import FINISH_REASONS, LANGUAGES
from prompts_app.assertions.base import Output
from prompts_app.assertions.formats import DATABASES
from prompts_app.assertions.registry import ASSERTIONS

Chance = random.Random

# Real seconds after which something hangs, even on a machine with much to do.
HANG = 60

# Something of all that rules look for.
WORDS = """
    the cat sat on a mat Bonjour tout le monde [1] {} {"a": 1} <p> </p> <b>x</b> SELECT 1 FROM t
    I'm sorry, but I can't 42 -1.5e3 naïve 名前 😀 &amp; <!-- --> ``` \\ " ' % {{ x }} ; ( ) true
    """
PIECES = WORDS.split()
PATTERNS = (
    "a+", "(a+)+$", "(a|aa)+$", "(", "[", "\\d{2,}", "(?P<x>a)(?P=x)", "(?R)?a", "(?i)THE", "^$",
    "(?:cat){e<=2}", "((a{500}){500}){500}", "(.*)*=", "\\p{L}+", "*", "(?<=a+)b", "x{99999999}",
)  # fmt: skip
SCHEMAS: tuple[Any, ...] = (
    {"type": "object"}, {"required": ["a"]}, {"$ref": "#"}, {"$ref": "https://example.org/s"}, True,
    False, {"type": "nonsense"}, {"pattern": "^(a+)+$"}, {"multipleOf": 0}, {"multipleOf": 1e-300},
    {"properties": {"a": {"$ref": "#"}}}, {"anyOf": [{"$ref": "#"}, {"type": "null"}]}, {},
    {"patternProperties": {"(a|aa)+$": {"type": "string"}}}, {"uniqueItems": True}, [], "text",
    {"$schema": "urn:x"}, {"format": "date-time"}, {"$dynamicRef": "#x"}, {"items": [1]},
)  # fmt: skip


@contextmanager
def in_time() -> Iterator[None]:
    """Check that what is done here takes this thread less than a second, and hangs nowhere.

    Processor time: on a machine with other work, real time says nothing of this work. A child has
    limits of its own to both; the soak test holds the real second on a machine left alone.
    """
    start, processor = time.monotonic(), time.thread_time()
    yield
    assert time.thread_time() - processor < 1
    assert time.monotonic() - start < HANG


def text(chance: Chance) -> str:
    """A text: words, one kind of sign many times over, JSON, tags, or any characters."""
    length = chance.choice((0, 1, 5, 30, 300, 3_000))
    if chance.random() < 0.02:
        length = chance.choice((20_000, 200_000, 1_000_000))
    kinds: tuple[Callable[[], str], ...] = (
        lambda: " ".join(chance.choices(PIECES, k=length // 4)),
        lambda: "".join(chance.choices(string.printable, k=length)),
        lambda: (chance.choice(("a", "[", '{"', "<a>", "<", "((", "[1,", "a,", "&lt;", " "))
                 * length)[:length],
        lambda: json.dumps(value(chance, 4)),
        lambda: "".join(chr(chance.randrange(0x11000)) for _ in range(min(length, 3_000))),
        lambda: "a" * length + "b",
        lambda: "[" * length + "]" * length,
    )  # fmt: skip
    return chance.choice(kinds)()


def value(chance: Chance, depth: int) -> Any:
    """A JSON value."""
    if depth and chance.random() < 0.5:
        size = chance.randrange(4)
        if chance.random() < 0.5:
            return [value(chance, depth - 1) for _ in range(size)]
        return {chance.choice("abc"): value(chance, depth - 1) for _ in range(size)}
    return chance.choice((None, True, 0, 1.5, -1e300, 10**30, "", "a" * 40 + "b", "2024-01-01"))


def specification(chance: Chance) -> dict[str, Any]:
    """A specification of any rule; about one in four has something wrong."""
    kind = chance.choice(sorted(ASSERTIONS))
    spec: dict[str, Any] = {"type": chance.choice(("", "not-")) + kind}
    for parameter in ASSERTIONS[kind].parameters:
        if not parameter.required and chance.random() < 0.3:
            continue
        place = spec
        for key in parameter.place[:-1]:
            place = place.setdefault(key, {})
        place[parameter.place[-1]] = _filled(chance, parameter.kind, kind)
    if chance.random() < 0.1:
        key = chance.choice(("value", "threshold", "type", "more"))
        spec[key] = chance.choice((None, 0, -1, "x", [], ["a", 1], {}, {"min": "x"}, float("nan")))
    return spec


def _filled(chance: Chance, parameter: str, rule: str) -> Any:
    match parameter:
        case "pattern":
            return chance.choice(PATTERNS)
        case "json":
            return chance.choice(SCHEMAS)
        case "lines":
            return [text(chance)[:50] or "a" for _ in range(chance.randrange(1, 5))]
        case "choice":
            return chance.choice(
                {"language": LANGUAGES, "is-sql": DATABASES}.get(rule, FINISH_REASONS)
            )
        case "integer":
            return chance.choice((0, 1, 5, 100, 99_999))
        case "number":
            return chance.choice((0, 0.5, 1, 2, 1_000))
    return text(chance)[: chance.choice((10, 500, 100_000))] or "a"


def output(chance: Chance) -> Output:
    """An answer."""
    return Output(
        text=None if chance.random() < 0.03 else text(chance),
        finish_reason=chance.choice((None, "", "stop", "STOP", "length", "odd")),
        latency_ms=chance.choice((None, 0, 12.5, 1e9)),
        cost_microusd=chance.choice((None, 0, 1, 10**12)),
        refused=chance.random() < 0.05,
    )
