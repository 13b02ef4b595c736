"""`manage.py verify_receipt`: check a receipt on the command line."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prompts_app.receipts import checks
from prompts_app.receipts.checks import Line
from prompts_app.receipts.keys import read_keys
from prompts_app.receipts.reading import MAX_BYTES, ReceiptError
from prompts_app.receipts.statement import read_receipt
from prompts_app.services import receipts
from prompts_app.templatetags.receipts import problem_sentence, receipt_about, receipt_sentence

_MARKS = {"holds": "ok  ", "fails": "FAIL", "open": "-   "}


class Command(BaseCommand):
    """Exits 0 when the receipt holds, 1 when it does not, 2 when a file cannot be used."""

    help = "Check a receipt with this site's keys and data, or offline with a keys file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("file", type=Path, help="the receipt, as JSON")
        parser.add_argument("--keys", type=Path, help="a site's promptfolio-keys.json")
        parser.add_argument("--output", type=Path, help="a copy of the answer, to compare")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each thing looked at, then whether the receipt holds."""
        try:
            lines = _look(options["file"], options["keys"], options["output"])
        except ReceiptError as error:
            raise CommandError(problem_sentence(error.code, error.field), returncode=2) from error
        except OSError as error:
            raise CommandError(str(error), returncode=2) from error
        for line in lines:
            named = f" ({', '.join(line.fields)})" if line.fields else ""
            found = f"{receipt_about(line.about)}: {receipt_sentence(line)}{named}"
            self.stdout.write(f"{_MARKS[line.state]}  {found}")
        if not checks.holds(lines):
            self.stdout.write("The receipt does not hold.")
            sys.exit(1)
        self.stdout.write("The receipt holds.")


def _look(file: Path, keys: Path | None, output: Path | None) -> list[Line]:
    given = read_receipt(_read(file))
    copy = output.read_bytes() if output else None
    if keys is not None:
        site, known = read_keys(_read(keys))
        return checks.check(given, known, site, copy)
    return receipts.look(given, copy)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)
