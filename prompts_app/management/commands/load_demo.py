"""`manage.py load_demo`: the sample portfolio, once."""

import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from prompts_app.services import samples


class Command(BaseCommand):
    """Loads the sample portfolio unless it is there, and keeps its password in var/."""

    help = "Load the sample portfolio with outputs of the demo model, unless it is there already."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing; changes made to the samples since stay."""
        author = samples.sample_author()
        if author is None:
            password = secrets.token_urlsafe(9)
            author = samples.load_samples(password, self._progress)
            file = settings.VAR_DIR / "demo-password"
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(password)
        samples.allow_site_models(author)

    def _progress(self, step: str) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"  {step}")
