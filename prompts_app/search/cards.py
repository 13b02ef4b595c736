"""Entries as cards and rows show them."""

from collections.abc import Sequence

from prompts_app.models import Entry


def card_entries(keys: Sequence[int]) -> list[Entry]:
    """Return the listed entries of these ids in their order, with two queries.

    Texts that no card shows stay in the database.
    """
    entries = (
        Entry.objects.listed()
        .for_cards()
        .filter(owner__profile__isnull=False)
        .defer("search_text", "use_case", "published__content", "owner__profile__bio")
        .in_bulk(keys)
    )
    return [entries[key] for key in keys if key in entries]
