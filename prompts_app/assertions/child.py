"""The child process of `bounded`: answers one job after another until its parent is gone.

A message is its length in four bytes, then the message: pickled towards the child, JSON from it,
so that whatever a job does to this process, the parent reads plain values.
"""

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
from typing import Any, Final

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


def _serve(cpu_seconds: float) -> None:
    parent = socket.socket(fileno=0)
    while True:
        try:
            job, arguments = pickle.loads(_message(parent, None))  # noqa: S301
        except OSError:
            return
        if job in ("load", "warm"):
            for name in arguments:
                import_module(JOBS[name][0])
            finding = Finding(True, "loaded")
            if job == "warm":
                continue
        else:
            signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
            finding = find(job, arguments)
            signal.setitimer(signal.ITIMER_PROF, 0)
        send(parent, json.dumps(astuple(finding)).encode())


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
    """Answer on standard input (a socket) until it closes; the argument is the time for a job."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    threading.stack_size(_STACK)
    server = threading.Thread(target=_serve, args=(float(sys.argv[1]),))
    server.start()
    server.join()
    os._exit(0)


if __name__ == "__main__":
    main()
