"""The one door to searching: listed entries by words and filters, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from prompts_app.models import Entry
from prompts_app.search import keyset, matches
from prompts_app.search.cards import card_entries
from prompts_app.search.facets import Choice, Facets, facets_of
from prompts_app.search.keyset import Place
from prompts_app.search.matches import Filters, Match
from prompts_app.search.strong import strong
from prompts_app.search.words import words_of_query

__all__ = ["Choice", "Facets", "Filters", "Page", "explore", "strong"]

PAGE_SIZE = 20
NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of matches.

    `total` counts at most 1,000 matches and `total_is_capped` says that there are more; `facets`
    are of those. `newer` and `older` name the pages beside this one, or are None.
    """

    entries: list[Entry]
    total: int
    total_is_capped: bool
    facets: Facets
    newer: str | None
    older: str | None


def explore(
    query: str = "",
    filters: Filters = NO_FILTERS,
    *,
    after: str | None = None,
    before: str | None = None,
) -> Page:
    """Return a page of the listed entries that have all words of `query`, within `filters`.

    Each word may be the beginning of one in the text; case and accents do not matter. With words,
    the newest 1,000 matches come best first; without, all come newest first. `after` and `before`
    are the `older` and `newer` of another page; nonsense gives the first page, like neither.
    Takes six queries at most.
    """
    words = words_of_query(query)
    places = keyset.place(after), keyset.place(before)
    if words:
        found, capped = matches.with_words(words, filters)
        page, newer, older = _ranked(found, *places)
    else:
        found = matches.rows(matches.listed(filters), matches.LIMIT + 1)
        capped = len(found) > matches.LIMIT
        page, newer, older = _newest(filters, found, *places)
    return Page(
        entries=card_entries([match.entry for match in page]),
        total=min(len(found), matches.LIMIT),
        total_is_capped=capped,
        facets=facets_of(found[: matches.LIMIT]),
        newer=newer.token() if newer else None,
        older=older.token() if older else None,
    )


_Cut = tuple[Sequence[Match], Place | None, Place | None]


def _ranked(found: list[Match], later: Place | None, sooner: Place | None) -> _Cut:
    """Return a page of a whole list, and the places where the pages beside it begin."""
    start = 0
    if later is not None:
        start = sum(match.place >= later for match in found)
    elif sooner is not None:
        start = max(0, sum(match.place > sooner for match in found) - PAGE_SIZE)
    if start >= len(found):
        start = 0
    page = found[start : start + PAGE_SIZE]
    more = start + PAGE_SIZE < len(found)
    return page, page[0].place if start else None, page[-1].place if more else None


def _newest(
    filters: Filters, found: list[Match], later: Place | None, sooner: Place | None
) -> _Cut:
    """Return a page of all entries within `filters`, read from the database from its edge on.

    `found` are the newest of them: the first page.
    """
    entries = matches.listed(filters)
    if later is not None:
        rows = matches.rows(entries.filter(keyset.before(later)), PAGE_SIZE + 1)
        if rows:
            page = rows[:PAGE_SIZE]
            return page, page[0].place, page[-1].place if len(rows) > PAGE_SIZE else None
    elif sooner is not None:
        rows = matches.rows(entries.filter(keyset.after(sooner)).reverse(), PAGE_SIZE + 1)
        # What is left at the newest end is less than a page: the first page holds it all.
        if len(rows) > PAGE_SIZE:
            page = rows[PAGE_SIZE - 1 :: -1]
            return page, page[0].place, page[-1].place
    return found[:PAGE_SIZE], None, found[PAGE_SIZE - 1].place if len(found) > PAGE_SIZE else None
