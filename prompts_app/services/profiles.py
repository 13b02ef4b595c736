"""What an author does with their public face."""

import uuid
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from prompts_app.models import Entry, Picture, Profile, Tally, User
from prompts_app.services import addresses, pictures, skills
from prompts_app.templatetags.profiles import certifications


def save_profile(owner: User, **fields: Any) -> Profile:
    """Make the owner's profile, or change it. A former handle leads to the new one.

    Raises addresses.HandleTaken; nothing is saved then.
    """
    own = Profile.objects.select_for_update().filter(user=owner)
    try:
        with transaction.atomic():
            former = own.first()
            profile, _created = Profile.objects.update_or_create(user=owner, defaults=fields)
            addresses.keep_handle(owner, former.handle if former else "", profile.handle)
            if former is not None:
                _delete_pictures(owner, proofs_of(former) - proofs_of(profile))
                skills.forget_dropped(profile)
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


class TestedOn(NamedTuple):
    """How many different models captured runs called, and how many different hosts served them."""

    models: int
    providers: int


def tested_on(entries: QuerySet[Entry]) -> TestedOn:
    """Count models and providers over captured runs of `entries` that visitors may see.

    Demo models count for nothing, and neither does what was pasted or imported. One query.
    """
    called = set(
        Tally.objects.filter(entry__in=entries.order_by().values("pk"), is_demo=False, shown__gt=0)
        .order_by()
        .values_list("model_asked", "provider_host")
        .distinct()
    )
    return TestedOn(len({model for model, _host in called}), len({host for _m, host in called}))


class NoSuchCertification(Exception):  # noqa: N818 - it reads as the condition it is
    """The certification that was to get a picture is gone."""


def set_proof(profile: Profile, key: str, data: bytes) -> Picture:
    """Keep a picture of a certificate; the former one goes, files included.

    Raises NoSuchCertification, or PictureError with a code; the former picture stays then.
    """
    if key not in {one.key for one in certifications(profile)}:
        raise NoSuchCertification
    picture = pictures.keep_picture(profile.user, data)
    try:
        _replace_proof(profile, key, picture)
    except NoSuchCertification:
        picture.delete()
        raise
    return picture


def remove_proof(profile: Profile, key: str) -> None:
    """Delete the picture of a certificate. Raises NoSuchCertification."""
    _replace_proof(profile, key, None)


def proofs_of(profile: Profile) -> set[uuid.UUID]:
    """Return the ids of the pictures that prove a profile's certifications."""
    return {one.proof.id for one in certifications(profile) if one.proof is not None}


def _replace_proof(profile: Profile, key: str, picture: Picture | None) -> None:
    with transaction.atomic():
        locked = Profile.objects.select_for_update().get(pk=profile.pk)
        former = proofs_of(locked)
        rows = [one for one in locked.certifications if isinstance(one, dict)]
        row = next((one for one in rows if key and one.get("key") == key), None)
        if row is None:
            raise NoSuchCertification
        row["proof"] = described(picture) if picture is not None else ""
        locked.save(update_fields=["certifications"])
        _delete_pictures(profile.user, former - proofs_of(locked))
    profile.certifications = locked.certifications


def described(picture: Picture) -> dict[str, str | int]:
    """Return a picture as a certification tells of it."""
    return {
        "id": str(picture.pk),
        "suffix": PurePosixPath(picture.file.name or "").suffix.lstrip("."),
        "width": picture.small_width,
        "height": picture.small_height,
    }


def _delete_pictures(owner: User, ids: set[uuid.UUID]) -> None:
    # One by one: each takes its files with it.
    for picture in Picture.objects.filter(owner=owner, pk__in=ids):
        picture.delete()


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
