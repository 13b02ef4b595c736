"""What an author does with entries, their drafts and test cases."""

import re
from collections.abc import Iterable, Sequence, Set
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from prompts_app.models import Draft, Entry, LLMModel, Picture, Tag, User
from prompts_app.text.fold import fold
from prompts_app.text.slug import slugify

EMPTY_CONTENT: dict[str, Any] = {
    "kind": Entry.Kind.TEXT.value,
    "messages": [{"role": "user", "content": ""}],
    "variables": [],
    "context": "",
    "constraints": [],
    "parameters": {},
}

# Where entries of such names would stand there are other pages: of the studio, of profiles, and of
# share links.
_TAKEN_SLUGS = frozenset(("new", "contact", "ask", "open", "uncount", "visit"))


class StaleDraft(Exception):  # noqa: N818 - it reads as the condition it is
    """The draft was saved elsewhere meanwhile; `current` is what is kept now."""

    def __init__(self, current: Draft) -> None:
        super().__init__("stale draft")
        self.current = current


def create_entry(
    owner: User,
    *,
    title: str,
    tags: Sequence[str] = (),
    content: dict[str, Any] | None = None,
    **fields: Any,
) -> Entry:
    """Make an entry with its draft; the slug is made from the title unless given."""
    content = content or EMPTY_CONTENT
    with transaction.atomic():
        entry = Entry.objects.create(
            owner=owner,
            title=title,
            slug=fields.pop("slug", None) or free_slug(owner, title),
            kind=content["kind"],
            **fields,
        )
        set_tags(entry, tags)
        Draft.objects.create(entry=entry, content=content)
    return entry


def free_slug(owner: User, title: str) -> str:
    """Return a slug made from `title` that no other entry of the owner has."""
    base = slugify(title)[:72]
    return free_among(
        base,
        set(
            Entry.objects.filter(owner=owner, slug__startswith=base).values_list("slug", flat=True)
        ),
    )


def free_among(slug: str, taken: Set[str]) -> str:
    """Return `slug`, or the first of it with a number that no entry and no page has."""
    if slug not in taken and slug not in _TAKEN_SLUGS:
        return slug
    base = slug[:72]
    # No page has a number in its name.
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def update_entry(entry: Entry, *, tags: Sequence[str], **fields: Any) -> None:
    """Change what surrounds the prompt: title, summary, visibility and the like."""
    with transaction.atomic():
        for name, value in fields.items():
            setattr(entry, name, value)
        entry.save(update_fields=[*fields, "updated_at"])
        set_tags(entry, tags)
        index(entry)


def set_tags(entry: Entry, names: Iterable[str]) -> None:
    """File the entry under `names`; names that fold to the same word are one tag."""
    wanted = {tag_slug(name): name.strip()[:40] for name in names if tag_slug(name)}
    Tag.objects.bulk_create(
        (Tag(slug=slug, name=name) for slug, name in wanted.items()), ignore_conflicts=True
    )
    entry.tags.set(Tag.objects.filter(slug__in=wanted))


def tag_slug(name: str) -> str:
    """Return how a tag stands in addresses: folded, words joined by hyphens, any script."""
    return "-".join(re.findall(r"\w+", fold(name)))[:40]


def save_draft(entry: Entry, content: dict[str, Any], revision: int) -> Draft:
    """Keep the draft if it is still at `revision`. Raises StaleDraft otherwise."""
    saved = Draft.objects.filter(entry=entry, revision=revision).update(
        content=content, revision=F("revision") + 1, updated_at=timezone.now()
    )
    current = Draft.objects.get(entry=entry)
    if not saved:
        raise StaleDraft(current)
    return current


def set_tryable(entry: Entry, models: Iterable[LLMModel]) -> None:
    """Say on which models visitors may try the entry; none closes it for tries."""
    entry.tryable.set(models)


def set_cover(entry: Entry, picture: Picture | None) -> None:
    """Show `picture` on cards and the entry page, or the typographic cover again.

    The former cover is deleted, unless it is also what a run made.
    """
    former = entry.cover
    entry.cover = picture
    entry.save(update_fields=["cover", "updated_at"])
    if former is not None and not former.runs.exists():
        former.delete()


def delete_entry(entry: Entry) -> None:
    """Delete the entry with everything that belongs to it, files included."""
    with transaction.atomic():
        # Versions leave only with an entry that is marked for it (see models/triggers.py).
        Entry.objects.filter(pk=entry.pk).update(purge_at=timezone.now())
        entry.delete()


def index(entry: Entry) -> None:
    """Write the folded words of everything public about a published entry."""
    if entry.published is None:
        return
    content = entry.published.content
    words = [
        entry.title,
        entry.summary,
        entry.use_case,
        entry.credit,
        entry.role_in_team,
        entry.used_where,
        entry.outcome,
        *entry.tags.values_list("name", flat=True),
        content.get("context", ""),
        *(constraint["text"] for constraint in content.get("constraints", ())),
        *(message["content"] for message in content.get("messages", ())),
    ]
    entry.search_text = fold(" ".join(words))[:100_000]
    entry.save(update_fields=["search_text", "updated_at"])
