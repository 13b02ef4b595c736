"""Making rows of an archive that was looked through: all of them, or none (docs/archive.md)."""

import contextlib
import itertools
import uuid
from collections.abc import Generator, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts_app.assertions.rubric import is_judged
from prompts_app.models import (
    CapturedElsewhere,
    Draft,
    Entry,
    Evaluation,
    Picture,
    Receipt,
    ReceiptKey,
    Run,
    TestCase,
    Version,
)
from prompts_app.pictures.intake import PictureError
from prompts_app.receipts.canonical import canonical
from prompts_app.receipts.statement import read_time
from prompts_app.services import archive_profile, entries, pictures
from prompts_app.services.archive_files import Unreadable
from prompts_app.services.archive_looking import Looking
from prompts_app.services.archive_rows import fields_of
from prompts_app.services.rules import rules_of
from prompts_app.transfer import promptfolio_format as form
from prompts_app.transfer.document import Problem
from prompts_app.transfer.zips import ZipError

_RUNS = 100


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
        self._kept: dict[tuple[str, str], Picture] = {}
        self._own_keys: set[str] = set()
        self._source_keys: set[str | None] = set()

    def make(self) -> Generator[tuple[int, int], None, None]:
        """Make everything in one transaction; yield how much is done, of how much.

        Pictures are decoded before it begins: that takes the longest, and nobody else can write
        to SQLite meanwhile. Where anything fails nothing is left, and `report.problems` says why
        if it is the archive's fault.
        """
        report = self.looked.report
        total = len(self.looked.pictures) + len(self.looked.slugs)
        done = 0
        try:
            for path in self.looked.pictures:
                self._decode(path)
                done += 1
                yield done, total
            with transaction.atomic():
                self._begin()
                for slug in self.looked.slugs:
                    report.made.append(self._entry(slug))
                    done += 1
                    yield done, total
                if self.profile:
                    self._save_profile()
        except BaseException as error:
            report.made.clear()
            self._remove_files()
            if isinstance(error, Unreadable):
                report.problems.append(error.problem)
            elif isinstance(error, ZipError):
                report.problems.append(Problem(0, f"zip_{error.code}", path=error.name))
            else:
                raise

    def _decode(self, path: str) -> None:
        self._kept["", path] = self._restored(path)

    def _restored(self, path: str) -> Picture:
        data = self.looked.files.bytes(path)
        try:
            return pictures.restored(self.owner, data)
        except PictureError as error:
            raise Unreadable(Problem(0, "picture", error.code, path)) from error

    def _picture(self, path: str | None, entry: Entry | None) -> Picture | None:
        """Return the row of a picture, one for each entry that shows it."""
        if path is None:
            return None
        place = (str(entry.pk) if entry else "profile", path)
        if place not in self._kept:
            # The one that was decoded beforehand goes to whoever comes first.
            picture = self._kept.pop(("", path), None) or self._restored(path)
            self._kept[place] = picture
            picture.entry = entry
            picture.save()
        return self._kept[place]

    def _remove_files(self) -> None:
        for picture in self._kept.values():
            for file in (picture.file, picture.small):
                with contextlib.suppress(OSError):
                    file.delete(save=False)

    def _begin(self) -> None:
        self._source_keys = set(
            # What lies in the bin is no reason not to bring it in anew.
            Entry.objects.filter(
                owner=self.owner, source_key__isnull=False, purge_at__isnull=True
            ).values_list("source_key", flat=True)
        )
        if self.looked.report.proof:
            self._enter_keys()

    def _save_profile(self) -> None:
        archive_profile.save(
            self.owner,
            self.looked.files.json(form.PROFILE).value,
            picture=lambda path: self._picture(path, None),
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
        self._own_keys = set(ReceiptKey.objects.values_list("pk", flat=True))

    def _entry(self, slug: str) -> Entry:
        values = self.looked.entry(slug).value
        entry = self._row(slug, values)
        entries.set_tags(entry, values["tags"])
        if values["draft"] is not None:
            Draft.objects.create(entry=entry, content=values["draft"])
        numbers = {
            one.number: one
            for one in Version.objects.bulk_create(
                Version(entry=entry, **fields_of(Version, version))
                for version in values["versions"]
            )
        }
        cases = TestCase.objects.bulk_create(
            TestCase(entry=entry, **fields_of(TestCase, case)) for case in values["cases"]
        )
        evaluations = Evaluation.objects.bulk_create(
            Evaluation(entry=entry, **fields_of(Evaluation, one)) for one in values["evaluations"]
        )
        featured = values["featured_case"]
        entry.published = numbers.get(values["published"])
        entry.baseline = numbers.get(values["baseline"])
        entry.featured_case = None if featured is None else cases[featured]
        entry.cover = self._picture(values["cover"], entry)
        entry.save(update_fields=["published", "baseline", "featured_case", "cover"])
        now = timezone.now()
        rows = self.looked.runs(slug, values)
        while few := list(itertools.islice(rows, _RUNS)):
            self._runs(few, entry, numbers, cases, evaluations, now)
        entries.index(entry)
        # Whatever was saved last is not what the author did last.
        Entry.objects.filter(pk=entry.pk).update(updated_at=read_time(values["updated_at"]))
        return entry

    def _row(self, slug: str, values: dict[str, Any]) -> Entry:
        fields = fields_of(Entry, values)
        if fields["source_key"] in self._source_keys:
            # The account has what was once imported from there.
            fields["source_key"] = None
        self._source_keys.add(fields["source_key"])
        if self.visibility:
            fields["visibility"] = self.visibility
        fields["slug"] = self.looked.slugs[slug]
        return Entry.objects.create(owner=self.owner, **fields)

    def _runs(
        self,
        rows: list[dict[str, Any]],
        entry: Entry,
        numbers: dict[int, Version],
        cases: list[TestCase],
        evaluations: list[Evaluation],
        now: datetime,
    ) -> None:
        runs, receipts, elsewhere = [], [], []
        again = _found_out_again(numbers.values())
        for values in rows:
            here = values["id"] in self.looked.captured
            version = numbers[values["version"]]
            run = Run(
                # An address that this site once gave out leads to the same run again.
                pk=uuid.UUID(values["id"]) if here else uuid.uuid4(),
                version=version,
                case=None if values["case"] is None else cases[values["case"]],
                evaluation=None
                if values["evaluation"] is None
                else evaluations[values["evaluation"]],
                picture=self._picture(values["picture"], entry),
                raw_response=values["raw_response"],
                origin=_origin(values, here=here),
                verdicts={
                    rule: one
                    for rule, one in values["verdicts"].items()
                    if version.withdrawn_at is not None or ("judge" in one and rule not in again)
                },
                judge_due=None if values["state"] == Run.State.STOPPED else now,
                **fields_of(Run, values),
            )
            runs.append(run)
            proof = values["receipt"]
            statement = canonical(proof["statement"]).decode() if proof else ""
            signature = proof["signature"] if proof else ""
            key = proof["statement"]["key"] if proof else ""
            if here and key in self._own_keys:
                receipts.append(
                    Receipt(run=run, key_id=key, statement=statement, signature=signature)
                )
            elif values["origin"] == Run.Origin.CAPTURED and not here:
                site = proof["statement"]["site"] if proof else values["captured_by"]
                elsewhere.append(
                    CapturedElsewhere(
                        run=run,
                        site=(site or self.looked.report.site)[:300],
                        statement=statement,
                        signature=signature,
                        key=self.looked.public_keys.get(key, {}),
                    )
                )
        Run.objects.bulk_create(runs)
        Receipt.objects.bulk_create(receipts)
        CapturedElsewhere.objects.bulk_create(elsewhere)


def _origin(values: dict[str, Any], *, here: bool) -> str:
    if values["origin"] == Run.Origin.CAPTURED and not here:
        return Run.Origin.IMPORTED.value
    return str(values["origin"])


def _found_out_again(versions: Iterable[Version]) -> set[str]:
    """Return the rules that are judged anew: whoever writes an archive could write anything."""
    return {
        rule
        for version in versions
        for rule, spec in rules_of(version.content).items()
        if not is_judged(spec)
    }
