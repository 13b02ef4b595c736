"""Canonical JSON: one value, one hash."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.receipts.canonical import canonical, content_hash

keys = st.text(max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    # Larger whole floats are written as integers no reader is sure of.
    | st.floats(-(2**53) + 1, 2**53 - 1)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        items = [(key, shuffled(inner)) for key, inner in value.items()]
        random.Random(len(items)).shuffle(items)
        return dict(reversed(items))
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


@given(values)
def test_order_of_keys_does_not_matter(value: Any) -> None:
    assert content_hash(shuffled(value)) == content_hash(value)


@given(values)
def test_the_bytes_are_json_of_the_same_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_the_form_of_rfc_8785() -> None:
    # Keys by UTF-16 units, numbers as ECMAScript writes them (sections 3.2.2.3 and 3.2.3).
    value = {"\u20ac": 1, "\r": 2, "1": 333333333.33333329, "\U0001f600": 1e21, "\ufb33": 1e-7}
    expected = (
        '{"\\r":2,"1":333333333.3333333,"\u20ac":1,"\U0001f600":1e+21,"\ufb33":1e-7}'.encode()
    )
    assert canonical(value) == expected
    assert content_hash({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        {"a": [-float("inf")]},
        {1: "a"},
        {None: "a"},
        2**53,
        -(2**53),
        "\ud800",
        {"\ud800": 1},
        b"bytes",
        {"a": object()},
    ],
)
def test_what_readers_would_not_agree_on_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        content_hash(value)


def test_bottomless_nesting_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ValueError):
        canonical(deep)
