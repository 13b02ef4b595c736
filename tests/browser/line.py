"""A line between browser and site that a test can cut in the middle of an answer."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Line:
    """Forwards connections from a port of its own to `port` on this machine until it is cut.

    `url` is the site's address over this line.
    """

    def __init__(self, port: int) -> None:
        self._target = ("localhost", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ends: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._whole = True
        self._lose = 0
        self._then_whole = True

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Only a shutdown wakes the thread that waits in accept.
        _shut(self._listener)
        self.cut()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def cut(self, *, for_good: bool = True) -> None:
        """Break every connection; with `for_good` refuse new ones until `mend`."""
        with self._lock:
            self._whole = not for_good
            for end in self._ends:
                _shut(end)

    def mend(self) -> None:
        """Let new connections through again."""
        with self._lock:
            self._whole = True

    def lose(self, replies: int, *, for_good: bool = False) -> None:
        """Let the next requests reach the site, and cut their connections before any reply.

        With `for_good` all connections are cut then, and new ones refused until `mend`.
        """
        with self._lock:
            self._lose, self._then_whole = replies, not for_good

    @property
    def to_lose(self) -> int:
        """How many replies are still to be lost."""
        with self._lock:
            return self._lose

    def _passes(self) -> bool:
        with self._lock:
            if not self._lose:
                return True
            self._lose -= 1
            if not self._lose and not self._then_whole:
                self._whole = False
                for end in self._ends:
                    _shut(end)
            return False

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            self._start(self._connect, near)

    def _connect(self, near: socket.socket) -> None:
        with near, socket.create_connection(self._target) as far:
            with self._lock:
                if not self._whole:
                    return
                self._ends |= {near, far}
            back = threading.Thread(target=_pump, args=(far, near, self._passes))
            back.start()
            _pump(near, far)
            back.join()
            with self._lock:
                self._ends -= {near, far}


def _pump(
    source: socket.socket, sink: socket.socket, passes: Callable[[], bool] = lambda: True
) -> None:
    with contextlib.suppress(OSError):
        while (data := source.recv(65536)) and passes():
            sink.sendall(data)
    _shut(source)
    _shut(sink)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
