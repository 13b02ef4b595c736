"""Addresses that pages had before: they lead to where those pages stand now."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User
from prompts_app.models.entries import Entry


class FormerHandle(models.Model):
    """A handle that an author gave up, in lower case. Of several, the last one to have had it."""

    handle = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="former_handles")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("former handle")
        verbose_name_plural = _("former handles")

    def __str__(self) -> str:
        return f"@{self.handle}"


class FormerSlug(models.Model):
    """A part of an address that an entry had before, and no other of its author has now."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="former_slugs")
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="former_slugs")
    slug = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("former address")
        verbose_name_plural = _("former addresses")
        constraints = (models.UniqueConstraint(fields=("owner", "slug"), name="former_slug"),)

    def __str__(self) -> str:
        return self.slug
