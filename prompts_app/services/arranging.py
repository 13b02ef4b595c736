"""The author's own order of entries, and the few that are pinned to the front of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from prompts_app.models import Entry, User

MAX_PINNED = 6


class NoRoom(Exception):  # noqa: N818 - it reads as the condition it is
    """Six entries are pinned already."""


@contextmanager
def held(owner: User) -> Iterator[None]:
    """Let nobody else arrange the owner's entries meanwhile; a transaction."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        yield


def may_pin(owner: User) -> bool:
    """Say whether there is room for another pinned entry. Call it while the order is held."""
    return Entry.objects.kept().filter(owner=owner, pinned=True).count() < MAX_PINNED


def pin(entry: Entry) -> None:
    """Show the entry before those that are not pinned. Raises NoRoom."""
    with held(entry.owner):
        if not Entry.objects.filter(pk=entry.pk, pinned=True).exists():
            if not may_pin(entry.owner):
                raise NoRoom
            Entry.objects.filter(pk=entry.pk).update(pinned=True)


def unpin(entry: Entry) -> None:
    """Let the entry stand where its place is."""
    Entry.objects.filter(pk=entry.pk).update(pinned=False)


def step(entry: Entry, by: int) -> int:
    """Move an entry `by` places, at most to an end; return how many places before it there are.

    Pinned entries have an order of their own, before all others.
    """
    with held(entry.owner):
        order, own = _order(entry)
        return _put(entry, order, own, order.index(entry.pk) + by) if own else 0


def put_beside(entry: Entry, other: Entry, *, after: bool) -> int:
    """Move an entry right before or after another; return what `step` does.

    One on the other side of the border of the pinned ones stays at that border.
    """
    with held(entry.owner):
        order, own = _order(entry)
        if not own or other.pk not in order:
            return 0
        now, target = order.index(entry.pk), order.index(other.pk)
        # Where the other stands once the entry is taken out.
        target -= target > now
        return _put(entry, order, own, target + after if other.pk != entry.pk else now)


def _order(entry: Entry) -> tuple[list[int], range]:
    """The ids of the owner's entries in their order, and the indexes among which this one moves.

    There are none where it was put away or deleted meanwhile.
    """
    rows = Entry.objects.filter(owner=entry.owner).kept().in_order()
    pinned = dict(rows.values_list("pk", "pinned"))
    same = [i for i, key in enumerate(pinned) if pinned[key] == pinned.get(entry.pk)]
    return list(pinned), range(same[0], same[-1] + 1) if same else range(0)


def _put(entry: Entry, order: list[int], own: range, index: int) -> int:
    index = min(max(index, own.start), own.stop - 1)
    order.remove(entry.pk)
    order.insert(index, entry.pk)
    places = {key: -number for number, key in enumerate(order, 1)}
    moved = [
        Entry(pk=key, place=places[key])
        for key, place in Entry.objects.filter(pk__in=order).values_list("pk", "place")
        if place != places[key]
    ]
    Entry.objects.bulk_update(moved, ["place"], batch_size=200)
    return index - own.start
