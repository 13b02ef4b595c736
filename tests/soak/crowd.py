"""A crowd: many visitors at once, before a provider that answers well, badly, or never."""

import asyncio
import contextlib
import json
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx2

from tests.site import RunningSite
from tests.soak.faults import FAULTS, REFUSED, SLOW
from tests.soak.visits import CANARY, STREAM, TRY, Events, many_visitors, text_of, visit

# Nobody stays for the end of these.
LEFT = {
    "left": FAULTS["left"],
    "left-early": FAULTS["left-early"],
    "left-anytime": replace(FAULTS["drip"], text=None),
}
KINDS = {name: fault for name, fault in FAULTS.items() if name not in LEFT and name != REFUSED}
# These take as long as the site's patience: 30 and 60 seconds.
HANGING = {name: SLOW[name] for name in ("silent", "never", "comments")}
ALL = KINDS | HANGING | LEFT


@dataclass
class Outcome:
    """How a crowd fared: what went wrong, and counts."""

    wrong: list[str] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def mixed(rng: random.Random, number: int, *, hanging: bool) -> list[str]:
    """`number` kinds in random order: of each at least one, half of them good or left."""
    names = [*KINDS, *LEFT, *(HANGING if hanging else ())]
    names += rng.choices(
        [name for name in names if name not in ("endless", "huge-event")]
        + ["good", "drip", *LEFT] * 8,
        k=number - len(names),
    )
    rng.shuffle(names)
    return names


async def _visit(
    client: httpx2.AsyncClient, model: str, name: str, rng: random.Random
) -> tuple[str, str, Events | None]:
    """One visitor's try: its kind, its id, and the stream if they stayed to its end."""
    text = f"kind:{name} x"
    if name == "left-anytime":
        data = {"attempt": str(uuid.uuid4()), "value-text": text, "model": model}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rng.uniform(0, 1.5)):
                await client.post(TRY, data=data, headers=STREAM)
        return name, data["attempt"], None
    return name, *await visit(client, model, text, ALL[name].leaves_at)


async def _all_visits(
    site: RunningSite, names: list[str], model: str, rng: random.Random
) -> list[tuple[str, str, Events | None] | BaseException]:
    async with many_visitors(site) as client:
        return await asyncio.gather(
            *(_visit(client, model, name, rng) for name in names), return_exceptions=True
        )


BOOKS = """
import json
from django.db.models import Sum
from prompts_app.models import *
tries = {{str(t.pk): [t.state, t.error_code, t.cost, t.output, t.error_detail]
         for t in Try.objects.filter(created_at__gte="{since}")}}
money = Reservation.objects.filter(budget_day__purse="site")
days = BudgetDay.objects.filter(purse="site").aggregate(
    reserved=Sum("reserved"), spent=Sum("spent"))
print(json.dumps({{"tries": tries, "open": money.filter(state="open").count(),
    "reserved": days["reserved"] or 0, "spent": days["spent"] or 0,
    "actual": money.aggregate(s=Sum("actual"))["s"] or 0,
    "reservations": money.filter(created_at__gte="{since}").count()}}))
"""


def books(site: RunningSite, since: datetime, seconds: float = 30) -> dict[str, Any]:
    """Tries since a moment and the sums of the ledger, once no try runs (or time is up)."""
    deadline = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = json.loads(site.python(BOOKS.format(since=since.isoformat())))
        running = [one for one in found["tries"].values() if one[0] == "running"]
        if (not running and not found["open"]) or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def gather(site: RunningSite, names: list[str], rng: random.Random) -> Outcome:
    """Let a crowd run its tries all at once and compare each with what its kind must become."""
    model = site.python("from prompts_app.models import LLMModel; print(LLMModel.objects.get().pk)")
    begun, since = time.monotonic(), datetime.now(UTC)
    visits = asyncio.run(_all_visits(site, names, model, rng))
    outcome = Outcome(seconds=time.monotonic() - begun)
    after = books(site, since)
    for one in visits:
        if isinstance(one, BaseException):
            outcome.wrong.append(f"{type(one).__name__}: {one}")
            continue
        name, attempt, stream = one
        kept = after["tries"].get(attempt)
        if kept is None:
            # Who leaves before the form has arrived has tried nothing.
            if name != "left-anytime":
                outcome.wrong.append(f"{name}: no try")
            outcome.endings["never came"] += 1
            continue
        problem = _problem(name, kept, stream)
        if problem:
            outcome.wrong.append(f"{name}: {problem}")
        outcome.endings[kept[1] or kept[0]] += 1
    if after["open"] or after["reserved"]:
        outcome.wrong.append(f"{after['open']} open reservations of {after['reserved']}")
    if after["spent"] != after["actual"]:
        outcome.wrong.append(f"{after['spent']} spent, {after['actual']} settled")
    if after["reservations"] != len(after["tries"]):
        outcome.wrong.append(f"{after['reservations']} for {len(after['tries'])} tries")
    if CANARY in json.dumps(after):
        outcome.wrong.append("the key is kept in a try")
    return outcome


def _problem(name: str, kept: list[Any], stream: Events | None) -> str:
    fault = ALL[name]
    state, code, cost, text, _detail = kept
    if name == "left-anytime":
        return "" if state in ("done", "stopped") else f"{state} {code}"
    ending = code if state == "failed" else state
    if ending != fault.ending:
        return f"{ending} {_detail}"
    if cost != fault.cost:
        return f"cost {cost}"
    if fault.text is not None and text != fault.text:
        return f"kept {text[:60]!r}"
    if stream is not None:
        last = stream[-1][1]
        told = last.get("code", "done")
        if told != fault.ending or text_of(stream) != text:
            return f"told {told}, {len(text_of(stream))} of {len(text)} characters"
        if told != "done" and last["retry_after"] != fault.retry_after:
            return f"asked to wait {last['retry_after']}"
    return ""
