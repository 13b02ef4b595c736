"""Sentences of limits: before they bite, when they do, and for the author afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django import template
from django.template.defaultfilters import date as date_format
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prompts_app.services.scopes import Stated
from prompts_app.templatetags.sentences import error_sentence

register = template.Library()

# What is waited for is never over sooner than said.
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def _yours(allowed: int) -> str:
    return ngettext(
        "%(left)s of %(allowed)s try left for you today",
        "%(left)s of %(allowed)s tries left for you today",
        allowed,
    )


def _of_network(allowed: int) -> str:
    return ngettext(
        "%(left)s of %(allowed)s try left today for your network",
        "%(left)s of %(allowed)s tries left today for your network",
        allowed,
    )


def _of_prompt(allowed: int) -> str:
    return ngettext(
        "%(left)s of %(allowed)s try of this prompt left today",
        "%(left)s of %(allowed)s tries of this prompt left today",
        allowed,
    )


def _of_author(allowed: int) -> str:
    return ngettext(
        "%(left)s of %(allowed)s try of this author’s prompts left today",
        "%(left)s of %(allowed)s tries of this author’s prompts left today",
        allowed,
    )


def _of_site(allowed: int) -> str:
    return ngettext(
        "%(left)s of %(allowed)s try on this site left today",
        "%(left)s of %(allowed)s tries on this site left today",
        allowed,
    )


def _of_link(allowed: int) -> str:
    return ngettext(
        "%(left)s of %(allowed)s try left on this link",
        "%(left)s of %(allowed)s tries left on this link",
        allowed,
    )


_TRIES: dict[str, Callable[[int], str]] = {
    "visitor": _yours,
    "block": _of_network,
    "entry": _of_prompt,
    "author": _of_author,
    "site": _of_site,
    "link": _of_link,
}
_MONEY: dict[str, str | Promise] = {
    "visitor": gettext_lazy("%(share)s %% of what your tries may cost today left"),
    "block": gettext_lazy("%(share)s %% of what your network’s tries may cost today left"),
    "entry": gettext_lazy("%(share)s %% of what this prompt’s tries may cost today left"),
    "author": gettext_lazy("%(share)s %% of the day’s budget left"),
    "link": gettext_lazy("%(share)s %% of this link’s budget left"),
}
_AT_ONCE: dict[str, str | Promise] = {
    "visitor": gettext_lazy("%(allowed)s of yours at once"),
    "block": gettext_lazy("%(allowed)s of your network at once"),
    "entry": gettext_lazy("%(allowed)s of this prompt at once"),
    "author": gettext_lazy("%(allowed)s of this author’s prompts at once"),
    "site": gettext_lazy("%(allowed)s on this site at once"),
    "link": gettext_lazy("%(allowed)s through this link at once"),
}
# Why visitors were refused, as an author reads it.
REASONS: dict[str, str | Promise] = {
    "visitor_limit": gettext_lazy("The visitor had used all their tries for the day."),
    "block_limit": gettext_lazy("The visitor’s network had used all its tries for the day."),
    "entry_limit": gettext_lazy("The entry had had all its tries for the day."),
    "author_limit": gettext_lazy("Your entries had had all their tries for the day."),
    "site_limit": gettext_lazy("The site had had all its tries for the day."),
    "link_limit": gettext_lazy("All the tries of the share link were used up."),
    "link_budget": gettext_lazy("What was left of the share link’s budget did not cover the try."),
    "link_busy": gettext_lazy("As many tries of the share link were running as may at once."),
    "link_over": gettext_lazy("The share link was expired or revoked."),
    "link_closed": gettext_lazy("The share link allows no tries."),
    "visitor_busy": gettext_lazy("The visitor had as many tries running as may at once."),
    "block_busy": gettext_lazy("The visitor’s network had as many tries running as may at once."),
    "entry_busy": gettext_lazy("As many tries of the entry were running as may at once."),
    "author_busy": gettext_lazy("As many tries of your entries were running as may at once."),
    "site_busy": gettext_lazy("As many tries were running on the site as may at once."),
    "visitor_money": gettext_lazy("What a visitor’s tries may cost a day did not cover the try."),
    "block_money": gettext_lazy(
        "What the tries of one network may cost a day did not cover the try."
    ),
    "entry_money": gettext_lazy("What the entry’s tries may cost a day did not cover the try."),
    "budget": gettext_lazy("The day’s budget did not cover the try."),
    "site_budget": gettext_lazy("What the operator spends a day did not cover the try."),
    "paused": gettext_lazy("You had stopped all tries."),
    "closed": gettext_lazy("There was no model that visitors may try."),
    "provider": gettext_lazy("The provider’s key could not be read on this server."),
    "not_started": gettext_lazy("A column of a comparison could not be run any more."),
}


@register.filter
def limit_sentence(stated: Stated) -> str:
    """Return what a page says of a limit before it bites, without a full stop.

    Of money only the share that is left: how much an author spends is nobody else's business.
    """
    if stated.kind == "money":
        share = 100 * stated.left // stated.allowed if stated.allowed else 0
        return str(_MONEY[stated.scope]) % {"share": share}
    numbers = {
        "left": number_format(stated.left, force_grouping=True),
        "allowed": number_format(stated.allowed, force_grouping=True),
    }
    if stated.kind == "at_once":
        return str(_AT_ONCE[stated.scope]) % numbers
    return _TRIES[stated.scope](stated.allowed) % numbers


@register.simple_tag
def refusal_sentence(code: str, until: datetime | None) -> str:
    """Return why a try was refused and from when on the next may run, as one line.

    How long that is says it to readers in every time zone; days are not the same everywhere.
    """
    sentence = error_sentence(code)
    if until is None or code.endswith("_busy"):
        return sentence
    now = timezone.now()
    moment = date_format(until.astimezone(UTC), "DATETIME_FORMAT")
    return f"{sentence} " + _("You can try again in %(wait)s, from %(time)s UTC.") % {
        "wait": timeuntil(max(until + MINUTE - SECOND, now + MINUTE), now),
        "time": moment,
    }


@register.filter
def refusal_reason(code: str) -> str:
    """Return why visitors were refused, as an author reads it."""
    return str(REASONS.get(code) or error_sentence(code))
