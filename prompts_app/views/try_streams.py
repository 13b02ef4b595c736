"""Streams of tries and of runs of drafts: one start, deltas, exactly one done or error last."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from prompts_app import http
from prompts_app.models import Try
from prompts_app.services import answering, live_verdicts, tryit
from prompts_app.services.answering import Attempt
from prompts_app.services.patience import AWAY, in_database_at_last
from prompts_app.templatetags.sentences import error_sentence
from prompts_app.views import draft_answers, tried

Event = tuple[str, dict[str, Any]]


def handed_over(attempts: list[uuid.UUID]) -> str:
    """Return the value of the stream header for tries that were handed over.

    The language goes along: a stream has no request.
    """
    return f"{','.join(map(str, attempts))} {translation.get_language()}"


async def frames(header: str) -> AsyncGenerator[bytes, None]:
    """Yield the server-sent events of what `header` names.

    Closing the iterator stops the call.
    """
    attempt_id, language = header.split()
    happenings = answering.perform(tryit.handover.take(uuid.UUID(attempt_id)))
    async with aclosing(happenings):
        async for happening in happenings:
            match happening:
                case answering.Started(attempt):
                    yield http.event_frame(*start(attempt))
                case answering.Text(text):
                    yield http.event_frame("delta", {"text": text})
                case answering.Ended(attempt, retry_after):
                    if attempt.state == Try.State.DONE:
                        await live_verdicts.judge(attempt)
                    yield await _last(attempt, retry_after, language)


async def finish(header: str) -> None:
    """Run every try that `header` names to its end, side by side: nobody reads their streams.

    Cancelling it stops the calls.
    """
    attempts, language = header.split()

    async def one(attempt_id: str) -> None:
        async with aclosing(frames(f"{attempt_id} {language}")) as events:
            async for _event in events:
                pass

    await asyncio.gather(*map(one, attempts.split(",")))


def last_frame(header: str) -> bytes:
    """Return the event that ends the stream of a try which the server had to stop."""
    _attempt_id, language = header.split()
    return http.event_frame(*told("interrupted", language))


async def _last(attempt: Attempt, retry_after: float | None, language: str) -> bytes:
    try:
        event = await in_database_at_last(_outcome, attempt, retry_after, language)
    except AWAY:
        event = told("not_shown", language)
    return http.event_frame(*event)


def _outcome(attempt: Attempt, retry_after: float | None, language: str) -> Event:
    with translation.override(language):
        return ending(attempt, retry_after)


def told(code: str, language: str | None = None, retry_after: float | None = None) -> Event:
    """Return the event that says why there is no answer."""
    with translation.override(language or translation.get_language()):
        message = error_sentence(code)
    return "error", {"code": code, "message": message, "retry_after": retry_after}


def start(attempt: Attempt) -> Event:
    """Return the event that opens a stream."""
    return "start", {
        "try": str(attempt.pk),
        "model": attempt.model_asked,
        # A draft has no number yet.
        "version": attempt.version.number if isinstance(attempt, Try) else None,
    }


def ending(attempt: Attempt, retry_after: float | None = None) -> Event:
    """Return the event that tells what came of a try that is over."""
    if attempt.state != Try.State.DONE:
        return told(attempt.error_code or attempt.state, retry_after=retry_after)
    if isinstance(attempt, Try):
        shown = tried.shown(attempt, live_verdicts.judged_by(attempt))
    else:
        shown = draft_answers.shown(attempt)
    return "done", {
        "html": render_to_string("tryit/_answer.html", {"tried": shown}),
        "verdicts": tried.events_of(shown["checks"], attempt.entry),
        "usage": {
            "prompt_tokens": attempt.prompt_tokens,
            "completion_tokens": attempt.completion_tokens,
        },
        "finish_reason": attempt.finish_reason or None,
        "cost_microusd": attempt.cost,
    }


def kept(attempt: Try) -> bytes:
    """Return a whole stream of a try that was begun before: what is kept of it."""
    event = ending(attempt) if attempt.is_over else told("already_running")
    return http.event_frame(*start(attempt)) + http.event_frame(*event)
