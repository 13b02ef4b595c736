"""What an author does with entries, their drafts and test cases."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from prompts_app.models import Draft, Entry, FormerSlug, LLMModel, Picture, Tag, User
from prompts_app.services import addresses, cases, second_language
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
    slug = fields.pop("slug", "")
    with transaction.atomic():
        entry = Entry.objects.create(
            owner=owner,
            title=title,
            slug=slug or free_slug(owner, title),
            kind=content["kind"],
            **fields,
        )
        if slug:
            addresses.take_slug(entry)
        set_tags(entry, tags)
        Draft.objects.create(entry=entry, content=content)
    return entry


def free_slug(owner: User, title: str) -> str:
    """Return a slug made from `title` that no other entry of the owner has, or had before."""
    return Slugs(slugs_of(owner, slugify(title)[:72])).free(title)


def slugs_of(owner: User, beginning: str = "") -> set[str]:
    """Return the slugs that entries of the owner have, or had before; those that begin so."""
    alike = {"owner": owner, "slug__startswith": beginning}
    former = FormerSlug.objects.filter(**alike).values_list("slug", flat=True)
    return {*Entry.objects.filter(**alike).values_list("slug", flat=True), *former}


class Slugs:
    """Gives out slugs that are not `taken`, each once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken) | addresses.TAKEN_SLUGS
        self._next: dict[str, int] = {}

    def free(self, title: str) -> str:
        """Return a slug made from `title`, numbered where others have it."""
        base = slugify(title)[:72]
        slug = base
        while slug in self._taken:
            number = self._next[base] = self._next.get(base, 1) + 1
            slug = f"{base}-{number}"
        self._taken.add(slug)
        return slug


def free_among(slug: str, taken: Set[str]) -> str:
    """Return `slug`, or the first of it with a number that no entry and no page has."""
    if slug not in taken and slug not in addresses.TAKEN_SLUGS:
        return slug
    base = slug[:72]
    # No page has a number in its name.
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def update_entry(entry: Entry, *, tags: Sequence[str], **fields: Any) -> list[str]:
    """Change what surrounds the prompt: title, summary, visibility and the like.

    Returns the names of fields whose translation is that of what they said before. Raises
    addresses.SlugTaken; nothing is changed then.
    """
    before = {name: getattr(entry, name) for name in second_language.FIELDS}
    with transaction.atomic():
        if slug := fields.pop("slug", ""):
            addresses.change_slug(entry, slug)
        for name, value in fields.items():
            setattr(entry, name, value)
        entry.save(update_fields=[*fields, "updated_at"])
        followed = second_language.carry_over(entry, before)
        set_tags(entry, tags)
        index(entry)
    return followed


def translate(entry: Entry, language: str, words: Mapping[str, str]) -> None:
    """Keep what the author says of the entry in a second language (second_language.keep)."""
    with transaction.atomic():
        second_language.keep(entry, language, words)
        index(entry)


def set_tags(entry: Entry, names: Iterable[str]) -> None:
    """File the entry under `names`; names that fold to the same word are one tag."""
    wanted = tags_by_slug(names)
    Tag.objects.bulk_create(
        (Tag(slug=slug, name=name) for slug, name in wanted.items()), ignore_conflicts=True
    )
    entry.tags.set(Tag.objects.filter(slug__in=wanted))


def file_under(wanted: Mapping[Entry, Mapping[str, str]]) -> None:
    """File new entries under their tags, told as slug → name."""
    names = {slug: name for tags in wanted.values() for slug, name in tags.items()}
    # In one order: two imports at once never wait for each other's tags.
    Tag.objects.bulk_create(
        (Tag(slug=slug, name=names[slug]) for slug in sorted(names)), ignore_conflicts=True
    )
    known = dict(Tag.objects.filter(slug__in=names).values_list("slug", "pk")) if names else {}
    filed = Entry.tags.through
    filed.objects.bulk_create(
        filed(entry_id=entry.pk, tag_id=known[slug])
        for entry, tags in wanted.items()
        for slug in tags
    )


def tags_by_slug(names: Iterable[str]) -> dict[str, str]:
    """Return slug → name of what an entry is filed under; what folds to no word is no tag."""
    return {tag_slug(name): name.strip()[:40] for name in names if tag_slug(name)}


def tag_slug(name: str) -> str:
    """Return how a tag stands in addresses: folded, words joined by hyphens, any script."""
    return "-".join(re.findall(r"\w+", fold(name)))[:40]


def save_draft(
    entry: Entry,
    content: dict[str, Any],
    revision: int,
    renames: Sequence[tuple[str, str]] = (),
) -> Draft:
    """Keep the draft if it is still at `revision`. Raises StaleDraft otherwise.

    `renames` are the variables that got another name since, as (old, new) in turn: the test cases
    follow.
    """
    with transaction.atomic():
        saved = Draft.objects.filter(entry=entry, revision=revision).update(
            content=content, revision=F("revision") + 1, updated_at=timezone.now()
        )
        current = Draft.objects.get(entry=entry)
        if not saved:
            raise StaleDraft(current)
        if renames:
            cases.follow_renames(entry, renames)
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
        # Versions leave only with an entry whose time has come (see models/triggers.py).
        Entry.objects.filter(pk=entry.pk).update(purge_at=Now())
        entry.delete()


def index(entry: Entry) -> None:
    """Write the folded words of everything public about a published entry."""
    if entry.published is None:
        return
    tags = entry.tags.values_list("name", flat=True)
    entry.search_text = search_text(entry, tags, entry.published.content)
    entry.save(update_fields=["search_text", "updated_at"])


def search_text(entry: Entry, tags: Iterable[str], content: Mapping[str, Any]) -> str:
    """Return the folded words of an entry filed under `tags` whose published version says this."""
    said = [
        *(getattr(entry, field) for field in second_language.FIELDS),
        content.get("context", ""),
        *(constraint["text"] for constraint in content.get("constraints", ())),
    ]
    words = [
        *said,
        *(entry.second_words.get(text, "") for text in said),
        entry.credit,
        *tags,
        *(message["content"] for message in content.get("messages", ())),
    ]
    return fold(" ".join(words))[:100_000]
