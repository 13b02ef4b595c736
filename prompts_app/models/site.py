"""What the database remembers of the site itself: its keys, and the operator's own texts."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class KeyFingerprint(models.Model):
    """Which key this database was used with: a short hash that tells nothing about the key."""

    name = models.CharField(max_length=40, primary_key=True)
    fingerprint = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.name


class SiteText(models.Model):
    """A text of the operator's, as Markdown, in one language of the interface."""

    class Kind(models.TextChoices):
        """Where it is shown."""

        LEGAL = "legal", _("legal notice")
        PRIVACY = "privacy", _("privacy")
        CONTACT = "contact", _("how to reach whoever runs this site")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    text = models.TextField(_("text"), max_length=100_000)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("text of the site")
        verbose_name_plural = _("texts of the site")
        ordering = ("kind", "language")
        constraints = (
            models.UniqueConstraint(fields=("kind", "language"), name="one_text_a_language"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.language})"
