"""`manage.py import_prompts`: entries from a file of prompts."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prompts_app.models import Entry, Import, Profile, User
from prompts_app.services import imports
from prompts_app.services.import_archive import is_archive
from prompts_app.services.import_reading import Ready, read
from prompts_app.services.import_words import place, sentence
from prompts_app.transfer.document import Loss, Problem
from prompts_app.transfer.recognise import FORMATS, recognise

MOST_BYTES = 50 * 1024 * 1024

T = TypeVar("T")


class Command(BaseCommand):
    """Imports a file as the studio does: everything, or nothing when a part of it is malformed."""

    help = "Make entries of a file of prompts, in any format that the studio imports."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--author", required=True, metavar="HANDLE")
        parser.add_argument(
            "--format", choices=sorted(FORMATS), help="recognised by itself unless given"
        )
        parser.add_argument(
            "--list", action="store_true", help="list them in Explore; otherwise they are drafts"
        )
        parser.add_argument(
            "--skip-bad", action="store_true", help="import the rest when parts are malformed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import; exits with where every malformed part stands, and then imports nothing."""
        profile = Profile.objects.filter(handle__iexact=options["author"]).first()
        if profile is None:
            raise CommandError(f"There is no author @{options['author']}.")
        file = options["file"]
        visibility = Entry.Visibility.LISTED if options["list"] else Entry.Visibility.DRAFT
        if self._is_archive(file):
            self._bring_archive(profile.user, file, visibility)
            return
        data = self._data(file)
        key = options["format"] or recognise(data, file.name)
        if not key:
            raise CommandError(f"{file}: the format is not recognised. Say which with --format.")
        found = list(read(data, key))
        problems = [one for one in found if isinstance(one, Problem)]
        for problem in problems:
            self._say(file, problem)
        if problems and not options["skip_bad"]:
            raise CommandError(
                "Nothing was imported. Mend the file, or pass --skip-bad to leave those parts out."
            )
        for one in found:
            for loss in one.document.losses if isinstance(one, Ready) else ():
                self._say(file, loss)
        done = self._shown(
            imports.bring_in_file(profile.user, file.name, len(data), key, found, visibility)
        )
        self.stdout.write(
            f"{done.made} entries imported, {done.known} were there already,"
            f" {len(problems)} parts left out."
        )

    def _is_archive(self, file: Path) -> bool:
        try:
            with file.open("rb") as opened:
                return is_archive(opened.read(4))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error

    def _bring_archive(self, owner: User, file: Path, visibility: str) -> None:
        upload = Import(
            owner=owner, name=file.name[:200], size=file.stat().st_size, format=imports.ARCHIVE
        )
        with file.open("rb") as opened:
            done = self._shown(imports.bring_in_archive(upload, opened, visibility, new=True))
        for _line, path, code, detail in done.problems:
            self.stderr.write(f"{file}: {path}: {sentence(code, detail)}")
        if done.problems:
            raise CommandError("Nothing was imported.")
        self.stdout.write(f"{done.made} entries imported.")

    def _data(self, file: Path) -> bytes:
        try:
            if file.stat().st_size > MOST_BYTES:
                raise CommandError(f"{file} is larger than {MOST_BYTES // 1024**2} MB.")
            return file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error

    def _say(self, file: Path, one: Problem | Loss) -> None:
        where = place(0, one.path) if one.path else ""
        line = f":{one.line}" if one.line else ""
        said = f"{where}: " if where else ""
        self.stderr.write(
            f"{file}{line}: {said}{sentence(one.code, one.detail, lost=isinstance(one, Loss))}"
        )

    def _shown(self, work: imports.Progress) -> Import:
        """Do the work to its end, and say on the terminal how far it is."""
        told = _Ending(work)
        for done, of in told:
            end = "\r" if sys.stderr.isatty() and done < of else "\n"
            self.stderr.write(f"{done} of {of}", ending=end)
        return told.end


class _Ending:
    """Iterates over a generator and keeps what it returns."""

    def __init__(self, work: imports.Progress) -> None:
        self._work = work
        self.end: Import

    def __iter__(self) -> Iterator[tuple[int, int]]:
        self.end = yield from self._work
