"""Verdicts: what rules say of outputs, kept on the runs and made again when rules change.

A run that is over is due (`judge_due`): a worker judges it by every rule that concerns it and
counts its cell anew. Rules look at texts for up to a second each, so none of this is done with a
transaction open. A try is judged at once, as far as a waiting visitor has patience (`judge_now`).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from threading import Thread
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts_app.assertions import bounded, registry
from prompts_app.assertions.base import Output, Spec, Verdict
from prompts_app.assertions.rubric import is_judged
from prompts_app.models import Entry, Run, Version
from prompts_app.models.execution import Execution
from prompts_app.services import tallies
from prompts_app.services.rules import is_told, rules_by_prompt, rules_of

# After that another worker takes over. If the first was only slow, both find the same.
_LEASE = timedelta(minutes=1)
# A judging model is paid: this is longer than every deadline of its calls.
_LEASE_OF_JUDGE = timedelta(minutes=10)
_AFTER_BUSY = timedelta(seconds=30)
_AT_ONCE = 20
# Seconds: a visitor waits. A rule begun within these is done within bounded.LIMIT_SECONDS more.
_BEGUN_WITHIN = 0.6
_NOT_IN_TIME = Verdict("untestable", "not_in_time")

Rules = Mapping[str, Spec]


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that a model is to judge: by these rules, the others being done with."""

    run: Run
    rules: dict[str, Spec]


def output_of(run: Execution) -> Output:
    """Return an execution as rules look at it; a picture has no text."""
    picture = getattr(run, "picture_id", None) is not None
    return Output(
        text=None if picture else run.output,
        finish_reason=run.finish_reason or None,
        latency_ms=run.latency_ms,
        cost_microusd=run.cost,
        refused="refusal" in run.labels,
    )


def kept_form(verdict: Verdict, **more: str) -> dict[str, Any]:
    """Return a verdict as an execution keeps it, with the time it was made."""
    return asdict(verdict) | {"at": timezone.now().isoformat(timespec="seconds")} | more


def judge_now(
    content: Mapping[str, Any], answered: Execution, since: float
) -> dict[str, dict[str, Any]]:
    """Return what the rules of `content` say of an answer, for somebody who waits for it.

    Takes until 1.5 seconds after `since` (time.monotonic) at most: what is left then is untestable,
    "not_in_time". Rules that a model has to judge by are not looked at. Uses no database.
    """
    output = output_of(answered)
    if content.get("kind") == Entry.Kind.IMAGE:
        output = replace(output, text=None)
    found = {}
    for rule, spec in rules_of(content).items():
        if is_judged(spec):
            continue
        late = time.monotonic() - since > _BEGUN_WITHIN
        found[rule] = kept_form(_NOT_IN_TIME if late else registry.judge(spec, output))
    return found


@cache
def warm_soon() -> None:
    """Have everything loaded that rules need, beside other work: nobody waits. Once a process."""
    Thread(target=bounded.warm, name="warm", daemon=True).start()


def judge_again(entry: Entry) -> None:
    """Have the runs that the entry's pages lead with judged by the rules of today.

    Free of charge: only rules that no model has to judge by are looked at without being asked.
    """
    hashes = {one.prompt_hash for one in (entry.published, entry.baseline) if one is not None}
    Run.objects.filter(
        version__entry=entry,
        version__prompt_hash__in=hashes,
        state__in=(Run.State.DONE, Run.State.FAILED),
    ).update(judge_due=timezone.now())
    tallies.refresh_proof(entry)


def forget_findings(version: Version) -> None:
    """Take what verdicts repeat of the outputs of a withdrawn version; what they say stays."""
    for run in version.runs.exclude(verdicts={}).only("verdicts"):
        bare = {rule: one | {"values": {}} for rule, one in run.verdicts.items()}
        Run.objects.filter(pk=run.pk).update(verdicts=bare)


def claim_due() -> list[Run]:
    """Take the runs that have waited longest to be judged; another worker's are left to it."""
    now = timezone.now()
    due = Run.objects.filter(judge_due__lte=now)
    wanted = list(due.order_by("judge_due").values_list("pk", flat=True)[:_AT_ONCE])
    if not wanted:
        return []
    lease = now + _LEASE
    due.filter(pk__in=wanted).update(judge_due=lease)
    return list(
        Run.objects.filter(pk__in=wanted, judge_due=lease)
        .defer("raw_response", "error_detail", "parameters_sent")
        .select_related(
            "version__entry__published", "version__entry__baseline", "judge__provider__owner"
        )
    )


def judge_claimed(runs: Sequence[Run]) -> list[Asked]:
    """Judge claimed runs by rule, keep the verdicts and count their cells anew.

    Return those that a model has to judge as well; they stay claimed.
    """
    by_entry: dict[int, list[Run]] = {}
    for run in runs:
        by_entry.setdefault(run.version.entry_id, []).append(run)
    asked = []
    for of_entry in by_entry.values():
        entry = of_entry[0].version.entry
        rules = rules_by_prompt(entry)
        made = {run.pk: _verdicts(run, rules.get(run.version.prompt_hash, {})) for run in of_entry}
        for run in of_entry:
            open_rules = _for_model(run, rules.get(run.version.prompt_hash, {}))
            if open_rules:
                asked.append(Asked(run, open_rules))
        # A site that was too busy says nothing of the output: such a rule is asked again.
        again = {
            run.pk: timezone.now() + _AFTER_BUSY
            for run in of_entry
            if any(one["code"] == "busy" for one in made[run.pk].values())
        }
        again |= {one.run.pk: timezone.now() + _LEASE_OF_JUDGE for one in asked}
        with transaction.atomic():
            for run in of_entry:
                _merge(run, _certain(made[run.pk]), again.get(run.pk))
            tallies.recount(entry, map(tallies.cell_of, of_entry), rules)
        for run in of_entry:
            run.judge_due = again.get(run.pk)
    return asked


def keep_judgement(
    asked: Asked, verdicts: Mapping[str, dict[str, Any]], cost: int, again: datetime | None
) -> None:
    """Keep what a model said of a run and what it cost (micro-dollars); count its cell anew.

    `again`: when to ask it for the rules that are still open; None where it is done.
    """
    entry = asked.run.version.entry
    with transaction.atomic():
        _merge(asked.run, verdicts, again, cost)
        tallies.recount(entry, [tallies.cell_of(asked.run)], rules_by_prompt(entry))


def catch_up() -> int:
    """Judge everything that is due, by rules only; return how many runs that were."""
    total = 0
    while runs := claim_due():
        for asked in judge_claimed(runs):
            keep_judgement(asked, {}, 0, None)
        total += len(runs)
    return total


def _verdicts(run: Run, rules: Rules) -> dict[str, dict[str, Any]]:
    if run.state != Run.State.DONE:
        return {}
    output = output_of(run)
    if run.version.withdrawn_at is not None:
        # Its text is gone for good: what was found of it stays, nothing new can be found.
        output = Output(text=None)
    return {
        rule: kept_form(registry.judge(spec, output))
        for rule, spec in rules.items()
        if not is_judged(spec) and rule not in run.verdicts
    }


def _certain(verdicts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {rule: verdict for rule, verdict in verdicts.items() if verdict["code"] != "busy"}


def _for_model(run: Run, rules: Rules) -> dict[str, Spec]:
    if run.judge is None or run.state != Run.State.DONE or run.version.withdrawn_at is not None:
        return {}
    return {
        rule: spec
        for rule, spec in rules.items()
        if is_judged(spec) and not is_told(run.verdicts, rule)
    }


def _merge(run: Run, verdicts: Mapping[str, Any], due: datetime | None, cost: int = 0) -> None:
    """Add verdicts to those kept. Whoever marked the run as due again meanwhile is heard."""
    rows = Run.objects.select_for_update(of=("self",))
    kept = rows.only("verdicts", "judge_due", "judge_cost", "judge", "state").get(pk=run.pk)
    kept.verdicts = kept.verdicts | dict(verdicts)
    kept.judge_cost += cost
    if kept.judge_due == run.judge_due:
        kept.judge_due = due
    if due is None and kept.state == Run.State.DONE:
        # Asked once: rules that come later are judged by a model only when somebody asks for it.
        kept.judge = None
    kept.save(update_fields=["verdicts", "judge_due", "judge_cost", "judge"])
