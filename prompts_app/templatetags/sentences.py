"""Sentences for the codes that engines and services give."""

from collections.abc import Iterable

from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from prompts_app.services.comparison import VARIABLE_TYPES

register = template.Library()

# What stands beside an answer (llm.types.LABELS).
LABELS: dict[str, str | Promise] = {
    "no_usage": gettext_lazy("The provider did not count the tokens."),
    "refusal": gettext_lazy("The provider marked this answer as a refusal."),
    "no_finish_reason": gettext_lazy("The answer ended without a reason given."),
    "cut_at_cap": gettext_lazy("The answer was cut: it was longer than this site keeps."),
    "content_filter": gettext_lazy("The provider’s content filter ended the answer."),
    "length": gettext_lazy("The answer stops at its token limit."),
    "tool_calls_ignored": gettext_lazy("The model asked for a tool. Nothing was run."),
    "reasoning_ignored": gettext_lazy(
        "The model’s reasoning came with the answer and is not shown."
    ),
    "nul_removed": gettext_lazy("Characters that cannot be shown were removed."),
    "surrogate_removed": gettext_lazy("Characters that cannot be shown were removed."),
    "bad_utf8": gettext_lazy("Some characters arrived damaged and were replaced."),
    "not_streamed": gettext_lazy("The answer came in one piece instead of a stream."),
    "fetched_url": gettext_lazy("The picture was fetched from an address the provider gave."),
}

# Why there is no answer: what a visitor reads (llm.errors.CODES, captures, tryit.Refused).
ERRORS: dict[str, str | Promise] = {
    "unreachable": gettext_lazy("The provider could not be reached."),
    "blocked_address": gettext_lazy("The provider’s address may not be called from here."),
    "bad_url": gettext_lazy("The provider’s address is not valid."),
    "bad_key": gettext_lazy("The provider’s key cannot be used."),
    "no_first_token": gettext_lazy("The model did not begin to answer in time."),
    "silent": gettext_lazy("The answer stopped on its way."),
    "too_slow": gettext_lazy("The answer took too long."),
    "unauthorized": gettext_lazy("The provider refused the key."),
    "forbidden": gettext_lazy("The provider does not allow this call."),
    "model_not_found": gettext_lazy("The provider does not serve this model."),
    "not_found": gettext_lazy("Nothing answers at this address: check it."),
    "context_too_long": gettext_lazy("The input is too long for this model."),
    "bad_request": gettext_lazy("The provider could not use this request."),
    "rate_limited": gettext_lazy("The provider is busy. Try again in a moment."),
    "no_credit": gettext_lazy("The author’s credit with the provider is used up."),
    "content_filter": gettext_lazy("The provider’s content filter refused this input."),
    "provider_error": gettext_lazy("The provider had an error. Try again in a moment."),
    "redirected": gettext_lazy("The provider pointed to another address, which is not followed."),
    "not_json": gettext_lazy("The provider answered with something that is no answer."),
    "bad_answer": gettext_lazy("The provider’s answer could not be read."),
    "cut_off": gettext_lazy("The connection ended before the answer did."),
    "empty_answer": gettext_lazy("The model gave an empty answer."),
    "too_large": gettext_lazy("The answer was too large to take."),
    "budget": gettext_lazy("The budget for today is used up."),
    "site_budget": gettext_lazy("What the operator of this site spends a day is used up."),
    "key_unreadable": gettext_lazy("The provider’s key cannot be read on this server."),
    "evaluation_budget": gettext_lazy("The most this evaluation may cost is used up."),
    "not_usable": gettext_lazy("The model may not be used any more."),
    "withdrawn": gettext_lazy("The version was withdrawn before it could run."),
    "interrupted": gettext_lazy("The server stopped while the answer was being made."),
    "stopped": gettext_lazy(
        "It was stopped before its end. Its own page shows what had come by then."
    ),
    "already_running": gettext_lazy("This try is already running. Its own page shows the answer."),
    "closed": gettext_lazy("This prompt cannot be run here."),
    "copied": gettext_lazy("This is a copy, which runs nothing: see what was recorded."),
    "paused": gettext_lazy("The author has paused all tries."),
    "link_over": gettext_lazy("This link is open no more, so nothing can be tried through it."),
    "link_closed": gettext_lazy("This link shows answers, but lets nobody try the prompts."),
    "link_limit": gettext_lazy("All the tries of this link are used up."),
    "link_budget": gettext_lazy("What is left of this link’s budget does not cover one more try."),
    "link_busy": gettext_lazy(
        "As many tries of this link are running as may at once. You can run yours as soon as one "
        "of them ends."
    ),
    "visitor_limit": gettext_lazy("You have used all your tries for today."),
    "block_limit": gettext_lazy("Your network has used all its tries on this site for today."),
    "entry_limit": gettext_lazy("This prompt has had all its tries for today."),
    "author_limit": gettext_lazy("This author’s prompts have had all their tries for today."),
    "site_limit": gettext_lazy("This site has had all its tries for today."),
    "visitor_busy": gettext_lazy(
        "As many of your tries are running as may at once. You can run the next one as soon as one "
        "of them ends."
    ),
    "block_busy": gettext_lazy(
        "As many tries of your network are running as may at once. You can run the next one as "
        "soon as one of them ends."
    ),
    "entry_busy": gettext_lazy(
        "As many tries of this prompt are running as may at once. You can run yours as soon as one "
        "of them ends."
    ),
    "author_busy": gettext_lazy(
        "As many tries of this author’s prompts are running as may at once. You can run yours as "
        "soon as one of them ends."
    ),
    "site_busy": gettext_lazy(
        "As many tries are running on this site as may at once. You can run yours as soon as one "
        "of them ends."
    ),
    "visitor_money": gettext_lazy("What your tries may cost today does not cover one more."),
    "block_money": gettext_lazy(
        "What the tries of your network may cost today does not cover one more."
    ),
    "entry_money": gettext_lazy(
        "What the tries of this prompt may cost today does not cover one more."
    ),
    "not_started": gettext_lazy("This try was never begun. Nothing was spent."),
    "not_kept": gettext_lazy(
        "The answer came, but the site could not reach its database to keep it."
    ),
    "not_shown": gettext_lazy(
        "The answer is kept, but the site could not reach its database to show it. Look at the "
        "try’s own page in a moment."
    ),
    "database": gettext_lazy(
        "The site cannot reach its database. Nothing was run; try again in a moment."
    ),
    "provider": gettext_lazy("The provider cannot be used at the moment."),
}

# The same codes on a run, where they mean something else.
RUN_ERRORS: dict[str, str | Promise] = {
    "interrupted": gettext_lazy("The worker stopped in the middle each time: the answer is lost."),
}

# Why a run waits for another attempt, to be read after "waiting to try again".
AGAIN: dict[str, str | Promise] = {
    "unreachable": gettext_lazy("the provider could not be reached"),
    "no_first_token": gettext_lazy("the provider took too long"),
    "silent": gettext_lazy("the provider took too long"),
    "too_slow": gettext_lazy("the provider took too long"),
    "rate_limited": gettext_lazy("the provider is busy"),
    "provider_error": gettext_lazy("the provider had an error"),
    "cut_off": gettext_lazy("the connection broke off"),
    "interrupted": gettext_lazy("the worker stopped in the middle"),
}

ORIGINS: dict[str, str | Promise] = {
    "captured": gettext_lazy("This site called the provider and kept the response."),
    "imported": gettext_lazy(
        "The author imported this answer together with the provider’s response."
    ),
    "pasted": gettext_lazy(
        "The author pasted or uploaded this answer. This site did not see it made."
    ),
}

FINISH_REASONS: dict[str, str | Promise] = {
    "stop": gettext_lazy("complete"),
    "length": gettext_lazy("cut at the token limit"),
    "content_filter": gettext_lazy("ended by the content filter"),
    "tool_calls": gettext_lazy("the model asked for a tool"),
}

PARAMETERS: dict[str, str | Promise] = {
    "temperature": gettext_lazy("Temperature"),
    "top_p": gettext_lazy("Top p"),
    "max_tokens": gettext_lazy("Longest answer, in tokens"),
    "max_completion_tokens": gettext_lazy("Longest answer, in tokens"),
    "response_format": gettext_lazy("Answer format"),
    "size": gettext_lazy("Picture size"),
    "stream_options": gettext_lazy("Token counts in the stream"),
    "n": gettext_lazy("Number of answers"),
}


ROLES: dict[str, str | Promise] = {
    "system": gettext_lazy("system"),
    "user": gettext_lazy("user"),
    "assistant": gettext_lazy("assistant"),
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
def run_error_sentence(code: str) -> str:
    """Return what an author reads for the error code of a run."""
    return str(RUN_ERRORS.get(code) or error_sentence(code))


@register.filter
def again_reason(code: str) -> str:
    """Return why a run waits for another attempt, in a few words."""
    return str(AGAIN.get(code) or _("the call failed"))


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
