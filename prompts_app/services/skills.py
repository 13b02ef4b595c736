"""Skills of an author, each with the entries that show it.

Those are the entries the author picked for it; for a skill without any of those that a reader may
see, the entries that have a tag of its name.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet, Value

from prompts_app.models import Entry, Profile, SkillShown
from prompts_app.services.entries import tag_slug
from prompts_app.templatetags.profiles import phrases

# More would prove no more.
MOST_PICKED = 12
_MOST = 600
# In this order: what was picked is never cut off for what merely has a tag.
_PICKED, _TAGGED = "a", "b"


class Shows(NamedTuple):
    """An entry that shows a skill."""

    title: str
    slug: str
    language: str
    second_language: str
    second_words: dict[str, str]


def shown(profile: Profile, entries: QuerySet[Entry]) -> dict[str, list[Shows]]:
    """Return skill → those of `entries` that show it, newest first; one query at most."""
    tags = {skill: tag_slug(skill) for skill in phrases(profile.skills)}
    if not tags:
        return {}
    picked = _named(entries.filter(skills_shown__profile=profile), _PICKED, "skills_shown__skill")
    tagged = _named(entries.filter(tags__slug__in=tags.values()), _TAGGED, "tags__slug")
    found: dict[str, dict[str, list[Shows]]] = {_PICKED: {}, _TAGGED: {}}
    rows: QuerySet[Any, Any] = picked.union(tagged, all=True)
    rows = rows.order_by("source", "-published_at", "-id")
    for kind, name, _at, _id, *shows in rows[:_MOST]:
        found[kind].setdefault(name, []).append(Shows(*shows))
    return {
        skill: found[_PICKED].get(skill) or found[_TAGGED].get(tag, [])
        for skill, tag in tags.items()
    }


def _named(entries: QuerySet[Entry], kind: str, name: str) -> QuerySet[Any, Any]:
    """Return entries as rows of one kind, each beside the skill or tag it is named for."""
    rows = entries.order_by().annotate(source=Value(kind), beside=F(name))
    return rows.values_list("source", "beside", "published_at", "id", *Shows._fields)


def picked(profile: Profile) -> dict[str, list[Entry]]:
    """Return skill → the entries the author picked for it, by title; one query."""
    rows = SkillShown.objects.filter(profile=profile, entry__purge_at__isnull=True)
    found: dict[str, list[Entry]] = {}
    for row in rows.select_related("entry").order_by("entry__title", "entry"):
        found.setdefault(row.skill, []).append(row.entry)
    return found


def pickable(profile: Profile) -> QuerySet[Entry]:
    """Return the author's entries that may show a skill, by title: those with a version."""
    return (
        Entry.objects.filter(owner=profile.user_id, purge_at__isnull=True, published__isnull=False)
        .only("title", "slug", "language", "visibility")
        .order_by("title", "pk")
    )


def pick(profile: Profile, skill: str, entries: Iterable[Entry]) -> None:
    """Let these entries, and no others, show a skill."""
    with transaction.atomic():
        SkillShown.objects.filter(profile=profile, skill=skill).delete()
        SkillShown.objects.bulk_create(
            SkillShown(profile=profile, skill=skill, entry=entry) for entry in entries
        )


def forget_dropped(profile: Profile) -> None:
    """Forget what was picked for skills the author no longer names."""
    SkillShown.objects.filter(profile=profile).exclude(skill__in=phrases(profile.skills)).delete()
