"""Writing rows of an archive that was looked through: all of them, or none (docs/archive.md)."""

import contextlib
import itertools
from collections.abc import Generator, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from prompts_app.models import (
    Draft,
    Entry,
    Evaluation,
    Picture,
    ReceiptKey,
    TestCase,
    Version,
)
from prompts_app.models.prepared import Param, Update
from prompts_app.pictures.intake import PictureError
from prompts_app.services import archive_profile, entries, pictures
from prompts_app.services.archive_files import Unreadable
from prompts_app.services.archive_looking import Looking
from prompts_app.services.archive_ready import (
    ELSEWHERE,
    RECEIPTS,
    RUNS,
    ReadyEntry,
    Readying,
    ReadyRuns,
)
from prompts_app.services.bulk import many_came
from prompts_app.transfer import promptfolio_format as form
from prompts_app.transfer.document import Problem
from prompts_app.transfer.zips import ZipError

# Entries written at once; and how many pieces of runs.
_ENTRIES = 100
_PIECES = 50
# What of an entry leads to rows that are written after it; and when it was changed.
_NAMES = ("pk", "published_id", "baseline_id", "featured_case_id", "cover_id", "updated_at")


def _places() -> tuple[QuerySet[Entry], dict[str, Any]]:
    values = {name.removesuffix("_id"): Param(name) for name in _NAMES if name != "pk"}
    return Entry.objects.filter(pk=Param("pk")), values


_PLACES = Update(_places)


class Making:
    """A looked-through archive without problems, on its way into its reader's account.

    `visibility`: that of every entry, or "" for each one's own. With `profile` the archive's
    replaces the author's, handle excepted: that is an address others have.
    """

    def __init__(self, looked: Looking, *, profile: bool = False, visibility: str = "") -> None:
        self.looked = looked
        self.owner = looked.owner
        self.profile = profile
        self.visibility = visibility
        # By entry ("" for the profile) and path; those not given to anybody yet by path alone.
        self._kept: dict[tuple[str, str], Picture] = {}
        self._spare: dict[str, Picture] = {}
        # Version number → id, by entry.
        self._ids: dict[str, dict[int, int]] = {}

    def make(self) -> Generator[tuple[int, int], None, None]:
        """Make everything in one transaction; yield how much is ready for it, of how much.

        All that takes time happens before it begins, for nobody else can write to SQLite meanwhile.
        Where anything fails nothing is left, and `report.problems` says why if it is the archive's
        fault.
        """
        report = self.looked.report
        total = len(self.looked.pictures) + len(self.looked.slugs)
        done = 0
        own = self._own_keys()
        ready = Readying(self.looked, self.visibility, own, self._picture)
        try:
            for path in self.looked.pictures:
                self._spare[path] = self._restored(path)
                done += 1
                yield done, total
            for slug in self.looked.slugs:
                ready.ready(slug)
                done += 1
                yield done, total
            told = self._profile()
            with transaction.atomic():
                self._begin()
                self._write(ready)
                if told is not None:
                    self._save_profile(told)
                self._end()
        except BaseException as error:
            report.made.clear()
            _remove_files(self._kept.values())
            if isinstance(error, Unreadable):
                report.problems.append(error.problem)
            elif isinstance(error, ZipError):
                report.problems.append(Problem(0, f"zip_{error.code}", path=error.name))
            else:
                raise
        else:
            many_came(len(report.made) + sum(one.runs for one in report.entries))
        finally:
            ready.close()
            _remove_files(self._spare.values())

    def _restored(self, path: str) -> Picture:
        data = self.looked.files.bytes(path)
        try:
            return pictures.restored(self.owner, data)
        except PictureError as error:
            raise Unreadable(Problem(0, "picture", error.code, path)) from error

    def _picture(self, slug: str, path: str) -> Picture:
        """Return a picture without its row yet, one for each entry that shows it."""
        if (slug, path) not in self._kept:
            # The one that was decoded beforehand goes to whoever comes first.
            spare = path in self._spare
            self._kept[slug, path] = self._spare.pop(path) if spare else self._restored(path)
        return self._kept[slug, path]

    def _profile(self) -> dict[str, Any] | None:
        if not self.profile:
            return None
        told: dict[str, Any] = self.looked.files.json(form.PROFILE).value
        for path in archive_profile.paths(told):
            self._picture("", path)
        return told

    def _own_keys(self) -> set[str]:
        """Return the keys that receipts of this site will name once `_begin` is over."""
        if not self.looked.report.proof:
            return set()
        former = {key.id for key in self.looked.own_keys if key.retired_at is not None}
        return former | set(ReceiptKey.objects.values_list("pk", flat=True))

    def _begin(self) -> None:
        """The first thing of the transaction."""
        if self.looked.report.proof:
            self._enter_keys()

    def _end(self) -> None:
        """The last thing of the transaction; `report.made` has all entries."""

    def _save_profile(self, told: dict[str, Any]) -> None:
        of_profile = {path: one for (slug, path), one in self._kept.items() if not slug}
        Picture.objects.bulk_create(of_profile.values())
        archive_profile.save(
            self.owner,
            told,
            picture=lambda path: None if path is None else of_profile[path],
            entries=dict(zip(self.looked.slugs, self.looked.report.made, strict=True)),
        )

    def _enter_keys(self) -> None:
        """This site vouches for the keys it signed with before: its seal is over them.

        Never those of the archive's receipts: among them are keys that others brought.
        """
        for key in self.looked.own_keys:
            known = ReceiptKey.objects.filter(pk=key.id).first()
            if known is None and key.retired_at is not None:
                ReceiptKey.objects.create(
                    pk=key.id,
                    public_key=key.public_key,
                    active_from=key.active_from,
                    retired_at=key.retired_at,
                    leaked=key.leaked,
                )
            elif known is not None and known.active_from > key.active_from:
                ReceiptKey.objects.filter(pk=known.pk).update(active_from=key.active_from)

    def _write(self, ready: Readying) -> None:
        keys = set(
            # What lies in the bin is no reason not to bring it in anew.
            Entry.objects.filter(
                owner=self.owner, source_key__isnull=False, purge_at__isnull=True
            ).values_list("source_key", flat=True)
        )
        slugs = iter(self.looked.slugs)
        piled = ready.entries.take()
        while group := list(itertools.islice(piled, _ENTRIES)):
            for one in group:
                if one.entry.source_key in keys:
                    # The account has what was once imported from there.
                    one.entry.source_key = None
                keys.add(one.entry.source_key)
                self._claim(one.entry)
            self._write_entries({slug: one for one, slug in zip(group, slugs, strict=False)})
        runs = ready.runs.take()
        while pieces := list(itertools.islice(runs, _PIECES)):
            self._write_runs(pieces)

    def _claim(self, entry: Entry) -> None:
        """Change what an entry is before it is written."""

    def _write_entries(self, group: dict[str, ReadyEntry]) -> None:
        made = Entry.objects.bulk_create(one.entry for one in group.values())
        entries.file_under({one.entry: one.tags for one in group.values()})
        Draft.objects.bulk_create(
            Draft(entry=one.entry, content=one.draft)
            for one in group.values()
            if one.draft is not None
        )
        for one in group.values():
            rows: list[Version | TestCase | Evaluation]
            rows = [*one.versions, *one.cases, *one.evaluations]
            for row in rows:
                row.entry = one.entry
        Version.objects.bulk_create(row for one in group.values() for row in one.versions)
        TestCase.objects.bulk_create(row for one in group.values() for row in one.cases)
        Evaluation.objects.bulk_create(row for one in group.values() for row in one.evaluations)
        shown = []
        for (slug, _path), picture in self._kept.items():
            if slug in group:
                picture.entry = group[slug].entry
                shown.append(picture)
        Picture.objects.bulk_create(shown)
        for slug, one in group.items():
            ids = self._ids[slug] = {version.number: version.pk for version in one.versions}
            one.entry.published_id = ids.get(one.published or 0)
            one.entry.baseline_id = ids.get(one.baseline or 0)
            if one.featured is not None:
                one.entry.featured_case_id = one.cases[one.featured].pk
            one.entry.cover_id = one.cover
            # Whatever was saved last is not what the author did last.
            one.entry.updated_at = one.updated_at
        _PLACES.run_each([{name: getattr(entry, name) for name in _NAMES} for entry in made])
        self.looked.report.made += made

    def _write_runs(self, pieces: Sequence[tuple[str, ReadyRuns]]) -> None:
        RUNS.write([row for slug, few in pieces for row in few.of_versions(self._ids[slug])])
        RECEIPTS.write([row for _slug, few in pieces for row in few.receipts])
        ELSEWHERE.write([row for _slug, few in pieces for row in few.elsewhere])


def _remove_files(unwanted: Iterable[Picture]) -> None:
    for picture in unwanted:
        for file in (picture.file, picture.small):
            with contextlib.suppress(OSError):
                file.delete(save=False)
