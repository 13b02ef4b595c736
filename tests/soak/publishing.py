"""The storm on version numbers: many processes and threads publish one entry at once."""

import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, connection, transaction

from prompts_app.models import Draft, Entry, Version
from prompts_app.receipts.canonical import content_hash
from prompts_app.services import entries, versions
from tests import factories
from tests.soak.storm import Journal, Report


class PublishingStorm:
    """Every worker publishes `each` versions in each of `threads` threads."""

    def __init__(self, journal: Journal, *, each: int, threads: int) -> None:
        self.journal = journal
        self.each, self.threads = each, threads
        self.entry_id = 0

    def prepare(self) -> None:
        """Make an entry that has a draft and no version."""
        self.entry_id = factories.entry(published=False, slug=f"storm-{uuid.uuid4().hex}").pk

    def work(self, seed: int) -> None:
        """Publish in several threads; what goes wrong there ends this worker with an error."""
        rng = random.Random(seed)
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(self._publish, [rng.randrange(2**32) for _ in range(self.threads)]))

    def _publish(self, seed: int) -> None:
        rng = random.Random(seed)
        # As a page has it: read before others published.
        entry = Entry.objects.get(pk=self.entry_id)
        try:
            done = 0
            while done < self.each:
                text = f"{uuid.uuid4()} {{{{ text }}}}"
                revision = Draft.objects.values_list("revision", flat=True).get(entry=entry)
                try:
                    draft = entries.save_draft(entry, factories.content(text), revision)
                    made = versions.publish_version(entry, "", revision=draft.revision)
                except (entries.StaleDraft, versions.NotPublishable):
                    self.journal.write("behind")
                    continue
                done += 1
                self.journal.write("published", made.number, made.content_hash)
                if rng.random() < 0.3:
                    self._tamper(made)
                entry = Entry.objects.get(pk=self.entry_id)
        finally:
            connection.close()

    def _tamper(self, version: Version) -> None:
        """Try to change a published version; the database must refuse."""
        changed: dict[str, Any] = factories.content("Something else")
        for what, attempt in (
            ("content", lambda: Version.objects.filter(pk=version.pk).update(content=changed)),
            ("number", lambda: Version.objects.filter(pk=version.pk).update(number=99_999)),
            ("row", lambda: _delete_row(version)),
        ):
            try:
                with transaction.atomic():
                    attempt()
            except DatabaseError:
                self.journal.write("refused")
            else:
                self.journal.write("broken", f"a version's {what} could be changed")

    def accompany(self, seed: int) -> None:
        """Read, as visitors do: never a gap, the published one always among them."""
        while True:
            numbers = list(
                Version.objects.filter(entry=self.entry_id)
                .order_by("number")
                .values_list("number", flat=True)
            )
            if numbers != list(range(1, len(numbers) + 1)):
                self.journal.write("broken", f"numbers while publishing: {numbers}")
            time.sleep(0.05)

    def judge(self, report: Report) -> None:
        """Numbers 1 to n, each with the content it was published with; n is the shown one."""
        kept = list(Version.objects.filter(entry=self.entry_id).order_by("number"))
        if [one.number for one in kept] != list(range(1, len(kept) + 1)):
            report.violations.append(f"numbers: {[one.number for one in kept]}")
        told = {int(number): digest for number, digest in self.journal.lines("published")}
        if len(told) != len(self.journal.lines("published")):
            report.violations.append("two publishers were told the same number")
        hashes = {one.number: one.content_hash for one in kept}
        report.violations += [
            f"version {number} is not what was published"
            for number, digest in told.items()
            if hashes.get(number) != digest
        ]
        report.violations += [
            f"version {one.number} does not match its hash"
            for one in kept
            if content_hash(one.content) != one.content_hash
        ]
        if len({one.content_hash for one in kept}) != len(kept):
            report.violations.append("two versions with the same content")
        entry = Entry.objects.select_related("published", "baseline").get(pk=self.entry_id)
        shown = entry.published.number if entry.published else 0
        first = entry.baseline.number if entry.baseline else 0
        if (shown, first) != (len(kept), 1):
            report.violations.append(f"{len(kept)} versions; shown {shown}, baseline {first}")
        report.figures |= {
            "versions": len(kept),
            "told": len(told),
            "came too late": len(self.journal.lines("behind")),
            "changes refused": len(self.journal.lines("refused")),
        }


def _delete_row(version: Version) -> None:
    # Past Django, which would look for rows that refer to it first.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM prompts_app_version WHERE id = %s", [version.pk])
