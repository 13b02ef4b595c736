"""How entries leave their author's list: put away, into the bin, and in the end for good."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from prompts_app.models import Entry, Run, ShareLink, User
from prompts_app.services import arranging, entries, evaluations

# How long the bin keeps an entry.
KEPT_FOR = timedelta(days=30)
# Of one round: deleting the runs of a large entry takes a while.
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Going:
    """What goes with an entry; `links` are the share links that show it and still open."""

    versions: int
    outputs: int
    cases: int
    tries: int
    pictures: int
    links: list[ShareLink]


def going_with(entry: Entry) -> Going:
    """Return what deleting an entry takes along."""
    return Going(
        versions=entry.versions.count(),
        outputs=Run.objects.filter(version__entry=entry).count(),
        cases=entry.cases.filter(withdrawn_at__isnull=True).count(),
        tries=entry.tries.filter(column=0).count(),
        pictures=entry.pictures.count(),
        links=list(ShareLink.objects.live().filter(items__entry=entry)),
    )


def archive(entry: Entry) -> None:
    """Put an entry away: nobody else sees it any more, not even through a link."""
    Entry.objects.filter(pk=entry.pk).exclude(visibility=Entry.Visibility.ARCHIVED).update(
        archived_from=entry.visibility, visibility=Entry.Visibility.ARCHIVED
    )


def take_back(entry: Entry) -> None:
    """Undo `archive`: whoever saw it sees it again."""
    with arranging.held(entry.owner):
        Entry.objects.filter(pk=entry.pk, visibility=Entry.Visibility.ARCHIVED).update(
            visibility=entry.archived_from or Entry.Visibility.DRAFT,
            archived_from="",
            pinned=entry.pinned and arranging.may_pin(entry.owner),
        )


def archived(owner: User) -> list[Entry]:
    """Return what the author put away, by title."""
    found = Entry.objects.filter(owner=owner, purge_at__isnull=True)
    return list(found.filter(visibility=Entry.Visibility.ARCHIVED).order_by("title", "pk"))


def discard(entry: Entry) -> None:
    """Put an entry into the bin, for 30 days. What it waited for is not made any more."""
    with transaction.atomic():
        Entry.objects.filter(pk=entry.pk, purge_at__isnull=True).update(
            purge_at=timezone.now() + KEPT_FOR
        )
        waiting = Run.objects.filter(version__entry=entry, state=Run.State.WAITING)
        for evaluation in entry.evaluations.filter(pk__in=waiting.values("evaluation")):
            evaluations.stop(evaluation)
        waiting.update(state=Run.State.STOPPED, finished_at=timezone.now())


def binned(owner: User) -> list[Entry]:
    """Return what lies in the author's bin, what goes last first."""
    found = Entry.objects.filter(owner=owner, purge_at__isnull=False)
    return list(found.order_by("-purge_at", "-pk"))


def restore(entry: Entry) -> bool:
    """Take an entry out of the bin, as it was; False where it is gone meanwhile.

    One that was imported anew since stays what it is, and the old one forgets where it came from.
    """
    with arranging.held(entry.owner):
        others = Entry.objects.filter(owner=entry.owner, purge_at__isnull=True)
        if entry.source_key and others.filter(source_key=entry.source_key).exists():
            entry.source_key = None
        return bool(
            Entry.objects.filter(pk=entry.pk, purge_at__isnull=False).update(
                purge_at=None,
                source_key=entry.source_key,
                pinned=entry.pinned and arranging.may_pin(entry.owner),
            )
        )


def purge_due() -> int:
    """Delete for good what lay in the bin for its time; return how many."""
    due = Entry.objects.filter(purge_at__lte=timezone.now()).order_by("purge_at")
    return sum(_purge(entry) for entry in list(due.values_list("pk", flat=True)[:_AT_ONCE]))


def _purge(entry_id: int) -> bool:
    with transaction.atomic():
        rows = Entry.objects.select_for_update().filter(pk=entry_id)
        # Taken back a moment ago, it stays.
        entry = rows.filter(purge_at__lte=timezone.now()).first()
        if entry is not None:
            entries.delete_entry(entry)
    return entry is not None
