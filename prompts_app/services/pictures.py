"""Keeping pictures: uploads of authors and pictures that models made."""

from django.core.files.base import ContentFile

from prompts_app.models import DraftRun, Entry, Picture, Try, User
from prompts_app.pictures import bare, intake

CARD_SIDE = 640


def keep_picture(
    owner: User,
    data: bytes,
    *,
    entry: Entry | None = None,
    attempt: Try | DraftRun | None = None,
) -> Picture:
    """Decode, re-encode and keep a picture. Raises intake.PictureError with a code."""
    picture = _with_files(owner, intake.intake(data))
    picture.entry = entry
    if isinstance(attempt, DraftRun):
        picture.draft_run = attempt
    else:
        picture.attempt = attempt
    picture.save()
    return picture


def restored(owner: User, data: bytes) -> Picture:
    """Return a picture that an archive has, byte for byte, with its files and without its row.

    Whoever calls saves it, or removes its files. Raises intake.PictureError.
    """
    return _with_files(owner, bare.as_it_is(data))


def _with_files(owner: User, full: intake.Picture) -> Picture:
    small = intake.thumbnail(full.data, CARD_SIDE)
    picture = Picture(
        owner=owner,
        width=full.width,
        height=full.height,
        small_width=small.width,
        small_height=small.height,
    )
    picture.file.save(f"{picture.pk}.{full.format}", ContentFile(full.data), save=False)
    picture.small.save(f"{picture.pk}-small.{small.format}", ContentFile(small.data), save=False)
    return picture
