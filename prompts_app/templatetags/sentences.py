"""Sentences for the codes that engines and services give."""

from collections.abc import Iterable

from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from prompts_app.services.comparison import VARIABLE_TYPES

register = template.Library()

# What stands beside an answer (llm.types.LABELS).
LABELS: dict[str, str | Promise] = {
    "no_usage": _lazy("The provider did not count the tokens."),
    "refusal": _lazy("The provider marked this answer as a refusal."),
    "no_finish_reason": _lazy("The answer ended without a reason given."),
    "cut_at_cap": _lazy("The answer was cut: it was longer than this site keeps."),
    "content_filter": _lazy("The provider’s content filter ended the answer."),
    "length": _lazy("The answer stops at its token limit."),
    "tool_calls_ignored": _lazy("The model asked for a tool. Nothing was run."),
    "reasoning_ignored": _lazy("The model’s reasoning came with the answer and is not shown."),
    "nul_removed": _lazy("Characters that cannot be shown were removed."),
    "surrogate_removed": _lazy("Characters that cannot be shown were removed."),
    "bad_utf8": _lazy("Some characters arrived damaged and were replaced."),
    "not_streamed": _lazy("The answer came in one piece instead of a stream."),
    "fetched_url": _lazy("The picture was fetched from an address the provider gave."),
}

# Why there is no answer: what a visitor reads (llm.errors.CODES, captures, tryit.Refused).
ERRORS: dict[str, str | Promise] = {
    "unreachable": _lazy("The provider could not be reached."),
    "blocked_address": _lazy("The provider’s address may not be called from here."),
    "bad_url": _lazy("The provider’s address is not valid."),
    "bad_key": _lazy("The provider’s key cannot be used."),
    "no_first_token": _lazy("The model did not begin to answer in time."),
    "silent": _lazy("The answer stopped on its way."),
    "too_slow": _lazy("The answer took too long."),
    "unauthorized": _lazy("The provider refused the key."),
    "forbidden": _lazy("The provider does not allow this call."),
    "model_not_found": _lazy("The provider does not serve this model."),
    "context_too_long": _lazy("The input is too long for this model."),
    "bad_request": _lazy("The provider could not use this request."),
    "rate_limited": _lazy("The provider is busy. Try again in a moment."),
    "no_credit": _lazy("The author’s credit with the provider is used up."),
    "content_filter": _lazy("The provider’s content filter refused this input."),
    "provider_error": _lazy("The provider had an error. Try again in a moment."),
    "redirected": _lazy("The provider pointed to another address, which is not followed."),
    "not_json": _lazy("The provider answered with something that is no answer."),
    "bad_answer": _lazy("The provider’s answer could not be read."),
    "cut_off": _lazy("The connection ended before the answer did."),
    "empty_answer": _lazy("The model gave an empty answer."),
    "too_large": _lazy("The answer was too large to take."),
    "budget": _lazy("The budget for today is used up."),
    "key_unreadable": _lazy("The provider’s key cannot be read on this server."),
    "not_usable": _lazy("The model may not be used any more."),
    "withdrawn": _lazy("The version was withdrawn before it could run."),
    "interrupted": _lazy("The server stopped while the answer was being made."),
    "closed": _lazy("This prompt cannot be run here."),
    "paused": _lazy("The author has paused all tries."),
    "visitor_limit": _lazy("You have used all your tries for today."),
    "entry_limit": _lazy("This prompt has had all its tries for today."),
    "provider": _lazy("The provider cannot be used at the moment."),
}

ORIGINS: dict[str, str | Promise] = {
    "captured": _lazy("This site called the provider and kept the response."),
    "imported": _lazy("The author imported this answer together with the provider’s response."),
    "pasted": _lazy("The author pasted or uploaded this answer. This site did not see it made."),
}

FINISH_REASONS: dict[str, str | Promise] = {
    "stop": _lazy("complete"),
    "length": _lazy("cut at the token limit"),
    "content_filter": _lazy("ended by the content filter"),
    "tool_calls": _lazy("the model asked for a tool"),
}

PARAMETERS: dict[str, str | Promise] = {
    "temperature": _lazy("Temperature"),
    "top_p": _lazy("Top p"),
    "max_tokens": _lazy("Longest answer, in tokens"),
    "max_completion_tokens": _lazy("Longest answer, in tokens"),
    "response_format": _lazy("Answer format"),
    "size": _lazy("Picture size"),
    "stream_options": _lazy("Token counts in the stream"),
    "n": _lazy("Number of answers"),
}


ROLES: dict[str, str | Promise] = {
    "system": _lazy("system"),
    "user": _lazy("user"),
    "assistant": _lazy("assistant"),
}


@register.filter
def label_sentence(code: str) -> str:
    """Return the sentence for a label of an answer; an unknown code is its own sentence."""
    return str(LABELS.get(code, code))


@register.filter
def label_sentences(codes: Iterable[str]) -> list[str]:
    """Return the sentences for labels, each once."""
    return list(dict.fromkeys(label_sentence(code) for code in codes))


@register.filter
def error_sentence(code: str) -> str:
    """Return what a visitor reads for an error code; unknown ones share a sentence."""
    return str(ERRORS.get(code) or _("Something went wrong. Try again in a moment."))


@register.filter
def origin_sentence(origin: str) -> str:
    """Return how far an output of this origin can be trusted."""
    return str(ORIGINS.get(origin, ""))


@register.filter
def finish_sentence(reason: str) -> str:
    """Return why the answer ended; a provider's own word stays as it is."""
    return str(FINISH_REASONS.get(reason, reason))


@register.filter
def parameter_name(name: str) -> str:
    """Return what people call a parameter."""
    return str(PARAMETERS.get(name, name))


@register.filter
def left_out_sentence(names: list[str]) -> str:
    """Return the sentence naming the parameters the model does not take; "" for none."""
    if not names:
        return ""
    listed = ", ".join(dict.fromkeys(parameter_name(name).lower() for name in names))
    return _("Left out, because the model does not take it: %(names)s.") % {"names": listed}


@register.filter
def variable_type(code: str) -> str:
    """Return what people call a type of variable."""
    return str(VARIABLE_TYPES.get(code, code))


@register.filter
def role_name(role: str) -> str:
    """Return what pages call the role of a message."""
    return str(ROLES.get(role, role))


@register.filter
def is_web_address(url: str) -> bool:
    """Say whether a link may be followed: an address of the web, never a script."""
    return url.startswith(("https://", "http://"))


@register.filter
def language_name(code: str) -> str:
    """Return what people call the language of an ISO 639-1 code; unknown codes stay."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


@register.simple_tag
def demo_sentence() -> str:
    """Return the label that every run of the demo model carries."""
    return _("Demo model: scripted rules, not a language model.")
