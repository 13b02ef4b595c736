"""A crowd: many visitors at once, before a provider that answers well, badly, or never."""

import asyncio
import contextlib
import json
import random
import re
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from tests.engines.provider import (
    END,
    Cut,
    Hang,
    Pause,
    Provider,
    Repeat,
    Step,
    answer,
    chunk,
    delta,
    event,
    head,
    sse,
    stop,
    usage,
    whole,
)
from tests.site import RunningSite
from tests.soak.visits import CANARY, STREAM, TRY, Events, checked, events, text_of

WORDS = "An answer of **eight** words, piece by piece"
LEAK = f"your key {CANARY} (Bearer {CANARY})"


@dataclass(frozen=True)
class Kind:
    """What the provider does, how the try must end, and what it may cost.

    `ending` is "done" or the error's code; `cost` in micro-dollars, None for the full amount.
    """

    script: list[Step]
    ending: str
    cost: int | None
    text: str | None = ""


def _dripped() -> list[Step]:
    steps: list[Step] = [head()]
    for piece in WORDS.split(" "):
        steps += [event(delta(piece + " ")), Pause(0.15)]
    return [*steps, event(stop()), event(usage(5, 8)), END]


HALF = delta("Half an an")
KINDS: dict[str, Kind] = {
    # 5 tokens at 1 and 8 at 2 dollars a million.
    "good": Kind([*answer(WORDS)], "done", 21, WORDS),
    "drip": Kind(_dripped(), "done", 21, WORDS + " "),
    "no-usage": Kind(sse(delta(WORDS), stop()), "done", None, WORDS),
    "no-key": Kind(whole(401, {"error": {"message": LEAK}}), "unauthorized", 0),
    "limited": Kind(
        whole(429, {"error": {"message": LEAK}}, "application/json", "Retry-After: 7"),
        "rate_limited",
        0,
    ),
    "too-long": Kind(
        whole(400, {"error": {"code": "context_length_exceeded", "message": LEAK}}),
        "context_too_long",
        0,
    ),
    "down": Kind(whole(500, {"error": {"message": LEAK}}), "provider_error", None),
    "page": Kind(whole(200, f"<html>{LEAK}</html>", "text/html"), "not_json", None),
    "empty": Kind(whole(200, ""), "empty_answer", None),
    "cut": Kind([head(), event(HALF), Cut()], "cut_off", None, "Half an an"),
    "cut-told": Kind([head(), event(HALF), event(usage(5, 4)), Cut()], "cut_off", 13, "Half an an"),
    "broken-inside": Kind(
        sse(HALF, {"error": {"message": LEAK}}), "provider_error", None, "Half an an"
    ),
    "huge-event": Kind(
        [head(), event(HALF), chunk(b"data: " + b"x" * 2_000_000)], "too_large", None, "Half an an"
    ),
    # The site cuts it where it must, and the provider told no usage.
    "endless": Kind([head(), Repeat(event(delta("on and on " * 100)))], "done", None, None),
}
# These take as long as the site's patience: 30 and 60 seconds.
HANGING: dict[str, Kind] = {
    "silent": Kind([head(), event(HALF), Hang()], "silent", None, "Half an an"),
    "never": Kind([Hang()], "no_first_token", None),
    "comments": Kind([head(), Repeat(chunk(b": still here\n\n"), 0.5)], "no_first_token", None),
}
# Nobody stays for the end of these.
LEFT: dict[str, Kind] = {
    "left": Kind([head(), event(HALF), Hang()], "stopped", None, "Half an an"),
    "left-early": Kind([Hang()], "stopped", None),
    "left-anytime": Kind(_dripped(), "", None, None),
}
ALL = KINDS | HANGING | LEFT


class ByName(Provider):
    """The scripted provider; the script is the one named in the request's last message."""

    async def _play(
        self, script: list[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        # Nothing is awaited between the request's arrival and this.
        named = re.search(r"kind:([\w-]+)", self.requests[-1].json["messages"][-1]["content"])
        # Thousands of requests pass here; none is asked for later.
        self.requests.clear()
        assert named is not None
        return await super()._play(ALL[named[1]].script, reader, writer)


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
        + ["good", "drip", *LEFT] * 3,
        k=number - len(names),
    )
    rng.shuffle(names)
    return names


async def _visit(
    client: httpx2.AsyncClient, model: str, name: str, rng: random.Random
) -> tuple[str, str, Events | None]:
    """One visitor's try: its kind, its id, and the stream if they stayed to its end."""
    data = {"attempt": str(uuid.uuid4()), "value-text": f"kind:{name} x", "model": model}
    if name == "left-anytime":
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rng.uniform(0, 1.5)):
                await client.post(TRY, data=data, headers=STREAM)
        return name, data["attempt"], None
    async with client.stream("POST", TRY, data=data, headers=STREAM) as response:
        if response.status_code != 200:
            raise AssertionError(f"{name}: {response.status_code} {await response.aread()!r}")
        if name not in LEFT:
            body = (await response.aread()).decode()
            assert CANARY not in body, name
            return name, data["attempt"], checked(events(body))
        async for line in response.aiter_lines():
            if ("event: start" if name == "left-early" else "Half an an") in line:
                break
    return name, data["attempt"], None


async def _all_visits(
    site: RunningSite, names: list[str], model: str, rng: random.Random
) -> list[tuple[str, str, Events | None] | BaseException]:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx2.AsyncClient(
        base_url=site.url, timeout=120, trust_env=False, limits=limits
    ) as client:
        page = await client.get(TRY)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        client.headers.update({"Referer": site.url + TRY, "X-CSRFToken": token[1]})
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
    for visit in visits:
        if isinstance(visit, BaseException):
            outcome.wrong.append(f"{type(visit).__name__}: {visit}")
            continue
        name, attempt, stream = visit
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
    kind = ALL[name]
    state, code, cost, text, _detail = kept
    if not kind.ending:
        return "" if state in ("done", "stopped") else f"{state} {code}"
    ending = code if state == "failed" else state
    if ending != kind.ending:
        return f"{ending} {_detail}"
    if cost != kind.cost:
        return f"cost {cost}"
    if kind.text is not None and text != kind.text:
        return f"kept {text[:60]!r}"
    if stream is not None:
        last = stream[-1][1]
        told = last.get("code", "done")
        if told != kind.ending or text_of(stream) != text:
            return f"told {told}, {len(text_of(stream))} of {len(text)} characters"
        if name == "limited" and last["retry_after"] != 7:
            return "no time to wait"
    return ""


def resident_kilobytes(pid: int) -> int:
    """Return how much memory a process holds (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found[1])
