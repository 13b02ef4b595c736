"""What an archive makes, as rows ready to be written: all that takes time happens here, before.

Nobody else can write to SQLite while an archive is written, so its transaction only copies what
lies ready (archive_making.py). That waits in files without a name: a portfolio may be larger than
the memory is.
"""

import contextlib
import itertools
import pickle
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from prompts_app.assertions.rubric import is_judged
from prompts_app.models import (
    CapturedElsewhere,
    Entry,
    Evaluation,
    Picture,
    Receipt,
    Run,
    TestCase,
    Version,
)
from prompts_app.models.prepared import Insert
from prompts_app.receipts.canonical import canonical
from prompts_app.receipts.statement import read_time
from prompts_app.services import entries
from prompts_app.services.archive_looking import Looking
from prompts_app.services.archive_rows import fields_of
from prompts_app.services.rules import rules_of

# Runs that wait as one piece.
_RUNS: Final = 100
RUNS: Final = Insert(Run)
RECEIPTS: Final = Insert(Receipt)
ELSEWHERE: Final = Insert(CapturedElsewhere)
_VERSION: Final = RUNS.place("version_id")


@dataclass(slots=True)
class ReadyEntry:
    """An entry whose rows know each other by place; `cover` is a picture's id."""

    entry: Entry
    updated_at: datetime
    tags: dict[str, str]
    draft: dict[str, Any] | None
    versions: list[Version]
    cases: list[TestCase]
    evaluations: list[Evaluation]
    published: int | None
    baseline: int | None
    featured: int | None
    cover: uuid.UUID | None


@dataclass(slots=True)
class ReadyRuns:
    """Some runs of one entry, as the database takes them, each with its version's number."""

    runs: list[list[Any]] = field(default_factory=list)
    receipts: list[list[Any]] = field(default_factory=list)
    elsewhere: list[list[Any]] = field(default_factory=list)

    def of_versions(self, ids: dict[int, int]) -> Iterator[list[Any]]:
        """Yield the rows of the runs, once versions have their ids: `ids` by number."""
        for row in self.runs:
            row[_VERSION] = ids[row[_VERSION]]
            yield row


class Pile:
    """Values laid down one after another, and taken up again in that order."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - see close

    def lay(self, value: Any) -> None:
        """Lay down a value."""
        pickle.dump(value, self._file, pickle.HIGHEST_PROTOCOL)

    def take(self) -> Iterator[Any]:
        """Yield all that was laid down."""
        self._file.seek(0)
        with contextlib.suppress(EOFError):
            while True:
                yield pickle.load(self._file)  # noqa: S301 - nobody else can write there

    def close(self) -> None:
        """Let go of everything."""
        self._file.close()


class Readying:
    """Makes the rows of a looked-through archive; `picture` returns that at a path of an entry."""

    def __init__(
        self,
        looked: Looking,
        visibility: str,
        own_keys: set[str],
        picture: Callable[[str, str], Picture],
    ) -> None:
        self._looked = looked
        self._visibility = visibility
        self._own_keys = own_keys
        self._picture = picture
        self._now = timezone.now()
        self.entries = Pile()
        self.runs = Pile()

    def ready(self, slug: str) -> None:
        """Lay down an entry and its runs. Raises Unreadable or ZipError."""
        values = self._looked.entry(slug).value
        versions = [Version(**fields_of(Version, one)) for one in values["versions"]]
        cases = [TestCase(**fields_of(TestCase, one)) for one in values["cases"]]
        evaluations = [Evaluation(**fields_of(Evaluation, one)) for one in values["evaluations"]]
        cover = values["cover"]
        one = ReadyEntry(
            entry=self._entry(slug, values),
            updated_at=read_time(values["updated_at"]),
            tags=entries.tags_by_slug(values["tags"]),
            draft=values["draft"],
            versions=versions,
            cases=cases,
            evaluations=evaluations,
            published=values["published"],
            baseline=values["baseline"],
            featured=values["featured_case"],
            cover=None if cover is None else self._picture(slug, cover).pk,
        )
        published = [version for version in versions if version.number == one.published]
        if published:
            content = published[0].content
            one.entry.search_text = entries.search_text(one.entry, one.tags.values(), content)
        self.entries.lay(one)
        numbers = {version.number: version for version in versions}
        again = _found_out_again(versions)
        rows = self._looked.runs(slug, values)
        while few := list(itertools.islice(rows, _RUNS)):
            made = [self._run(slug, run, numbers, cases, evaluations, again) for run in few]
            self.runs.lay((slug, self._proven(list(zip(made, few, strict=True)))))

    def close(self) -> None:
        """Let go of everything."""
        self.entries.close()
        self.runs.close()

    def _entry(self, slug: str, values: dict[str, Any]) -> Entry:
        fields = fields_of(Entry, values)
        if self._visibility:
            fields["visibility"] = self._visibility
        fields["slug"] = self._looked.slugs[slug]
        return Entry(owner_id=self._looked.owner.pk, **fields)

    def _run(
        self,
        slug: str,
        values: dict[str, Any],
        numbers: dict[int, Version],
        cases: list[TestCase],
        evaluations: list[Evaluation],
        again: set[str],
    ) -> Run:
        here = values["id"] in self._looked.captured
        gone = numbers[values["version"]].withdrawn_at is not None
        case, evaluation, picture = values["case"], values["evaluation"], values["picture"]
        return Run(
            # An address that this site once gave out leads to the same run again.
            pk=uuid.UUID(values["id"]) if here else uuid.uuid4(),
            version_id=values["version"],
            case_id=None if case is None else cases[case].pk,
            evaluation_id=None if evaluation is None else evaluations[evaluation].pk,
            picture_id=None if picture is None else self._picture(slug, picture).pk,
            raw_response=values["raw_response"],
            origin=_origin(values, here=here),
            verdicts={
                rule: one
                for rule, one in values["verdicts"].items()
                if gone or ("judge" in one and rule not in again)
            },
            judge_due=None if values["state"] == Run.State.STOPPED else self._now,
            **fields_of(Run, values),
        )

    def _proven(self, made: list[tuple[Run, dict[str, Any]]]) -> ReadyRuns:
        """Return runs with their receipts, or with what another site says of them."""
        receipts, elsewhere = [], []
        for run, values in made:
            here = values["id"] in self._looked.captured
            proof = values["receipt"]
            statement = canonical(proof["statement"]).decode() if proof else ""
            signature = proof["signature"] if proof else ""
            key = proof["statement"]["key"] if proof else ""
            if here and key in self._own_keys:
                receipts.append(
                    Receipt(run_id=run.pk, key_id=key, statement=statement, signature=signature)
                )
            elif values["origin"] == Run.Origin.CAPTURED and not here:
                site = proof["statement"]["site"] if proof else values["captured_by"]
                elsewhere.append(
                    CapturedElsewhere(
                        run_id=run.pk,
                        site=(site or self._looked.report.site)[:300],
                        statement=statement,
                        signature=signature,
                        key=self._looked.public_keys.get(key, {}),
                    )
                )
        return ReadyRuns(
            RUNS.rows([run for run, _values in made]),
            RECEIPTS.rows(receipts),
            ELSEWHERE.rows(elsewhere),
        )


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
