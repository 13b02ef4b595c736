"""Server-sent events from bytes (WHATWG HTML, section 9.2.6), whatever the chunks' borders."""

from collections.abc import Iterator
from typing import NamedTuple


class Event(NamedTuple):
    """`name` is the event's type ("" where not given); `data` its lines joined by a newline."""

    name: bytes
    data: bytes


_OTHER_FIELDS = (b":", b"id", b"retry", b"data")


class TooLargeError(Exception):
    """One event exceeds the cap."""


class Parser:
    """Feed it bytes as they come; it answers with the events they complete.

    `junk` keeps the start of the first line that is no
    event stream at all, to say what came instead. Memory is bounded by `max_event_bytes`.
    """

    def __init__(self, max_event_bytes: int) -> None:
        self.junk = b""
        self._max = max_event_bytes
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._name = b""
        self._skip_lf = False
        self._start = b""
        self._started = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events completed by this chunk, to be taken to the end. Raises TooLargeError."""
        if not self._started:
            # A byte order mark may itself be cut into pieces.
            chunk = self._start + chunk
            if len(chunk) < 3 and b"\xef\xbb\xbf".startswith(chunk):
                self._start = chunk
                return
            self._started = True
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        if self._skip_lf and chunk:
            self._skip_lf = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._skip_lf = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        last = lines.pop()
        if lines:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest = bytearray()
            for line in lines:
                event = self._line(line)
                if event is not None:
                    yield event
        self._rest += last
        if self._size + len(self._rest) > self._max:
            raise TooLargeError

    def end(self) -> Iterator[Event]:
        """The event left open when the bytes ended; providers forget the last blank line."""
        if self._start and not self._started:
            self._rest += self._start
        if self._rest:
            line = bytes(self._rest)
            self._rest = bytearray()
            self._line(line)
        event = self._line(b"")
        if event is not None:
            yield event

    def _line(self, line: bytes) -> Event | None:
        if line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            self._size += len(value)
            if self._size > self._max:
                raise TooLargeError
            self._data.append(value)
        elif not line:
            name, self._name = self._name, b""
            if self._data:
                data, self._data = self._data, []
                self._size = 0
                return Event(name, b"\n".join(data))
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()[:100]
        elif not self.junk and line.strip() and not line.startswith(_OTHER_FIELDS):
            self.junk = line[:300]
        return None
