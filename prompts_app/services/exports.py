"""Files waiting to be fetched: of each kind one for each author, kept for a day, theirs alone."""

import contextlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils import timezone

from prompts_app.models import Entry, Run, User, Version
from prompts_app.services import archives
from prompts_app.transfer import promptfolio_format as form

KEPT_FOR = timedelta(days=1)
_NAME = "portfolio.zip"
SITE = "site.zip"
Steps = Generator[tuple[int, int], None, None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished file; `size` in bytes."""

    path: Path
    size: int
    made_at: datetime

    @property
    def until(self) -> datetime:
        """When it is deleted."""
        return self.made_at + KEPT_FOR


@dataclass(frozen=True, slots=True)
class Export(Kept):
    """A finished archive. `counts` as in its manifest; `sizes` in bytes, by what they are of."""

    counts: dict[str, int]
    sizes: dict[str, int]


def make(owner: User) -> Steps:
    """Write the author's archive in the place of the last; yield how far it is, in entries."""
    return keep(owner, _NAME, partial(archives.write, owner))


def keep(owner: User, name: str, write: Callable[[IO[bytes]], Iterable[tuple[int, int]]]) -> Steps:
    """Let `write` make the file `name` in the place of the one before; yield how far it is.

    It is there only once it is whole: a writing that breaks off leaves the former one.
    """
    folder = _folder(owner)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made readable for this account of the machine alone.
    handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "w+b") as file:
            yield from write(file)
        Path(part).replace(folder / name)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def kept(owner: User, name: str) -> Kept | None:
    """Return the author's file of that name, if one was made within the last day."""
    path = _folder(owner) / name
    try:
        told = path.stat()
    except FileNotFoundError:
        return None
    made_at = datetime.fromtimestamp(told.st_mtime, UTC)
    return Kept(path, told.st_size, made_at) if made_at + KEPT_FOR > timezone.now() else None


def ready(owner: User) -> Export | None:
    """Return the author's archive, if one was made within the last day."""
    found = kept(owner, _NAME)
    if found is None:
        return None
    try:
        with zipfile.ZipFile(found.path) as archive:
            counts: dict[str, Any] = json.loads(archive.read(form.MANIFEST))["counts"]
            sizes = {"entries": 0, "runs": 0, "pictures": 0}
            for one in archive.infolist():
                sizes[_part_of(one.filename)] += one.compress_size
    except FileNotFoundError:
        return None
    return Export(found.path, found.size, found.made_at, counts, sizes)


def counts_of(owner: User) -> dict[str, int]:
    """Return how much there is to write."""
    kept = Entry.objects.filter(owner=owner, purge_at__isnull=True)
    return {
        "entries": kept.count(),
        "versions": Version.objects.filter(entry__in=kept).count(),
        "runs": Run.objects.filter(version__entry__in=kept, state__in=archives.OVER).count(),
    }


def forget(owner_id: int) -> None:
    """Delete what was made for an author."""
    shutil.rmtree(_root() / str(owner_id), ignore_errors=True)


def forget_old() -> int:
    """Delete archives that are a day old, and what broke off; return how many files."""
    before = (timezone.now() - KEPT_FOR).timestamp()
    gone = 0
    for path in _root().glob("*/*"):
        # Another worker was first, or another file of the same author is still there.
        with contextlib.suppress(OSError):
            if path.stat().st_mtime <= before:
                path.unlink()
                gone += 1
                path.parent.rmdir()
    return gone


def _root() -> Path:
    return Path(settings.MEDIA_ROOT) / "exports"


def _folder(owner: User) -> Path:
    return _root() / str(owner.pk)


def _part_of(name: str) -> str:
    if name.startswith("pictures/"):
        return "pictures"
    return "runs" if name.endswith(".ndjson") else "entries"
