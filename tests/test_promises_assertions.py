"""What docs/assertions.md promises: every rule with what it takes, and the limits there are."""

import re
from pathlib import Path

import pytest

from prompts_app.assertions import base, json_text, rubric, schemas
from prompts_app.assertions.answering import FINISH_REASONS
from prompts_app.assertions.registry import ASSERTIONS

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "assertions.md").read_text()
ROWS = dict(re.findall(r"^\| `(?!type`)([a-z-]+)` \| .+? \| (.+) \|$", TEXT, re.M))


def test_every_rule_is_in_the_table_and_no_other() -> None:
    assert ROWS.keys() == ASSERTIONS.keys()


@pytest.mark.parametrize("kind", ASSERTIONS)
def test_a_rule_is_told_with_all_it_takes(kind: str) -> None:
    parameters = ASSERTIONS[kind].parameters
    places = {".".join(each.place) for each in parameters}
    assert set(re.findall(r"`((?:value|threshold)(?:\.\w+)?)`", ROWS[kind])) - {"value"} == (
        places - {"value"}
    )
    assert ("`value`" in ROWS[kind]) >= ("value" in places)
    assert (ROWS[kind] == "none") == (not parameters)
    for each in parameters:
        if each.default is not None:
            assert f"{each.default} unless given" in ROWS[kind]
        elif not each.required and kind not in ("word-count", "length"):
            assert "optional" in ROWS[kind]


def test_the_choices_and_limits_are_those_of_the_code() -> None:
    assert all(f"`{reason}`" in ROWS["finish-reason"] for reason in FINISH_REASONS)
    assert all(f"`{name}`" in TEXT for name in schemas._FORMATS)
    assert (base.MAX_TEXT, "two million characters" in TEXT) == (2_000_000, True)
    assert f"more than {json_text.MAX_DEPTH} levels" in TEXT
    assert f"more than {rubric.MAX_JUDGED_BYTES // 1000} KB" in TEXT
