"""The schema is sound, and what is checked by it here is what any validator says of it."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from prompts_app.transfer import promptfolio_format as form
from prompts_app.transfer.shapes import Shapes, Wrong
from tests.engines.promptfolio import entry_file, places

SCHEMA = json.loads(form.schema_text())
VALIDATOR = Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": "#/$defs/entry_file"})
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from((2**40, -1.5, "", "x" * 200, "2026-01-01T00:00:00.000000Z", "a" * 64 + "\n")),
    st.sampled_from(([], {}, [{}], {"a": 1}, "text", "done", "captured", "draft")),
)


def wrong_place(value: Any) -> tuple[Any, ...] | None:
    try:
        form.shapes().check("entry_file", value)
    except Wrong as wrong:
        return wrong.path
    return None


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert VALIDATOR.is_valid(entry_file())


@given(st.data())
def test_a_bent_entry_is_judged_as_any_validator_judges_it(data: st.DataObject) -> None:
    value = copy.deepcopy(entry_file())
    for _ in range(data.draw(st.integers(1, 2))):
        *before, key = data.draw(st.sampled_from(places(value)))
        place = value
        for one in before:
            place = place[one]
        if data.draw(st.booleans()):
            place[key] = data.draw(ODD)
        elif isinstance(place, dict) and data.draw(st.booleans()):
            place[f"{key}_"] = 1
        else:
            del place[key]
    errors = [error.message for error in VALIDATOR.iter_errors(value)]
    assert (wrong_place(value) is None) == (not errors), (wrong_place(value), errors)


def test_it_says_where() -> None:
    value = copy.deepcopy(entry_file())
    value["runs"][1]["labels"] = ["fine", 7]
    with pytest.raises(Wrong) as caught:
        form.shapes().check("entry_file", value)
    assert (caught.value.path, caught.value.keyword) == (("runs", 1, "labels", 1), "type")


def test_a_schema_with_more_than_is_known_is_refused() -> None:
    with pytest.raises(ValueError, match="patternProperties"):
        Shapes({"$defs": {"a": {"items": {"patternProperties": {}}}}})
