"""A rule, tried on outputs that are there: what it would say of them, before it is saved."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from prompts_app.assertions import registry
from prompts_app.assertions.base import Spec
from prompts_app.assertions.rubric import is_judged
from prompts_app.models import Entry, Run, Version
from prompts_app.services import judging
from prompts_app.services.rules import is_told, rule_of

MAX_OUTPUTS: Final = 20
# Seconds: the author waits. A rule begun within these is done within bounded.LIMIT_SECONDS more.
_BEGUN_WITHIN: Final = 2.0


@dataclass(frozen=True, slots=True)
class Missed:
    """An output that would not pass: "failed" or "untestable", and what was found of it."""

    run: Run
    state: str
    verdict: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleTest:
    """What a rule says of the latest outputs.

    `looked_at` of them were judged in time, `passed` would pass. `judged`: only a model can tell,
    and it was not asked: what counts is what it said earlier of the same rule.
    """

    version: Version | None
    outputs: int
    looked_at: int
    passed: int
    missed: Sequence[Missed]
    judged: bool


def latest_outputs(entry: Entry) -> list[Run]:
    """Return the newest outputs, at most MAX_OUTPUTS, of the newest version that has any.

    Neither withdrawn versions nor the naive prompts made to be measured against.
    """
    there = Run.objects.filter(
        version__entry=entry,
        version__withdrawn_at__isnull=True,
        version__naive=False,
        state=Run.State.DONE,
    ).defer("raw_response", "error_detail", "parameters_sent")
    newest = there.order_by("-version__number").values("version")[:1]
    return list(
        there.filter(version__in=newest)
        .select_related("version", "case", "picture")
        .order_by("-created_at", "-pk")[:MAX_OUTPUTS]
    )


def try_rule(entry: Entry, spec: Spec) -> RuleTest:
    """Try `spec`, one that passed registry.check, on the latest outputs. Spends nothing.

    Takes three seconds at most; call it with no transaction open, off the event loop.
    """
    runs = latest_outputs(entry)
    judged = is_judged(spec)
    missed, passed, looked_at = [], 0, 0
    since = time.monotonic()
    for run in runs:
        verdict = _told(run, spec) if judged else _found(run, spec, since)
        if verdict is None:
            continue
        looked_at += 1
        if verdict["state"] == "passed":
            passed += 1
        else:
            missed.append(Missed(run, verdict["state"], verdict))
    version = runs[0].version if runs else None
    return RuleTest(version, len(runs), looked_at, passed, missed, judged)


def _told(run: Run, spec: Spec) -> dict[str, Any] | None:
    rule = rule_of(spec)
    found: dict[str, Any] | None = run.verdicts[rule] if is_told(run.verdicts, rule) else None
    return found


def _found(run: Run, spec: Spec, since: float) -> dict[str, Any] | None:
    if time.monotonic() - since > _BEGUN_WITHIN:
        return None
    return asdict(registry.judge(spec, judging.output_of(run)))
