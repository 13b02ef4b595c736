"""`manage.py worker`: runs captures and chores until it is stopped."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from prompts_app.services.worker import work_until_told


class Command(BaseCommand):
    """Runs the worker in the foreground."""

    help = "Run the worker: captures as they are asked for, and the chores on their time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or SIGINT."""
        asyncio.run(work_until_told())
