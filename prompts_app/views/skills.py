"""Skills of an author, each with the entries that show it: those that have a tag of its name."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from prompts_app.models import Entry, Profile
from prompts_app.models.entries import EntryQuerySet
from prompts_app.services.entries import tag_slug
from prompts_app.templatetags.profiles import phrases

# So many entries are named beside one skill.
NAMED = 3
_MOST = 200


def skills_listed(profile: Profile, listed: EntryQuerySet) -> list[dict[str, Any]]:
    """Return the skills as templates/share/_profile.html shows them on the public profile."""
    rows = listed.in_order()
    return _skills(profile, rows, lambda slug: reverse("entry", args=[profile.handle, slug]))


def skills_shown(
    profile: Profile, entries: Iterable[Entry], address: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Return the same with these entries alone, in their order; `address` leads to one's slug."""
    places = {entry.slug: place for place, entry in enumerate(entries)}
    rows = Entry.objects.filter(owner=profile.user_id, slug__in=places)
    return _skills(profile, rows, address, places)


def _skills(
    profile: Profile,
    entries: QuerySet[Entry],
    address: Callable[[str], str],
    places: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """One query, however many skills and entries there are."""
    tags = {skill: tag_slug(skill) for skill in phrases(profile.skills)}
    if not tags:
        return []
    found = entries.filter(tags__slug__in=tags.values()).values_list(
        "tags__slug", "title", "slug", "language"
    )
    rows = list(found[:_MOST])
    if places is not None:
        rows.sort(key=lambda row: places[row[2]])
    shown: dict[str, list[dict[str, str]]] = {}
    for tag, title, slug, language in rows:
        shown.setdefault(tag, []).append(
            {"title": title, "url": address(slug), "language": language}
        )
    return [{"name": skill, "entries": shown.get(tag, [])[:NAMED]} for skill, tag in tags.items()]
