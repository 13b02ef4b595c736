"""CSV that a spreadsheet may open: nothing in it runs, and nothing is lost."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.transfer.csv_cells import row

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "\r\n", "'", '"', ",", ";", "＝", "a", "é", "1", " "]
texts = st.lists(st.sampled_from(SIGNS), max_size=8).map("".join)


def unguarded(text: str) -> str:
    """Take the apostrophe away where a reader of the file is told that there is one too many."""
    return text[1:] if re.match(r"'+[=+\-@\t\r\n＝＋－＠]", text) else text


def cells(text: str) -> list[str]:
    (found,) = csv.reader(io.StringIO(text, newline=""))
    return found


@given(st.lists(texts, min_size=1))
def test_every_text_comes_back(wanted: list[str]) -> None:
    written = row(wanted)
    assert written.endswith("\r\n")
    assert [unguarded(cell) for cell in cells(written)] == wanted


@given(texts)
def test_no_cell_begins_a_formula(text: str) -> None:
    (cell,) = cells(row([text]))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("'tis", "'tis"),
        ("a,b", '"a,b"'),
        ('say "x"', '"say ""x"""'),
    ],
)
def test_what_is_written(text: str, written: str) -> None:
    assert row([text, "z"]) == f"{written},z\r\n"


def test_numbers_stay_numbers() -> None:
    assert row([-5, 1.5, None, 0]) == "-5,1.5,,0\r\n"
