"""Archives of a Promptfolio site among the imports: as a whole, looked at and brought in alike."""

from collections.abc import Iterator
from typing import IO, Any, Final

from django.utils import timezone

from prompts_app.models import Entry, Import
from prompts_app.services.archives import EntryFound, Looking, Making
from prompts_app.transfer.document import Problem

# Stands where formats of single files have a key of transfer.recognise.FORMATS.
ARCHIVE: Final = "archive"
_BEGINNINGS: Final = (b"PK\x03\x04", b"PK\x05\x06")


class NotWaiting(Exception):  # noqa: N818 - it reads as the condition it is
    """The upload was brought in already, or has waited for too long."""


def is_archive(data: bytes) -> bool:
    """Say whether data, or its beginning, is that of a ZIP file."""
    return data.startswith(_BEGINNINGS)


def look(upload: Import, file: IO[bytes], problems: list[Problem]) -> Iterator[tuple[int, int]]:
    """Fill the upload's rows with what the archive would make; add what keeps it out."""
    looked = Looking(upload.owner, file)
    yield from looked.look()
    problems += looked.report.problems
    upload.rows = [] if looked.report.problems else [row(one) for one in looked.report.entries]


def row(one: EntryFound) -> dict[str, Any]:
    """Return what an import keeps of an entry in an archive; it is brought in with all it has."""
    renamed = [[0, "", "renamed", one.slug]] if one.slug != one.wanted else []
    return {
        "title": one.title,
        "line": 0,
        "key": "",
        "kind": "text",
        "versions": one.versions,
        "messages": 0,
        "variables": 0,
        "cases": one.cases,
        "rules": 0,
        "outputs": one.runs,
        "losses": renamed,
    }


class _Bringing(Making):
    """Makes an archive's entries in one transaction with the row that tells of it."""

    def __init__(self, looked: Looking, upload: Import, visibility: str, *, new: bool) -> None:
        super().__init__(looked, visibility=visibility)
        self._upload, self._new = upload, new

    def _begin(self) -> None:
        if self._new:
            self._upload.save(force_insert=True)
        elif not Import.objects.waiting().filter(pk=self._upload.pk).update(source=None):
            raise NotWaiting
        super()._begin()

    def _claim(self, entry: Entry) -> None:
        entry.imported_by = self._upload

    def _end(self) -> None:
        upload = self._upload
        upload.made = len(self.looked.report.made)
        upload.rows = [kept for kept in upload.rows if kept["losses"]]
        upload.left_out, upload.source = [], None
        upload.state, upload.done_at = Import.State.DONE, timezone.now()
        upload.save()


def bring_in(
    upload: Import,
    file: IO[bytes],
    visibility: str,
    problems: list[Problem],
    *,
    new: bool = False,
) -> Iterator[tuple[int, int]]:
    """Make everything of the archive in one transaction; with problems, nothing.

    Raises NotWaiting.
    """
    looked = Looking(upload.owner, file)
    yield from looked.look()
    if not looked.report.problems:
        upload.rows = [row(one) for one in looked.report.entries]
        upload.made = 0
        yield from _Bringing(looked, upload, visibility, new=new).make()
    problems += looked.report.problems
