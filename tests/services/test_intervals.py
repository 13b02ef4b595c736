"""Intervals: what is published of them, and what must hold of any share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.services.intervals import newcombe, wilson

shares = st.floats(0, 1)
numbers = st.integers(1, 10_000)
_ROUNDING = 1e-9


# Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=5e-5)


# Newcombe, "Interval estimation for the difference between independent proportions" (1998),
# table II, method 10.
@pytest.mark.parametrize(
    ("hits1", "n1", "hits2", "n2", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_newcombe_as_published(
    hits1: int, n1: int, hits2: int, n2: int, low: float, high: float
) -> None:
    assert newcombe(hits1 / n1, n1, hits2 / n2, n2) == pytest.approx((low, high), abs=5e-5)


@given(shares, numbers)
def test_an_interval_stays_within_bounds_and_holds_its_share(share: float, n: int) -> None:
    low, high = wilson(share, n)
    assert 0 <= low <= share + _ROUNDING
    assert share - _ROUNDING <= high <= 1


@given(shares, numbers, numbers)
def test_more_cases_never_make_it_wider(share: float, n: int, more: int) -> None:
    low, high = wilson(share, n)
    closer_low, closer_high = wilson(share, n + more)
    assert closer_high - closer_low <= high - low + _ROUNDING


@given(shares, numbers)
def test_what_fails_is_the_mirror_of_what_passes(share: float, n: int) -> None:
    low, high = wilson(share, n)
    assert wilson(1 - share, n) == pytest.approx((1 - high, 1 - low), abs=_ROUNDING)


@given(shares, numbers, shares, numbers)
def test_a_difference_is_held_and_turns_with_its_sides(
    p1: float, n1: int, p2: float, n2: int
) -> None:
    low, high = newcombe(p1, n1, p2, n2)
    assert -1 - _ROUNDING <= low <= p1 - p2 + _ROUNDING
    assert p1 - p2 - _ROUNDING <= high <= 1 + _ROUNDING
    assert newcombe(p2, n2, p1, n1) == pytest.approx((-high, -low), abs=_ROUNDING)


@pytest.mark.parametrize(("share", "n"), [(-0.1, 5), (1.1, 5), (0.5, 0), (float("nan"), 5)])
def test_what_is_no_share_is_refused(share: float, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        wilson(share, n)
