"""Prints the site's speed beside the plain way, in one run: `make bench`.

`PARTS="tries streams"` prints those parts only; `TEST_DATABASE=postgres` runs them on PostgreSQL.
Machines differ and are noisy: read the ratios, not the milliseconds.
"""

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import openai

from bench import evidence, imports, load, restoring, streams, tries, typesetting, upstream
from portfolio.launch import answers, free_port
from tests.postgres import Postgres
from tests.processes import cpu_seconds
from tests.site import ROOMY, RunningSite

TRIES = 200
CONNECTIONS = 32
SECONDS = 4.0

MAKE_ENTRY = """
from prompts_app.models import *
from prompts_app.services import accounts, entries
from tests import factories
author = accounts.create_author(
    "author@example.org", "a long enough password", handle="ada", name="Ada",
    site_cap=1_000_000_000)
entry = factories.entry(author, title="Summaries", slug="summaries",
    content=factories.content("Summarise: {{ text }}"))
entry.tryable.set(LLMModel.objects.all())
for case in [factories.case(entry) for _ in range(6)]:
    for version in entry.versions.all():
        factories.run(version, case)
        factories.run(version, case, model_asked="model-b")
"""

COUNT_ENTRIES = "from prompts_app.models import Entry; print(Entry.objects.count())"


def main() -> None:
    """Run every bench on the database that TEST_DATABASE names (SQLite unless told otherwise)."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="promptfolio-bench-")))
        base_url = upstream.started(stack)
        environment = {
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": "sk-bench",
            "LLM_MODELS": f"{tries.MODEL}=1.00/2.00,{streams.MODELS}",
            **ROOMY,
        }
        if os.environ.get("TEST_DATABASE") == "postgres":
            server = Postgres(Path(tempfile.mkdtemp(prefix="promptfolio-bench-pg-")), durable=True)
            stack.callback(server.stop)
            server.start()
            environment["DATABASE_URL"] = server.url
        site = stack.enter_context(RunningSite(folder, environment))
        site.python(MAKE_ENTRY)
        for name, part in {
            "tries": lambda: _bench_tries(site, base_url),
            "streams": lambda: streams.bench(site, base_url),
            "pages": lambda: _bench_pages(site, _plain(stack, site)),
            "evidence": lambda: evidence.bench_page(site),
            "queries": lambda: _bench_queries(site),
            "imports": lambda: imports.bench_imports(site),
            "restoring": lambda: restoring.bench_restoring(site),
            "matrix": evidence.bench_matrix,
            "typesetting": typesetting.bench_typesetting,
        }.items():
            if name in os.environ.get("PARTS", name).split():
                part()


def _plain(stack: ExitStack, site: RunningSite) -> int:
    """Start the same site behind Django's own ASGI handler and return its port."""
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "bench.plain_asgi:application"),
            *("--port", str(port), "--host", "localhost", "--loop", "uvloop"),
            *("--http", "httptools", "--no-access-log", "--log-level", "warning"),
        ],
        env=site.environment,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    while not answers("localhost", port, "/readyz"):
        time.sleep(0.1)
    return port


def _bench_tries(site: RunningSite, base_url: str) -> None:
    path = streams.PATH
    visitor, form = tries.visitor(site, path)
    form["model"] = tries.models(site)[tries.MODEL]
    client = openai.OpenAI(base_url=base_url, api_key="sk-bench", max_retries=0)
    prompt = "Summarise: Some text to summarise."
    for _ in range(10):
        tries.through_site(visitor, path, form)
        tries.bare(client, prompt)
    ours, theirs = [], []
    for _ in range(TRIES):
        ours.append(tries.through_site(visitor, path, form))
        theirs.append(tries.bare(client, prompt))
    print(f"A try through the site, beside the bare openai client ({TRIES} each, in turn)")
    for name, of in (("first token", lambda t: t.first), ("whole answer", lambda t: t.total)):
        mine, bare = sorted(map(of, ours)), sorted(map(of, theirs))
        for label, share in (("median", 0.5), ("p95", 0.95)):
            a, b = mine[int(len(mine) * share)], bare[int(len(bare) * share)]
            print(
                f"  {name:13} {label:7} {a * 1000:7.1f} ms : {b * 1000:7.1f} ms"
                f"   ratio {a / b:5.2f}   added {(a - b) * 1000:6.1f} ms"
            )
    added = statistics.median(a.first - b.first for a, b in zip(ours, theirs, strict=True))
    print(f"  added to the first token, median of pairs: {added * 1000:.1f} ms (goal 5, p95 10)")


def _bench_pages(site: RunningSite, plain: int) -> None:
    print(f"Pages a second, logged out, {CONNECTIONS} connections, beside plain ASGI")
    numbers = itertools.count()
    for name, path in (("entry", "/@ada/summaries/"), ("home", "/")):
        theirs = _rate(plain, itertools.repeat(path))
        kept = _rate(site.port, itertools.repeat(path))
        before = cpu_seconds(site.web.pid)
        started = time.monotonic()
        # A query of its own for each request: the page is made anew every time.
        changed = _rate(site.port, (f"{path}?q={next(numbers)}" for _ in itertools.count()))
        cpu = (cpu_seconds(site.web.pid) - before) / (changed * (time.monotonic() - started))
        print(
            f"  {name:6} plain {theirs:7.0f}   unchanged {kept:7.0f} = {kept / theirs:6.1f} x"
            f" (goal 50)   changed {changed:6.0f} = {changed / theirs:5.2f} x (goal 2.5)"
            f"   CPU a changed page {cpu * 1000:.1f} ms"
        )


def _rate(port: int, paths: Iterator[str]) -> float:
    load.rate("localhost", port, paths, connections=CONNECTIONS, seconds=0.5)
    return load.rate("localhost", port, paths, connections=CONNECTIONS, seconds=SECONDS)


def _bench_queries(site: RunningSite) -> None:
    pages = {
        "home": "/",
        "explore": "/explore/",
        "search": "/explore/?q=invoice",
        "profile": "/@ada/",
        "entry": "/@ada/summaries/",
        "version": "/@ada/summaries/v1/",
        "try": "/@ada/summaries/try/",
    }
    counts: dict[str, list[Any]] = {}
    for entries in (10, 10_000):
        have = int(
            site.python("from prompts_app.models import Entry; print(Entry.objects.count())")
        )
        site.python(f"from bench.seed import seed; seed({entries - have}, first={have})")
        for name, path in pages.items():
            counts.setdefault(name, []).append(int(site.python(evidence.QUERIES.format(path=path))))
    print("Queries a page with 10 and with 10,000 entries (goal: at most 8, and the same)")
    for name, (few, many) in counts.items():
        print(f"  {name:8} {few:2}  {many:2}")


if __name__ == "__main__":
    main()
