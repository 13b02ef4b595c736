"""The call of an admitted try or run of a draft: what happens, and what is kept of it."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist

from prompts_app.llm import client
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import Delta, Finished, PictureCall, PictureResult
from prompts_app.models import DraftRun, Try
from prompts_app.models.execution import Execution
from prompts_app.pictures.intake import PictureError
from prompts_app.services import budget, calls, draft_runs, pictures, providers, tries
from prompts_app.services.calls import Admitted
from prompts_app.services.patience import AWAY, in_database_at_last

log = logging.getLogger("promptfolio.tries")

Attempt = Try | DraftRun
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Started:
    """The call is on its way."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over, well or badly; `attempt` holds what is kept of it."""

    attempt: Attempt
    retry_after: float | None = None


async def perform(admitted: Admitted[Attempt]) -> AsyncGenerator[Started | Text | Ended, None]:
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


async def _keep(
    admitted: Admitted[Attempt], keep: Callable[[Admitted[Attempt], R], None], what: R
) -> None:
    try:
        await in_database_at_last(keep, admitted, what)
    except (*AWAY, ObjectDoesNotExist) as error:
        # The database, or the try itself: its author's account may have gone meanwhile.
        log.error("%s could not be kept: %s", admitted.attempt.pk, error)
        admitted.attempt.state = Execution.State.FAILED
        admitted.attempt.error_code = "not_kept"


def _keep_answer(admitted: Admitted[Attempt], result: Finished | PictureResult) -> None:
    attempt = admitted.attempt
    cost = admitted.plan.cost(result.usage)
    # Settled on its own, first: nothing that goes wrong with the answer may touch the money.
    budget.settle(admitted.reservation, cost)
    _remember_refused(attempt, result.refused)
    outcome = {"state": Execution.State.DONE, "cost": cost, **calls.outcome(result)}
    if isinstance(result, PictureResult):
        try:
            # Kept already where the database went away between this and the next step.
            if not attempt.pictures.exists():
                pictures.keep_picture(attempt.entry.owner, result.data, attempt=attempt)
        except PictureError:
            outcome |= calls.NOT_A_PICTURE
    write_down(attempt, **outcome)
    if isinstance(attempt, Try):
        tries.load_shown(attempt)


def write_down(attempt: Attempt, **outcome: Any) -> None:
    """Write down what came of a try or of a run of a draft."""
    if isinstance(attempt, Try):
        tries.write_down(attempt, **outcome)
    else:
        draft_runs.write_down(attempt, **outcome)


def _remember_refused(attempt: Attempt, refused: frozenset[str]) -> None:
    if refused and attempt.model is not None:
        providers.remember_refused(attempt.model, refused)


def _keep_failure(admitted: Admitted[Attempt], error: LLMError) -> None:
    cost = admitted.plan.cost_of_failure(error)
    budget.settle(admitted.reservation, cost)
    _remember_refused(admitted.attempt, error.refused)
    write_down(admitted.attempt, cost=cost, **calls.failure(error))


def _keep_stopped(admitted: Admitted[Attempt], text: str) -> None:
    budget.settle(admitted.reservation, None)
    write_down(admitted.attempt, state=Execution.State.STOPPED, output=text)
