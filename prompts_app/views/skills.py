"""Skills of an author as pages show them: each with the entries that show it."""

from collections.abc import Callable, Iterable
from typing import Any

from django.urls import reverse

from prompts_app.models import Entry, Profile
from prompts_app.models.entries import EntryQuerySet
from prompts_app.services import skills
from prompts_app.services.second_language import told
from prompts_app.services.skills import Shows

# So many entries are named beside one skill.
NAMED = 3


def skills_listed(profile: Profile, listed: EntryQuerySet) -> list[dict[str, Any]]:
    """Return the skills as templates/share/_profile.html shows them on the public profile."""
    found = skills.shown(profile, listed.in_order())
    return _named(found, lambda slug: reverse("entry", args=[profile.handle, slug]))


def skills_shown(
    profile: Profile, entries: Iterable[Entry], address: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Return the same with these entries alone, in their order; `address` leads to one's slug."""
    places = {entry.slug: place for place, entry in enumerate(entries)}
    rows = Entry.objects.filter(owner=profile.user_id, slug__in=places)
    found = skills.shown(profile, rows)
    for some in found.values():
        some.sort(key=lambda one: places[one.slug])
    return _named(found, address)


def _named(found: dict[str, list[Shows]], address: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {
            "name": skill,
            "entries": [
                {"title": told(one.title, one), "url": address(one.slug)} for one in some[:NAMED]
            ],
        }
        for skill, some in found.items()
    ]
