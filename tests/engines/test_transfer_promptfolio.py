"""One entry in Promptfolio's own format, read as any other reader's document."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.transfer import promptfolio
from prompts_app.transfer import promptfolio_format as form
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.recognise import recognise
from tests.engines.promptfolio import content, entry_file, version


def read(value: Any) -> EntryDocument | Problem:
    data = value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
    (found,) = promptfolio.read(data)
    return found


def entry_of(value: Any) -> EntryDocument:
    found = read(value)
    assert isinstance(found, EntryDocument), found
    return found


def test_an_entry_is_read_with_what_is_lost() -> None:
    found = entry_of(entry_file())
    notes = [one.change_note for one in found.versions]
    # The naive one first, and last the one that is shown.
    assert notes == ["Note 4", "Note 1", "Note 3"]
    assert found.baseline == 0
    assert [one.name for one in found.cases] == ["One", "Two"]
    assert (found.second_language, found.second_words) == ("fr", {"An entry": "Une entrée"})
    assert [(one.version, one.case, one.raw) for one in found.runs] == [
        (2, 0, {"id": "x"}), (0, 1, None), (2, None, {"id": "x"}),
    ]  # fmt: skip
    assert {one.code: one.detail for one in found.losses} == {
        "withdrawn_versions": "1", "withdrawn_cases": "1", "demo_runs": "1", "hidden_runs": "1",
        "failed_runs": "1", "pictures": "1",
    }  # fmt: skip
    assert found.line == 4


def test_the_same_entry_is_the_same_find() -> None:
    one, again = entry_of(entry_file()), entry_of(form.written(entry_file()))
    assert one.source_key == again.source_key
    assert one.source_key != entry_of(entry_file(title="Another")).source_key
    assert len(one.source_key) <= 80


def test_an_entry_that_was_never_published_comes_as_its_draft() -> None:
    bare = entry_file(
        versions=[], published=None, published_at=None, baseline=None, draft=content("Only this")
    )
    bare["runs"] = []
    (only,) = entry_of(bare).versions
    assert only.content["messages"][0]["content"] == "Only this"
    bare["entry"]["draft"] = content("  ")
    assert read(bare) == Problem(4, "empty", path="entry")


def test_what_differs_between_draft_and_version_is_said() -> None:
    found = entry_of(entry_file(draft=content("Next")))
    assert "draft" in {one.code for one in found.losses}


def test_a_version_that_only_repeats_is_read_once() -> None:
    same = [version(1, content=content("Same")), version(3, content=content("Same"))]
    value = entry_file(versions=same, baseline=1)
    value["runs"] = value["runs"][:1]
    found = entry_of(value)
    assert len(found.versions) == 1
    assert found.baseline == 0


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"published": 2}, "reference", "entry.published"),
        ({"baseline": 9}, "reference", "entry.baseline"),
        ({"featured_case": 3}, "reference", "entry.featured_case"),
        ({"versions": [version(3), version(3), version(4)]}, "order", "entry.versions"),
        ({"title": ""}, "minLength", "entry.title"),
        ({"odd": 1}, "additionalProperties", "entry.odd"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: dict[str, Any], code: str, path: str) -> None:
    found = read(entry_file(**change))
    assert isinstance(found, Problem)
    assert (found.code, found.detail, found.path) == ("shape", code, path)
    assert found.line > 1


def test_what_is_not_of_this_format_is_said() -> None:
    assert read({"format": "other"}) == Problem(1, "not_promptfolio")
    assert read([]) == Problem(1, "not_promptfolio")
    assert read(entry_file() | {"format_version": 2}) == Problem(3, "format_version", "2")
    found = read(b"{")
    assert isinstance(found, Problem)
    assert found.code == "not_json"


def test_it_is_recognised() -> None:
    data = json.dumps(entry_file()).encode()
    assert recognise(data) == "promptfolio"
    assert recognise(b"{", "an-entry.promptfolio.json") == "promptfolio"


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab"), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_a_value_is_written_the_same_after_it_was_read(value: Any) -> None:
    once = form.written(value)
    assert form.written(json.loads(once)) == once


@pytest.mark.parametrize(
    ("here", "there"),
    [(1.0, 1), (1e22, 10**22), (-0.0, 0), (1.2345678901234567e17, 123456789012345660)],
)
def test_numbers_come_back_alike_from_both_databases(here: float, there: int) -> None:
    assert form.written(here) == form.written(there)


@given(st.binary(max_size=300))
def test_any_bytes_come_to_one_problem(data: bytes) -> None:
    assert isinstance(read(data), Problem)
