"""Sentences for what was found about a receipt."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from prompts_app.receipts.checks import Line

register = template.Library()

# What was looked at (checks.Line.about and services.receipts.compare).
ABOUT: dict[str, str | Promise] = {
    "signature": _lazy("Signature"),
    "key": _lazy("Key"),
    "site": _lazy("Site"),
    "messages": _lazy("Messages in the receipt"),
    "output": _lazy("Answer in the receipt"),
    "kept": _lazy("Kept here"),
    "version": _lazy("Version"),
    "input": _lazy("Prompt sent"),
    "answer": _lazy("Answer shown here"),
    "figures": _lazy("Figures"),
}

STATES: dict[str, str | Promise] = {
    "holds": _lazy("holds"),
    "fails": _lazy("does not hold"),
    "open": _lazy("cannot be checked"),
}

LINES: dict[tuple[str, str], str | Promise] = {
    ("signature", "intact"): _lazy("The statement is exactly what was signed."),
    ("signature", "broken"): _lazy("The statement is not what was signed: something was changed."),
    ("signature", "no_key"): _lazy("Without its key the signature cannot be checked."),
    ("key", "current"): _lazy("The key is the one this site signs with today."),
    ("key", "retired"): _lazy("The key was in use when this was signed, and was replaced since."),
    ("key", "unknown"): _lazy("The key is none of this site’s: check it where it was made."),
    ("key", "too_early"): _lazy("The receipt is dated before its key was in use."),
    ("key", "too_late"): _lazy("The receipt is dated after its key was replaced."),
    ("key", "leaked"): _lazy("The key fell into other hands: anyone may have signed this with it."),
    ("key", "leaked_kept"): _lazy(
        "The key fell into other hands, but this site itself keeps this very receipt."
    ),
    ("site", "same"): _lazy("The receipt names this site."),
    ("site", "other"): _lazy("The receipt names another address of the site."),
    ("messages", "same"): _lazy("They match the statement."),
    ("messages", "changed"): _lazy("They do not match the statement."),
    ("messages", "left_out"): _lazy("The receipt comes without them; it holds their hash."),
    ("output", "same"): _lazy("It matches the statement."),
    ("output", "changed"): _lazy("It does not match the statement."),
    ("output", "left_out"): _lazy("The receipt comes without it; it holds its hash."),
    ("kept", "same"): _lazy("This site keeps the same receipt for this run."),
    ("kept", "other"): _lazy("This site keeps another receipt for this run."),
    ("kept", "gone"): _lazy("This site no longer keeps this run."),
    ("kept", "differs"): _lazy("It differs from the receipt this site keeps for this run."),
    ("kept", "other_signature"): _lazy(
        "The statement is the one this site keeps for this run; its signature is not."
    ),
    ("version", "same"): _lazy("The version on this site is the one that was run."),
    ("version", "changed"): _lazy("The version on this site is not the one that was run."),
    ("version", "withdrawn"): _lazy(
        "Its author withdrew the version: the prompt and the answer were erased here."
    ),
    ("input", "same"): _lazy("The prompt with its values is the one that was sent."),
    ("input", "changed"): _lazy("The prompt with its values is not the one that was sent."),
    ("answer", "same"): _lazy("The answer on this site is unchanged since it was signed."),
    ("answer", "changed"): _lazy("The answer on this site was changed after it was signed."),
    ("figures", "same"): _lazy("Model, provider, tokens and times here are what was signed."),
    ("figures", "changed"): _lazy("What this site shows of the run is not what was signed."),
}

# Why something is no receipt (receipts.reading.ReceiptError).
PROBLEMS: dict[str, str | Promise] = {
    "too_large": _lazy("This is larger than 1 MB, which no receipt is."),
    "not_text": _lazy("This holds characters that cannot be read: it must be text in UTF-8."),
    "not_json": _lazy("This is not JSON. Copy the whole receipt, first brace to last."),
    "duplicate_key": _lazy("A name stands twice in the same place, so it could be read two ways."),
    "number": _lazy("A number in this is one that not every program reads alike."),
    "too_deep": _lazy("This is nested more deeply than any receipt."),
    "not_a_receipt": _lazy("This is JSON, but not a receipt."),
    "format_version": _lazy("This receipt has a format that this site does not know."),
    "not_keys": _lazy("This is not a file with the keys of a site."),
}


@register.filter
def receipt_sentence(line: Line) -> str:
    """Return what was found, as a sentence."""
    return str(LINES[line.about, line.reason])


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
