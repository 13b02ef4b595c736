"""Preview cards: the pictures that stand for a link where it is shared."""

import uuid
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.entries import Entry
from prompts_app.models.profiles import Profile
from prompts_app.models.shares import ShareLink


def _place(card: "PreviewCard", name: str) -> str:
    # Spread over folders by the first two digits: one flat folder grows slow.
    return f"cards/{card.key.hex[:2]}/{name}"


class PreviewCard(models.Model):
    """One card: of an entry, a profile, a share link, or of a page of the site itself.

    The key is its address, a new one whenever the picture changes: what has been fetched stays
    right, and nobody guesses a link's.
    """

    class Kind(models.TextChoices):
        """What it stands for."""

        HOME = "home", _("the site")
        EXPLORE = "explore", _("Explore")
        # Tells of nobody.
        PRIVATE = "private", _("a page that is locked")
        PROFILE = "profile", _("a profile")
        ENTRY = "entry", _("an entry")
        LINK = "link", _("a share link")

    OF_SITE = (Kind.HOME, Kind.EXPLORE, Kind.PRIVATE)

    kind = models.CharField(max_length=8, choices=Kind)
    language = models.CharField(max_length=12)
    profile = models.ForeignKey(
        Profile, models.CASCADE, null=True, blank=True, related_name="preview_cards"
    )
    entry = models.OneToOneField(
        Entry, models.CASCADE, null=True, blank=True, related_name="preview_card"
    )
    link = models.OneToOneField(
        ShareLink, models.CASCADE, null=True, blank=True, related_name="preview_card"
    )
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Of all that is drawn and what draws it: a card with another one is to be made again.
    content_hash = models.CharField(max_length=64)
    # Blank where these contents cannot be drawn.
    file = models.FileField(upload_to=_place, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["PreviewCard"]]

    class Meta:
        verbose_name = _("preview card")
        verbose_name_plural = _("preview cards")
        constraints = (
            models.UniqueConstraint(fields=("profile", "language"), name="card_of_profile"),
            models.UniqueConstraint(
                fields=("kind", "language"),
                condition=models.Q(kind__in=("home", "explore", "private")),
                name="card_of_site",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


@receiver(post_delete, sender=PreviewCard)
def remove_file(instance: PreviewCard, using: str, **_signal: Any) -> None:
    """Remove a card's file once its row is gone, also where something else took it along."""
    transaction.on_commit(lambda: instance.file.delete(save=False), using=using)
