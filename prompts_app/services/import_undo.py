"""Taking an import back: what it made goes to the bin, but for what its author has worked on."""

from collections.abc import Collection, Generator

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from prompts_app.models import Entry, Import, Run, Version
from prompts_app.services import endings, importing


def entries_of(done: Import) -> QuerySet[Entry]:
    """Return the entries that the import made and that are not in the bin, as they were made."""
    return Entry.objects.filter(imported_by=done, purge_at__isnull=True).order_by("pk")


def touched(done: Import) -> set[int]:
    """Return the ids of those that were changed, published, run or put on a link since."""
    mine, since = entries_of(done).order_by(), done.done_at
    found = [
        mine.filter(updated_at__gt=since).values_list("pk", flat=True),
        mine.filter(draft__updated_at__gt=since).values_list("pk", flat=True),
        mine.filter(share_items__isnull=False).values_list("pk", flat=True),
        Version.objects.filter(entry__in=mine, created_at__gt=since).values_list(
            "entry_id", flat=True
        ),
        Run.objects.filter(version__entry__in=mine, created_at__gt=since).values_list(
            "version__entry_id", flat=True
        ),
    ]
    return {pk for pks in found for pk in pks}


def undo(done: Import, also: Collection[int]) -> Generator[tuple[int, int], None, Import]:
    """Put into the bin what nobody touched since, and of the rest what is in `also`; all or none.

    Yields how many are done, of how many.
    """
    with transaction.atomic():
        worked_on = touched(done)
        going = [
            entry for entry in entries_of(done) if entry.pk not in worked_on or entry.pk in also
        ]
        for number, entry in enumerate(going):
            if number % importing.AT_ONCE == 0:
                yield number, len(going)
            endings.discard(entry)
        if not entries_of(done).exists():
            done.state = Import.State.UNDONE
        done.undone_at = timezone.now()
        done.save(update_fields=["state", "undone_at"])
    return done
