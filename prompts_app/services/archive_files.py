"""The files of an archive, each looked at before it is believed, and what is said of them."""

import hashlib
from dataclasses import dataclass, field
from typing import IO

from prompts_app.models import Entry
from prompts_app.transfer import promptfolio_format as form
from prompts_app.transfer.document import Problem
from prompts_app.transfer.loaded import Loaded, path_text
from prompts_app.transfer.loading import json_of
from prompts_app.transfer.shapes import Wrong
from prompts_app.transfer.zips import Archive

# Of a picture: twice what an upload may have.
_MAX_FILE = 2 * form.MAX_PART


@dataclass(frozen=True, slots=True)
class EntryFound:
    """An entry of an archive, and the slug it gets here (`wanted`: the one it has there)."""

    title: str
    slug: str
    wanted: str
    visibility: str
    versions: int
    cases: int
    runs: int


@dataclass(slots=True)
class Report:
    """What is in an archive and what would be, or was, made of it.

    `proof`: this site sealed the archive for this author, so that its captured runs are captured
    here again; otherwise they are shown as imported, with the site that captured them. With
    `problems` nothing is made. `made` are the entries that were, in the archive's order.
    """

    site: str = ""
    handle: str = ""
    made_at: str = ""
    proof: bool = False
    pictures: int = 0
    entries: list[EntryFound] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    made: list[Entry] = field(default_factory=list)

    @property
    def renamed(self) -> list[EntryFound]:
        """The entries that get another slug, for theirs is taken here."""
        return [one for one in self.entries if one.slug != one.wanted]


class Unreadable(ValueError):  # noqa: N818 - it reads as the condition it is
    """A file of the archive is not what it should be."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Files:
    """The files of an archive. `hashes`: what its manifest says of them, once that was read."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take a seekable file. Raises ZipError."""
        self.zip = Archive(file)
        self.hashes: dict[str, str] = {}

    def bytes(self, name: str, *, checked: bool = True) -> bytes:
        """Return a file that is as the manifest says. Raises Unreadable or ZipError."""
        data = self.zip.read(name, _MAX_FILE)
        if checked and hashlib.sha256(data).hexdigest() != self.hashes.get(name):
            raise Unreadable(Problem(0, "changed", path=name))
        return data

    def json(self, name: str, *, checked: bool = True) -> Loaded:
        """Return a file's JSON. Raises Unreadable or ZipError."""
        found = json_of(self.bytes(name, checked=checked))
        if isinstance(found, Problem):
            raise Unreadable(Problem(found.line, found.code, found.detail, name))
        if checked and not isinstance(found.value, dict):
            raise Unreadable(Problem(1, "shape", "type", name))
        return found

    def shape(self, shape: str, found: Loaded, name: str) -> None:
        """Say nothing if a file is what the schema says. Raises Unreadable."""
        try:
            form.shapes().check(shape, found.value)
        except Wrong as wrong:
            raise Unreadable(at(found, wrong.path, "shape", wrong.keyword, name)) from wrong


def at(found: Loaded, path: tuple[str | int, ...], code: str, detail: str, name: str) -> Problem:
    """Return the problem of a place in the file `name`."""
    return Problem(found.line(path), code, detail, f"{name}: {path_text(path)}")
