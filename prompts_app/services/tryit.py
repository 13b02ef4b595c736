"""Tries: a visitor runs a published prompt on their own input, inside the author's limits.

Order: limits and reservation in one short transaction (`admit`), the call with no transaction open
(`perform`), settlement whatever happened.
"""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.db import transaction
from django.db.models import Count, Q

from prompts_app.llm import client
from prompts_app.llm.errors import LLMError
from prompts_app.llm.gather import gathered
from prompts_app.llm.types import Delta, Finished, PictureCall, PictureResult
from prompts_app.models import Entry, LLMModel, Run, Spending, TestCase, Try, Version
from prompts_app.pictures.intake import PictureError
from prompts_app.services import budget, calls, days, keys, pictures, providers, tries
from prompts_app.services.evidence import with_receipts
from prompts_app.services.threads import in_database


class Refused(Exception):  # noqa: N818 - it reads as the condition it is
    """The try cannot run. `code` names the sentence; `until` is when it may, if time helps.

    Codes: "closed" (no live tries here), "paused", "visitor_limit", "entry_limit", "budget",
    "provider" (its key cannot be read).
    """

    def __init__(self, code: str, until: datetime | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.until = until


@dataclass(frozen=True, slots=True)
class Admitted:
    """A try whose money is set aside; `perform` makes the call."""

    attempt: Try
    plan: calls.Plan
    model: LLMModel
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


def models_for(entry: Entry) -> list[LLMModel]:
    """Return the models visitors may choose: ticked by the author, usable, of the right kind."""
    return list(
        LLMModel.objects.usable_by(entry.owner)
        .filter(entries=entry, kind=entry.kind)
        .order_by("provider_id", "name")
    )


def left_today(entry: Entry, visitor: str) -> int:
    """Return how many tries the visitor still has on this author's entries today."""
    limits = Spending.of(entry.owner)
    return max(0, limits.tries_per_visitor - _today(visitor, entry)[0])


def admit(
    attempt_id: uuid.UUID, version: Version, model: LLMModel, values: dict[str, str], visitor: str
) -> Admitted:
    """Check every limit, set the money aside and keep the try, or raise Refused.

    The model must be one of `models_for`; `values` are validated. Raises IntegrityError when the
    one-time id was used meanwhile.
    """
    entry = version.entry
    limits = Spending.of(entry.owner)
    if limits.paused:
        raise Refused("paused")
    try:
        plan = calls.plan(model, version.content, values)
    except keys.KeyUnreadable as error:
        raise Refused("provider") from error
    with transaction.atomic():
        try:
            # First of all: the row it locks makes the counts below final.
            reservation = budget.reserve(entry.owner, budget.purse_of(model), plan.bound)
        except budget.BudgetExhausted as exhausted:
            raise Refused("budget", exhausted.resets_at) from exhausted
        tomorrow = days.end(days.today())
        by_visitor, on_entry = _today(visitor, entry)
        if by_visitor >= limits.tries_per_visitor:
            raise Refused("visitor_limit", tomorrow)
        if on_entry >= limits.tries_per_entry:
            raise Refused("entry_limit", tomorrow)
        attempt = Try(
            id=attempt_id,
            entry=entry,
            version=version,
            model=model,
            model_asked=model.name,
            provider_host=plan.host,
            is_demo=model.provider.is_demo,
            state=Try.State.RUNNING,
            values=values,
            visitor=visitor,
        )
        attempt.save(force_insert=True)
    return Admitted(attempt, plan, model, reservation.pk)


def _today(visitor: str, entry: Entry) -> tuple[int, int]:
    """Count today's tries: the visitor's on all entries of this author, and all on this entry."""
    counts = (
        Try.objects.filter(
            Q(visitor=visitor) | Q(entry=entry), created_at__gte=days.start(days.today())
        )
        # A try the provider refused before answering costs the visitor nothing.
        .exclude(state=Try.State.FAILED, cost=0, output="")
        .aggregate(
            by_visitor=Count("pk", filter=Q(visitor=visitor, entry__owner=entry.owner_id)),
            on_entry=Count("pk", filter=Q(entry=entry)),
        )
    )
    return counts["by_visitor"], counts["on_entry"]


async def perform(admitted: Admitted) -> AsyncGenerator[Started | Text | Ended, None]:
    """Make the call and yield what happens; exactly one Ended comes last.

    Closing the iterator stops the call: what came so far is kept and the money settled.
    """
    attempt, plan = admitted.attempt, admitted.plan
    settled = False
    text: list[str] = []
    try:
        yield Started(attempt)
        try:
            if isinstance(plan.call, PictureCall):
                result: Finished | PictureResult = await client.make_picture(plan.call)
            else:
                async with aclosing(gathered(client.stream_chat(plan.call))) as events:
                    async for event in events:
                        if isinstance(event, Delta):
                            text.append(event.text)
                            yield Text(event.text)
                        else:
                            result = event
        except LLMError as error:
            settled = True
            await in_database(_keep_failure, admitted, error)
            yield Ended(attempt, error.retry_after)
        else:
            settled = True
            await in_database(_keep_answer, admitted, result)
            yield Ended(attempt)
    finally:
        if not settled:
            await in_database(_keep_stopped, admitted, "".join(text))


def _keep_answer(admitted: Admitted, result: Finished | PictureResult) -> None:
    attempt = admitted.attempt
    cost = admitted.plan.cost(result.usage)
    # Settled on its own, first: nothing that goes wrong with the answer may touch the money.
    budget.settle(admitted.reservation, cost)
    providers.remember_refused(admitted.model, result.refused)
    outcome = {"state": Try.State.DONE, "cost": cost, **calls.outcome(result)}
    if isinstance(result, PictureResult):
        try:
            pictures.keep_picture(attempt.entry.owner, result.data, attempt=attempt)
        except PictureError:
            outcome |= calls.NOT_A_PICTURE
    tries.write_down(attempt, **outcome)


def _keep_failure(admitted: Admitted, error: LLMError) -> None:
    cost = admitted.plan.cost_of_failure(error)
    budget.settle(admitted.reservation, cost)
    providers.remember_refused(admitted.model, error.refused)
    tries.write_down(admitted.attempt, cost=cost, **calls.failure(error))


def _keep_stopped(admitted: Admitted, text: str) -> None:
    budget.settle(admitted.reservation, None)
    tries.write_down(admitted.attempt, state=Try.State.STOPPED, output=text)


class Handover:
    """Admitted tries on their way from the view (a sync thread) to the stream (the event loop)."""

    def __init__(self) -> None:
        self._waiting: dict[uuid.UUID, Admitted] = {}
        self._lock = Lock()

    def put(self, admitted: Admitted) -> None:
        """Leave a try for the stream to fetch."""
        with self._lock:
            self._waiting[admitted.attempt.pk] = admitted

    def take(self, attempt_id: uuid.UUID) -> Admitted:
        """Fetch a try, once. Raises KeyError."""
        with self._lock:
            return self._waiting.pop(attempt_id)


handover = Handover()


def recorded_answers(version: Version, cases: list[TestCase]) -> list[Run]:
    """Return a recorded answer for each case that has one, to show when nothing can run live.

    Captured ones come before pasted ones, newer before older; without any case, the newest at all.
    """
    runs = list(
        with_receipts(Run.objects.shown().filter(version=version))
        .select_related("case", "picture")
        .order_by("origin", "-created_at")[:500]
    )
    by_case: dict[uuid.UUID | None, Run] = {}
    for run in runs:
        by_case.setdefault(run.case_id, run)
    found = [by_case[case.pk] for case in cases if case.pk in by_case]
    return found or runs[:1]
