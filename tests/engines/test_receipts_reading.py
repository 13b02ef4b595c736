"""What strangers paste: every refusal has its code, and nothing raises anything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.receipts.reading import MAX_BYTES, ReceiptError, read_json
from prompts_app.receipts.statement import read_receipt
from tests.engines import receipts
from tests.engines.receipts import as_bytes


def code_of(data: bytes) -> str:
    with pytest.raises(ReceiptError) as caught:
        read_receipt(data)
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"\x00", "not_json"),
        (b"{", "not_json"),
        (b"{} {}", "not_json"),
        (b'"a\nb"', "not_json"),
        (b"\xff\xfe{", "not_text"),
        (b"[" * 500_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b" " * (MAX_BYTES + 1), "too_large"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"a": {"\\u0061": 1, "a": 2}}', "duplicate_key"),
        (b"NaN", "number"),
        (b"[-Infinity]", "number"),
        (b"1e999", "number"),
        (b"1" * 5000, "number"),
        (b"-" + b"9" * 5000, "number"),
        (b"0." + b"1" * 5000, "number"),
        (b"9007199254740992", "number"),
        (b"[]", "not_a_receipt"),
        (b"null", "not_a_receipt"),
        (b'{"statement": 1}', "not_a_receipt"),
        (b'{"statement": {"format": "other"}}', "not_a_receipt"),
    ],
)
def test_garbage_is_refused_by_name(data: bytes, code: str) -> None:
    assert code_of(data) == code


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_another_format_version_is_not_guessed_at(version: Any) -> None:
    assert code_of(as_bytes(receipts.receipt(format_version=version))) == "format_version"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"format_version": True}, "statement.format_version"),
        ({"format_version": 1.0}, "statement.format_version"),
        ({"run": "x"}, "statement.run"),
        ({"run": None}, "statement.run"),
        ({"key": "AB" * 8}, "statement.key"),
        ({"usage": {"prompt_tokens": 1}}, "statement.usage.completion_tokens"),
        ({"usage": []}, "statement.usage"),
        ({"times": None}, "statement.times"),
        ({"labels": [1]}, "statement.labels"),
        ({"new": 1}, "statement.new"),
        ({"\x1b[31m": 1}, r"statement.'\x1b[31m'"),
    ],
)
def test_the_wrong_field_is_named(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(ReceiptError) as caught:
        read_receipt(as_bytes(receipts.receipt() | {"statement": receipts.stated(**fields)}))
    assert (caught.value.code, caught.value.field) == ("field", name)


@pytest.mark.parametrize(
    "time",
    [
        "",
        "2026-05-12",
        "2026-05-12T09:30:00Z",
        "2026-13-12T09:30:00.000000Z",
        "2026-5-12T9:30:0.1Z",
    ],
)
def test_a_time_has_one_spelling(time: str) -> None:
    times = receipts.stated()["times"] | {"finished_at": time}
    document = receipts.receipt() | {"statement": receipts.stated(times=times)}
    with pytest.raises(ReceiptError, match="finished_at"):
        read_receipt(as_bytes(document))


def test_half_a_character_is_refused_wherever_it_stands() -> None:
    for place in ("output", "model_asked"):
        document = receipts.receipt()
        target = document if place == "output" else document["statement"]
        target[place] = "\ud800"
        assert code_of(json.dumps(document).encode()) == "not_text"


@pytest.mark.parametrize("depth", [30, 33, 900, 990, 5000])
def test_parameters_may_not_be_bottomless(depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    data = as_bytes(receipts.receipt()).replace(b'"temperature": 0.7', b'"deep": ' + deep)
    assert code_of(data) == "too_deep"


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_json(data)
    except ReceiptError:
        return


tree = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(tree, st.sampled_from(sorted(receipts.stated())), st.booleans())
def test_any_value_anywhere_is_read_or_refused(value: Any, name: str, beside: bool) -> None:
    document = receipts.receipt()
    if beside:
        document = {"statement": document["statement"], "signature": value, "messages": value}
    else:
        document["statement"] |= {name: value}
    try:
        read_receipt(json.dumps(document).encode())
    except ReceiptError:
        return
