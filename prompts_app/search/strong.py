"""The entries that introduce the site."""

from django.db.models import Exists, OuterRef

from prompts_app.models import Entry, Run
from prompts_app.search.cards import card_entries
from prompts_app.search.matches import LIMIT, Filters, listed


def strong(number: int) -> list[Entry]:
    """Return up to `number` of the newest 1,000 listed entries, the best proven first.

    Entries with a run that this site captured or that was imported with the provider's response
    stand before entries with other runs (pasted, or of the demo model), those before entries
    without any; then the newest. Each author comes once before anyone comes twice.
    """
    shown = Run.objects.shown().filter(version=OuterRef("published"))
    kept = shown.filter(is_demo=False).exclude(origin=Run.Origin.PASTED)
    rows = (
        listed(Filters())
        .annotate(has_kept=Exists(kept), has_shown=Exists(shown))
        .values_list("pk", "owner", "has_kept", "has_shown")[:LIMIT]
    )
    ranked = sorted(rows, key=lambda row: (row[2], row[3]), reverse=True)
    turns: dict[int, int] = {}
    in_turn: list[tuple[int, int]] = []
    for pk, owner, _has_kept, _has_shown in ranked:
        turns[owner] = turns.get(owner, 0) + 1
        in_turn.append((turns[owner], pk))
    in_turn.sort(key=lambda item: item[0])
    return card_entries([pk for _turn, pk in in_turn[:number]])
