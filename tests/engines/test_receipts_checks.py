"""Receipts: the true one holds, and nothing that differs from it in any field does."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prompts_app.receipts import checks, keys
from prompts_app.receipts.checks import Line
from prompts_app.receipts.reading import ReceiptError
from prompts_app.receipts.statement import STATEMENT, read_receipt
from tests.engines import receipts
from tests.engines.receipts import KEY, OUTPUT, SIGNED_AT, SITE, as_bytes

Path = tuple[str | int, ...]


def look(document: Any, *known: keys.PublicKey, output: bytes | None = None) -> list[Line]:
    read = read_receipt(as_bytes(document))
    return checks.check(read, known or (KEY,), SITE, output)


def holds(data: bytes) -> bool:
    """Say whether these bytes are a receipt that holds."""
    try:
        return checks.holds(checks.check(read_receipt(data), (KEY,), SITE))
    except ReceiptError:
        return False


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        inner: Any = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        yield path
        return
    for key, one in inner:
        yield from leaves(one, (*path, key))


def at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def altered(path: Path, value: Any) -> dict[str, Any]:
    """Return the receipt with another value at one place."""
    document = copy.deepcopy(receipts.receipt())
    at(document, path[:-1])[path[-1]] = value
    return document


LEAVES = list(leaves(receipts.receipt()))
others = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 2**53 - 1), st.floats(-1e9, 1e9), st.text(max_size=9)
)


def test_a_true_receipt_holds_line_by_line() -> None:
    assert look(receipts.receipt(), output=OUTPUT.encode()) == [
        Line("signature", "holds", "intact"),
        Line("key", "holds", "current"),
        Line("site", "holds", "same"),
        Line("messages", "holds", "same"),
        Line("output", "holds", "same"),
    ]
    assert holds(as_bytes(receipts.receipt()))


def test_every_field_of_the_statement_is_tried() -> None:
    assert {path[1] for path in LEAVES if path[0] == "statement"} == set(STATEMENT)


@given(st.sampled_from(LEAVES), others)
def test_another_value_in_any_field_fails(path: Path, value: Any) -> None:
    before = at(receipts.receipt(), path)
    if value == before and isinstance(value, bool) == isinstance(before, bool):
        return
    assert not holds(as_bytes(altered(path, value)))


@given(st.sampled_from(LEAVES), st.data())
def test_one_character_more_less_or_other_fails(path: Path, data: st.DataObject) -> None:
    before = at(receipts.receipt(), path)
    if isinstance(before, bool):
        after: Any = not before
    elif isinstance(before, str):
        place = data.draw(st.integers(0, len(before)))
        cut = data.draw(st.integers(0, 1))
        after = before[:place] + data.draw(st.text(max_size=2)) + before[place + cut :]
    else:
        after = (before or 0) + data.draw(st.sampled_from((1, -1, 1e-9)))
    if after != before:
        assert not holds(as_bytes(altered(path, after)))


@given(st.data())
def test_a_changed_byte_of_the_file_changes_nothing_or_fails(data: st.DataObject) -> None:
    true = as_bytes(receipts.receipt())
    place = data.draw(st.integers(0, len(true) - 1))
    changed = bytearray(true)
    changed[place] ^= data.draw(st.integers(1, 255))
    if holds(bytes(changed)):  # space between values, or another spelling of the same value
        assert json.loads(bytes(changed)) == receipts.receipt()


@given(st.sampled_from(sorted({path[:-1] for path in LEAVES})), st.text(max_size=5))
def test_a_field_more_or_less_fails(path: Path, name: str) -> None:
    document = receipts.receipt()
    target = at(document, path)
    if isinstance(target, list):
        target.append(name)
    else:
        assume(name not in target)
        target[name] = name
    assert not holds(as_bytes(document))
    target = at(receipts.receipt(), path)
    for key in list(target) if isinstance(target, dict) else range(len(target)):
        document = copy.deepcopy(receipts.receipt())
        del at(document, path)[key]
        # What lies beside the statement may be left out.
        assert holds(as_bytes(document)) is (path == () and key in ("messages", "output"))


def test_messages_and_output_can_be_left_out() -> None:
    document = receipts.receipt()
    del document["messages"], document["output"]
    lines = look(document)
    assert Line("messages", "open", "left_out") in lines
    assert Line("output", "open", "left_out") in lines
    assert checks.holds(lines)
    assert checks.holds(look(document, output=OUTPUT.encode()))
    assert not checks.holds(look(document, output=OUTPUT.encode() + b"\n"))


def test_the_order_of_fields_and_the_space_between_them_do_not_matter() -> None:
    document = receipts.receipt()
    document["statement"] = dict(reversed(document["statement"].items()))
    assert holds(json.dumps(document).encode())
    assert holds(b"\xef\xbb\xbf\r\n" + json.dumps(document, indent=7).encode() + b"\n\n")


def test_a_key_nobody_knows_proves_nothing() -> None:
    other = replace(KEY, id="0" * 16)
    lines = look(receipts.receipt(), other)
    assert lines[:2] == [Line("signature", "open", "no_key"), Line("key", "fails", "unknown")]
    assert not checks.holds(lines)


def test_another_sites_key_under_the_same_id_does_not_fit() -> None:
    foreign = replace(KEY, public_key=keys.public_of(b"x" * 32))
    assert look(receipts.receipt(), foreign)[0] == Line("signature", "fails", "broken")
    assert not holds(as_bytes(receipts.receipt(seed=b"x" * 32)))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"retired_at": SIGNED_AT + timedelta(days=1)}, Line("key", "holds", "retired")),
        ({"retired_at": SIGNED_AT - timedelta(minutes=4)}, Line("key", "holds", "retired")),
        ({"retired_at": SIGNED_AT - timedelta(minutes=6)}, Line("key", "fails", "too_late")),
        ({"active_from": SIGNED_AT + timedelta(minutes=4)}, Line("key", "holds", "current")),
        ({"active_from": SIGNED_AT + timedelta(minutes=6)}, Line("key", "fails", "too_early")),
        ({"leaked": True}, Line("key", "fails", "leaked")),
    ],
)
def test_a_key_signs_in_its_time_only(change: dict[str, Any], line: Line) -> None:
    lines = look(receipts.receipt(), replace(KEY, **change))
    assert lines[1] == line
    assert checks.holds(lines) is (line.state == "holds")


def test_a_site_may_move() -> None:
    read = read_receipt(as_bytes(receipts.receipt()))
    lines = checks.check(read, (KEY,), "https://new.example.org")
    assert Line("site", "open", "other") in lines
    assert checks.holds(lines)


def test_the_short_code_follows_the_statement() -> None:
    code = read_receipt(as_bytes(receipts.receipt())).code
    assert len(code) == 14
    assert code == code.upper()
    assert read_receipt(as_bytes(receipts.receipt(is_demo=True))).code != code


def test_a_keys_file_is_read_back() -> None:
    old = replace(KEY, retired_at=SIGNED_AT, leaked=True)
    assert keys.read_keys(receipts.key_file(KEY, old)) == (SITE, [KEY, old])


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0" * 16},
        {"public_key": "zz"},
        {"public_key": "00"},
        {"public_key": None},
        {"algorithm": "RSA"},
        {"active_from": "yesterday"},
        {"active_from": None},
        {"retired_at": "9999-12-31T23:59:59.999999Z"},
        {"leaked": 0},
    ],
)
def test_a_keys_file_with_a_wrong_key_is_refused(change: dict[str, Any]) -> None:
    document = json.loads(receipts.key_file())
    document["keys"][0] |= change
    with pytest.raises(ReceiptError, match="not_keys"):
        keys.read_keys(as_bytes(document))


@pytest.mark.parametrize("value", [[], {}, 1, None, {"format": "promptfolio-keys"}, {"keys": 1}])
def test_what_is_no_keys_file_is_refused(value: Any) -> None:
    with pytest.raises(ReceiptError, match="not_keys"):
        keys.read_keys(as_bytes(value))
