"""Starts the site's processes together, and stops them together."""

import contextlib
import ctypes
import errno
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from types import FrameType, TracebackType
from typing import NoReturn, Self

PR_SET_PDEATHSIG = 1
# How long a process may take to end by itself: an open stream gets its last words out.
GRACE_SECONDS = 8.0
# Open answers may finish before a web process leaves.
DRAIN_SECONDS = 5


class LaunchError(Exception):
    """The site cannot start or go on; the message is a sentence for the person who started it."""


class Stopped(Exception):  # noqa: N818 - it is a wish, not an error
    """Someone asked the site to stop: Ctrl-C, SIGTERM, or the terminal was closed."""


def web_command(host: str, port: int) -> list[str]:
    """Return the command that serves the site on `host` and `port`.

    The site itself decides which proxy to believe and writes its own log, so uvicorn does neither.
    """
    return [
        *(sys.executable, "-m", "uvicorn", "portfolio.asgi:application"),
        *("--host", host, "--port", str(port), "--loop", "uvloop", "--http", "httptools"),
        *("--no-proxy-headers", "--no-access-log", "--no-server-header"),
        *("--log-level", "warning", "--timeout-graceful-shutdown", str(DRAIN_SECONDS)),
    ]


def listening_host(host: str, port: int) -> str:
    """Return `host`, or the one address of it that this machine can listen on.

    `localhost` may name an IPv6 address on a machine without IPv6. Raises LaunchError when the
    port is taken or the host is not this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise LaunchError(f"HOST: “{host}” is not a name or address of this machine.") from error
    usable = []
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LaunchError(
                    f"Port {port} is in use by another program: stop that, or choose another "
                    f"port, such as “PORT={next_port(port)} make demo”."
                ) from error
            if error.errno == errno.EACCES:
                raise LaunchError(
                    f"PORT: only an administrator may listen on port {port}: choose one above 1023."
                ) from error
        else:
            usable.append(str(address[0]))
    if not usable:
        raise LaunchError(f"HOST: “{host}” is not a name or address of this machine.")
    return host if len(usable) == len(found) else usable[0]


def next_port(port: int) -> int:
    """Return a port to suggest instead of `port`."""
    return port + 1 if port < 65535 else 8000


def free_port() -> int:
    """Return a port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def reachable_host(host: str) -> str:
    """Return the address under which this machine reaches a server that listens on `host`."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on
    return everywhere.get(host, host)


def answers(host: str, port: int, path: str) -> bool:
    """Say whether a GET of `path` on this machine's server answers 200 within two seconds."""
    connection = http.client.HTTPConnection(reachable_host(host), port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Processes:
    """The site's processes: while the `with` block runs they run, after it none is left.

    Each is the head of its own process group, so that a stop reaches what it started itself, and
    each is told to end by the kernel (on Linux) should this process be killed outright. SIGINT,
    SIGTERM and SIGHUP raise Stopped inside the block.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        # Asked now: a terminal that was closed meanwhile no longer says that it was one.
        self._terminal = next((number for number in range(3) if os.isatty(number)), None)
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def __enter__(self) -> Self:
        for number in self.SIGNALS:
            signal.signal(number, self._stop_asked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._stop_all()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start `command`, called `name` in sentences, with `environment` added to this one's."""
        parent = os.getpid()

        def tie_to_parent() -> None:
            if self._libc is not None:
                self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
                if os.getppid() != parent:
                    os._exit(1)

        self._running[name] = subprocess.Popen(  # noqa: S603 - commands of this module and the demo's
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=tie_to_parent,
        )

    def wait_until_answers(self, host: str, port: int, path: str, seconds: float) -> None:
        """Return when `path` answers; raise LaunchError if a process ends or time runs out."""
        deadline = time.monotonic() + seconds
        while not answers(host, port, path):
            self._raise_if_one_ended()
            if time.monotonic() > deadline:
                raise LaunchError(f"The site did not answer within {seconds:.0f} seconds.")
            time.sleep(0.1)

    def wait(self) -> NoReturn:
        """Wait until a process ends, which raises LaunchError, or a stop is asked for."""
        if self._terminal is not None:
            watch = threading.Thread(target=_watch_terminal, args=(self._terminal,), daemon=True)
            watch.start()
        while True:
            # Leaves the status for Popen, which must learn it too.
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            self._raise_if_one_ended()

    def _raise_if_one_ended(self) -> None:
        for name, process in self._running.items():
            status = process.poll()
            if status is not None:
                how = f"exit status {status}" if status >= 0 else signal.Signals(-status).name
                raise LaunchError(f"The {name} ended by itself ({how}), so everything was stopped.")

    def _stop_asked(self, number: int, frame: FrameType | None) -> None:
        raise Stopped

    def _stop_all(self) -> None:
        for process in self._running.values():
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            # Also for what a process that ended in time has left behind in its group.
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _watch_terminal(terminal: int) -> None:
    """Send this process SIGHUP when its terminal is closed.

    The kernel tells only the head of the session, which may be a `make` that waits for this process
    instead of passing it on.
    """
    poll = select.poll()
    poll.register(terminal, 0)
    if any(event & select.POLLHUP for _, event in poll.poll()):
        # To the main thread: it may sit in a system call that only its own signals end.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # An empty group is no group; macOS says of it “not permitted”.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
