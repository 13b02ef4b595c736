"""Sentences for what was found about a receipt."""

from collections.abc import Iterable

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.receipts.checks import Line

register = template.Library()

# What was looked at (checks.Line.about and services.receipts.compare).
ABOUT: dict[str, str | Promise] = {
    "signature": gettext_lazy("Signature"),
    "key": gettext_lazy("Key"),
    "site": gettext_lazy("Site"),
    "messages": gettext_lazy("Messages in the receipt"),
    "output": gettext_lazy("Answer in the receipt"),
    "kept": gettext_lazy("Kept here"),
    "version": gettext_lazy("Version"),
    "input": gettext_lazy("Prompt sent"),
    "answer": gettext_lazy("Answer shown here"),
    "figures": gettext_lazy("Figures"),
}

STATES: dict[str, str | Promise] = {
    "holds": gettext_lazy("holds"),
    "fails": gettext_lazy("does not hold"),
    "open": gettext_lazy("cannot be checked"),
}

LINES: dict[tuple[str, str], str | Promise] = {
    ("signature", "intact"): gettext_lazy("The statement is exactly what was signed."),
    ("signature", "broken"): gettext_lazy(
        "The statement is not what was signed: something was changed."
    ),
    ("signature", "no_key"): gettext_lazy("Without its key the signature cannot be checked."),
    ("key", "current"): gettext_lazy("The key is the one this site signs with today."),
    ("key", "retired"): gettext_lazy(
        "The key was in use when this was signed, and was replaced since."
    ),
    ("key", "came_along"): gettext_lazy(
        "The key came with the archive. Compare it with the one that site publishes."
    ),
    ("key", "unknown"): gettext_lazy("The key is none of this site’s: check it where it was made."),
    ("key", "too_early"): gettext_lazy("The receipt is dated before its key was in use."),
    ("key", "too_late"): gettext_lazy("The receipt is dated after its key was replaced."),
    ("key", "leaked"): gettext_lazy(
        "The key fell into other hands: anyone may have signed this with it."
    ),
    ("key", "leaked_kept"): gettext_lazy(
        "The key fell into other hands, but this site itself keeps this very receipt."
    ),
    ("site", "same"): gettext_lazy("The receipt names this site."),
    ("site", "other"): gettext_lazy("The receipt names another address of the site."),
    ("messages", "same"): gettext_lazy("They match the statement."),
    ("messages", "changed"): gettext_lazy("They do not match the statement."),
    ("messages", "left_out"): gettext_lazy("The receipt comes without them; it holds their hash."),
    ("output", "same"): gettext_lazy("It matches the statement."),
    ("output", "changed"): gettext_lazy("It does not match the statement."),
    ("output", "left_out"): gettext_lazy("The receipt comes without it; it holds its hash."),
    ("kept", "same"): gettext_lazy("This site keeps the same signed statement for this run."),
    ("kept", "other"): gettext_lazy("This site keeps another receipt for this run."),
    ("kept", "gone"): gettext_lazy("This site no longer keeps this run."),
    ("kept", "differs"): gettext_lazy("It differs from the receipt this site keeps for this run."),
    ("kept", "other_signature"): gettext_lazy(
        "The statement is the one this site keeps for this run; its signature is not."
    ),
    ("version", "same"): gettext_lazy("The version on this site is the one that was run."),
    ("version", "changed"): gettext_lazy("The version on this site is not the one that was run."),
    ("version", "withdrawn"): gettext_lazy(
        "Its author withdrew the version: the prompt and the answer were erased here."
    ),
    ("input", "same"): gettext_lazy("The prompt with its values is the one that was sent."),
    ("input", "changed"): gettext_lazy("The prompt with its values is not the one that was sent."),
    ("answer", "same"): gettext_lazy("The answer on this site is unchanged since it was signed."),
    ("answer", "changed"): gettext_lazy("The answer on this site was changed after it was signed."),
    ("figures", "same"): gettext_lazy(
        "Model, provider, tokens and times here are what was signed."
    ),
    ("figures", "changed"): gettext_lazy("What this site shows of the run is not what was signed."),
}

# What a receipt that does not hold comes to, by the line that fails: the first of these that does.
FAILURES: dict[tuple[str, str], str | Promise] = {
    ("signature", "broken"): gettext_lazy(
        "This receipt does not hold: its statement is not the one that was signed."
    ),
    ("key", "leaked"): gettext_lazy(
        "This receipt does not hold: anyone may have signed it, for its key fell into other hands."
    ),
    ("key", "too_early"): gettext_lazy(
        "This receipt does not hold: it is dated before its key was in use."
    ),
    ("key", "too_late"): gettext_lazy(
        "This receipt does not hold: it is dated after its key was replaced."
    ),
    ("messages", "changed"): gettext_lazy(
        "This receipt does not hold: the messages in it are not the ones that were signed."
    ),
    ("output", "changed"): gettext_lazy(
        "This receipt does not hold: the answer in it is not the one that was signed."
    ),
    ("kept", "other"): gettext_lazy(
        "This receipt does not hold: this site keeps another one for this run."
    ),
    ("version", "changed"): gettext_lazy(
        "This receipt does not hold: the version on this site is not the one that was run."
    ),
    ("input", "changed"): gettext_lazy(
        "This receipt does not hold: the prompt on this site is not the one that was sent."
    ),
    ("answer", "changed"): gettext_lazy(
        "This receipt does not hold: the answer on this site was changed after it was signed."
    ),
    ("figures", "changed"): gettext_lazy(
        "This receipt does not hold: what this site shows of the run is not what was signed."
    ),
}

# What lies in the receipt itself: where it fails, the copy at hand is at fault, not this site.
_IN_THE_COPY = ("signature", "messages", "output")

# Why something is no receipt (receipts.reading.ReceiptError).
PROBLEMS: dict[str, str | Promise] = {
    "too_large": gettext_lazy("This is larger than 1 MB, which no receipt is."),
    "not_text": gettext_lazy(
        "This holds characters that cannot be read: it must be text in UTF-8."
    ),
    "not_json": gettext_lazy("This is not JSON. Copy the whole receipt, first brace to last."),
    "duplicate_key": gettext_lazy(
        "A name stands twice in the same place, so it could be read two ways."
    ),
    "number": gettext_lazy("A number in this is one that not every program reads alike."),
    "too_deep": gettext_lazy("This is nested more deeply than any receipt."),
    "not_a_receipt": gettext_lazy("This is JSON, but not a receipt."),
    "format_version": gettext_lazy("This receipt has a format that this site does not know."),
    "not_keys": gettext_lazy("This is not a file with the keys of a site."),
}


@register.filter
def receipt_sentence(line: Line) -> str:
    """Return what was found, as a sentence."""
    return str(LINES[line.about, line.reason])


@register.filter
def failure_sentence(lines: Iterable[Line]) -> str:
    """Return why a receipt does not hold and, where its copy was altered, what to do."""
    failing = [(line.about, line.reason) for line in lines if line.state == "fails"]
    named = next((reason for reason in FAILURES if reason in failing), None)
    if named is None:
        return _("This receipt does not hold.")
    sentence = str(FAILURES[named])
    if named[0] in _IN_THE_COPY:
        sentence += " " + _("Do not rely on this copy; open the run on this site.")
    return sentence


@register.filter
def any_fails(lines: Iterable[Line]) -> bool:
    """Say whether anything speaks against a receipt."""
    return any(line.state == "fails" for line in lines)


@register.filter
def receipt_about(about: str) -> str:
    """Return what people call the thing that was looked at."""
    return str(ABOUT[about])


@register.filter
def receipt_state(state: str) -> str:
    """Return the word for a state."""
    return str(STATES[state])


def problem_sentence(code: str, field: str = "") -> str:
    """Return why something is no receipt."""
    if code == "field":
        return _("The field “%(field)s” is missing, unknown or of the wrong kind.") % {
            "field": field
        }
    return str(PROBLEMS[code])
