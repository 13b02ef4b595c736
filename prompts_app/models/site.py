"""What the database remembers of the site's keys."""

from django.db import models


class KeyFingerprint(models.Model):
    """Which key this database was used with: a short hash that tells nothing about the key."""

    name = models.CharField(max_length=40, primary_key=True)
    fingerprint = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.name
