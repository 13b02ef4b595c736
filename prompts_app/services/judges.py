"""Models that judge: priced and reserved like any other call, their verdict names them."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts_app.assertions import rubric
from prompts_app.assertions.base import Output, Spec, Verdict
from prompts_app.llm import client
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import ChatCall
from prompts_app.models import LLMModel, Reservation
from prompts_app.services import budget, calls, judging, keys, providers
from prompts_app.services.patience import in_database_at_last
from prompts_app.services.threads import in_database

_AFTER_A_FAULT = timedelta(minutes=10)


def bound(judge: LLMModel, spec: Spec) -> int:
    """Return the most one judgement costs, in micro-dollars, whatever the answer it is about."""
    return _plan(judge, spec, "x" * rubric.MAX_JUDGED_BYTES).bound


async def ask(asked: judging.Asked) -> None:
    """Have a run judged by its model, rule by rule, and keep what it says.

    A judge that fails makes the rule not testable, for the reason it gives; money that is used up
    puts the run off to the next day.
    """
    verdicts: dict[str, dict[str, Any]] = {}
    cost = 0
    again: datetime | None = timezone.now() + _AFTER_A_FAULT
    try:
        for rule, spec in asked.rules.items():
            verdict, spent = await _judge(asked, spec)
            cost += spent
            verdicts[rule] = judging.kept_form(verdict, judge=_name(asked))
        again = None
    except budget.BudgetExhausted as exhausted:
        again = exhausted.resets_at
    except asyncio.CancelledError:
        again = timezone.now()
        raise
    finally:
        # Whatever happened, what was paid for is kept.
        await in_database(judging.keep_judgement, asked, verdicts, cost, again)


async def _judge(asked: judging.Asked, spec: Spec) -> tuple[Verdict, int]:
    """Ask the model once; return its verdict and the cost. Raises BudgetExhausted."""
    output = judging.output_of(asked.run)
    obstacle = rubric.not_judgeable(spec, output)
    if obstacle is not None:
        return obstacle, 0
    assert asked.run.judge is not None
    try:
        plan, reservation = await in_database(_reserve, asked, spec, output)
    except keys.KeyUnreadable:
        return Verdict("untestable", "judge_failed"), 0
    assert isinstance(plan.call, ChatCall)
    spent: int | None = None
    try:
        result = await client.complete_chat(plan.call)
    except LLMError as error:
        spent = plan.cost_of_failure(error)
        refused, verdict = error.refused, Verdict("untestable", "judge_failed")
    except asyncio.CancelledError:
        await in_database(budget.settle, reservation.pk, None)
        raise
    else:
        spent = plan.cost(result.usage)
        refused = result.refused
        verdict = rubric.verdict_from(spec, result.text, asked.run.judge.name)
    await in_database_at_last(budget.settle, reservation.pk, spent)
    await in_database(providers.remember_refused, asked.run.judge, refused)
    return verdict, plan.bound if spent is None else spent


def _reserve(asked: judging.Asked, spec: Spec, output: Output) -> tuple[calls.Plan, Reservation]:
    judge = asked.run.judge
    assert judge is not None
    plan = _plan(judge, spec, output.text or "")
    with transaction.atomic():
        owner = asked.run.version.entry.owner
        return plan, budget.reserve(owner, budget.purse_of(judge), plan.bound)


def _plan(judge: LLMModel, spec: Spec, text: str) -> calls.Plan:
    return calls.chat_plan(
        judge,
        rubric.judge_messages(spec, text),
        {"temperature": 0, "max_tokens": rubric.MAX_TOKENS},
    )


def _name(asked: judging.Asked) -> str:
    return asked.run.judge.name if asked.run.judge is not None else ""
