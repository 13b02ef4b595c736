"""What an author does with their public face."""

from typing import Any

from django.db import IntegrityError, transaction

from prompts_app.models import Picture, Profile, User
from prompts_app.services import addresses, pictures


def save_profile(owner: User, **fields: Any) -> Profile:
    """Make the owner's profile, or change it. A former handle leads to the new one.

    Raises addresses.HandleTaken; nothing is saved then.
    """
    own = Profile.objects.select_for_update().filter(user=owner)
    try:
        with transaction.atomic():
            before = own.values_list("handle", flat=True).first() or ""
            profile, _created = Profile.objects.update_or_create(user=owner, defaults=fields)
            addresses.keep_handle(owner, before, profile.handle)
    except IntegrityError as error:
        others = Profile.objects.exclude(user=owner)
        if others.filter(handle__iexact=fields.get("handle", "")).exists():
            raise addresses.HandleTaken from error
        raise
    return profile


def set_avatar(profile: Profile, data: bytes) -> Picture:
    """Keep a new picture of the author; the former one goes, files included.

    Raises PictureError with a code when `data` is not a picture that can be kept; the former
    picture stays then.
    """
    picture = pictures.keep_picture(profile.user, data)
    _replace_avatar(profile, picture)
    return picture


def remove_avatar(profile: Profile) -> None:
    """Delete the author's picture with its files."""
    _replace_avatar(profile, None)


def _replace_avatar(profile: Profile, picture: Picture | None) -> None:
    with transaction.atomic():
        # Two uploads at once: each deletes the picture it really replaced.
        locked = Profile.objects.select_for_update().get(pk=profile.pk)
        former = locked.avatar
        locked.avatar = picture
        locked.save(update_fields=["avatar"])
    profile.avatar = picture
    if former is not None:
        former.delete()
