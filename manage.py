#!/usr/bin/env python3
"""Runs Promptfolio's commands: `manage.py demo`, `serve`, `worker`, `prepare` and Django's own."""

import os
import sys


def main() -> None:
    """Run the command named on the command line; a wrong setting gets one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portfolio.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed for this Python: run “make demo” once, or use .venv.")
    try:
        try:
            # Loads the settings, which make their folders and read their keys.
            _ = settings.VAR_DIR
        except OSError as error:
            raise ImproperlyConfigured(
                f"VAR_DIR: {error.filename} must be a place that this user can write to "
                f"({error.strerror})."
            ) from error
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
