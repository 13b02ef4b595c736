"""Leaving: an account closes at once, and is deleted with all that is its own some days later.

Until then signing in takes it back. An account that is not active is nowhere public, so closing it
is all that hiding takes.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prompts_app.models import (
    ContactMessage,
    Entry,
    Picture,
    Provider,
    Run,
    ShareLink,
    User,
    Version,
)
from prompts_app.services import accounts, post, sessions

log = logging.getLogger("promptfolio.leaving")

DELAY = timedelta(days=14)
# Each takes its time: the worker has other chores.
_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much of everything goes with an account."""

    entries: int
    versions: int
    runs: int
    links: int
    messages: int
    pictures: int
    providers: int


def belongings(user: User) -> Belongings:
    """Count what an account would take along."""
    return Belongings(
        entries=Entry.objects.filter(owner=user).count(),
        versions=Version.objects.filter(entry__owner=user).count(),
        runs=Run.objects.filter(version__entry__owner=user).count(),
        links=ShareLink.objects.filter(owner=user).count(),
        messages=ContactMessage.objects.filter(owner=user).count(),
        pictures=Picture.objects.filter(owner=user).count(),
        providers=Provider.objects.filter(owner=user).count(),
    )


def leave(user: User) -> datetime:
    """Close an account and sign it out everywhere; return when it will be deleted.

    Raises accounts.LastOperator.
    """
    with accounts.not_the_last(user):
        user.is_active = False
        user.purge_at = timezone.now() + DELAY
        user.save(update_fields=["is_active", "purge_at"])
        sessions.end_others(user)
    post.hand_over(_letter(user, user.purge_at))
    return user.purge_at


def come_back(user: User) -> bool:
    """Take back that an account is leaving; say whether there was still time."""
    back = User.objects.filter(
        pk=user.pk, suspended_at__isnull=True, purge_at__gt=timezone.now()
    ).update(is_active=True, purge_at=None)
    if back:
        user.is_active, user.purge_at = True, None
    return back > 0


def delete_due() -> int:
    """Delete the accounts whose time has come; return how many."""
    deleted = 0
    due = User.objects.filter(purge_at__lte=timezone.now(), is_active=False)
    for pk in list(due.order_by("purge_at").values_list("pk", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            # Looked at again, now that nobody else can change it.
            user = due.select_for_update().filter(pk=pk).first()
            if user is not None:
                accounts.delete_author(user)
                deleted += 1
                log.info("account %s is deleted", pk)
    return deleted


def _letter(user: User, when: datetime) -> EmailMessage:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        body = render_to_string(
            "account/leaving.txt",
            {"day": date_format(when, "DATE_FORMAT"), "site": settings.SITE_URL},
        )
        return EmailMessage(subject=_("Your account will be deleted"), body=body, to=[user.email])
