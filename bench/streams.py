"""Many streams at once, through the site and beside the bare `openai` client."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict

import httpx2

from bench import load, tries
from bench.crowd import Seen, Wish
from portfolio.launch import answers, free_port, web_command
from tests.processes import cores, resident_kilobytes, threads
from tests.site import ROOT, RunningSite

PATH = "/@ada/summaries/try/"
# Name → milliseconds to the first token, tokens a second, tokens (bench/upstream.py).
FAST, MANY, FEW = "paced-20-50-500", "paced-20-10-500", "paced-20-10-150"
MODELS = ",".join(f"{name}=1.00/2.00" for name in (FAST, MANY, FEW))
FIRST_MS = 20.0
_threads = ThreadPoolExecutor(1)


class Crowd:
    """A crowd at work, in a process of its own."""

    def __init__(self, wish: Wish) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.crowd"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # Read at once: what it prints may not fit into the pipe.
        self._printed = _threads.submit(process.communicate, json.dumps(asdict(wish)))

    def end(self) -> tuple[list[Seen], float]:
        """Wait; return what each saw, and the seconds of processor time the crowd took itself."""
        found = json.loads(self._printed.result()[0])
        return [Seen(**one) for one in found["seen"]], found["cpu"]


class Visitors:
    """Makes wishes for visitors of a running site."""

    def __init__(self, site: RunningSite) -> None:
        client, self._form = tries.visitor(site, PATH)
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        self._headers = {
            "Cookie": cookies,
            "X-CSRFToken": client.headers["X-CSRFToken"],
            "Referer": site.url + PATH,
        }
        self._models = tries.models(site)

    def wish(self, port: int, model: str, count: int, spread: float, leave: float = 0.0) -> Wish:
        """Return the wish for so many tries."""
        return Wish(
            count,
            spread,
            model,
            port=port,
            path=PATH,
            headers=self._headers,
            form=self._form | {"model": self._models[model]},
            leave_after=leave,
        )


def bench(site: RunningSite, upstream: str) -> None:
    """Print how the site does with many streams; each figure beside its goal."""
    visitors = Visitors(site)
    Crowd(visitors.wish(site.port, FEW, 5, 0.5)).end()
    _fast(site, visitors, upstream)
    _many(site, visitors)
    _beside_pages(site, visitors)
    _leaving(site, visitors, upstream)


def _fast(site: RunningSite, visitors: Visitors, upstream: str) -> None:
    print("150 tries begun within 2 s, 50 tokens a second each, beside the bare client")
    under_way = Crowd(visitors.wish(site.port, FAST, 150, 2.0))
    used = _while_steady(site, 2.0, 6.0)
    seen, _cpu = under_way.end()
    bare, cpu = Crowd(Wish(150, 2.0, FAST, bare=upstream)).end()
    _assert_whole(seen, 500)
    for name, share in (("median", 0.5), ("p95", 0.95)):
        mine, theirs = _first(seen, share), _first(bare, share)
        print(
            f"  first token {name:6} {mine:6.1f} ms : {theirs:6.1f} ms   added {mine - theirs:6.1f}"
        )
    print("  (goal: p95 added 25)")
    took = _seconds(seen) / _seconds(bare)
    print(f"  whole answers {took:5.3f} x as long as the bare client's (goal: full speed)")
    print(f"  {used:4.2f} cores while all stream (goal 0.6); the bare client {cpu / 12:4.2f}")


def _many(site: RunningSite, visitors: Visitors) -> None:
    print("1,000 open streams, 10 tokens a second each")
    memory, before = resident_kilobytes(site.web.pid), threads(site.web.pid)
    spread = 22.0
    under_way = Crowd(visitors.wish(site.port, MANY, 1000, spread))
    used = _while_steady(site, spread + 1, 10.0)
    open_memory, open_threads = resident_kilobytes(site.web.pid), threads(site.web.pid)
    seen, _cpu = under_way.end()
    _assert_whole(seen, 500)
    # While all are open: not while the last ones are still being admitted.
    since = min(one.began for one in seen) + int((spread + 1) * 1e6)
    until = since + int(15e6)
    gaps = sorted(gap for one in seen for gap in _added_gaps(one, since, until))
    print(
        f"  every token came; added gap median {_at(gaps, 0.5):5.2f} ms,"
        f" p95 {_at(gaps, 0.95):5.2f} ms (goal 2)"
    )
    print(
        f"  {(open_memory - memory) / 1000:4.1f} KB a stream (goal 30),"
        f" {open_threads - before} threads more, {used:4.2f} cores"
    )


def _beside_pages(site: RunningSite, visitors: Visitors) -> None:
    print("Twenty streams while 32 connections ask for pages, each made anew")
    with _second(site) as port:
        for name, of_pages, goal in (("one process", site.port, 100), ("two", port, 5)):
            under_way = Crowd(visitors.wish(site.port, FEW, 20, 1.0))
            numbers = itertools.count()
            pages = (f"/@ada/summaries/?q={next(numbers)}" for _ in itertools.count())
            time.sleep(1.5)
            rate = load.rate("localhost", of_pages, pages, connections=32, seconds=8.0)
            seen, _cpu = under_way.end()
            _assert_whole(seen, 150)
            since = min(one.began for one in seen) + int(2e6)
            gaps = sorted(gap for one in seen for gap in _added_gaps(one, since, since + int(7e6)))
            print(
                f"  {name:11}: added gap p99 {_at(gaps, 0.99):6.1f} ms (goal {goal}),"
                f" {rate:4.0f} pages a second"
            )


def _leaving(site: RunningSite, visitors: Visitors, upstream: str) -> None:
    with httpx2.Client(trust_env=False) as client:
        client.get(f"{upstream}/left")
        seen, _cpu = Crowd(visitors.wish(site.port, MANY, 50, 2.0, leave=3.0)).end()
        time.sleep(1.0)
        closed = sorted(client.get(f"{upstream}/left").json())
    left = sorted(one.left for one in seen)
    assert len(closed) == len(left), f"{len(closed)} calls closed for {len(left)} who left"
    took = sorted((late - early) / 1000 for early, late in zip(left, closed, strict=True))
    print(
        f"A visitor's leaving closes the call within {_at(took, 0.5):.1f} ms (median),"
        f" {took[-1]:.1f} ms at most (goal 50)"
    )


@contextmanager
def _second(site: RunningSite) -> Iterator[int]:
    """Another web process of the same site: its port."""
    port = free_port()
    process = subprocess.Popen(
        web_command("localhost", port), cwd=ROOT, env=site.environment | {"PORT": str(port)}
    )
    try:
        while not answers("localhost", port, "/readyz"):
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _while_steady(site: RunningSite, after: float, seconds: float) -> float:
    time.sleep(after)
    return cores(site.web.pid, seconds)


def _assert_whole(seen: Sequence[Seen], tokens: int) -> None:
    odd = [(one.tokens, one.ended) for one in seen if (one.tokens, one.ended) != (tokens, "done")]
    assert not odd, f"{len(odd)} of {len(seen)} are not whole: {odd[0]}"


def _first(seen: Sequence[Seen], share: float) -> float:
    """Return milliseconds to the first token, without the upstream's own."""
    return _at(sorted((one.pieces[0][0] - one.began) / 1000 for one in seen), share) - FIRST_MS


def _seconds(seen: Sequence[Seen]) -> float:
    return sum(one.pieces[-1][0] - one.pieces[0][0] for one in seen) / len(seen) / 1e6


def _added_gaps(one: Seen, since: int, until: int) -> Iterator[float]:
    """Yield by how many milliseconds pieces came further apart than they were sent."""
    for (came, sent), (next_came, next_sent) in itertools.pairwise(one.pieces):
        if since <= came <= until:
            yield max(0.0, (next_came - came) - (next_sent - sent)) / 1000


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
