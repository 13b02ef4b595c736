"""Rendered Markdown, kept so that pages need not render it again."""

from django.db import models


class RenderedText(models.Model):
    """HTML of one text by one renderer; a new renderer version makes new rows."""

    text_hash = models.CharField(max_length=64)
    renderer = models.CharField(max_length=16)
    html = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("text_hash", "renderer"), name="rendered_text"),
        )

    def __str__(self) -> str:
        return self.text_hash[:12]
