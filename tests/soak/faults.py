"""Every way in which a try may go wrong at its provider, and what must come of each.

A fault is told to the provider by the name of the model that is asked for, so that what authors
read by model is what they read by fault.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.engines.provider import (
    DONE,
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
from tests.soak.visits import CANARY

HALF = "Half an an"
WORDS = "An answer of **eight** words, piece by piece"
LEAK = f"your key {CANARY} (Bearer {CANARY})"
# 5 tokens at 1 dollar a million and 8 at 2.
COST = 21
# Nothing serves it: the site finds a port that refuses connections there.
REFUSED = "refused"


@dataclass(frozen=True)
class Fault:
    """What the provider does, and what must come of it.

    `ending` is "done", "stopped" for a visitor who left, or the code of the error. `text` is what
    is kept and shown of the answer, None where any is right. `cost` is in micro-dollars, None for
    the full amount set aside, marked as assumed. `told` names what the author must read of it:
    the error's code and the labels, both unless they are given.
    """

    script: list[Step]
    ending: str = "done"
    text: str | None = ""
    cost: int | None = None
    labels: tuple[str, ...] = ()
    finish_reason: str = ""
    retry_after: float | None = None
    # What has arrived when the visitor leaves, and "" for one who stays.
    leaves_at: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        """What the author must read: the error's code, or the labels of an answer."""
        return self.labels if self.ending == "done" else (self.ending,)


def error(message: str = LEAK, **more: object) -> dict[str, object]:
    """An error body in OpenAI's shape that gives the key away."""
    return {"error": {"message": message, **more}}


def refused(
    status: int, body: object, ending: str, *headers: str, retry_after: float | None = None
) -> Fault:
    """A refusal before anything was made, for which no provider bills."""
    script = whole(status, body, "application/json", *headers)
    return Fault(script, ending, cost=0, retry_after=retry_after)


def ended(script: list[Step], *labels: str, reason: str = "stop", cost: int | None = COST) -> Fault:
    """An answer that is one, with what has to stand beside it."""
    return Fault(script, "done", WORDS, cost, tuple(sorted(labels)), reason)


def half(*steps: Step, ending: str, cost: int | None = None) -> Fault:
    """An answer that fails in its middle."""
    return Fault([head(), event(delta(HALF)), *steps], ending, HALF, cost)


ALL = delta(WORDS)
TAIL = (stop(), usage(5, 8))


def _dripped() -> list[Step]:
    steps: list[Step] = [head()]
    for piece in WORDS.split(" "):
        steps += [event(delta(piece + " ")), Pause(0.15)]
    return [*steps, *map(event, TAIL), DONE, END]


TOOL = [{"index": 0, "id": "c", "function": {"name": "rm", "arguments": '{"path": "/"}'}}]
MEGABYTE = chunk(b"x" * 2**20)
BYTE = chunk(b"x")

FAULTS: dict[str, Fault] = {
    "good": Fault([*answer(WORDS)], "done", WORDS, COST, finish_reason="stop"),
    "drip": Fault(_dripped(), "done", WORDS + " ", COST, finish_reason="stop"),
    REFUSED: Fault([], "unreachable", "", 0),
    "closed": Fault([Cut()], "cut_off"),
    # Refused with a status.
    "no-key": refused(401, error(), "unauthorized"),
    "forbidden": refused(403, error(), "forbidden"),
    "no-model": refused(404, error(), "model_not_found"),
    "too-long": refused(400, error(code="context_length_exceeded"), "context_too_long"),
    "bad-request": refused(400, error(), "bad_request"),
    "limited": refused(429, error(), "rate_limited"),
    "limited-until": refused(429, error(), "rate_limited", "Retry-After: 7", retry_after=7.0),
    "no-credit": refused(429, error(code="insufficient_quota"), "no_credit"),
    "down": Fault(whole(500, error()), "provider_error"),
    "down-until": Fault(
        whole(503, error(), "application/json", "Retry-After: 9"), "provider_error", retry_after=9.0
    ),
    "down-page": Fault(whole(502, f"<h1>{LEAK}</h1>", "text/html"), "provider_error"),
    # An error body of another shape.
    "odd-error-list": Fault(whole(500, [{"detail": [{"msg": LEAK}]}]), "provider_error"),
    "odd-error-text": Fault(whole(500, f'"{LEAK}"'), "provider_error"),
    "odd-error-number": refused(401, 17, "unauthorized"),
    "odd-error-null": refused(403, b"null", "forbidden"),
    # Status 200, and no answer.
    "page": Fault(whole(200, f"<html>{LEAK}</html>", "text/html"), "not_json"),
    "empty": Fault(whole(200, ""), "empty_answer"),
    "empty-stream": Fault(sse(), "empty_answer"),
    "bad-json": Fault(sse(b"{nonsense"), "not_json"),
    "bad-json-later": Fault(sse(delta(HALF), b"{nonsense"), "not_json", HALF),
    "choices-null": Fault(sse({"choices": None}), "empty_answer"),
    "choices-none": Fault(sse({"choices": []}), "empty_answer"),
    # Within the stream.
    "error-inside": Fault(sse(delta(HALF), error()), "provider_error", HALF),
    "error-event": half(
        chunk(b"event: error\ndata: " + LEAK.encode() + b"\n\n"), END, ending="provider_error"
    ),
    "cut": half(Cut(), ending="cut_off"),
    "cut-told": half(event(usage(5, 4)), Cut(), ending="cut_off", cost=13),
    "bad-utf8": Fault(
        sse(b'{"choices":[{"delta":{"content":"caf\xff"}}]}', *TAIL),
        "done",
        "caf\ufffd",
        COST,
        ("bad_utf8",),
        "stop",
    ),
    "no-reason": ended(sse(ALL, usage(5, 8)), "no_finish_reason", reason=""),
    "choices-odd-between": ended(sse({"choices": None}, ALL, {"choices": []}, *TAIL)),
    "usage-absent": ended(sse(ALL, stop()), "no_usage", cost=None),
    "usage-twice": ended(sse(ALL, stop(), usage(1, 1), usage(5, 8))),
    "usage-with-choices": ended(
        sse(
            {**ALL, "usage": usage(5, 1)["usage"]},
            {**stop(), "usage": usage(5, 8)["usage"]},
        )
    ),
    "filtered": ended(
        sse(ALL, stop("content_filter"), usage(5, 8)), "content_filter", reason="content_filter"
    ),
    "length": ended(sse(ALL, stop("length"), usage(5, 8)), "length", reason="length"),
    "tools": Fault(
        sse(delta(None, tool_calls=TOOL), stop("tool_calls"), usage(5, 8)),
        "done",
        "",
        COST,
        ("tool_calls_ignored",),
        "tool_calls",
    ),
    "reasoning": ended(
        sse(delta(None, reasoning_content="hm"), delta(None, reasoning="hm"), ALL, *TAIL),
        "reasoning_ignored",
    ),
    # Too much.
    "huge-event": half(chunk(b"data: "), *[MEGABYTE] * 300, ending="too_large"),
    "endless": Fault(
        [head(), Repeat(event(delta("on and on " * 100)))],
        "done",
        None,
        None,
        ("cut_at_cap", "no_usage"),
    ),
    # The visitor leaves.
    "left": Fault([head(), event(delta(HALF)), Hang()], "stopped", HALF, leaves_at="event: delta"),
    "left-early": Fault([Hang()], "stopped", leaves_at="event: start"),
}
# These take as long as the site's patience: 30, 60 and 300 seconds.
SLOW: dict[str, Fault] = {
    "never": Fault([Hang()], "no_first_token"),
    "head-only": Fault([head(), Hang()], "no_first_token"),
    "silent": half(Hang(), ending="silent"),
    "comments": Fault([head(), Repeat(chunk(b": still here\n\n"), 0.5)], "no_first_token"),
    "comments-later": half(Repeat(chunk(b": still here\n\n"), 0.5), ending="silent"),
    "byte-a-second": Fault([head(), chunk(b"data: "), Repeat(BYTE, 1)], "no_first_token"),
    "byte-a-second-later": half(chunk(b"data: "), Repeat(BYTE, 1), ending="silent"),
    "letter-a-second": Fault([head(), Repeat(event(delta("a")), 1)], "too_slow", None),
}
EVERY = FAULTS | SLOW


@dataclass
class ByName(Provider):
    """The scripted provider that does what is named: by the model, or in the last message."""

    faults: Mapping[str, Fault] = field(default_factory=lambda: EVERY)

    async def _play(
        self, script: list[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        # Nothing is awaited between the request's arrival and this.
        asked = self.requests[-1].json
        # Thousands of requests pass here; none is asked for later.
        self.requests.clear()
        name = asked["model"]
        if name not in self.faults:
            named = re.search(r"kind:([\w-]+)", asked["messages"][-1]["content"])
            assert named is not None
            name = named[1]
        return await super()._play(self.faults[name].script, reader, writer)
