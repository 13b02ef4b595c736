"""Outputs an author keeps: captured here by the worker, pasted, or uploaded as pictures."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from prompts_app.llm import client
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import Finished, PictureCall, PictureResult
from prompts_app.models import LLMModel, Run, TestCase, Version
from prompts_app.pictures.intake import PictureError
from prompts_app.services import budget, calls, keys, pictures, providers, receipts
from prompts_app.services.threads import in_database

_SEEN = "worker-seen"


class CannotCapture(Exception):  # noqa: N818 - it reads as the condition it is
    """The run cannot be asked for; `code` is "withdrawn", "not_usable" or "wrong_kind"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run taken by this worker, its money set aside."""

    run: Run
    plan: calls.Plan
    reservation: uuid.UUID


def request_capture(
    version: Version, model: LLMModel, values: dict[str, str], case: TestCase | None = None
) -> Run:
    """Ask the worker to run a version. Nothing is spent yet. Raises CannotCapture."""
    if version.withdrawn_at:
        raise CannotCapture("withdrawn")
    if model.kind != version.content["kind"]:
        raise CannotCapture("wrong_kind")
    owner = version.entry.owner
    if not LLMModel.objects.usable_by(owner).filter(pk=model.pk).exists():
        raise CannotCapture("not_usable")
    return Run.objects.create(
        version=version,
        case=case,
        values=values,
        model=model,
        model_asked=model.name,
        provider_host=providers.host_of(model.provider.base_url),
        is_demo=model.provider.is_demo,
        origin=Run.Origin.CAPTURED,
    )


def paste_output(
    version: Version,
    *,
    output: str,
    model_name: str,
    case: TestCase | None = None,
    values: dict[str, str] | None = None,
) -> Run:
    """Keep an output the author typed or pasted; it is labelled as such and proves nothing."""
    return Run.objects.create(
        version=version,
        case=case,
        values=values if values is not None else (case.values if case else {}),
        model_asked=model_name,
        output=output,
        origin=Run.Origin.PASTED,
        state=Run.State.DONE,
        finished_at=timezone.now(),
    )


def keep_picture_output(
    version: Version,
    data: bytes,
    *,
    model_name: str,
    case: TestCase | None = None,
    values: dict[str, str] | None = None,
) -> Run:
    """Keep an uploaded picture as an output. Raises PictureError."""
    picture = pictures.keep_picture(version.entry.owner, data, entry=version.entry)
    run = paste_output(version, output="", model_name=model_name, case=case, values=values)
    run.picture = picture
    run.save(update_fields=["picture"])
    return run


def cancel(run: Run) -> bool:
    """Take back a run that has not begun; return whether it was in time."""
    return bool(
        Run.objects.filter(pk=run.pk, state=Run.State.WAITING).update(
            state=Run.State.STOPPED, finished_at=timezone.now()
        )
    )


def claim_next() -> Claimed | None:
    """Take the oldest waiting run and set its money aside; None when there is none.

    A run that cannot be made is marked as failed, and the next one is looked at.
    """
    # Asked first without a transaction: on SQLite even an idle look would hold up every writer.
    # A worker whose key was rotated takes nothing more: its answers would have no receipt.
    while Run.objects.filter(state=Run.State.WAITING).exists() and receipts.may_issue():
        with transaction.atomic():
            run = (
                Run.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("version__entry__owner", "model__provider__owner")
                .filter(state=Run.State.WAITING)
                .order_by("created_at")
                .first()
            )
            if run is None:
                break
            run.state = Run.State.RUNNING
            run.lease_until = timezone.now() + budget.LEASE
            try:
                if run.version.withdrawn_at:
                    raise CannotCapture("withdrawn")
                if run.model is None:
                    raise CannotCapture("not_usable")
                plan = calls.plan(run.model, run.version.content, run.values)
                purse = budget.purse_of(run.model)
                reservation = budget.reserve(run.version.entry.owner, purse, plan.bound)
            except CannotCapture as error:
                run.error_code = error.code
            except keys.KeyUnreadable:
                run.error_code = "key_unreadable"
            except budget.BudgetExhausted:
                run.error_code = "budget"
            else:
                run.save()
                return Claimed(run, plan, reservation.pk)
            run.state = Run.State.FAILED
            run.finished_at = timezone.now()
            run.save()
    return None


async def perform(claimed: Claimed) -> None:
    """Make the call of a claimed run and keep what came of it."""
    call = claimed.plan.call
    try:
        result: Finished | PictureResult
        if isinstance(call, PictureCall):
            result = await client.make_picture(call)
        else:
            result = await client.complete_chat(call)
    except LLMError as error:
        await in_database(_keep_failure, claimed, error)
    except asyncio.CancelledError:
        await in_database(_keep_interrupted, claimed)
        raise
    else:
        await in_database(_keep_answer, claimed, result)


def _keep_answer(claimed: Claimed, result: Finished | PictureResult) -> None:
    run = claimed.run
    cost = claimed.plan.cost(result.usage)
    budget.settle(claimed.reservation, cost)
    if run.model is not None:
        providers.remember_refused(run.model, result.refused)
    outcome: dict[str, Any] = {
        "state": Run.State.DONE,
        "cost": cost,
        "parameters_sent": result.sent,
        "raw_response": result.raw,
        **calls.outcome(result),
    }
    if isinstance(result, PictureResult):
        entry = run.version.entry
        try:
            outcome["picture"] = pictures.keep_picture(entry.owner, result.data, entry=entry)
        except PictureError:
            outcome |= calls.NOT_A_PICTURE
    _finish(run, result.response_id, **outcome)


def _keep_failure(claimed: Claimed, error: LLMError) -> None:
    run = claimed.run
    cost = claimed.plan.cost_of_failure(error)
    budget.settle(claimed.reservation, cost)
    if run.model is not None:
        providers.remember_refused(run.model, error.refused)
    _finish(run, cost=cost, **calls.failure(error))


def _keep_interrupted(claimed: Claimed) -> None:
    budget.settle(claimed.reservation, None)
    _finish(claimed.run, state=Run.State.FAILED, error_code="interrupted")


def _finish(run: Run, response_id: str | None = None, **outcome: Any) -> None:
    with transaction.atomic():
        # Only the run's own worker may finish it, and only once: a lease that ran out ended it.
        finished = Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(
            **outcome, lease_until=None, finished_at=timezone.now()
        )
        if finished and outcome["state"] == Run.State.DONE:
            receipts.issue(run.pk, response_id)


def mark_interrupted() -> int:
    """Mark runs whose worker died; their money was forfeited. Return how many."""
    return Run.objects.filter(
        Q(state=Run.State.RUNNING) & Q(lease_until__lt=timezone.now())
    ).update(state=Run.State.FAILED, error_code="interrupted", lease_until=None)


def report_worker() -> None:
    """Note that a worker is alive."""
    cache.set(_SEEN, True, timeout=timedelta(minutes=1).total_seconds())


def worker_seen() -> bool:
    """Say whether a worker was alive within the last minute."""
    return bool(cache.get(_SEEN, False))
