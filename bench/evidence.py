"""How fast a matrix is made, and what the evidence page costs with few and with many runs."""

import itertools
import json
import tempfile
import time
from pathlib import Path

from bench import load
from tests import evaluating
from tests.engines.provider import DONE, END, Pause, Provider, delta, event, head, stop, usage
from tests.server.conftest import MAKE_ENTRY
from tests.site import RunningSite

# What a quick model takes for its whole answer.
LATENCY_SECONDS = 0.5
AT_ONCE = (4, 8)
RUNS_A_PLACE = 12
CONNECTIONS = 4
SECONDS = 4.0
# Of few runs and of many: test cases, models, repeats.
SIZES = {100: (10, 5, 2), 10_000: (50, 10, 20)}

MAKE_RUNS = """
from django.utils import timezone
from prompts_app.models import *
from prompts_app.services import judging, tallies
from prompts_app.services.rules import rules_by_prompt, rules_of
from tests import factories
cases, models, repeats = {size}
rules = [{{"type": "word-count", "value": {{"max": 90 + n}}}} for n in range(10)]
entry = factories.entry(User.objects.get(email="author@example.org"), slug="runs-{total}",
    content=factories.content("Answer: {{{{ text }}}}", constraints=[
        {{"text": f"Constraint {{n}}.", "assertion": rule}} for n, rule in enumerate(rules)]))
version = entry.published
verdict = {{"state": "passed", "code": "words", "values": {{"count": 40}}}}
verdicts = {{rule: verdict for rule in rules_of(version.content)}}
now = timezone.now()
Run.objects.bulk_create((Run(version=version, case=case, values=case.values, origin="captured",
        state="done", model_asked=f"model-{{m}}", provider_host="models.example.org",
        repeat=repeat + 1, output="An answer of a few words, the same each time.", attempts=1,
        prompt_tokens=120, completion_tokens=40, cost=1200, first_token_ms=300, latency_ms=1500,
        finished_at=now, verdicts=verdicts)
    for case in [factories.case(entry) for _ in range(cases)]
    for m in range(models) for repeat in range(repeats)), batch_size=500)
seen = Run.objects.filter(version=version).select_related("version").distinct()
tallies.recount(entry, {{tallies.cell_of(run) for run in seen.only("version__prompt_hash",
    "case", "model_asked", "provider_host", "is_demo")}}, rules_by_prompt(entry))
print(Run.objects.filter(version=version).count())
"""

QUERIES = """
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
client = Client(HTTP_HOST="localhost")
client.get({path!r})
with CaptureQueriesContext(connection) as queries:
    assert client.get({path!r}).status_code == 200
print(len(queries))
"""


def bench_matrix() -> None:
    """Make matrices on a provider that takes its time; print runs a second beside the most."""
    print(f"A matrix on a provider that takes {LATENCY_SECONDS * 1000:.0f} ms (goal: 0.8)")
    for at_once in AT_ONCE:
        # A site of its own: an empty ledger is part of what the runs are checked against.
        with (
            Provider() as provider,
            tempfile.TemporaryDirectory(prefix="promptfolio-bench-") as folder,
        ):
            ending = [event(stop()), event(usage(5, 4)), DONE, END]
            provider.script([head(), event(delta("One")), Pause(LATENCY_SECONDS), *ending])
            environment = {
                "OPENAI_BASE_URL": provider.base_url,
                "OPENAI_API_KEY": "sk-bench",
                "LLM_MODELS": "model-a=1.00/2.00",
            }
            with RunningSite(Path(folder), environment) as site:
                site.python(MAKE_ENTRY)
                total = at_once * RUNS_A_PLACE
                texts = [f"Text {number}" for number in range(total // 4)]
                pk = evaluating.start(site, texts=texts, models=2, repeats=2, at_once=at_once)
                site.start_worker()
                evaluating.until_made(site, pk, total)
                left = evaluating.assert_whole(site, pk, total=total, cells=len(texts) * 2, lost=0)
                rate = total / left["seconds"]
                most = at_once / LATENCY_SECONDS
                print(
                    f"  {at_once} at once: {rate:5.1f} runs a second of {most:5.1f}"
                    f" = {rate / most:4.2f}"
                )


def bench_page(site: RunningSite) -> None:
    """Print the queries and the time of the evidence page with few and with many runs."""
    print("The evidence page (goals: at most 10 queries, at most 2 x the time)")
    numbers = itertools.count()
    times = {}
    for total, size in SIZES.items():
        made = site.python(MAKE_RUNS.format(size=json.dumps(size), total=total))
        path = f"/@ada/runs-{total}/evidence/"
        queries = site.python(QUERIES.format(path=path))
        begun = time.monotonic()
        # A query of its own for each request: the page is made anew every time.
        rate = load.rate(
            "localhost",
            site.port,
            (f"{path}?q={next(numbers)}" for _ in itertools.count()),
            connections=CONNECTIONS,
            seconds=SECONDS,
        )
        assert time.monotonic() - begun >= SECONDS
        times[total] = 1000 / rate
        print(f"  {made:>6} runs: {queries:>2} queries, {times[total]:6.1f} ms a page")
    few, many = times.values()
    print(f"  many beside few: {many / few:4.2f} x")
