"""Receipts of captured runs, and the public keys they can be checked with."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.runs import Run


class ReceiptKey(models.Model):
    """A public key of this site. The private one is RECEIPT_KEY and is never in the database."""

    class Algorithm(models.TextChoices):
        """How it signs (RFC 8032)."""

        ED25519 = "Ed25519", "Ed25519"

    id = models.CharField(primary_key=True, max_length=16, editable=False)
    algorithm = models.CharField(
        max_length=10, choices=Algorithm, default=Algorithm.ED25519, editable=False
    )
    public_key = models.CharField(max_length=64, editable=False)
    active_from = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    leaked = models.BooleanField(default=False, editable=False)

    objects: ClassVar[models.Manager["ReceiptKey"]]

    class Meta:
        verbose_name = _("receipt key")
        verbose_name_plural = _("receipt keys")
        ordering = ("-active_from",)
        constraints = (
            models.UniqueConstraint(
                fields=("algorithm",),
                condition=models.Q(retired_at__isnull=True),
                name="one_current_receipt_key",
            ),
        )

    def __str__(self) -> str:
        return self.id


class Receipt(models.Model):
    """What this site signed when it kept a captured answer.

    `statement` is the canonical JSON that `signature` is over, kept byte for byte.
    """

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="receipt")
    key = models.ForeignKey(ReceiptKey, models.PROTECT, related_name="receipts")
    statement = models.TextField()
    signature = models.CharField(max_length=128)

    objects: ClassVar[models.Manager["Receipt"]]

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")

    def __str__(self) -> str:
        return str(self.pk)


class CapturedElsewhere(models.Model):
    """What an archive says of a run that another site captured, with that site's receipt if any.

    Whoever writes an archive can write this: it counts towards no evidence (`Run.origin` is
    "imported"), and pages name the site. `key` is the public key as the archive has it, in the form
    of a site's keys file.
    """

    run = models.OneToOneField(
        Run, models.CASCADE, primary_key=True, related_name="captured_elsewhere"
    )
    site = models.CharField(max_length=300)
    # As in Receipt; blank where that site gave none.
    statement = models.TextField(blank=True)
    signature = models.CharField(max_length=128, blank=True)
    key = models.JSONField(default=dict, blank=True)

    objects: ClassVar[models.Manager["CapturedElsewhere"]]

    class Meta:
        verbose_name = _("run captured elsewhere")
        verbose_name_plural = _("runs captured elsewhere")

    def __str__(self) -> str:
        return f"{self.pk} ({self.site})"
