"""CSV (RFC 4180) as rows with the line they start on.

The standard library's reader knows neither where a row starts nor how to go on after a field beyond
its limit, which moreover is one setting for the whole process. Hence this small one: fields of any
size, LF, CRLF or CR between rows, quotes inside unquoted fields taken as they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
_PLAIN = re.compile(r"[^,\r\n]*+")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Row:
    """The fields of a row and the physical line, from 1, on which it starts."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Unreadable:
    """A row that is no CSV. `code` is "quoting" (text after a closing quote; reading goes on with
    the next line) or "unclosed_quote" (the rest of the text belongs to one field; the end)."""

    line: int
    code: str


def rows(text: str) -> Iterator[Row | Unreadable]:
    """Rows of `text` in order, empty lines left out."""
    position, line = 0, 1
    while position < len(text):
        started, line_started = position, line
        fields: list[str] = []
        code = ""
        while True:
            if text.startswith('"', position):
                match = _QUOTED.match(text, position)
                if match is None:
                    yield Unreadable(line_started, "unclosed_quote")
                    return
                fields.append(match[1].replace('""', '"'))
            else:
                match = _PLAIN.match(text, position)
                assert match is not None
                fields.append(match[0])
            position = match.end()
            if not text.startswith(",", position):
                break
            position += 1
        line_end = _LINE_END.match(text, position)
        if line_end is None and position < len(text):
            code = "quoting"
            line_end = _LINE_END.search(text, position)
        position = line_end.end() if line_end else len(text)
        line += len(_LINE_END.findall(text[started:position]))
        if code:
            yield Unreadable(line_started, code)
        elif fields != [""] or text[started] == '"':
            yield Row(line_started, tuple(fields))
