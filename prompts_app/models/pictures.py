"""Pictures: re-encoded uploads and pictures that models made."""

import uuid
from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User


def _place(picture: "Picture", name: str) -> str:
    # Spread over folders by the first two digits: one flat folder grows slow.
    return f"pictures/{picture.pk.hex[:2]}/{name}"


class Picture(models.Model):
    """One picture and its small form. Served only through access, never by a bare folder."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="pictures")
    # What it belongs to decides who sees it: an entry, a visitor's try, a run of a draft, or else
    # the profile.
    entry = models.ForeignKey(
        "Entry", models.CASCADE, null=True, blank=True, related_name="pictures"
    )
    attempt = models.ForeignKey(
        "Try", models.CASCADE, null=True, blank=True, related_name="pictures"
    )
    draft_run = models.ForeignKey(
        "DraftRun", models.CASCADE, null=True, blank=True, related_name="pictures"
    )
    file = models.FileField(upload_to=_place)
    small = models.FileField(upload_to=_place)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    small_width = models.PositiveIntegerField()
    small_height = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return str(self.pk)


@receiver(post_delete, sender=Picture)
def remove_files(instance: Picture, using: str, **_signal: Any) -> None:
    """Remove a picture's files once its row is gone, also where something else took it along."""

    def remove() -> None:
        instance.file.delete(save=False)
        instance.small.delete(save=False)

    transaction.on_commit(remove, using=using)
