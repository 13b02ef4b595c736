"""Keeping pictures: uploads of authors and pictures that models made."""

from django.core.files.base import ContentFile

from prompts_app.models import Entry, Picture, Try, User
from prompts_app.pictures import intake

CARD_SIDE = 640


def keep_picture(
    owner: User, data: bytes, *, entry: Entry | None = None, attempt: Try | None = None
) -> Picture:
    """Decode, re-encode and keep a picture. Raises intake.PictureError with a code."""
    full = intake.intake(data)
    small = intake.thumbnail(full.data, CARD_SIDE)
    picture = Picture(
        owner=owner,
        entry=entry,
        attempt=attempt,
        width=full.width,
        height=full.height,
        small_width=small.width,
        small_height=small.height,
    )
    picture.file.save(f"{picture.pk}.{full.format}", ContentFile(full.data), save=False)
    picture.small.save(f"{picture.pk}-small.{small.format}", ContentFile(small.data), save=False)
    picture.save()
    return picture
