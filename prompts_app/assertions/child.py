"""The processes of `bounded`: a parent that has everything loaded, and children that do jobs.

The parent does nothing but fork, which takes milliseconds: a child that had to end is replaced at
once. A child answers one job after another and ends itself by its timers, whatever a job does, so
that nobody has to kill it; it ends when its asker is gone, too.

A message is its length in four bytes, then the message: pickled towards a child, JSON from it, so
that whatever a job does to the child, the asker reads plain values.
"""

import gc
import json
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import threading
import time
from dataclasses import astuple
from importlib import import_module
from typing import Any, Final, NoReturn

from prompts_app.assertions.base import Finding, untestable

_HERE = "prompts_app.assertions."

# Each job: its module, its function, and the longest text (all arguments together) for which its
# worst case is quick enough to run in the process that asks (0: never).
JOBS: Final[dict[str, tuple[str, str, int]]] = {
    "regex": (_HERE + "patterns", "search", 0),
    "regex_problem": (_HERE + "patterns", "problem", 0),
    "standing": (_HERE + "containing", "standing", 100_000),
    "json": (_HERE + "json_text", "is_json", 50_000),
    "json_inside": (_HERE + "json_text", "json_inside", 5_000),
    "schema_problem": (_HERE + "schemas", "problem", 0),
    "json_schema": (_HERE + "schemas", "json_keeps", 0),
    "json_inside_schema": (_HERE + "schemas", "json_inside_keeps", 0),
    "xml": (_HERE + "xml_text", "is_xml", 20_000),
    "html": (_HERE + "html_text", "is_html", 50_000),
    "html_inside": (_HERE + "html_text", "html_inside", 50_000),
    "sql": (_HERE + "sql_text", "is_sql", 0),
    "distance": (_HERE + "likeness", "distance", 10_000),
    "overlap": (_HERE + "likeness", "overlap", 50_000),
    "language": (_HERE + "languages", "language", 0),
}

_MEMORY = 1 << 30
# A child that needed more than this once makes room for a fresh one.
_MEMORY_KEPT = 192 << 20
# A schema that reaches into itself goes deep before it is too deep.
_STACK = 256 << 20


class EndedError(ConnectionError):
    """The other side closed the socket."""


def send(to: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send one message; raises TimeoutError at `deadline` (`time.monotonic`)."""
    to.settimeout(_left(deadline))
    to.sendall(struct.pack(">I", len(message)) + message)


def receive(of: socket.socket, deadline: float | None = None) -> Any:
    """The JSON value of the next message; raises TimeoutError at `deadline`, and `EndedError`."""
    return json.loads(_message(of, deadline))


def _message(of: socket.socket, deadline: float | None) -> bytes:
    (length,) = struct.unpack(">I", _exactly(of, 4, deadline))
    return _exactly(of, length, deadline)


def _exactly(of: socket.socket, length: int, deadline: float | None) -> bytes:
    got = bytearray()
    while len(got) < length:
        of.settimeout(_left(deadline))
        part = of.recv(min(length - len(got), 1 << 20))
        if not part:
            raise EndedError
        got += part
    return bytes(got)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _serve(asker: socket.socket, cpu_seconds: float) -> None:
    while True:
        try:
            job, arguments, seconds = pickle.loads(_message(asker, None))  # noqa: S301
        except OSError:
            return
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        finding = find(job, arguments)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        stays = finding.code != "out_of_memory" and _peak() < _MEMORY_KEPT
        try:
            send(asker, json.dumps([*astuple(finding), stays]).encode())
        except OSError:
            return
        if not stays:
            return


def _peak() -> int:
    """The most memory this process had so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def find(job: str, arguments: tuple[Any, ...]) -> Finding:
    """Do a job; whatever it runs into is a finding that tells nothing."""
    module, function, _most = JOBS[job]
    try:
        finding: Finding = getattr(import_module(module), function)(*arguments)
    except RecursionError:
        return untestable("too_deep")
    except MemoryError:
        return untestable("out_of_memory")
    # What a library raises on a hostile text is no verdict on the text.
    except Exception:
        return untestable("not_judged")
    return finding


def main() -> None:
    """Fork a child for each socket that arrives on standard input (a socket), until it closes.

    The argument is the processor time for a job, in seconds. A byte says that everything is loaded.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    # What ends the asker ends its sockets, and with them these processes: not before, not after.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    # The timers must end a child, whatever the asker's threads do with their signals.
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for module, _function, _most in JOBS.values():
        import_module(module)
    # Memory that no child touches is shared by all of them.
    gc.collect()
    gc.freeze()
    asker = socket.socket(fileno=0)
    try:
        asker.sendall(b"\0")
        while True:
            asked, descriptors, _flags, _address = socket.recv_fds(asker, 1, 1)
            if not asked:
                return
            for descriptor in descriptors:
                if _is_child():
                    asker.close()
                    _live(socket.socket(fileno=descriptor), float(sys.argv[1]))
                os.close(descriptor)
    except OSError:
        return


def _is_child() -> bool:
    try:
        return os.fork() == 0
    except OSError:
        # No room for one more: the socket is closed, which tells its asker.
        return False


def _live(asker: socket.socket, cpu_seconds: float) -> NoReturn:
    threading.stack_size(_STACK)
    server = threading.Thread(target=_serve, args=(asker, cpu_seconds))
    server.start()
    server.join()
    os._exit(0)


if __name__ == "__main__":
    main()
