"""What a rule is made of, and what it answers with."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Kind = Literal["text", "lines", "integer", "number", "choice", "json", "pattern"]
State = Literal["passed", "failed", "untestable"]
Spec = Mapping[str, Any]

# The longest answer a rule looks at, in characters; whatever is longer is not testable.
MAX_TEXT = 2_000_000
# Values in a verdict are shown and kept; a whole answer would be neither.
MAX_SHOWN = 200

MAX_VALUE = 20_000
MAX_REFERENCE = 100_000
MAX_LINE = 1_000
MAX_LINES = 100

# What no database keeps in a text: NUL, and half of a UTF-16 pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def gettext_noop(text: str) -> str:
    """Mark `text` for the translators; it is translated where a person reads it."""
    return text


@dataclass(frozen=True)
class Parameter:
    """One thing an author fills in.

    `path` is where the specification keeps it: `("value", "min")` is `spec["value"]["min"]`.
    `min` and `max` bound a number, the characters of a text or pattern, or the lines of a list.
    A "choice" is one of `choices`; a "json" is an object or a boolean, already parsed.
    """

    name: str
    kind: Kind
    label: str
    required: bool = True
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    default: str | int | float | None = None
    path: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, ...]:
        """Where the specification keeps the value."""
        return self.path or (self.name,)


@dataclass(frozen=True)
class Problem:
    """Why a specification is refused: `code` is a key of `messages.PROBLEMS`."""

    parameter: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Output:
    """One answer of a model, as far as rules look at it. None: not known, or no text at all.

    `refused`: the provider itself marked the text as a refusal.
    """

    text: str | None
    finish_reason: str | None = None
    latency_ms: float | None = None
    cost_microusd: int | None = None
    refused: bool = False


@dataclass(frozen=True)
class Sentence:
    """A text for the translators and what stands in its %(name)s places.

    A value is a text, a number, or a tuple of texts to be listed in the reader's way, of which
    "more" says how many were left out. The value called "language" is a code (ISO 639), "dollars"
    and "microusd" are exact amounts of money.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """A rule's answer on one output.

    `code` is a key of `messages.REASONS`; it and `values` say what was found, the same for a rule
    and for its negation.
    """

    state: State
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """Whether what the rule names is the case (None: cannot be told), and what was seen."""

    holds: bool | None
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


def untestable(code: str) -> Finding:
    """A finding that tells nothing, for the reason `code`."""
    return Finding(None, code)


def shown(text: str, most: int = MAX_SHOWN) -> str:
    """`text`, shortened for a verdict to `most` characters, of which a database keeps each."""
    text = text if len(text) <= most else text[: most - 1] + "…"
    return UNSTORABLE.sub("\ufffd", text)


class Assertion(ABC):
    """A rule with its parameters filled in."""

    name: ClassVar[str]
    title: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    needs_text: ClassVar[bool] = True
    says: ClassVar[str]
    says_not: ClassVar[str]

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.negated = str(spec.get("type", "")).startswith("not-")
        self.given = {each.name: self.read(spec, each) for each in self.parameters}

    @classmethod
    def normal(cls, spec: Spec) -> Spec:
        """`spec` in the one way of writing that `parameters` describe."""
        return spec

    @classmethod
    def read(cls, spec: Spec, parameter: Parameter) -> Any:
        """What `spec` holds for `parameter`, its default, or None."""
        value: Any = spec
        for key in parameter.place:
            value = value.get(key) if isinstance(value, Mapping) else None
        return parameter.default if value is None else value

    def sentence(self) -> Sentence:
        """The rule in words, to be read after “The answer”."""
        return Sentence(self.says_not if self.negated else self.says, self.said())

    def said(self) -> dict[str, Any]:
        """The values in the sentence."""
        return {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in self.given.items()
            if value is not None
        }

    def more_problems(self) -> Iterable[Problem]:
        """Problems that only this rule knows, looked for once every parameter has its kind."""
        return ()

    def judge(self, output: Output) -> Verdict:
        """Whether the rule holds; a negated rule holds where its name does not."""
        if not self.needs_text:
            finding = self.find(output)
        elif output.text is None:
            finding = untestable("no_text")
        elif len(output.text) > MAX_TEXT:
            finding = untestable("too_large")
        else:
            finding = self.find(output)
        if finding.holds is None:
            return Verdict("untestable", finding.code, finding.values)
        kept = finding.holds != self.negated
        return Verdict("passed" if kept else "failed", finding.code, finding.values)

    @abstractmethod
    def find(self, output: Output) -> Finding:
        """What is the case, before any negation. Takes at most a second (`bounded`)."""
