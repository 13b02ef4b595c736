"""Money, tokens and times as people read them, in the language of the page."""

from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext, pgettext

from prompts_app.models.execution import Execution

register = template.Library()

MICRODOLLARS = 1_000_000
_SECOND = 1000
_MINUTE = 60 * _SECOND


@register.filter
def microusd(amount: int | None) -> str:
    """Return micro-dollars as dollars: "$1.24", "$0.0012", "free"; "" for an unknown amount.

    Below ten cents two significant digits stand, so that small prices can be told apart.
    """
    if amount is None:
        return ""
    if amount == 0:
        return gettext("free")
    dollars = Decimal(amount) / MICRODOLLARS
    digits = 2 if abs(dollars) >= 1 else max(2, 1 - dollars.adjusted())
    shown = number_format(round(dollars, digits), decimal_pos=digits, use_l10n=True)
    # Translators: an amount of US dollars, for example "$0.0012".
    return pgettext("money", "$%(amount)s") % {"amount": shown}


@register.filter
def tokens(number: int | None) -> str:
    """Return "1,234 tokens"; "" where the provider did not count."""
    if number is None:
        return ""
    return ngettext("%(shown)s token", "%(shown)s tokens", number) % {
        "shown": number_format(number, use_l10n=True, force_grouping=True)
    }


@register.filter
def token_total(run: Execution) -> str:
    """Return the tokens of a run, input and answer; "" unless the provider counted both."""
    if run.prompt_tokens is None or run.completion_tokens is None:
        return ""
    return number_format(
        run.prompt_tokens + run.completion_tokens, use_l10n=True, force_grouping=True
    )


@register.filter
def duration(milliseconds: int | None) -> str:
    """Return "320 ms", "1.5 s", "12 s" or "2 min 5 s"; "" for an unknown time."""
    if milliseconds is None:
        return ""
    if milliseconds < _SECOND:
        return gettext("%(number)s ms") % {"number": number_format(milliseconds)}
    if milliseconds < 10 * _SECOND:
        seconds = round(Decimal(milliseconds) / _SECOND, 1)
        return gettext("%(number)s s") % {"number": number_format(seconds, decimal_pos=1)}
    whole = round(milliseconds / _SECOND)
    if whole < 60:
        return gettext("%(number)s s") % {"number": number_format(whole)}
    return gettext("%(minutes)s min %(seconds)s s") % {
        "minutes": number_format(whole // 60),
        "seconds": whole % 60,
    }


@register.filter
def percent(share: float) -> str:
    """Return a share (0.18) as a whole percentage: "18%", "18 %" in French."""
    shown = number_format(abs(points(share)))
    # Translators: a share; French puts a narrow space before the sign.
    return pgettext("share", "%(number)s%%") % {"number": shown}


def points(share: float) -> int:
    """Return a share in whole hundredths, as `percent` shows it."""
    # As a text first: 0.145 is a little less than that, and nobody reading it would round it down.
    return half_up(Decimal(str(share)) * 100)


def half_up(number: float | Decimal) -> int:
    """Return a whole number as people round: 14.5 is 15, which `round` makes 14."""
    return int(Decimal(number).quantize(Decimal(1), ROUND_HALF_UP))
