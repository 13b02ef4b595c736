"""Handles and slugs that changed: what they were still leads to the same pages.

An address leads to whoever has it now. The one that had it before gets what comes to it only as
long as nobody has it: taking an address ends what it meant.
"""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from prompts_app.models import Entry, FormerHandle, FormerSlug, Profile, User

# Where entries of such names would stand there are other pages: of the studio, of profiles, and of
# share links.
TAKEN_SLUGS = frozenset(("new", "contact", "ask", "open", "uncount", "visit"))

# So long a handle that was given up is nobody else's to take.
KEPT_FREE = timedelta(days=90)


class HandleTaken(Exception):  # noqa: N818 - it reads as the condition it is
    """Somebody else has the handle, in whatever case they write it, or had it until lately."""


class SlugTaken(Exception):  # noqa: N818 - it reads as the condition it is
    """Another entry of the author stands there, or lies in the bin; or a page of the site does."""


def keep_handle(owner: User, before: str, now: str) -> None:
    """Remember the handle `before` ("" for none) of an owner whose profile says `now` by now.

    Call it in the transaction that changed the profile, after that. Raises HandleTaken.
    """
    before, now = before.lower(), now.lower()
    if before == now:
        return
    # Looked for after the change: whoever gives the handle up right now has to be done first.
    taken = FormerHandle.objects.filter(handle=now).first()
    if taken is not None:
        if taken.user_id != owner.pk and taken.changed_at > timezone.now() - KEPT_FREE:
            raise HandleTaken
        taken.delete()
    if before:
        FormerHandle.objects.update_or_create(
            handle=before, defaults={"user": owner, "changed_at": timezone.now()}
        )


def change_slug(entry: Entry, slug: str) -> None:
    """Give an entry another address; the old one leads to it. Raises SlugTaken."""
    if slug in TAKEN_SLUGS:
        raise SlugTaken
    try:
        with transaction.atomic():
            before = (
                Entry.objects.select_for_update().values_list("slug", flat=True).get(pk=entry.pk)
            )
            if before == slug:
                return
            Entry.objects.filter(pk=entry.pk).update(slug=slug)
            FormerSlug.objects.filter(owner=entry.owner_id, slug=slug).delete()
            FormerSlug.objects.create(owner_id=entry.owner_id, entry=entry, slug=before)
    except IntegrityError as error:
        raise SlugTaken from error
    entry.slug = slug


def take_slug(entry: Entry) -> None:
    """Let a new entry's address mean that entry alone."""
    FormerSlug.objects.filter(owner=entry.owner_id, slug=entry.slug).delete()


def handle_now(handle: str) -> str:
    """Return the handle of whoever has `handle`, or else had it last; "" for nobody."""
    if Profile.objects.filter(handle__iexact=handle).exists():
        return handle
    former = FormerHandle.objects.filter(handle=handle.lower(), user__profile__isnull=False)
    return former.values_list("user__profile__handle", flat=True).first() or ""


def slug_now(owner: User, slug: str) -> str:
    """Return where the entry stands that has the slug, or else had it last; "" for none."""
    live = Entry.objects.filter(owner=owner, slug=slug, purge_at__isnull=True)
    if live.exists():
        return slug
    former = FormerSlug.objects.filter(owner=owner, slug=slug, entry__purge_at__isnull=True)
    return former.values_list("entry__slug", flat=True).first() or ""
