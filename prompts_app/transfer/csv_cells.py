"""Writer of CSV (RFC 4180) that a spreadsheet opens without running anything in it.

A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a formula,
whatever quotes stand around it (OWASP, "CSV Injection"). Such texts get an apostrophe in front, and
so do those that begin with apostrophes before one of these signs: whoever takes one apostrophe away
from what `'*` and such a sign begin has the text as it was. Numbers are written as they are.
"""

import csv
import io
import re
from collections.abc import Iterable

# What tells spreadsheets that the file is UTF-8.
BYTE_ORDER_MARK = "\ufeff"

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def row(cells: Iterable[str | float | None]) -> str:
    """Return one row with its line end (CR LF); None is an empty cell."""
    out = io.StringIO()
    csv.writer(out).writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: str | float | None) -> str | float | None:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
