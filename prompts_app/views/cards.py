"""Entries as cards and rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from prompts_app.models import Entry
from prompts_app.services.evidence import Figures, counts_for
from prompts_app.templatetags.prompts import picture_small_url
from prompts_app.views.answers import proof_phrases

COVER_STYLES = 4


def cards_of(entries: Sequence[Entry], *, with_author: bool = True) -> list[dict[str, Any]]:
    """Return what shared/_card.html shows of each entry.

    The entries come from `EntryQuerySet.for_cards`. Makes one query.
    """
    counts = counts_for(entries)
    return [card(entry, counts, with_author=with_author) for entry in entries]


def card(
    entry: Entry, counts: Mapping[int, Figures], *, with_author: bool = True
) -> dict[str, Any]:
    """Return one card; `counts` as from `counts_for`."""
    profile = entry.owner.profile
    made: dict[str, Any] = {
        "title": entry.title,
        "url": reverse("entry", args=[profile.handle, entry.slug]),
        "summary": entry.summary,
        "language": entry.language,
        "tags": tags_of(entry),
        "accent": profile.accent,
        "cover_url": picture_small_url(entry.cover),
        # The same entry always wears the same cover.
        "cover_style": entry.pk % COVER_STYLES + 1,
        "proof": proof_phrases(counts.get(entry.pk)),
    }
    if with_author:
        made["author"] = profile.name
        made["author_url"] = reverse("profile", args=[profile.handle])
    return made


def tags_of(entry: Entry) -> list[dict[str, str]]:
    """Return the entry's tags, each with its filter in Explore."""
    return [
        {"name": tag.name, "url": f"{reverse('explore')}?{urlencode({'tag': tag.slug})}"}
        for tag in entry.tags.all()
    ]
