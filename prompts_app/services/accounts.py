"""Making authors."""

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from prompts_app.models import Profile, SiteGrant, User
from prompts_app.services import entries, exports


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
    many micro-dollars a day; None does not. Raises IntegrityError when address or handle is taken.
    """
    with transaction.atomic():
        user = User.objects.create_user(email, password, is_staff=operator, is_superuser=operator)
        # Whoever makes accounts by hand vouches for the address.
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        Profile.objects.create(user=user, handle=handle, name=name, **profile)
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
