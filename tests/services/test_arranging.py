"""The author's order of entries, whatever they do to it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompts_app.models import Entry, User
from prompts_app.services import arranging, endings
from tests import factories

pytestmark = pytest.mark.django_db

NUMBER = 7
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["step", "before", "after", "pin", "unpin"]),
        st.integers(0, NUMBER - 1),
        st.integers(-NUMBER, NUMBER - 1),
    ),
    max_size=12,
)


def order(owner: User) -> list[Entry]:
    return list(Entry.objects.filter(owner=owner).kept().in_order())


def moved(rows: list[Entry], how: str, entry: Entry, amount: int) -> list[Entry]:
    """What a list does: the model that the service is measured by."""
    pinned = [one for one in rows if one.pinned]
    others = [one for one in rows if not one.pinned]
    own = pinned if entry in pinned else others
    first = 0 if own is pinned else len(pinned)
    left = [one for one in rows if one != entry]
    if how == "step":
        place = rows.index(entry) + amount
    else:
        other = rows[amount % len(rows)]
        if other == entry:
            return rows
        place = left.index(other) + (how == "after")
    place = min(max(place, first), first + len(own) - 1)
    return [*left[:place], entry, *left[place:]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_entries_move_as_in_a_list(moves: list[tuple[str, int, int]], db: None) -> None:
    owner = factories.profile().user
    for _ in range(NUMBER):
        factories.entry(owner)
    for how, which, amount in moves:
        rows = order(owner)
        entry = rows[which]
        if how in ("pin", "unpin"):
            full = sum(one.pinned for one in rows) == arranging.MAX_PINNED
            if how == "pin" and full and not entry.pinned:
                with pytest.raises(arranging.NoRoom):
                    arranging.pin(entry)
            else:
                (arranging.pin if how == "pin" else arranging.unpin)(entry)
            continue
        wanted = moved(rows, how, entry, amount)
        if how == "step":
            arranging.step(entry, amount)
        else:
            arranging.put_beside(entry, rows[amount % NUMBER], after=how == "after")
        assert order(owner) == wanted


def test_what_is_new_comes_first_until_it_is_arranged() -> None:
    owner = factories.profile().user
    old, older = factories.entry(owner), factories.entry(owner)
    assert order(owner) == [older, old]
    arranging.step(old, -1)
    assert order(owner) == [old, older]
    new = factories.entry(owner)
    draft = factories.entry(owner, published=False)
    assert order(owner) == [draft, new, old, older]


def test_what_was_put_away_meanwhile_moves_nothing() -> None:
    owner = factories.profile().user
    entries = [factories.entry(owner) for _ in range(3)]
    endings.archive(entries[0])
    before = order(owner)
    assert arranging.step(entries[0], -1) == 0
    assert arranging.put_beside(entries[1], entries[0], after=True) == 0
    assert order(owner) == before
