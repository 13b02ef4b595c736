"""`manage.py serve`: the production start of the web server."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from portfolio.launch import LaunchError, listening_host, web_command


class Command(BaseCommand):
    """Brings the database up to date, then becomes the web server."""

    help = "Prepare the database, then serve the site on HOST and PORT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Replace this process by the server, so that signals reach it; exits 1 with a sentence."""
        try:
            host = listening_host(settings.HOST, settings.PORT)
        except LaunchError as error:
            sys.exit(str(error))
        call_command("prepare", verbosity=0)
        connections.close_all()
        command = web_command(host, settings.PORT)
        sys.stdout.flush()
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
