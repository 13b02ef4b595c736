"""Rules on how long an answer is and how like another text."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from prompts_app.assertions import bounded
from prompts_app.assertions.base import (
    MAX_REFERENCE,
    MAX_TEXT,
    Assertion,
    Finding,
    Output,
    Parameter,
    Problem,
    Sentence,
    Spec,
    gettext_noop,
    untestable,
)
from prompts_app.assertions.matching import Equals

# What JavaScript's \s takes for a blank, as promptfoo counts words.
_BLANKS = re.compile("[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")

_AT_LEAST = Parameter(
    "min", "integer", gettext_noop("At least"), required=False, min=0, path=("value", "min")
)
_AT_MOST = Parameter(
    "max", "integer", gettext_noop("At most"), required=False, min=0, path=("value", "max")
)


class _Count(Assertion):
    """A number with a least and a most; the value may also be one number, for exactly so many."""

    parameters = (replace(_AT_LEAST, max=MAX_TEXT), replace(_AT_MOST, max=MAX_TEXT))
    # What the rule says, by which of least and most there are, and then of its negation.
    sentences: ClassVar[dict[str, tuple[str, str]]]
    code: ClassVar[str]

    @classmethod
    def normal(cls, spec: Spec) -> Spec:
        """`spec` with a single number as both bounds."""
        value = spec.get("value")
        if isinstance(value, int) and not isinstance(value, bool):
            return {**spec, "value": {"min": value, "max": value}}
        return spec

    def more_problems(self) -> Iterable[Problem]:
        """Whether there is a bound, and the least is not more than the most."""
        least, most = self.given["min"], self.given["max"]
        if least is None and most is None:
            yield Problem("max", "min_or_max")
        elif least is not None and most is not None and least > most:
            yield Problem("max", "min_over_max", {"min": least})

    def sentence(self) -> Sentence:
        """The rule in words; one is said in its own way."""
        least, most = self.given["min"], self.given["max"]
        if most == 0:
            return Sentence(self.sentences["least_one"][not self.negated])
        if least == most:
            kind = "exactly_one" if least == 1 else "exactly"
        elif least is None:
            kind = "most_one" if most == 1 else "most"
        elif most is None:
            kind = "least_one" if least == 1 else "least"
        else:
            kind = "between"
        return Sentence(self.sentences[kind][self.negated], self.said())

    def find(self, output: Output) -> Finding:
        """How many there are."""
        count = self.count(output.text or "")
        least, most = self.given["min"], self.given["max"]
        if least is None and most is None:
            return untestable("bad_rule")
        holds = (least is None or count >= least) and (most is None or count <= most)
        return Finding(holds, self.code, {"count": count})

    def count(self, text: str) -> int:
        """How many `text` has."""
        raise NotImplementedError


class WordCount(_Count):
    """Words between blanks."""

    name = "word-count"
    title = gettext_noop("Number of words")
    says = gettext_noop("has from %(min)s to %(max)s words")
    says_not = gettext_noop("has fewer than %(min)s or more than %(max)s words")
    code = "words"
    sentences: ClassVar = {
        "between": (says, says_not),
        "most": (
            gettext_noop("has at most %(max)s words"),
            gettext_noop("has more than %(max)s words"),
        ),
        "most_one": (
            gettext_noop("has at most one word"),
            gettext_noop("has more than one word"),
        ),
        "least": (
            gettext_noop("has at least %(min)s words"),
            gettext_noop("has fewer than %(min)s words"),
        ),
        "least_one": (
            gettext_noop("has at least one word"),
            gettext_noop("has no word"),
        ),
        "exactly": (
            gettext_noop("has exactly %(min)s words"),
            gettext_noop("does not have exactly %(min)s words"),
        ),
        "exactly_one": (
            gettext_noop("is one word"),
            gettext_noop("is not one word"),
        ),
    }

    def count(self, text: str) -> int:
        """How many words."""
        return sum(1 for word in _BLANKS.split(text) if word)


class Length(_Count):
    """Characters (Unicode code points, as promptfoo's JavaScript counts an iterated text)."""

    name = "length"
    title = gettext_noop("Number of characters")
    says = gettext_noop("has from %(min)s to %(max)s characters")
    says_not = gettext_noop("has fewer than %(min)s or more than %(max)s characters")
    code = "characters"
    sentences: ClassVar = {
        "between": (says, says_not),
        "most": (
            gettext_noop("has at most %(max)s characters"),
            gettext_noop("has more than %(max)s characters"),
        ),
        "most_one": (
            gettext_noop("has at most one character"),
            gettext_noop("has more than one character"),
        ),
        "least": (
            gettext_noop("has at least %(min)s characters"),
            gettext_noop("has fewer than %(min)s characters"),
        ),
        "least_one": (
            gettext_noop("is not empty"),
            gettext_noop("is empty"),
        ),
        "exactly": (
            gettext_noop("has exactly %(min)s characters"),
            gettext_noop("does not have exactly %(min)s characters"),
        ),
        "exactly_one": (
            gettext_noop("is one character"),
            gettext_noop("is not one character"),
        ),
    }

    def count(self, text: str) -> int:
        """How many characters."""
        return len(text)


_REFERENCE = Parameter("value", "text", gettext_noop("Text to compare with"), max=MAX_REFERENCE)


class Levenshtein(Assertion):
    """At most so many characters differ."""

    name = "levenshtein"
    title = gettext_noop("Differs by few characters")
    parameters = (
        _REFERENCE,
        Parameter(
            "threshold",
            "integer",
            gettext_noop("Characters that may differ"),
            required=False,
            min=0,
            max=MAX_REFERENCE,
            default=5,
        ),
    )
    says = gettext_noop("differs from “%(value)s” by at most %(threshold)s characters")
    says_not = gettext_noop("differs from “%(value)s” by more than %(threshold)s characters")
    says_one = gettext_noop("differs from “%(value)s” by at most one character")
    says_not_one = gettext_noop("differs from “%(value)s” by more than one character")

    def sentence(self) -> Sentence:
        """The rule in words; no difference and one are said in their own way."""
        match self.given["threshold"]:
            case 0:
                says = Equals.says_not if self.negated else Equals.says
            case 1:
                says = self.says_not_one if self.negated else self.says_one
            case _:
                return super().sentence()
        return Sentence(says, {"value": self.given["value"]})

    def find(self, output: Output) -> Finding:
        """The edit distance."""
        return bounded.run("distance", output.text, self.given["value"], self.given["threshold"])


class RougeN(Assertion):
    """The answer shares enough words with another text."""

    name = "rouge-n"
    title = gettext_noop("Shares words with")
    parameters = (
        _REFERENCE,
        Parameter(
            "threshold",
            "number",
            gettext_noop("Least score, from 0 to 1"),
            required=False,
            min=0,
            max=1,
            default=0.75,
        ),
    )
    says = gettext_noop("shares words with “%(value)s” (ROUGE-1 of at least %(threshold)s)")
    says_not = gettext_noop("shares few words with “%(value)s” (ROUGE-1 below %(threshold)s)")

    def find(self, output: Output) -> Finding:
        """The score."""
        return bounded.run("overlap", output.text, self.given["value"], self.given["threshold"])
