"""`manage.py rotate_receipt_key`: another key signs receipts from now on."""

import base64
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portfolio.environment import fresh_seed, replace_key
from prompts_app.models import ReceiptKey, Run
from prompts_app.receipts import keys
from prompts_app.services import execution, receipt_keys


class Command(BaseCommand):
    """Retires the key that signs now; its receipts keep holding."""

    help = (
        "Let another key sign receipts. On a public site set the new RECEIPT_KEY first; "
        "a local site makes one by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument(
            "--leaked",
            action="store_true",
            help="others have the old key: its receipts hold only where this site keeps the same",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate; exits with a sentence when that is not possible. No private key is printed."""
        execution.take_back_lost()
        if Run.objects.filter(state=Run.State.RUNNING).exists():
            raise CommandError("Runs are under way. Stop the worker, then try again.")
        seed = settings.RECEIPT_KEY
        current = ReceiptKey.objects.filter(retired_at__isnull=True).first()
        if current is not None and current.public_key == keys.public_of(seed):
            seed = self._made_here()
        try:
            new = receipt_keys.rotate(seed, leaked=options["leaked"])
        except receipt_keys.NotRotated as refusal:
            raise CommandError(
                "RECEIPT_KEY was retired before, and a retired key never signs again: "
                "make a new one (docs/receipts.md)."
            ) from refusal
        if current is not None:
            self.stdout.write(f"Retired  {current.pk}")
        self.stdout.write(f"Signs    {new.pk}")
        self.stdout.write("Start the web server and the worker again.")

    def _made_here(self) -> bytes:
        if settings.RECEIPT_KEY_FILE is None:
            raise CommandError(
                "RECEIPT_KEY in the environment is the key that signs now. Put a new one there "
                "(docs/receipts.md), then run this again."
            )
        fresh = fresh_seed()
        try:
            # The file first: were the database first, a crash between would lose the new key.
            replace_key(settings.RECEIPT_KEY_FILE, fresh)
        except OSError as error:
            raise CommandError(f"{settings.RECEIPT_KEY_FILE} cannot be written: {error}") from error
        return base64.urlsafe_b64decode(fresh)
