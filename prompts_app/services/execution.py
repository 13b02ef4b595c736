"""Making runs: taken with a lease, called with no transaction open, finished once or made again."""

import asyncio
import uuid
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from prompts_app.llm import client
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import Finished, PictureCall, PictureResult
from prompts_app.models import Evaluation, Provider, Run
from prompts_app.pictures.intake import PictureError
from prompts_app.services import (
    budget,
    calls,
    evaluations,
    keys,
    pictures,
    providers,
    receipts,
)
from prompts_app.services.captures import CannotCapture
from prompts_app.services.patience import in_database_at_last
from prompts_app.services.threads import in_database

# A worker renews it every few seconds (services/worker.py); a dead one's runs are made again.
RUN_LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 4
# Before the second attempt; four times as long before each further one.
_BACKOFF = timedelta(seconds=2)
# What a provider's Retry-After is held to.
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run taken by this worker, its money set aside."""

    run: Run
    plan: calls.Plan
    reservation: uuid.UUID


def claim(most: int) -> list[Claimed]:
    """Take the oldest runs that may be made now, up to `most`, and set their money aside.

    Runs asked for one by one come before those of an evaluation: somebody is waiting for them. A
    provider gets no more calls at once than it allows, and none while it asked for a rest. Runs
    that cannot be made are marked as failed.
    """
    full: set[int] = set()
    # A worker whose key was rotated takes nothing more: its answers would have no receipt.
    while most > 0 and receipts.may_issue():
        # Looked for without a transaction: on SQLite even an idle look would hold up every writer.
        found = _waiting(most, full)
        if not found:
            break
        with transaction.atomic():
            claimed = _claim(found, full)
        if claimed:
            return claimed
    return []


def _waiting(most: int, full: set[int]) -> list[uuid.UUID]:
    now = timezone.now()
    waiting = (
        # What a closed account asked for waits until it is open again, or goes with it.
        Run.objects.filter(state=Run.State.WAITING, version__entry__owner__is_active=True)
        .exclude(not_before__gt=now)
        .exclude(model__provider__rest_until__gt=now)
        .exclude(model__provider__in=full)
        .order_by("created_at")
        .values_list("pk", flat=True)
    )
    single = list(waiting.filter(evaluation__isnull=True)[:most])
    return single or list(waiting.filter(evaluation__isnull=False)[:most])


def _claim(found: list[uuid.UUID], full: set[int]) -> list[Claimed]:
    """Take what providers and money allow of these runs; add providers without a place to `full`.

    Call it in a transaction.
    """
    runs = (
        Run.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("version__entry__owner", "model__provider__owner", "evaluation")
        .filter(pk__in=found, state=Run.State.WAITING)
        .order_by("created_at")
    )
    places: dict[int, int] = {}
    claimed = []
    for run in runs:
        provider = run.model.provider_id if run.model is not None else None
        if provider is not None and provider not in places:
            places[provider] = _free_places(provider)
        if provider is not None and places[provider] <= 0:
            full.add(provider)
            continue
        one = _set_aside(run)
        if one is not None and provider is not None:
            places[provider] -= 1
            claimed.append(one)
    return claimed


def _set_aside(run: Run) -> Claimed | None:
    """Set a run's money aside and take it; None where it cannot be made, and is marked so."""
    try:
        if run.version.withdrawn_at:
            raise CannotCapture("withdrawn")
        if run.model is None:
            raise CannotCapture("not_usable")
        plan = calls.plan(run.model, run.version.content, run.values)
        if not evaluations.covers(run, plan.bound):
            raise CannotCapture("evaluation_budget")
        purse = budget.purse_of(run.model)
        reservation = budget.reserve(run.version.entry.owner, purse, plan.bound)
    except CannotCapture as error:
        run.error_code = error.code
    except keys.KeyUnreadable:
        run.error_code = "key_unreadable"
    except budget.BudgetExhausted:
        run.error_code = "budget"
    else:
        run.state = Run.State.RUNNING
        run.attempts += 1
        run.reservation = reservation
        run.lease_until = timezone.now() + RUN_LEASE
        run.save(update_fields=["state", "attempts", "reservation", "lease_until"])
        return Claimed(run, plan, reservation.pk)
    run.state = Run.State.FAILED
    # Counted as a call without an answer if there was one.
    run.finished_at = run.judge_due = timezone.now()
    run.save(update_fields=["state", "error_code", "finished_at", "judge_due"])
    return None


def _free_places(provider_id: int) -> int:
    # Held until the runs are taken: two workers must not both see the last place free.
    locked = Provider.objects.select_for_update().values_list("at_once", flat=True)
    under_way = Run.objects.filter(
        state=Run.State.RUNNING,
        model__provider=provider_id,
        lease_until__gt=timezone.now(),
    )
    return locked.get(pk=provider_id) - under_way.count()


async def perform(claimed: Claimed) -> None:
    """Make the call of a claimed run and keep what came of it."""
    call = claimed.plan.call
    try:
        result: Finished | PictureResult
        if isinstance(call, PictureCall):
            result = await client.make_picture(call)
        else:
            # Read as a stream, for the time of its first token.
            async with aclosing(client.stream_chat(call)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        result = event
    except LLMError as error:
        await in_database_at_last(_keep_failure, claimed, error)
    except asyncio.CancelledError:
        await in_database(lose, claimed.run.pk, claimed.run.attempts)
        raise
    else:
        await in_database_at_last(_keep_answer, claimed, result)


def _keep_answer(claimed: Claimed, result: Finished | PictureResult) -> None:
    run = claimed.run
    cost = claimed.plan.cost(result.usage)
    _settle(claimed, cost)
    if run.model is not None:
        providers.remember_refused(run.model, result.refused)
    outcome: dict[str, Any] = {
        "state": Run.State.DONE,
        "cost": cost,
        "parameters_sent": result.sent,
        "raw_response": result.raw,
        "error_code": "",
        "error_detail": "",
        **calls.outcome(result),
    }
    if isinstance(result, PictureResult):
        entry = run.version.entry
        try:
            # Kept already where the database went away between this and the next step.
            if run.picture is None:
                run.picture = pictures.keep_picture(entry.owner, result.data, entry=entry)
            outcome["picture"] = run.picture
        except PictureError:
            outcome |= calls.NOT_A_PICTURE
    _finish(run, result.response_id, **outcome)


def _keep_failure(claimed: Claimed, error: LLMError) -> None:
    run = claimed.run
    cost = claimed.plan.cost_of_failure(error)
    _settle(claimed, cost)
    if run.model is not None:
        providers.remember_refused(run.model, error.refused)
    # An empty answer is an answer: asking until there is a better one would embellish the figures.
    if error.retryable and error.code != "empty_answer" and run.attempts < MAX_ATTEMPTS:
        _try_again(run, error, claimed.plan.bound if cost is None else cost)
    else:
        _finish(run, cost=cost, **calls.failure(error))


def _settle(claimed: Claimed, cost: int | None) -> None:
    """Settle a call; of one that was given up as lost, correct what the run was told it cost."""
    with transaction.atomic():
        correction = budget.settle(claimed.reservation, cost)
        if correction:
            Run.objects.filter(pk=claimed.run.pk).exclude(reservation=claimed.reservation).update(
                earlier_cost=F("earlier_cost") + correction
            )


def _try_again(run: Run, error: LLMError, spent: int) -> None:
    """Let a run wait for another attempt; a provider that said it is busy rests altogether."""
    wait = _BACKOFF * 4 ** (run.attempts - 1)
    if error.retry_after is not None:
        wait = min(max(timedelta(seconds=error.retry_after), _SHORTEST), _LONGEST)
    until = timezone.now() + wait
    if error.code == "rate_limited" and run.model is not None:
        Provider.objects.filter(pk=run.model.provider_id).update(rest_until=until)
    stopped = Evaluation.objects.filter(runs=run, stopped_at__isnull=False).exists()
    Run.objects.filter(pk=run.pk, state=Run.State.RUNNING, attempts=run.attempts).update(
        state=Run.State.STOPPED if stopped else Run.State.WAITING,
        not_before=until,
        earlier_cost=F("earlier_cost") + spent,
        reservation=None,
        error_code=error.code,
        error_detail=error.detail,
        lease_until=None,
    )


def _finish(run: Run, response_id: str | None = None, **outcome: Any) -> None:
    now = timezone.now()
    with transaction.atomic():
        # Only the run's own worker may finish it, and only once: another may have it by now.
        finished = Run.objects.filter(
            pk=run.pk, state=Run.State.RUNNING, attempts=run.attempts
        ).update(**outcome, lease_until=None, finished_at=now, judge_due=now)
        if finished and outcome["state"] == Run.State.DONE:
            receipts.issue(run.pk, response_id)


def renew(claims: Iterable[Claimed]) -> None:
    """Say that runs are still being worked on."""
    Run.objects.filter(
        pk__in=[claimed.run.pk for claimed in claims], state=Run.State.RUNNING
    ).update(lease_until=timezone.now() + RUN_LEASE)


def lose(run_id: uuid.UUID, attempt: int) -> None:
    """Count a call as spent in full that nobody may finish, and let the run be made again.

    If its worker was only slow, what it brings corrects the cost and nothing else.
    """
    with transaction.atomic():
        run = (
            Run.objects.select_for_update(of=("self",))
            .select_related("reservation", "evaluation")
            .filter(pk=run_id, state=Run.State.RUNNING, attempts=attempt)
            .first()
        )
        if run is None:
            return
        if run.reservation is not None:
            budget.forfeit(run.reservation.pk)
            # Settled already where the worker died after the answer and before keeping it.
            run.reservation.refresh_from_db()
            run.earlier_cost += run.reservation.actual or 0
            run.reservation = None
        run.lease_until = None
        run.error_code = "interrupted"
        if run.attempts < MAX_ATTEMPTS:
            stopped = run.evaluation is not None and run.evaluation.stopped_at is not None
            run.state = Run.State.STOPPED if stopped else Run.State.WAITING
        else:
            run.state = Run.State.FAILED
            run.finished_at = run.judge_due = timezone.now()
        run.save(
            update_fields=[
                "earlier_cost",
                "reservation",
                "lease_until",
                "error_code",
                "state",
                "finished_at",
                "judge_due",
            ]
        )


def take_back_lost() -> int:
    """Let the runs of dead workers be made again; return how many there were."""
    lost = Run.objects.filter(state=Run.State.RUNNING, lease_until__lt=timezone.now())
    found = list(lost.values_list("pk", "attempts"))
    for run_id, attempt in found:
        lose(run_id, attempt)
    return len(found)
