"""`manage.py create_author`: makes an account with its profile."""

import getpass
import secrets
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import IntegrityError

from portfolio.environment import dollars
from prompts_app.forms.profiles import check_handle
from prompts_app.services.accounts import create_author
from prompts_app.services.addresses import HandleTaken


class Command(BaseCommand):
    """Makes an author; sign-up need not be open for it."""

    help = "Make an account with a profile. Without --password one is asked for, or made up."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("email")
        parser.add_argument("--handle", required=True, help="the name in the profile's address")
        parser.add_argument("--name", help="the name shown; the handle otherwise")
        parser.add_argument("--password", help="better left out: the shell remembers it")
        parser.add_argument(
            "--operator", action="store_true", help="may use the admin and name private addresses"
        )
        parser.add_argument(
            "--site-budget-usd",
            metavar="USD",
            help="lets the author use the site's provider up to so much a day",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the account; exits with a sentence on bad input."""
        made_up = False
        password = options["password"]
        if password is None and sys.stdin.isatty():
            password = getpass.getpass("Password: ")
        if not password:
            password, made_up = secrets.token_urlsafe(12), True
        cap = options["site_budget_usd"]
        try:
            validate_email(options["email"])
            validate_password(password)
            user = create_author(
                options["email"],
                password,
                handle=check_handle(options["handle"]),
                name=options["name"] or options["handle"],
                operator=options["operator"],
                site_cap=dollars(cap, "--site-budget-usd") if cap is not None else None,
            )
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (IntegrityError, HandleTaken) as error:
            raise CommandError("That e-mail address or handle is taken.") from error
        self.stdout.write(f"{user.email} may sign in at {settings.SITE_URL}/accounts/login/")
        if made_up:
            self.stdout.write(f"Password: {password}")
