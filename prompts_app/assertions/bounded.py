"""Work that may take for ever, done in a child process that can be killed.

Expressions and schemas come from authors, answers from models. A job whose text is short enough
for its worst case to be quick runs here; any other runs in one of a few child processes, which
stay for the next job. A child that has used `CPU_SECONDS` is ended by its own timer, one that has
not answered after `WALL_SECONDS` by its parent, and memory has a limit. Blocks its thread: call
it off the event loop.
"""

import atexit
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from prompts_app.assertions.base import Finding, untestable
from prompts_app.assertions.child import JOBS, find, receive, send

CPU_SECONDS: Final = 0.5
WALL_SECONDS: Final = 0.8
START_SECONDS: Final = 20.0
# How long a job waits for a child while others have all of them: its own time starts after that.
TURN_SECONDS: Final = 30.0
CHILDREN: Final = max(2, min(4, os.cpu_count() or 2))

_ROOT = Path(__file__).resolve().parents[2]
# Nothing else of the environment reaches a child: it needs no keys.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")


def run(job: str, *arguments: Any) -> Finding:
    """What `job` (a key of `child.JOBS`) finds with these arguments.

    A finding that tells nothing has one of the codes "too_slow" (it used up its processor time),
    "busy" (the machine gave it no time: asking again may help), "out_of_memory", "too_deep",
    "crashed", "not_judged", or one of the job's own.
    """
    most = JOBS[job][2]
    if sum(map(_size, arguments)) <= most:
        return find(job, arguments)
    return _pool.run(job, arguments)


def _size(argument: Any) -> int:
    if isinstance(argument, list):
        return sum(map(len, argument))
    return len(argument) if isinstance(argument, str) else 0


def warm(*jobs: str) -> None:
    """Have two children with what `jobs` need (all of them when none is named).

    Waits for the first; the second takes over at once when a job has to be killed.
    """
    _pool.warm(jobs or tuple(JOBS))


class _Child:
    """One process, with the end of a socket through which it is asked."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-s", "-m", "prompts_app.assertions.child", str(CPU_SECONDS)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
        self.ready: set[str] = set()

    def load(self, jobs: tuple[str, ...]) -> None:
        """Have the child load what `jobs` need, so that their time is their own."""
        if not self.ready.issuperset(jobs):
            self._ask(("load", jobs), START_SECONDS)
            self.ready.update(jobs)

    def start_loading(self, jobs: tuple[str, ...]) -> None:
        """As `load`, without waiting for it."""
        with suppress(OSError):
            send(self.socket, pickle.dumps(("warm", jobs)), time.monotonic() + 1)

    def run(self, job: str, arguments: tuple[Any, ...]) -> Finding:
        """The job's finding. Raises `EndedError` and OSError when there is none."""
        return self._ask((job, arguments), WALL_SECONDS)

    def _ask(self, question: tuple[str, Any], seconds: float) -> Finding:
        deadline = time.monotonic() + seconds
        send(self.socket, pickle.dumps(question), deadline)
        return Finding(*receive(self.socket, deadline))

    def end(self) -> None:
        """Kill the process, unless it is gone, and wait for it."""
        self.socket.close()
        self.process.kill()
        self.process.wait()


class _Pool:
    """The idle children, and how many there may be."""

    def __init__(self, size: int) -> None:
        self._turns = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._used: set[str] = set()

    def run(self, job: str, arguments: tuple[Any, ...]) -> Finding:
        """The finding of a child, or why there is none."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            return untestable("busy")
        try:
            return self._run(job, arguments)
        finally:
            self._turns.release()

    def _run(self, job: str, arguments: tuple[Any, ...]) -> Finding:
        child = self._take()
        kept = False
        try:
            self._load(child, (job,))
            finding = child.run(job, arguments)
            kept = finding.code != "out_of_memory"
            return finding
        except TimeoutError:
            return untestable("busy")
        except OSError:
            return untestable(self._why_ended(child))
        finally:
            self._give(child) if kept else self._replace(child)

    @staticmethod
    def _why_ended(child: _Child) -> str:
        try:
            status = child.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "crashed"
        return "too_slow" if status == -signal.SIGPROF else "crashed"

    def warm(self, jobs: tuple[str, ...]) -> None:
        child = self._take()
        try:
            self._load(child, jobs)
        except OSError:
            child.end()
        else:
            if not self._idle:
                spare = _Child()
                spare.start_loading(jobs)
                self._give(spare)
            self._give(child)

    def _load(self, child: _Child, jobs: tuple[str, ...]) -> None:
        with self._lock:
            self._used.update(jobs)
        child.load(jobs)

    def _take(self) -> _Child:
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return _Child()
            if child.process.poll() is None:
                return child
            child.end()

    def _give(self, child: _Child) -> None:
        with self._lock:
            self._idle.append(child)

    def _replace(self, child: _Child) -> None:
        """End `child` and start the next one, which loads while nobody waits for it."""
        child.end()
        fresh = _Child()
        with self._lock:
            fresh.start_loading(tuple(self._used))
            self._idle.insert(0, fresh)

    def forget(self) -> None:
        """Leave all children to the process this one was forked from."""
        self._turns = threading.BoundedSemaphore(CHILDREN)
        self._lock = threading.Lock()
        for child in self._idle:
            child.socket.close()
            child.process.returncode = 0  # no child of this process: nothing to wait for
        self._idle = []

    def close(self) -> None:
        """End all children."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()


_pool = _Pool(CHILDREN)
atexit.register(_pool.close)
os.register_at_fork(after_in_child=_pool.forget)
