"""Work that may take for ever, done in child processes that end themselves.

Expressions and schemas come from authors, answers from models. A job whose text is short enough
for its worst case to be quick runs here; any other runs in one of a few child processes, which
stay for the next job. A child that has used `CPU_SECONDS` is ended by its own timer, one that has
not answered in time by another, and its memory has a limit. `LIMIT_SECONDS` is the most that a job
takes its asker, the wait for a child included. Blocks its thread: call it off the event loop.

The children are forked by a process of their own, which has to load what they need first. Call
`warm` where a process starts and `close` where it stops; in a process that was not warmed, the
first job waits for that as well.
"""

import atexit
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from prompts_app.assertions.base import Finding, untestable
from prompts_app.assertions.child import JOBS, find, receive, send

CPU_SECONDS: Final = 0.5
LIMIT_SECONDS: Final = 0.9
START_SECONDS: Final = 20.0
CHILDREN: Final = max(2, min(4, os.cpu_count() or 2))

# A child has a little longer than its asker waits: then what ended it before was its own doing.
_GRACE: Final = 0.1
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


def warm() -> bool:
    """Load what jobs need; wait until it is there. Return whether it is.

    Any thread may call it, as often as it likes. Takes a second or two the first time.
    """
    return _pool.warm()


def close() -> None:
    """End the children that have nothing to do, and their parent. A job that comes later starts
    them anew.
    """
    _pool.close()


class _Parent:
    """The process that forks children, with the end of a socket through which it is asked to."""

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
                # Signals of a terminal or a service manager are not for it.
                start_new_session=True,
            )
        self.socket.settimeout(START_SECONDS)
        self._ready = False
        self._lock = threading.Lock()

    def is_ready(self) -> bool:
        """Wait for the process to have loaded everything."""
        with self._lock:
            if not self._ready:
                try:
                    self._ready = bool(self.socket.recv(1))
                except OSError:
                    return False
        return self._ready

    def fork(self) -> socket.socket:
        """A socket to a new child; raises OSError where there is no process to make one."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self.socket, [b"\0"], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        return ours

    def end(self) -> None:
        """Kill the process and wait for it; its children go on."""
        self.socket.close()
        self.process.kill()
        self.process.wait()


class _Pool:
    """The idle children, and how many there may be."""

    def __init__(self, size: int) -> None:
        self._turns = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []
        self._parent: _Parent | None = None

    def run(self, job: str, arguments: tuple[Any, ...]) -> Finding:
        """The finding of a child, or why there is none."""
        if self._parent is None:
            self.warm()
        deadline = time.monotonic() + LIMIT_SECONDS
        if not self._turns.acquire(timeout=LIMIT_SECONDS):
            return untestable("busy")
        try:
            return self._run(job, arguments, deadline)
        except TimeoutError:
            return untestable("busy")
        # No process or no socket can be had.
        except OSError:
            return untestable("crashed")
        finally:
            self._turns.release()

    def _run(self, job: str, arguments: tuple[Any, ...], deadline: float) -> Finding:
        child = self._idle_child()
        if child is not None:
            finding = self._ask(child, job, arguments, deadline)
            # What was idle may have been ended from outside: that says nothing of the job.
            if finding.code != "crashed":
                return finding
        return self._ask(self._fresh_child(), job, arguments, deadline)

    def _ask(
        self, child: socket.socket, job: str, arguments: tuple[Any, ...], deadline: float
    ) -> Finding:
        """What the child finds. Raises TimeoutError at `deadline`."""
        start = time.monotonic()
        stays = False
        try:
            send(child, pickle.dumps((job, arguments, deadline - start + _GRACE)), deadline)
            holds, code, values, stays = receive(child, deadline)
            return Finding(holds, code, values)
        except TimeoutError:
            raise
        except OSError:
            # Its processor time cannot have run out in less real time.
            used_up = time.monotonic() - start >= CPU_SECONDS * 0.9
            return untestable("too_slow" if used_up else "crashed")
        except (TypeError, ValueError):
            return untestable("crashed")
        finally:
            self._give(child) if stays is True else child.close()

    def warm(self) -> bool:
        """Have a parent, and wait until it can fork."""
        try:
            with self._lock:
                parent = self._parent or self._start()
        except OSError:
            return False
        return parent.is_ready()

    def _start(self) -> _Parent:
        self._parent = _Parent()
        return self._parent

    def _idle_child(self) -> socket.socket | None:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if _is_alive(child):
                    return child
                child.close()
        return None

    def _fresh_child(self) -> socket.socket:
        with self._lock:
            try:
                return (self._parent or self._start()).fork()
            except OSError:
                if self._parent is not None:
                    self._parent.end()
                # The new one loads while the job waits, as long as it may.
                return self._start().fork()

    def _give(self, child: socket.socket) -> None:
        with self._lock:
            self._idle.append(child)

    def forget(self) -> None:
        """Leave all processes to the process this one was forked from."""
        self._turns = threading.BoundedSemaphore(CHILDREN)
        self._lock = threading.Lock()
        for child in self._idle:
            child.close()
        self._idle = []
        if self._parent is not None:
            self._parent.socket.close()
            self._parent.process.returncode = 0  # no child of this process: nothing to wait for
            self._parent = None

    def close(self) -> None:
        """End the parent and all idle children."""
        with self._lock:
            idle, self._idle = self._idle, []
            parent, self._parent = self._parent, None
        for child in idle:
            child.close()
        if parent is not None:
            parent.end()


def _is_alive(child: socket.socket) -> bool:
    """Whether nothing has come from a child that has nothing to do: not even its end."""
    try:
        child.setblocking(False)
        child.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


_pool = _Pool(CHILDREN)
atexit.register(_pool.close)
os.register_at_fork(after_in_child=_pool.forget)
