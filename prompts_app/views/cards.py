"""Entries as cards and rows."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from prompts_app.models import Entry
from prompts_app.services.claims import phrases
from prompts_app.services.second_language import told
from prompts_app.templatetags.prompts import picture_small_url

COVER_STYLES = 4


def cards_of(entries: Iterable[Entry], *, with_author: bool = True) -> list[dict[str, Any]]:
    """Return what shared/_card.html shows of each entry.

    The entries come from `EntryQuerySet.for_cards`; nothing else is asked of the database.
    """
    return [_card(entry, with_author) for entry in entries]


def _card(entry: Entry, with_author: bool) -> dict[str, Any]:
    profile = entry.owner.profile
    made: dict[str, Any] = {
        "title": told(entry.title, entry),
        "url": reverse("entry", args=[profile.handle, entry.slug]),
        "summary": told(entry.summary, entry),
        "tags": tags_of(entry),
        "accent": profile.accent,
        "cover_url": picture_small_url(entry.cover),
        # The same entry always wears the same cover.
        "cover_style": entry.pk % COVER_STYLES + 1,
        "proof": phrases(entry.proof),
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
