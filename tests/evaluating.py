"""An evaluation on a running site whose worker is killed, and what must be left of it."""

import json
import signal
import time
from typing import Any

from tests.site import RunningSite

# The bound is far above what the answers cost: calls lost on the way must be covered as well.
START = """
from prompts_app.models import *
from prompts_app.services import evaluations, versions, wishes
from tests import factories
entry = Entry.objects.get(slug="summaries")
factories.version(entry, factories.content("Summarise: {{{{ text }}}}", constraints=[
    {{"text": "Short.", "assertion": {{"type": "word-count", "value": {{"max": 200}}}}}},
    {{"text": "Says one.", "assertion": {{"type": "icontains", "value": "one"}}}},
], parameters={{"max_tokens": 400}}))
entry.refresh_from_db()
provider = Provider.objects.get()
Provider.objects.update(at_once={at_once})
models = [LLMModel.objects.get()] + [
    factories.model(provider, f"model-{{letter}}") for letter in "bcdef"[: {models} - 1]
]
cases = [factories.case(entry, values={{"text": text}}) for text in {texts!r}]
print(evaluations.start(entry, wishes.Wish([entry.published], models, cases, {repeats})).pk)
"""

LOOK = """
import json
from dataclasses import asdict
from prompts_app.models import *
from prompts_app.services import evaluations
evaluation = Evaluation.objects.get(pk="{pk}")
progress = evaluations.progress(evaluation)
print(json.dumps(asdict(progress) | {{"over": progress.over}}))
"""

# As if the time of a dead worker's leases had passed.
LEASES_PASS = """
from datetime import timedelta
from django.utils import timezone
from prompts_app.models import Run
over = timezone.now() - timedelta(seconds=1)
Run.objects.filter(state="running").update(lease_until=over)
Run.objects.filter(judge_due__isnull=False).update(judge_due=over)
"""

LEFT = """
import json
from datetime import timedelta
from django.db.models import Sum
from prompts_app.models import *
runs = Run.objects.filter(evaluation="{pk}")
day = BudgetDay.objects.get(purse="site")
ledger = Reservation.objects.aggregate(n=Sum("actual"))["n"]
lost = runs.aggregate(n=Sum("earlier_cost"))["n"]
print(json.dumps({{
    "states": sorted(set(runs.values_list("state", flat=True))),
    "inputs": len(set(runs.values_list("version", "case", "model", "repeat"))),
    "runs": runs.count(),
    "receipts": Receipt.objects.filter(run__in=runs).count(),
    "judged": sum(len(run.verdicts) == 2 for run in runs),
    "counted": sum(t.runs + t.unanswered for t in Tally.objects.all()),
    "passed": sum(n for t in Tally.objects.all() for p, n in t.outcomes if set(p) == {{"p"}}),
    "cells": Tally.objects.count(),
    "attempts": sum(run.attempts for run in runs),
    "reservations": Reservation.objects.count(),
    "open": Reservation.objects.filter(state="open").count(),
    "spent": day.spent, "reserved": day.reserved, "ledger": ledger, "lost": lost,
    "costs": runs.aggregate(n=Sum("cost"))["n"],
    # From the first answer's beginning to the last one's end.
    "seconds": (max(run.finished_at for run in runs)
        - min(run.finished_at - timedelta(milliseconds=run.latency_ms) for run in runs)
        ).total_seconds(),
}}))
"""


def start(site: RunningSite, *, texts: list[str], models: int, repeats: int, at_once: int) -> str:
    """Ask for an evaluation and return its id."""
    return site.python(START.format(texts=texts, models=models, repeats=repeats, at_once=at_once))


def progress(site: RunningSite, pk: str) -> dict[str, Any]:
    """How far the evaluation is."""
    found: dict[str, Any] = json.loads(site.python(LOOK.format(pk=pk)))
    return found


def until_made(site: RunningSite, pk: str, number: int, seconds: float = 120) -> dict[str, Any]:
    """Wait until so many runs are made; with all of them, until they are judged as well."""
    deadline = time.monotonic() + seconds
    while True:
        now = progress(site, pk)
        if now["over"] or (number < now["total"] and now["done"] >= number):
            return now
        assert time.monotonic() < deadline, (now, site.log()[-2000:])
        time.sleep(0.02)


def kill_worker(site: RunningSite) -> int:
    """Kill the worker, let its leases pass and start another; return how many runs it had."""
    site.worker.send_signal(signal.SIGKILL)
    site.worker.wait()
    held = int(
        site.python(
            "from prompts_app.models import Run; print(Run.objects.filter(state='running').count())"
        )
    )
    site.python(LEASES_PASS)
    site.start_worker()
    return held


def assert_whole(
    site: RunningSite, pk: str, *, total: int, cells: int, lost: int
) -> dict[str, Any]:
    """Every run was made and recorded once, judged and counted; every call is paid for once."""
    left: dict[str, Any] = json.loads(site.python(LEFT.format(pk=pk)))
    assert left["states"] == ["done"]
    assert left["inputs"] == left["runs"] == left["receipts"] == left["judged"] == total
    assert (left["counted"], left["passed"], left["cells"]) == (total, total, cells)
    # Each attempt set money aside once; those that were lost count in full.
    assert left["attempts"] == left["reservations"] == total + lost
    assert (left["open"], left["reserved"]) == (0, 0)
    assert left["spent"] == left["ledger"] == left["costs"] + left["lost"]
    return left
