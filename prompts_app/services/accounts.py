"""Making accounts, suspending them, and taking everything of one away."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from prompts_app.models import Profile, SiteGrant, User
from prompts_app.services import addresses, entries, exports, sessions


class LastOperator(Exception):  # noqa: N818 - it reads as the condition it is
    """Nobody would be left who can open the admin."""


def create_author(
    email: str,
    password: str | None,
    *,
    handle: str,
    name: str,
    operator: bool = False,
    site_cap: int | None = None,
    **profile: Any,
) -> User:
    """Make an account with its profile.

    `operator` opens the admin. `site_cap` lets the author use the site's own provider up to so
    many micro-dollars a day; None does not. Raises IntegrityError when address or handle is taken,
    and addresses.HandleTaken for a handle that was somebody's until lately.
    """
    with transaction.atomic():
        user = User.objects.create_user(email, password, is_staff=operator, is_superuser=operator)
        # Whoever makes accounts by hand vouches for the address.
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        Profile.objects.create(user=user, handle=handle, name=name, **profile)
        addresses.keep_handle(user, "", handle)
        if site_cap is not None:
            SiteGrant.objects.create(user=user, daily_cap=site_cap)
    return user


def delete_author(user: User) -> None:
    """Delete an account with everything that belongs to it."""
    with transaction.atomic():
        for entry in user.entries.all():
            entries.delete_entry(entry)
        transaction.on_commit(partial(exports.forget, user.pk))
        user.delete()


def is_last_operator(user: User) -> bool:
    """Say whether no other account in use may open the admin."""
    operators = User.objects.filter(is_staff=True, is_superuser=True, is_active=True)
    own = user.is_staff and user.is_superuser and user.is_active
    return own and not operators.exclude(pk=user.pk).exists()


@contextmanager
def not_the_last(user: User) -> Iterator[None]:
    """Close an account within, in one transaction. Raises LastOperator.

    One at a time: two operators who leave together would each count on the other.
    """
    with transaction.atomic():
        staff = User.objects.select_for_update().filter(is_staff=True).order_by("pk")
        list(staff.values_list("pk"))
        if is_last_operator(user):
            raise LastOperator
        yield


def suspend(user: User) -> None:
    """Close an account for its owner and all that is public of it, until `lift`.

    Raises LastOperator.
    """
    with not_the_last(user):
        user.is_active = False
        user.suspended_at = user.suspended_at or timezone.now()
        user.save(update_fields=["is_active", "suspended_at"])
        sessions.end_others(user)


def lift(user: User) -> None:
    """Take a suspension back. Whoever was leaving is leaving still."""
    user.suspended_at = None
    user.is_active = user.purge_at is None
    user.save(update_fields=["is_active", "suspended_at"])
