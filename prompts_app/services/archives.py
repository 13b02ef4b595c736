"""Archives: an author's whole portfolio in one file, and back (docs/archive.md)."""

from collections.abc import Callable
from typing import IO

from prompts_app.models import User
from prompts_app.services.archive_entries import OVER, entry_pieces
from prompts_app.services.archive_files import EntryFound, Report
from prompts_app.services.archive_looking import Looking
from prompts_app.services.archive_making import Making
from prompts_app.services.archive_writing import write

__all__ = [
    "OVER", "EntryFound", "Looking", "Making", "Report", "entry_pieces", "read_archive", "write",
]  # fmt: skip


def _nobody(_done: int, _of: int) -> None:
    pass


def read_archive(
    owner: User,
    file: IO[bytes],
    *,
    make: bool,
    profile: bool = False,
    visibility: str = "",
    progress: Callable[[int, int], None] = _nobody,
) -> Report:
    """Say what an archive holds and what would be made of it; with `make`, make it.

    All of it in one transaction, or nothing where the report has problems. Call it with no
    transaction open: rules are looked into, for up to a second each. `profile` and `visibility` as
    of `Making`; `progress` is told how much is done, of how much, first of looking, then of making.
    A page that streams its progress uses `Looking.look` and `Making.make`, which yield it.
    """
    looked = Looking(owner, file)
    for done, of in looked.look():
        progress(done, of)
    if make and not looked.report.problems:
        for done, of in Making(looked, profile=profile, visibility=visibility).make():
            progress(done, of)
    return looked.report
