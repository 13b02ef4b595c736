"""Storms: many processes on one database, killed at random, and what must be true afterwards.

    report = unleash(site.environment, "ledger", processes=8, kills=50)

A storm runs in a process of its own, the nest, which forks the workers: so a killed one is
replaced in milliseconds, and nothing of the test's own process is forked.
"""

import contextlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
# A storm that takes longer is stuck, which is a finding of its own.
LONGEST_SECONDS = 1200
SHOWN = 20


@dataclass
class Report:
    """What a storm did, and the promises that were broken, each once, at most SHOWN of them."""

    violations: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)


class Journal:
    """A file outside the database that survives kill -9: one write for each line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1

    def write(self, *words: object) -> None:
        """Append one line."""
        if self._file < 0:
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())

    def lines(self, first: str) -> list[list[str]]:
        """The words after `first` of every line that begins with it."""
        if not self.path.exists():
            return []
        found = (line.split(" ") for line in self.path.read_text().splitlines())
        return [words[1:] for words in found if words[0] == first]


class Storm(Protocol):
    """What runs in a nest. Workers write what they did, and "broken …", into the journal."""

    def prepare(self) -> None:
        """Make the rows to fight about; all database connections are closed after it."""

    def work(self, seed: int) -> None:
        """Do a worker's share; it may be killed anywhere in it."""

    def accompany(self, seed: int) -> None:
        """Work alongside until killed when all others have ended."""

    def judge(self, report: Report) -> None:
        """Look at what is left when no worker lives any more."""


def unleash(environment: Mapping[str, str], kind: str, **plan: object) -> Report:
    """Run a storm of `kind` ("ledger", "limits" or "publishing") on a site's database.

    `plan`: `processes` at once; `kills` and `restarts` of the database in mid-storm; the rest are
    the storm's own fields.
    """
    with tempfile.TemporaryDirectory(prefix="promptfolio-storm-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak.storm", kind, json.dumps(plan), folder],
            cwd=ROOT,
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
    if done.returncode:
        raise RuntimeError(f"the storm's nest failed: {done.stdout}{done.stderr}")
    return Report(**json.loads(done.stdout.splitlines()[-1]))


def crash_postgres(url: str) -> None:
    """Make PostgreSQL drop everybody and recover, as it does when one of its processes dies.

    Returns when it takes connections again; raises psycopg.OperationalError after 30 seconds.
    """
    deadline = time.monotonic() + 30
    victim = psycopg.connect(url, autocommit=True)
    witness = psycopg.connect(url, autocommit=True)
    os.kill(victim.info.backend_pid, signal.SIGKILL)
    # The server takes connections until it has noticed; then it drops all there are.
    with contextlib.suppress(psycopg.OperationalError):
        while time.monotonic() < deadline:
            witness.execute("SELECT pg_sleep(0.01)")
    victim.close()
    witness.close()
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _rage(
    storm: Storm, rng: random.Random, *, processes: int, kills: int, restarts: int
) -> dict[str, float]:
    fork = multiprocessing.get_context("fork")
    begun = time.monotonic()

    def start(work: Callable[[int], None]) -> Any:
        worker = fork.Process(target=work, args=(rng.randrange(2**32),))
        worker.start()
        return worker

    companion = start(storm.accompany)
    workers = [start(storm.work) for _ in range(processes)]
    due = {round((i + 1) * kills / (restarts + 1)) for i in range(restarts)}
    for kill in range(kills):
        time.sleep(rng.uniform(0.02, 0.25))
        victim = rng.randrange(processes)
        workers[victim].kill()
        workers[victim].join()
        workers[victim] = start(storm.work)
        if kill in due:
            crash_postgres(os.environ["DATABASE_URL"])
    for worker in workers:
        worker.join()
    failed = [worker.exitcode for worker in workers if worker.exitcode]
    alive = companion.is_alive()
    companion.kill()
    companion.join()
    if failed or not alive:
        raise RuntimeError(f"workers ended with {failed}; the companion lived: {alive}")
    return {"kills": kills, "restarts": len(due), "seconds": round(time.monotonic() - begun, 1)}


def main(kind: str, plan: dict[str, Any], folder: Path) -> Report:
    """Run one storm and judge it."""
    import django

    django.setup()
    from django.db import connection

    from tests.soak.ledger import LedgerStorm
    from tests.soak.limits import LimitsStorm
    from tests.soak.publishing import PublishingStorm

    rage = {name: plan.pop(name, 0) for name in ("processes", "kills", "restarts")}
    rng = random.Random(plan.pop("seed", None))
    journal = Journal(folder / "journal")
    kinds = {"ledger": LedgerStorm, "limits": LimitsStorm, "publishing": PublishingStorm}
    storm: Storm = kinds[kind](journal, **plan)
    storm.prepare()
    # Neither a connection nor the pool's threads survive a fork.
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    report = Report()
    report.figures |= _rage(storm, rng, **rage)
    report.violations += [" ".join(words) for words in journal.lines("broken")]
    storm.judge(report)
    report.figures["violations"] = len(report.violations)
    report.violations = sorted(set(report.violations))[:SHOWN]
    return report


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3])))))
