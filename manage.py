#!/usr/bin/env python3
"""Runs Promptfolio's commands: `manage.py demo`, `serve`, `worker`, `prepare` and Django's own."""

import os
import sys


def main() -> None:
    """Run the command named on the command line; a wrong setting gets one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portfolio.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed for this Python: run “make demo” once, or use .venv.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
