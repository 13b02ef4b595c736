"""Rules on the words of an answer: `equals` to `ends-with`, and expressions."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from prompts_app.assertions import bounded
from prompts_app.assertions.base import (
    MAX_REFERENCE,
    MAX_VALUE,
    Assertion,
    Finding,
    Output,
    Parameter,
    Problem,
    gettext_noop,
    shown,
)

MAX_PATTERN = 1_000
_LISTED = 5

_TEXT = Parameter("value", "text", gettext_noop("Text"), max=MAX_VALUE)
_LINES = Parameter("value", "lines", gettext_noop("Texts, one a line"))


class Equals(Assertion):
    """The answer is this text, to the character."""

    name = "equals"
    title = gettext_noop("Is exactly")
    parameters = (Parameter("value", "text", gettext_noop("Text"), max=MAX_REFERENCE),)
    says = gettext_noop("is exactly “%(value)s”")
    says_not = gettext_noop("is not exactly “%(value)s”")

    def find(self, output: Output) -> Finding:
        """Whether the texts are the same."""
        same = output.text == self.given["value"]
        return Finding(same, "same_text" if same else "other_text")


class _One(Assertion):
    """A rule on one text, looked for in the answer."""

    parameters = (_TEXT,)
    ignores_case = False

    def find(self, output: Output) -> Finding:
        """Whether the text is there."""
        text, value = output.text or "", self.given["value"]
        if self.ignores_case:
            text, value = text.lower(), value.lower()
        found = self.there(text, value)
        return Finding(
            found, "found" if found else "missing", {"value": shown(self.given["value"])}
        )

    def there(self, text: str, value: str) -> bool:
        """Whether `value` stands where the rule wants it."""
        return value in text


class Contains(_One):
    """The text stands somewhere in the answer."""

    name = "contains"
    title = gettext_noop("Contains")
    says = gettext_noop("contains “%(value)s”")
    says_not = gettext_noop("does not contain “%(value)s”")


class IContains(_One):
    """As `contains`, capitals or not."""

    name = "icontains"
    title = gettext_noop("Contains, capitals or not")
    says = gettext_noop("contains “%(value)s”, capitals or not")
    says_not = gettext_noop("does not contain “%(value)s”, capitals or not")
    ignores_case = True


class StartsWith(_One):
    """The answer begins with the text."""

    name = "starts-with"
    title = gettext_noop("Starts with")
    says = gettext_noop("starts with “%(value)s”")
    says_not = gettext_noop("does not start with “%(value)s”")

    def there(self, text: str, value: str) -> bool:
        """Whether `value` begins `text`."""
        return text.startswith(value)


class EndsWith(_One):
    """The answer ends with the text. No name of promptfoo's."""

    name = "ends-with"
    title = gettext_noop("Ends with")
    says = gettext_noop("ends with “%(value)s”")
    says_not = gettext_noop("does not end with “%(value)s”")

    def there(self, text: str, value: str) -> bool:
        """Whether `value` ends `text`."""
        return text.endswith(value)


class _Several(Assertion):
    """A rule on several texts, looked for in the answer."""

    parameters = (_LINES,)
    ignores_case = False

    def find(self, output: Output) -> Finding:
        """Which of the texts are there."""
        values: list[str] = self.given["value"]
        finding = bounded.run("standing", values, output.text, self.ignores_case)
        if finding.holds is None:
            return finding
        there = set(finding.values["there"])
        return self.told(
            [value for place, value in enumerate(values) if place in there],
            [value for place, value in enumerate(values) if place not in there],
        )

    @abstractmethod
    def told(self, there: list[str], missing: list[str]) -> Finding:
        """The finding for the texts that are there and those that are not."""


def _some(values: list[str]) -> dict[str, Any]:
    listed: dict[str, Any] = {"values": tuple(map(shown, values[:_LISTED]))}
    left_out = len(values) - _LISTED
    return listed | ({"more": left_out} if left_out > 0 else {})


class ContainsAny(_Several):
    """At least one of the texts stands in the answer."""

    name = "contains-any"
    title = gettext_noop("Contains any of")
    says = gettext_noop("contains any of: %(value)s")
    says_not = gettext_noop("contains none of: %(value)s")

    def told(self, there: list[str], missing: list[str]) -> Finding:
        """Whether one is there."""
        return Finding(True, "found_some", _some(there)) if there else Finding(False, "found_none")


class ContainsAll(_Several):
    """Every one of the texts stands in the answer."""

    name = "contains-all"
    title = gettext_noop("Contains all of")
    says = gettext_noop("contains all of: %(value)s")
    says_not = gettext_noop("lacks at least one of: %(value)s")

    def told(self, there: list[str], missing: list[str]) -> Finding:
        """Whether none is missing."""
        if missing:
            return Finding(False, "missing_some", _some(missing))
        return Finding(True, "found_all")


class IContainsAny(ContainsAny):
    """As `contains-any`, capitals or not."""

    name = "icontains-any"
    title = gettext_noop("Contains any of, capitals or not")
    says = gettext_noop("contains any of, capitals or not: %(value)s")
    says_not = gettext_noop("contains none of, capitals or not: %(value)s")
    ignores_case = True


class IContainsAll(ContainsAll):
    """As `contains-all`, capitals or not."""

    name = "icontains-all"
    title = gettext_noop("Contains all of, capitals or not")
    says = gettext_noop("contains all of, capitals or not: %(value)s")
    says_not = gettext_noop("lacks at least one of, capitals or not: %(value)s")
    ignores_case = True


class Regex(Assertion):
    """The expression is found somewhere in the answer.

    Rules of Python's `regex`; promptfoo has JavaScript's, where `\\w` and `\\d` are ASCII, `$` does
    not match before a last line break, and there is no `(?i)` at the beginning.
    """

    name = "regex"
    title = gettext_noop("Matches an expression")
    parameters = (
        Parameter("value", "pattern", gettext_noop("Regular expression"), max=MAX_PATTERN),
    )
    says = gettext_noop("matches the expression %(value)s")
    says_not = gettext_noop("does not match the expression %(value)s")

    def more_problems(self) -> Iterable[Problem]:
        """Whether it is an expression at all."""
        finding = bounded.run("regex_problem", self.given["value"])
        if finding.holds is None:
            yield Problem("value", "not_checked", {"reason": finding.code})
        elif not finding.holds:
            yield Problem("value", finding.code, finding.values)

    def find(self, output: Output) -> Finding:
        """Whether it is found."""
        return bounded.run("regex", self.given["value"], output.text)
