"""The call of an admitted try: what happens on the way, and what is kept of it at the end."""

import logging
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet

from prompts_app.llm import client
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import Delta, Finished, PictureCall, PictureResult
from prompts_app.models import Try
from prompts_app.models.prepared import Param, Select
from prompts_app.pictures.intake import PictureError
from prompts_app.services import budget, calls, pictures, providers, tries
from prompts_app.services.patience import AWAY, in_database_at_last

log = logging.getLogger("promptfolio.tries")

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A try whose money is set aside; `perform` makes the call."""

    attempt: Try
    plan: calls.Plan
    reservation: uuid.UUID


@dataclass(frozen=True, slots=True)
class Started:
    """The call is on its way."""

    attempt: Try


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The try is over, well or badly; `attempt` holds what is kept of it."""

    attempt: Try
    retry_after: float | None = None


async def perform(admitted: Admitted) -> AsyncGenerator[Started | Text | Ended, None]:
    """Make the call and yield what happens; exactly one Ended comes last.

    Closing the iterator stops the call: what came so far is kept and the money settled. While the
    database is away at the end, it is waited for; if that takes too long, the try ends as
    "not_kept" and its lease settles the money.
    """
    attempt, plan = admitted.attempt, admitted.plan
    settled = False
    text = ""
    try:
        yield Started(attempt)
        # Not held while it streams: of a thousand streams that would be most of their memory.
        attempt._state.fields_cache.clear()
        try:
            if isinstance(plan.call, PictureCall):
                result: Finished | PictureResult = await client.make_picture(plan.call)
            else:
                async with aclosing(client.stream_chat(plan.call)) as events:
                    async for event in events:
                        if isinstance(event, Delta):
                            text += event.text
                            yield Text(event.text)
                        else:
                            result = event
        except LLMError as error:
            settled = True
            await _keep(admitted, _keep_failure, error)
            yield Ended(attempt, error.retry_after)
        else:
            settled = True
            await _keep(admitted, _keep_answer, result)
            yield Ended(attempt)
    finally:
        if not settled:
            await _keep(admitted, _keep_stopped, text)


async def _keep(admitted: Admitted, keep: Callable[[Admitted, R], None], what: R) -> None:
    try:
        await in_database_at_last(keep, admitted, what)
    except (*AWAY, Try.DoesNotExist) as error:
        # The database, or the try itself: its author's account may have gone meanwhile.
        log.error("try %s could not be kept: %s", admitted.attempt.pk, error)
        admitted.attempt.state = Try.State.FAILED
        admitted.attempt.error_code = "not_kept"


def _keep_answer(admitted: Admitted, result: Finished | PictureResult) -> None:
    attempt = admitted.attempt
    cost = admitted.plan.cost(result.usage)
    # Settled on its own, first: nothing that goes wrong with the answer may touch the money.
    budget.settle(admitted.reservation, cost)
    _remember_refused(attempt, result.refused)
    outcome = {"state": Try.State.DONE, "cost": cost, **calls.outcome(result)}
    if isinstance(result, PictureResult):
        try:
            # Kept already where the database went away between this and the next step.
            if not attempt.pictures.exists():
                pictures.keep_picture(attempt.entry.owner, result.data, attempt=attempt)
        except PictureError:
            outcome |= calls.NOT_A_PICTURE
    tries.write_down(attempt, **outcome)
    whole = _WHOLE.rows(key=attempt.pk)
    if not whole:
        raise Try.DoesNotExist
    # What the end of the stream shows.
    attempt.entry, attempt.version = whole[0].entry, whole[0].version


def _whole() -> QuerySet[Try]:
    return (
        Try.objects.filter(pk=Param("key"))
        .select_related("entry__owner__profile", "entry__baseline", "version")
        .defer("entry__search_text")
    )


_WHOLE = Select(Try, _whole)


def _remember_refused(attempt: Try, refused: frozenset[str]) -> None:
    if refused and attempt.model is not None:
        providers.remember_refused(attempt.model, refused)


def _keep_failure(admitted: Admitted, error: LLMError) -> None:
    cost = admitted.plan.cost_of_failure(error)
    budget.settle(admitted.reservation, cost)
    _remember_refused(admitted.attempt, error.refused)
    tries.write_down(admitted.attempt, cost=cost, **calls.failure(error))


def _keep_stopped(admitted: Admitted, text: str) -> None:
    budget.settle(admitted.reservation, None)
    tries.write_down(admitted.attempt, state=Try.State.STOPPED, output=text)
