"""What an author does with share links: make, change, take back, and tell of them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import segno
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from prompts_app.models import BudgetDay, Entry, ShareItem, ShareLink, Try, User, Version
from prompts_app.services import share_tokens

# A reader in a hurry looks at three; a dossier of more than these is a book.
MAX_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry for a link: at a version, or at the published one, with a sentence of its own."""

    entry: Entry
    version: Version | None = None
    sentence: str = ""


class EntryGone(Exception):  # noqa: N818 - it reads as the condition it is
    """An entry that was chosen is deleted, or only its author's, by now."""


class LinkChanged(Exception):  # noqa: N818 - it reads as the condition it is
    """The link was changed elsewhere meanwhile; `current` is what is kept now."""

    def __init__(self, current: ShareLink) -> None:
        super().__init__("link changed")
        self.current = current


def shareable(owner: User) -> QuerySet[Entry]:
    """Return the author's entries that a link may show, by title.

    They have a published version, and are neither drafts nor archived: those are for nobody but
    their author.
    """
    return (
        _published(owner)
        .filter(visibility__in=Entry.SHARED)
        .select_related("published")
        .only("title", "slug", "language", "visibility", "published__number")
        .order_by("title", "pk")
    )


def kept_back(owner: User) -> QuerySet[Entry]:
    """Return the author's drafts with a published version, by title: only visibility is amiss."""
    return (
        _published(owner)
        .filter(visibility=Entry.Visibility.DRAFT)
        .only("title", "slug", "language")
        .order_by("title", "pk")
    )


def has_entries(owner: User) -> bool:
    """Say whether the author has an entry outside of the bin, whatever can be done with it."""
    return Entry.objects.filter(owner=owner, purge_at__isnull=True).exists()


def _published(owner: User) -> QuerySet[Entry]:
    return Entry.objects.filter(owner=owner, purge_at__isnull=True, published__isnull=False)


def links_of(owner: User) -> QuerySet[ShareLink]:
    """Return the author's links, newest first, each with what it has used in its whole life.

    `tries_used` is a number of tries, `money_used` micro-dollars, what is set aside included.
    """
    tries = Try.objects.filter(link=OuterRef("pk"), counts=True).order_by().values("link")
    money = BudgetDay.objects.filter(link=OuterRef("pk")).order_by().values("link")
    return ShareLink.objects.filter(owner=owner).annotate(
        tries_used=_number(tries.annotate(number=Count("pk"))),
        money_used=_number(money.annotate(number=Sum(F("spent") + F("reserved")))),
    )


def _number(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("number"), output_field=IntegerField()), 0)


def make_link(
    owner: User, chosen: Sequence[Chosen], *, password: str = "", **fields: Any
) -> ShareLink:
    """Make a link that shows `chosen` in their order. Raises EntryGone; nothing is kept then."""
    with transaction.atomic():
        link = ShareLink(owner=owner, **fields)
        share_tokens.mint(link)
        if password:
            share_tokens.set_password(link, password)
        link.save()
        _set_items(link, chosen)
    return link


def change_link(
    link: ShareLink,
    chosen: Sequence[Chosen],
    *,
    seen: datetime | None,
    password: str | None = None,
    **fields: Any,
) -> None:
    """Change a link that its author saw as it was at `seen`.

    `password`: a new one, "" for none, None for the one it has. Raises LinkChanged when somebody
    changed the link since then, EntryGone; nothing is changed then.
    """
    with transaction.atomic():
        current = ShareLink.objects.select_for_update().get(pk=link.pk)
        if current.updated_at != seen:
            raise LinkChanged(current)
        for name, value in fields.items():
            setattr(current, name, value)
        if password is not None:
            share_tokens.set_password(current, password)
        current.save(update_fields=[*fields, "password", "password_version", "updated_at"])
        _set_items(current, chosen)


def _set_items(link: ShareLink, chosen: Sequence[Chosen]) -> None:
    wanted = [one.entry.pk for one in chosen]
    # Held, so that none of them goes before its row is written.
    there = Entry.objects.select_for_update(no_key=True).filter(
        pk__in=wanted, owner=link.owner_id, purge_at__isnull=True
    )
    if len(there.order_by("pk").values_list("pk")) != len(wanted):
        raise EntryGone
    # What lies in the bin may come back, and then to its links too.
    link.items.filter(entry__purge_at__isnull=True).delete()
    ShareItem.objects.bulk_create(
        ShareItem(
            link=link,
            entry=one.entry,
            version=one.version,
            position=position,
            sentence=one.sentence,
        )
        for position, one in enumerate(chosen)
    )


def revoke(link: ShareLink) -> None:
    """Take a link back: from now on it answers as one that never was."""
    now = timezone.now()
    ShareLink.objects.filter(pk=link.pk, revoked_at__isnull=True).update(
        revoked_at=now, updated_at=now
    )


def give_again(link: ShareLink) -> None:
    """Undo `revoke`: the same address opens again, until it expires."""
    ShareLink.objects.filter(pk=link.pk).update(revoked_at=None, updated_at=timezone.now())


def address_of(link: ShareLink) -> str:
    """Return the address to send. Raises keys.KeyUnreadable."""
    return f"{settings.SITE_URL}/s/{share_tokens.token_of(link)}/"


def state_of(link: ShareLink) -> Literal["live", "expired", "revoked"]:
    """Return what becomes of whoever opens it."""
    if link.is_revoked:
        return "revoked"
    return "expired" if link.is_expired else "live"


def code_of(link: ShareLink, kind: Literal["svg", "png"]) -> bytes:
    """Return a QR code of the address, black on white with its quiet zone, as a file.

    Raises keys.KeyUnreadable.
    """
    # As vectors any size will do; as pixels it has to bear print.
    looks: Mapping[str, Any] = {"svg": {"scale": 8, "omitsize": True}, "png": {"scale": 16}}
    out = io.BytesIO()
    code = segno.make(address_of(link), error="m", micro=False)
    code.save(out, kind=kind, dark="#000", light="#fff", **looks[kind])
    return out.getvalue()
