"""Entries from neutral documents: what readers of foreign formats yield, and the samples."""

from collections.abc import Iterable

from django.db import transaction

from prompts_app.models import Entry, TestCase, User
from prompts_app.services import entries, versions
from prompts_app.transfer.document import EntryDocument


def import_entries(
    owner: User, documents: Iterable[EntryDocument], *, visibility: str = Entry.Visibility.DRAFT
) -> tuple[int, int]:
    """Make entries of documents in one transaction; return how many are new and how many known.

    A document whose `source_key` the owner already has is left alone.
    """
    made = known = 0
    with transaction.atomic():
        have = set(
            Entry.objects.filter(owner=owner, source_key__isnull=False).values_list(
                "source_key", flat=True
            )
        )
        for document in documents:
            if document.source_key in have:
                known += 1
                continue
            have.add(document.source_key)
            import_entry(owner, document, visibility=visibility)
            made += 1
    return made, known


def import_entry(
    owner: User,
    document: EntryDocument,
    *,
    visibility: str = Entry.Visibility.DRAFT,
    slug: str = "",
) -> Entry:
    """Make one entry with all its versions and test cases."""
    with transaction.atomic():
        entry = entries.create_entry(
            owner,
            title=document.title,
            slug=slug,
            summary=document.summary,
            use_case=document.use_case,
            language=document.language,
            credit=document.credit,
            source_key=document.source_key or None,
            visibility=visibility,
            tags=document.tags,
            content=document.versions[-1].content,
        )
        TestCase.objects.bulk_create(
            TestCase(
                entry=entry,
                name=case.name,
                values=case.values,
                watch_for=case.watch_for,
                comment=case.comment,
                position=position,
            )
            for position, case in enumerate(document.cases)
        )
        made = [
            versions.add_version(entry, version.content, version.change_note)
            for version in document.versions
        ]
        if document.baseline is not None:
            entry.baseline = made[document.baseline]
            entry.save(update_fields=["baseline"])
    return entry
