"""Rules on answers, and what was found by them, in the reader's words and numbers."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from django import template
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, ngettext, pgettext

from prompts_app.assertions import registry
from prompts_app.assertions.base import Problem, shown
from prompts_app.assertions.messages import PROBLEMS, REASONS
from prompts_app.templatetags.sentences import finish_sentence

register = template.Library()

MICRODOLLARS = 1_000_000
# A chip holds so many characters of a text, and so many texts of a list.
MAX_TEXT = 160
MAX_LISTED = 5
# A blank alone between quotation marks says nothing; these signs do.
_VISIBLE = str.maketrans({"\n": "↵", "\t": "⇥", "\r": None})


@register.filter
def assertion_sentence(spec: Mapping[str, Any]) -> str:
    """Return a rule in words, to be read after “The answer”: "has at most 120 words".

    `spec` is a stored specification; one that this site does not know, or that is not complete,
    has a sentence too.
    """
    if registry.sound(spec):
        said = registry.sentence(spec)
        try:
            return gettext(said.text) % _worded(said.values)
        except KeyError:
            pass
    kind = shown(str(spec.get("type", "")), MAX_TEXT)
    return gettext("keeps the rule “%(rule)s”, which this site does not know") % {"rule": kind}


@register.filter
def assertion_title(kind: str) -> str:
    """Return what people call the rules of a type ("word-count", "not-word-count")."""
    rule = registry.ASSERTIONS.get(kind.removeprefix(registry.NOT))
    if rule is None:
        return kind
    title = gettext(rule.title)
    if kind.startswith(registry.NOT):
        # Translators: the opposite of a rule on answers, for example: Not “Contains JSON”
        return gettext("Not “%(title)s”") % {"title": title}
    return title


@register.filter
def verdict_reason(verdict: Mapping[str, Any]) -> str:
    """Return what was found, as a sentence: "Words: 134.", "demo-large judged: It is polite."

    `verdict` is a kept one: {"state": …, "code": …, "values": {…}, …}. A code that this site does
    not know is its own sentence; so is one whose values are not all there.
    """
    code, values = str(verdict.get("code", "")), dict(verdict.get("values") or {})
    reason = REASONS.get(code)
    if reason is None:
        return code
    if code == "finish_reason":
        values["reason"] = finish_sentence(str(values.get("reason", "")).lower())
    if code == "judged":
        values["reason"] = values.get("reason") or gettext("no reason given.")
        if values.get("score") is not None:
            reason = REASONS["judged_score"]
    try:
        return gettext(reason) % _worded(values)
    except KeyError:
        return code


def problem_sentence(problem: Problem) -> str:
    """Return why a rule is refused, to be read at the field of `problem.parameter`."""
    return gettext(PROBLEMS[problem.code]) % _worded(problem.values)


def language_word(code: str) -> str:
    """Return a language's name as it stands in a sentence ("French", "français")."""
    return _languages(get_language() or "en").get(code, code)


@lru_cache(maxsize=16)
def _languages(reader: str) -> Mapping[str, str]:
    """The names of languages by their codes; Django's have capitals in French, and lack some."""
    try:
        return dict(Locale.parse(reader, sep="-").languages)
    except (UnknownLocaleError, ValueError):
        return dict(Locale("en").languages)


def _worded(values: Mapping[str, Any]) -> dict[str, str]:
    """The values of a message as the reader reads them (`base.Sentence` says what they are)."""
    more = values.get("more", 0)
    return {name: _word(name, value, more) for name, value in values.items()}


def _word(name: str, value: Any, more: int) -> str:
    match value:
        case list() | tuple():
            return _list([str(each) for each in value], more)
        case _ if name == "language":
            return language_word(str(value))
        case int() if name == "microusd":
            return _money(Decimal(value) / MICRODOLLARS)
        case Decimal() if name == "dollars":
            return _money(value)
        case int() | float() | Decimal():
            return number_format(value, use_l10n=True, force_grouping=True)
    return _text(str(value))


def _text(text: str) -> str:
    return shown(text.translate(_VISIBLE), MAX_TEXT)


def _list(texts: list[str], more: int) -> str:
    # Translators: what stands between the items of a list.
    between = pgettext("list", ", ")
    listed = between.join(
        # Translators: one of several texts in a list, in the language's quotation marks.
        pgettext("list", "“%(text)s”") % {"text": _text(text)}
        for text in texts[:MAX_LISTED]
    )
    more += max(0, len(texts) - MAX_LISTED)
    if not more:
        return listed
    return ngettext("%(listed)s and %(count)s more", "%(listed)s and %(count)s more", more) % {
        "listed": listed,
        "count": number_format(more, use_l10n=True, force_grouping=True),
    }


def _money(dollars: Decimal) -> str:
    """An exact amount: a bound and what was compared with it must not look the same by rounding."""
    exact = dollars.normalize()
    exponent = exact.as_tuple().exponent
    digits = max(2, -exponent if isinstance(exponent, int) else 2)
    amount = number_format(exact, decimal_pos=digits, use_l10n=True, force_grouping=True)
    # Translators: an amount of US dollars, for example "$0.0012".
    return pgettext("money", "$%(amount)s") % {"amount": amount}
