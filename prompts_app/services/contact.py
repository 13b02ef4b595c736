"""Messages to authors: kept in the studio first, mailed second (services/letters.py)."""

import hashlib
import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from prompts_app.models import ContactMessage, Profile, ShareLink, User
from prompts_app.services.visitors import Visitor

# What one visitor may write to one author within a day, and what one author gets at most.
PER_VISITOR = 5
PER_AUTHOR = 50
_DAY = timedelta(days=1)

# Values of ContactMessage.about.
MESSAGE = "message"
NEW_LINK = "new_link"


class Refused(Exception):  # noqa: N818 - it reads as the condition it is
    """The message was not kept: `code` is "visitor" or "author", whose day is used up."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def takes_messages(profile: Profile) -> bool:
    """Say whether the author wants messages through a form."""
    return profile.contact_mode == Profile.Contact.FORM


def keep(
    owner: User,
    letter: uuid.UUID,
    visitor: Visitor,
    *,
    text: str,
    name: str = "",
    email: str = "",
    about: str = MESSAGE,
    link: ShareLink | None = None,
) -> ContactMessage:
    """Keep a message, once: the same `letter` sent again is the message that is there.

    Raises Refused when a limit of the day is reached.
    """
    counted_for, now = _scoped(visitor, owner), timezone.now()
    with transaction.atomic():
        # One at a time for one author: the limits hold however many are sent at once.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        known = ContactMessage.objects.filter(pk=letter, owner=owner).first()
        if known is not None:
            return known
        today = ContactMessage.objects.filter(owner=owner, created_at__gt=now - _DAY)
        if today.filter(visitor=counted_for).count() >= PER_VISITOR:
            raise Refused("visitor")
        if today.count() >= PER_AUTHOR:
            raise Refused("author")
        return ContactMessage.objects.create(
            pk=letter,
            owner=owner,
            link=link,
            about=about,
            name=name,
            email=email,
            text=text,
            visitor=counted_for,
            created_at=now,
            mail_due=now,
        )


def is_kept(owner: User, letter: uuid.UUID) -> bool:
    """Say whether a message of that number is there."""
    return ContactMessage.objects.filter(pk=letter, owner=owner).exists()


def mark_read(message: ContactMessage) -> None:
    """Remember when the author first opened a message."""
    ContactMessage.objects.filter(pk=message.pk, read_at__isnull=True).update(
        read_at=timezone.now()
    )


def _scoped(visitor: Visitor, owner: User) -> str:
    # So that two authors cannot find out that somebody wrote to both.
    return hashlib.sha256(f"{visitor.block}:{owner.pk}".encode()).hexdigest()
