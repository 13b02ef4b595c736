"""The try-it page: a visitor runs a prompt on an input of their own."""

import logging
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prompts_app import access, http
from prompts_app.forms.tryit import TryForm
from prompts_app.forms.values import ValuesForm
from prompts_app.http import Request
from prompts_app.models import Entry, LLMModel, Picture, TestCase, Try, Version
from prompts_app.services import (
    answering,
    limits,
    providers,
    rendering,
    tries,
    tryit,
    visitors,
)
from prompts_app.services.cases import case_of, live_cases
from prompts_app.services.patience import AWAY, in_database_at_last
from prompts_app.templatetags.prompts import messages_filled, picture_url
from prompts_app.templatetags.sentences import error_sentence
from prompts_app.views import errors
from prompts_app.views.answers import answer, data_html, is_data, texts_of

log = logging.getLogger("promptfolio.tries")

EXAMPLES = 3
# Seconds after which a database that was away may be back.
RETRY_DATABASE = 10


@never_cache
@require_http_methods(["GET", "POST"])
def try_entry(request: Request, handle: str, slug: str) -> HttpResponse:
    """The form, and the try itself: only a POST with the form's one-time id ever runs anything."""
    try:
        return _try_entry(request, handle, slug)
    except AWAY as error:
        log.error("the database is away: %s", error)
        return database_away(request)


def database_away(request: Request) -> HttpResponse:
    """503: nothing was run and nothing spent; in the form in which the answer was asked for."""
    if not _wants_stream(request):
        return errors.unavailable(request)
    data = _told("database")[1] | {"retry_after": RETRY_DATABASE}
    return JsonResponse(data, status=503, headers={"Retry-After": str(RETRY_DATABASE)})


def _try_entry(request: Request, handle: str, slug: str) -> HttpResponse:
    entry = access.entry_to_try(handle, slug, http.viewer(request))
    models = tryit.models_for(entry)
    if request.method == "POST":
        return _run(request, entry, models)
    case = case_of(entry, request.GET.get("case", ""))
    values = ValuesForm(_version(entry).content, initial=case.values if case else None)
    form = TryForm(models, initial={"attempt": uuid.uuid4()})
    return render(request, "tryit/page.html", _page(request, entry, models, form, values, case))


def _run(request: Request, entry: Entry, models: list[LLMModel]) -> HttpResponse:
    case = case_of(entry, request.POST.get("case", ""))
    values = ValuesForm(_version(entry).content, request.POST)
    form = TryForm(models, request.POST)
    if not all((form.is_valid(), values.is_valid())):
        context = _page(request, entry, models, form, values, case)
        return render(request, "tryit/page.html", context, status=422)
    attempt_id = form.cleaned_data["attempt"]
    model = form.cleaned_data["model"]
    visitor = visitors.visitor_of(http.client_address(request))
    try:
        if model is None:
            limits.count_refusal(entry, "closed")
            raise limits.Refused("closed")
        column = tryit.Column(_version(entry), model)
        (admitted,) = tryit.admit(attempt_id, [column], values.values(), visitor)
    except (limits.Refused, IntegrityError) as error:
        # Asked only now: nearly every id is new, and its visitor is waiting.
        kept = tries.kept_try(attempt_id, entry)
        if kept is not None:
            return _already(request, kept)
        if isinstance(error, limits.Refused):
            return _refusal(request, entry, models, form, values, case, error)
        raise Http404 from error
    tryit.handover.put(admitted)
    response: HttpResponse
    if _wants_stream(request):
        response = _event_stream()
    else:
        response = http.SeeOther(reverse("trial", args=[attempt_id]))
    # The language goes along: the stream has no request.
    response[http.STREAM_HEADER] = f"{attempt_id} {translation.get_language()}"
    return response


async def frames(handed_over: str) -> AsyncGenerator[bytes, None]:
    """Yield the server-sent events of an admitted try: one start, deltas, one done or error.

    `handed_over` is the value of the stream header. Closing the iterator stops the call.
    """
    attempt_id, language = handed_over.split()
    admitted = tryit.handover.take(uuid.UUID(attempt_id))
    async with aclosing(answering.perform(admitted)) as happenings:
        async for happening in happenings:
            match happening:
                case answering.Started(attempt):
                    yield http.event_frame("start", _start(attempt))
                case answering.Text(text):
                    yield http.event_frame("delta", {"text": text})
                case answering.Ended(attempt, retry_after):
                    yield await _last(attempt, retry_after, language)


async def _last(attempt: Try, retry_after: float | None, language: str) -> bytes:
    try:
        ending = await in_database_at_last(_outcome, attempt, retry_after, language)
    except AWAY:
        ending = _told("not_shown", language)
    return http.event_frame(*ending)


def last_frame(handed_over: str) -> bytes:
    """Return the event that ends the stream of a try which the server had to stop."""
    _attempt_id, language = handed_over.split()
    return http.event_frame(*_told("interrupted", language))


def _told(code: str, language: str | None = None) -> tuple[str, dict[str, Any]]:
    with translation.override(language or translation.get_language()):
        message = error_sentence(code)
    return "error", {"code": code, "message": message, "retry_after": None}


def _start(attempt: Try) -> dict[str, Any]:
    return {
        "try": str(attempt.pk),
        "model": attempt.model_asked,
        "version": attempt.version.number,
    }


def _outcome(
    attempt: Try, retry_after: float | None, language: str | None
) -> tuple[str, dict[str, Any]]:
    with translation.override(language):
        return _ending(attempt, retry_after)


def _ending(attempt: Try, retry_after: float | None) -> tuple[str, dict[str, Any]]:
    if attempt.state != Try.State.DONE:
        return "error", {
            "code": attempt.error_code or attempt.state,
            "message": error_sentence(attempt.error_code or "interrupted"),
            "retry_after": retry_after,
        }
    return "done", {
        "html": render_to_string("tryit/_answer.html", _answer(attempt)),
        # Constraints are stated, not tested: there is nothing to tell of them yet.
        "verdicts": [],
        "usage": {
            "prompt_tokens": attempt.prompt_tokens,
            "completion_tokens": attempt.completion_tokens,
        },
        "finish_reason": attempt.finish_reason or None,
        "cost_microusd": attempt.cost,
    }


def _answer(attempt: Try) -> dict[str, Any]:
    return {
        "trial": attempt,
        "answer_html": _html(attempt.output) if attempt.output else "",
        "picture": _shown(attempt.pictures.first(), attempt.model_asked),
        "constraints": attempt.version.content.get("constraints", []),
    }


def _version(entry: Entry) -> Version:
    # access.entry_to_try lets none through without it.
    assert entry.published is not None
    entry.published.entry = entry
    return entry.published


def _wants_stream(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("Accept", "")


def _already(request: Request, kept: Try) -> HttpResponse:
    """Answer a one-time id that has run: what was kept, without spending anything."""
    if not _wants_stream(request):
        return http.SeeOther(reverse("trial", args=[kept.pk]))
    if kept.is_over:
        event, data = _ending(kept, None)
    else:
        event, data = _told("already_running")
    body = http.event_frame("start", _start(kept)) + http.event_frame(event, data)
    return _event_stream(body)


def _html(output: str) -> SafeString:
    return data_html(output) if is_data(output) else rendering.html_once(output)


def _event_stream(body: bytes = b"") -> HttpResponse:
    response = HttpResponse(body, content_type="text/event-stream")
    # A proxy that gathers the answer before passing it on would spoil it (nginx reads this).
    response["X-Accel-Buffering"] = "no"
    return response


def _refusal(
    request: Request,
    entry: Entry,
    models: list[LLMModel],
    form: TryForm,
    values: ValuesForm,
    case: TestCase | None,
    refusal: limits.Refused,
) -> HttpResponse:
    status = 429 if refusal.until else 409
    seconds = _seconds_until(refusal.until)
    response: HttpResponse
    if _wants_stream(request):
        response = JsonResponse(
            {
                "code": refusal.code,
                "message": error_sentence(refusal.code),
                "retry_after": seconds,
            },
            status=status,
        )
    else:
        context = _page(request, entry, models, form, values, case)
        context |= {"refusal": refusal, "show_recorded": True}
        response = render(request, "tryit/page.html", context, status=status)
    if seconds is not None:
        response["Retry-After"] = str(seconds)
    return response


def _seconds_until(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return max(1, round((moment - timezone.now()).total_seconds()))


def _shown(picture: Picture | None, model: str) -> dict[str, Any] | None:
    if picture is None:
        return None
    alt = gettext("Picture made by %(model)s") % {"model": model}
    return {
        "url": picture_url(picture),
        "width": picture.width,
        "height": picture.height,
        "alt": alt,
    }


def _page(
    request: Request,
    entry: Entry,
    models: list[LLMModel],
    form: TryForm,
    values: ValuesForm,
    case: TestCase | None,
) -> dict[str, Any]:
    visitor = visitors.visitor_of(http.client_address(request))
    cases = live_cases(entry)
    recorded = tryit.recorded_answers(_version(entry), cases)
    bodies = rendering.html_of(texts_of(recorded))
    return {
        "entry": entry,
        "version": entry.published,
        "profile": entry.owner.profile,
        "models": models,
        "form": form,
        "values_form": values,
        "case": case,
        "cases": cases,
        "examples": cases[:EXAMPLES],
        "case_data": {
            str(one.pk): {"values": one.values, "watch_for": one.watch_for} for one in cases
        },
        "hosts": sorted({providers.host_of(model.provider.base_url) for model in models}),
        "is_demo": any(model.provider.is_demo for model in models),
        "tries_left": limits.tries_left(limits.statement(entry, visitor, models)),
        "recorded": [(run, answer(run, bodies, judged_by=_version(entry))) for run in recorded],
        "show_recorded": not models,
    }


@never_cache
@require_safe
def trial(request: Request, trial_id: uuid.UUID) -> HttpResponse:
    """A visitor's own try, at an address nobody can guess."""
    attempt = access.visitors_try(trial_id)
    if tries.is_overdue(attempt):
        tries.take_back(attempt)
    context = _answer(attempt) | {
        "entry": attempt.entry,
        "profile": attempt.entry.owner.profile,
        "messages_sent": messages_filled(attempt.version.content, attempt.values),
    }
    response = render(request, "tryit/trial.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_POST
def trial_delete(request: Request, trial_id: uuid.UUID) -> HttpResponse:
    """Delete a try: its address is the visitor's proof that it is theirs."""
    attempt = access.visitors_try(trial_id)
    entry = attempt.entry
    tries.erase_try(attempt)
    return redirect("try", entry.owner.profile.handle, entry.slug)
