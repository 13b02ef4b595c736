"""Entries of documents: what readers of foreign formats yield, and the samples."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from prompts_app.models import Draft, Entry, Import, Run, TestCase, User, Version
from prompts_app.services import entries
from prompts_app.services.import_reading import Ready, Rules, ready
from prompts_app.transfer.document import EntryDocument, RunDocument

# Entries made at once: what is told of progress, and how much stands in memory as rows.
AT_ONCE = 100


def import_entry(
    owner: User,
    document: EntryDocument,
    *,
    visibility: str = Entry.Visibility.DRAFT,
    slug: str = "",
) -> Entry:
    """Make one entry with all it has. Raises ValueError for a document that cannot be made."""
    prepared = ready(document, Rules())
    if not isinstance(prepared, Ready):
        raise ValueError(f"{prepared.code} {prepared.path}")
    with transaction.atomic():
        ((entry,),) = make(owner, [prepared], visibility=visibility, slug=slug)
    return entry


def make(
    owner: User,
    documents: Sequence[Ready],
    *,
    visibility: str = Entry.Visibility.DRAFT,
    imported_by: Import | None = None,
    slug: str = "",
) -> Iterator[list[Entry]]:
    """Make entries with their drafts, versions, cases and runs, and yield them in groups.

    Within a transaction of the caller's. The number of queries for an entry does not depend on what
    it has. `slug` is for the one entry there is.
    """
    slugs = entries.Slugs(entries.slugs_of(owner))
    for start in range(0, len(documents), AT_ONCE):
        group = documents[start : start + AT_ONCE]
        now = timezone.now()
        made = Entry.objects.bulk_create(
            _entry(one, owner, slug or slugs.free(one.document.title), now, visibility, imported_by)
            for one in group
        )
        pairs = list(zip(made, group, strict=True))
        entries.file_under({entry: entries.tags_by_slug(one.document.tags) for entry, one in pairs})
        Draft.objects.bulk_create(
            Draft(entry=entry, content=one.document.versions[-1].content) for entry, one in pairs
        )
        cases = [_cases(entry, one.document) for entry, one in pairs]
        TestCase.objects.bulk_create(case for of_entry in cases for case in of_entry)
        versions = [_versions(entry, one, now) for entry, one in pairs]
        Version.objects.bulk_create(version for of_entry in versions for version in of_entry)
        for (entry, one), own in zip(pairs, versions, strict=True):
            entry.published = own[-1]
            entry.baseline = own[one.document.baseline or 0]
        Entry.objects.bulk_update(made, ["published", "baseline"])
        Run.objects.bulk_create(
            _run(run, own, of_entry, now)
            for (_entry, one), own, of_entry in zip(pairs, versions, cases, strict=True)
            for run in one.document.runs
        )
        yield made


def _entry(
    one: Ready,
    owner: User,
    slug: str,
    now: datetime,
    visibility: str,
    imported_by: Import | None,
) -> Entry:
    document = one.document
    content = document.versions[-1].content
    entry = Entry(
        owner=owner,
        title=document.title,
        slug=slug,
        summary=document.summary,
        use_case=document.use_case,
        language=document.language,
        second_language=document.second_language,
        second_words=document.second_words,
        credit=document.credit,
        source_key=document.source_key or None,
        visibility=visibility,
        kind=content["kind"],
        imported_by=imported_by,
        published_at=now,
    )
    tags = entries.tags_by_slug(document.tags)
    entry.search_text = entries.search_text(entry, tags.values(), content)
    return entry


def _cases(entry: Entry, document: EntryDocument) -> list[TestCase]:
    return [
        TestCase(
            entry=entry,
            name=case.name,
            values=case.values,
            watch_for=case.watch_for,
            comment=case.comment,
            position=position,
        )
        for position, case in enumerate(document.cases)
    ]


def _versions(entry: Entry, one: Ready, now: datetime) -> list[Version]:
    return [
        Version(
            entry=entry,
            number=number,
            content=version.content,
            content_hash=hashes[0],
            prompt_hash=hashes[1],
            change_note=version.change_note,
            created_at=now,
        )
        for number, (version, hashes) in enumerate(
            zip(one.document.versions, one.hashes, strict=True), start=1
        )
    ]


def _run(run: RunDocument, versions: list[Version], cases: list[TestCase], now: datetime) -> Run:
    moment = _moment(run.made_at, now)
    return Run(
        version=versions[run.version],
        case=None if run.case is None else cases[run.case],
        values=run.values,
        model_asked=run.model,
        output=run.output,
        raw_response=run.raw,
        finish_reason=run.finish_reason,
        prompt_tokens=run.input_tokens,
        completion_tokens=run.output_tokens,
        latency_ms=run.latency,
        # Whoever can show what the provider answered has more than a text of their own.
        origin=Run.Origin.PASTED if run.raw is None else Run.Origin.IMPORTED,
        state=Run.State.DONE,
        created_at=moment,
        finished_at=moment,
        judge_due=now,
    )


def _moment(text: str, now: datetime) -> datetime:
    """Return the time that `text` tells, or now where it tells none that has been."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return min(moment.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return now
