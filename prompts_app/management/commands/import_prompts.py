"""`manage.py import_prompts`: entries from a file of prompts."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prompts_app.models import Entry, Profile
from prompts_app.services.importing import import_entries
from prompts_app.transfer import prompts_chat
from prompts_app.transfer.document import EntryDocument, Problem

MOST_BYTES = 50 * 1024 * 1024

# By the codes of transfer.prompts_chat.read.
SENTENCES = {
    "header": "the first line must be the header",
    "columns": "the row has not five columns",
    "quoting": "text stands outside a quoted column",
    "unclosed_quote": "a quote is opened here and never closed",
    "empty_act": "the act is empty",
    "empty_prompt": "the prompt is empty",
    "unknown_type": "the type must be TEXT, STRUCTURED or IMAGE",
    "unknown_for_devs": "for_devs must be TRUE or FALSE",
    "nul": "the row holds a NUL character",
    "encoding": "the row is not UTF-8",
    "bidi": "the row holds characters that turn the reading direction",
    "invisible": "the row holds invisible characters",
    "act_too_long": "the act is too long",
    "prompt_too_long": "the prompt is too long",
    "contributor_too_long": "the contributor is too long",
    "default_too_long": "a variable's default is too long",
    "too_many_variables": "the prompt has too many variables",
}


class Command(BaseCommand):
    """Imports prompts.chat's CSV: all rows, or none when one is malformed."""

    help = "Make entries of prompts.chat's CSV file (act,prompt,for_devs,type,contributor)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--author", required=True, metavar="HANDLE")
        parser.add_argument(
            "--list", action="store_true", help="list them in Explore; otherwise they are drafts"
        )
        parser.add_argument(
            "--skip-bad", action="store_true", help="import the good rows when some are malformed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import; exits with every malformed row's line, and then imports nothing."""
        profile = Profile.objects.filter(handle__iexact=options["author"]).first()
        if profile is None:
            raise CommandError(f"There is no author @{options['author']}.")
        documents, problems = self._read(options["file"])
        for problem in problems:
            self.stderr.write(f"{options['file']}:{problem.line}: {_sentence(problem)}")
        if problems and not options["skip_bad"]:
            raise CommandError(
                "Nothing was imported. Mend the file, or pass --skip-bad to leave those rows out."
            )
        visibility = Entry.Visibility.LISTED if options["list"] else Entry.Visibility.DRAFT
        made, known = import_entries(profile.user, self._shown(documents), visibility=visibility)
        self.stdout.write(
            f"{made} entries imported, {known} were there already, {len(problems)} rows left out."
        )

    def _read(self, file: Path) -> tuple[list[EntryDocument], list[Problem]]:
        try:
            if file.stat().st_size > MOST_BYTES:
                raise CommandError(f"{file} is larger than {MOST_BYTES // 1024**2} MB.")
            found = list(prompts_chat.read(file.read_bytes()))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        return (
            [one for one in found if isinstance(one, EntryDocument)],
            [one for one in found if isinstance(one, Problem)],
        )

    def _shown(self, documents: list[EntryDocument]) -> Any:
        for number, document in enumerate(documents, start=1):
            yield document
            if sys.stderr.isatty() or number % 50 == 0 or number == len(documents):
                end = "\r" if sys.stderr.isatty() and number < len(documents) else "\n"
                self.stderr.write(f"{number} of {len(documents)}", ending=end)


def _sentence(problem: Problem) -> str:
    sentence = SENTENCES[problem.code]
    return f"{sentence} ({problem.detail})" if problem.detail else sentence
