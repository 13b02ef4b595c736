"""A whole portfolio as one ZIP, written piece by piece (docs/archive.md)."""

import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from prompts_app.models import Entry, Run, User
from prompts_app.receipts import keys
from prompts_app.receipts.statement import time_text
from prompts_app.services import archive_profile, receipt_keys
from prompts_app.services.archive_entries import Keys, Writing
from prompts_app.transfer import promptfolio_format as form

# Entries held in memory at once.
_ENTRIES = 10
CAPTURED = "captured.txt"


def write(owner: User, file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Write an author's archive into a seekable file; yield how many entries are done, of how many.

    Few rows and one picture are in memory at any time. Every file is read by its own queries and
    no transaction is open: what is published meanwhile is in the archive or is not.
    """
    rows = Entry.objects.filter(owner=owner, purge_at__isnull=True)
    wanted = list(rows.order_by("created_at", "pk").values_list("pk", flat=True))
    archive = _Zip(file)
    known = Keys()
    counts: Counter[str] = Counter(entries=0, versions=0, cases=0, runs=0, receipts=0)
    slugs: list[str] = []
    captured: list[str] = []
    yield 0, len(wanted)
    with archive.zip:
        _write_profile(owner, archive)
        for number, entry in enumerate(_in_portions(rows, wanted), start=1):
            writing = Writing(entry, known)
            for path, data in writing.pictures():
                archive.add_once(path, data)
            archive.add(form.entry_file(entry.slug), [form.written(writing.values(), indent=1)])
            found: Counter[str] = Counter()
            archive.add(
                form.runs_file(entry.slug), _lines(writing, found, captured), may_be_large=True
            )
            slugs.append(entry.slug)
            counts.update(found)
            counts.update(entries=1, versions=len(writing.versions), cases=len(writing.cases))
            yield number, len(wanted)
        for place, document in enumerate(known.documents()):
            archive.add(form.keys_file(place), [form.written(document, indent=1)])
        archive.add(CAPTURED, ["".join(f"{one}\n" for one in captured).encode()])
        counts["pictures"] = len(archive.pictures)
        _finish(owner, archive, slugs, counts)


def _lines(writing: Writing, counts: Counter[str], captured: list[str]) -> Iterator[bytes]:
    for run, values in writing.runs():
        counts["runs"] += 1
        counts["receipts"] += values["receipt"] is not None
        if run.origin == Run.Origin.CAPTURED:
            captured.append(values["id"])
        yield form.written(values) + b"\n"


def _in_portions(rows: QuerySet[Entry], wanted: Sequence[int]) -> Iterator[Entry]:
    for start in range(0, len(wanted), _ENTRIES):
        few = wanted[start : start + _ENTRIES]
        yield from (
            rows.filter(pk__in=few)
            .select_related("draft", "cover")
            .prefetch_related("tags", "versions", "cases", "evaluations")
            .order_by("created_at", "pk")
        )


def _write_profile(owner: User, archive: "_Zip") -> None:
    values = archive_profile.values(owner.profile, archive.add_once)
    archive.add(form.PROFILE, [form.written(values, indent=1)])


def _finish(owner: User, archive: "_Zip", slugs: list[str], counts: Counter[str]) -> None:
    manifest = form.written(
        {
            "format": form.ARCHIVE,
            "format_version": form.VERSION,
            "site": settings.SITE_URL,
            "handle": owner.profile.handle,
            "made_at": time_text(archive.made_at),
            "entries": slugs,
            "counts": dict(counts),
            "files": archive.hashes,
        },
        indent=1,
    )
    archive.add(form.MANIFEST, [manifest])
    if receipt_keys.signing_key() is not None:
        own = keys.keys_document(settings.SITE_URL, receipt_keys.public_keys())
        statement = {
            "format": form.SEALED,
            "format_version": form.VERSION,
            "manifest": archive.hashes[form.MANIFEST],
            "public_key": keys.public_of(settings.RECEIPT_KEY),
            # Keys that came with archives of others are among the archive's; these are our own.
            "keys": own["keys"],
        }
        signature = keys.sign(settings.RECEIPT_KEY, form.written(statement))
        seal = {"statement": statement, "signature": signature}
        archive.add(form.SEAL, [form.written(seal, indent=1)])


class _Zip:
    """A ZIP that is written file after file and knows the SHA-256 of each."""

    def __init__(self, file: IO[bytes]) -> None:
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self.made_at = timezone.now()
        self.hashes: dict[str, str] = {}
        self.pictures: set[str] = set()

    def add(self, name: str, pieces: Iterable[bytes], *, may_be_large: bool = False) -> None:
        info = zipfile.ZipInfo(name, self.made_at.timetuple()[:6])
        # What is compressed already grows when it is compressed again.
        stored = name.startswith("pictures/")
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self.zip.open(info, "w", force_zip64=may_be_large) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
        self.hashes[name] = digest.hexdigest()

    def add_once(self, path: str, data: bytes) -> None:
        if path not in self.pictures:
            self.pictures.add(path)
            self.add(path, [data])
