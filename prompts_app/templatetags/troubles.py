"""What went wrong in visitors' tries, and what the author can do about it."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.services.troubles import Trouble
from prompts_app.templatetags.sentences import LABELS, error_sentence, label_sentence

register = template.Library()

# Where visitors read a sentence that is meant for them alone.
SENTENCES: dict[str, str | Promise] = {
    "provider_error": gettext_lazy("The provider had an error."),
    "rate_limited": gettext_lazy("The provider was busy and took no more calls."),
    "no_credit": gettext_lazy("The credit with the provider is used up."),
    "stopped": gettext_lazy("Stopped before the end: the visitor left, or the server stopped."),
    "not_found": gettext_lazy("Nothing answers at the provider’s address."),
}

_KEY = gettext_lazy("Paste the provider’s key again, or make a new one.")
_ADDRESS = gettext_lazy("Check the provider’s address, and whether it is running.")
_SLOW = gettext_lazy("If it lasts, let visitors try a faster model.")
_BROKEN = gettext_lazy("If it lasts, ask the provider, or let visitors try another model.")
_RARE = gettext_lazy("Nothing, as long as it is rare.")
_DAMAGED = gettext_lazy("Nothing: the answer is shown without them.")

# What the author can do where the provider is theirs.
ADVICE: dict[str, str | Promise] = {
    "unreachable": _ADDRESS,
    "blocked_address": _ADDRESS,
    "bad_url": _ADDRESS,
    "not_found": _ADDRESS,
    "redirected": gettext_lazy("Write the address it points to as the provider’s own."),
    "not_json": gettext_lazy("Check the provider’s address: most end in /v1."),
    "bad_key": _KEY,
    "unauthorized": _KEY,
    "key_unreadable": _KEY,
    "forbidden": gettext_lazy("See with the provider what this key may do."),
    "no_credit": gettext_lazy("Add credit with the provider."),
    "model_not_found": gettext_lazy("Stop using this model, or check how it is spelled."),
    "context_too_long": gettext_lazy("Give variables a shorter maximum length."),
    "bad_request": gettext_lazy("Run the prompt yourself: your run keeps the provider’s words."),
    "rate_limited": gettext_lazy(
        "Allow fewer tries at once, or ask the provider for a higher limit."
    ),
    "no_first_token": _SLOW,
    "silent": _SLOW,
    "too_slow": _SLOW,
    "provider_error": _BROKEN,
    "cut_off": _BROKEN,
    "empty_answer": _BROKEN,
    "bad_answer": _BROKEN,
    "too_large": _BROKEN,
    "content_filter": gettext_lazy("Another model may be less strict."),
    "stopped": gettext_lazy(
        "Nothing, as long as it is rare. If many leave, a faster model or shorter answers help."
    ),
    "interrupted": _RARE,
    "not_kept": gettext_lazy("If it lasts, tell the operator that the database is away."),
    "no_usage": gettext_lazy(
        "Each counts as the most it could cost. A provider that counts tokens leaves more tries."
    ),
    "no_finish_reason": gettext_lazy("The answer may not be whole: run the prompt yourself."),
    "cut_at_cap": gettext_lazy("Ask for shorter answers."),
    "length": gettext_lazy("Ask for shorter answers, or raise the prompt’s limit of tokens."),
    "tool_calls_ignored": gettext_lazy("Say in the prompt that there are no tools."),
    "reasoning_ignored": gettext_lazy("It is paid for: a model without it costs less."),
    "refusal": gettext_lazy("Run the prompt yourself with such inputs, and reword it."),
    "not_streamed": gettext_lazy("Visitors wait for the whole answer: another model may stream."),
    "bad_utf8": _DAMAGED,
    "nul_removed": _DAMAGED,
    "surrogate_removed": _DAMAGED,
}
# What only whoever keeps the provider can change.
_OF_ITS_KEEPER = frozenset(
    {
        *("unreachable", "blocked_address", "bad_url", "not_found", "redirected", "not_json"),
        *("bad_key", "unauthorized", "key_unreadable", "forbidden", "no_credit"),
    }
)


@register.filter
def trouble_sentence(code: str) -> str:
    """Return what happened, as an author reads it."""
    if code in SENTENCES:
        return str(SENTENCES[code])
    return label_sentence(code) if code in LABELS else error_sentence(code)


@register.filter
def trouble_advice(trouble: Trouble) -> str:
    """Return what the author can do about it."""
    if trouble.provider is None:
        return _("Nothing: this model is no more.")
    if trouble.code in _OF_ITS_KEEPER and not trouble.is_own:
        return _("Tell the operator of this site, whose provider it is.")
    return str(ADVICE.get(trouble.code, _BROKEN))
