"""`manage.py prepare`: brings the database up to date."""

from typing import Any

from django.core.management.base import BaseCommand

from prompts_app.services.setup import prepare_database


class Command(BaseCommand):
    """Migrates and enters what the environment says; safe to run from many processes at once."""

    help = "Bring the database up to date: migrations, cache table, keys, the site's provider."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; exits with one sentence when a key does not belong to the database."""
        prepare_database(options["verbosity"])
