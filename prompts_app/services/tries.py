"""What is kept of tries: written down once, erased at the visitor's wish, gone after 30 days."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from prompts_app.models import Entry, Picture, ShareLink, Try
from prompts_app.models.prepared import Param, Select
from prompts_app.services import budget

# For how long a column of a group keeps its money without being started.
WAIT = timedelta(minutes=1)
# What is left of a try that is erased.
_EMPTY: dict[str, Any] = {"values": {}, "output": "", "error_detail": "", "verdicts": {}}


def write_down(attempt: Try, **outcome: Any) -> None:
    """Write down what came of a try; of one its visitor has erased meanwhile, only the cost."""
    for name, value in outcome.items():
        setattr(attempt, name, value)
    if not Try.objects.live().filter(pk=attempt.pk).update(**outcome):
        Try.objects.filter(pk=attempt.pk).update(state=attempt.state, cost=attempt.cost)
        attempt.pictures.all().delete()
    if _was_free(attempt):
        _uncount(attempt)


def _was_free(attempt: Try) -> bool:
    """Say whether the provider cannot have billed and gave nothing: such a try is none."""
    return (
        attempt.state in (Try.State.FAILED, Try.State.STOPPED)
        and attempt.cost == 0
        and not attempt.output
    )


def _uncount(attempt: Try) -> None:
    """Let a free try count towards no limit, unless another column of its group does."""
    others = Try.objects.filter(group=attempt.group).exclude(pk=attempt.pk)
    if all(other.is_over and _was_free(other) for other in others):
        Try.objects.filter(group=attempt.group).update(counts=False)


def load_shown(attempt: Try) -> None:
    """Load what the end of its stream shows. Raises Try.DoesNotExist where its row has gone."""
    whole = _WHOLE.rows(key=attempt.pk)
    if not whole:
        raise Try.DoesNotExist
    attempt.entry, attempt.version = whole[0].entry, whole[0].version
    if attempt.entry.published_id == attempt.version_id:
        attempt.entry.published = attempt.version


def _whole() -> QuerySet[Try]:
    return (
        Try.objects.filter(pk=Param("key"))
        .select_related("entry__owner__profile", "entry__baseline", "version")
        .defer("entry__search_text")
    )


_WHOLE = Select(Try, _whole)


def kept_group(group: uuid.UUID, entry: Entry, link: ShareLink | None = None) -> list[Try]:
    """Return the tries this one-time id has made on `entry`, through `link` or none, by column."""
    found = Try.objects.live().filter(group=group, entry=entry, link=link)
    return list(found.select_related("version", "link").order_by("column"))


def erase_try(attempt: Try) -> None:
    """Erase what a try holds and end its address, at its visitor's wish.

    The empty row stays until its day is over: it still counts towards the limits.
    """
    take_back(attempt)
    attempt.pictures.all().delete()
    Try.objects.filter(pk=attempt.pk).update(**_EMPTY, expires_at=timezone.now())


def take_back(attempt: Try) -> bool:
    """Give back the money of a try that was never started; say whether it was waiting."""
    with transaction.atomic():
        if not Try.objects.filter(pk=attempt.pk, state=Try.State.WAITING).update(
            state=Try.State.STOPPED, cost=0, error_code="not_started"
        ):
            return False
        if attempt.reservation_id is not None:
            budget.settle(attempt.reservation_id, 0)
    attempt.state, attempt.cost, attempt.error_code = Try.State.STOPPED, 0, "not_started"
    _uncount(attempt)
    return True


def is_overdue(attempt: Try) -> bool:
    """Say whether a try has waited too long to be started."""
    return attempt.state == Try.State.WAITING and attempt.created_at <= timezone.now() - WAIT


def take_back_overdue() -> int:
    """Take back what nobody started in time; return how many there were."""
    overdue = Try.objects.filter(
        state=Try.State.WAITING, created_at__lte=timezone.now() - WAIT
    ).only("state", "group", "reservation", "cost", "output", "error_code")
    return sum(take_back(attempt) for attempt in list(overdue))


def mark_interrupted() -> int:
    """Mark tries whose process died; their money is forfeited apart. Return how many."""
    return Try.objects.filter(
        state=Try.State.RUNNING, created_at__lt=timezone.now() - budget.LEASE
    ).update(state=Try.State.FAILED, error_code="interrupted")


def delete_expired() -> int:
    """Delete tries whose 30 days are over, pictures included; return how many.

    Of those that count for a share link, whose allowance is for its whole life, an empty row stays.
    """
    now = timezone.now()
    expired = Try.objects.filter(expires_at__lte=now, created_at__lte=now - timedelta(days=1))
    counted = expired.filter(link__isnull=False, counts=True)
    Picture.objects.filter(attempt__in=counted).delete()
    emptied = counted.exclude(visitor="").update(**_EMPTY, visitor="", block="")
    others = expired.filter(Q(link__isnull=True) | Q(counts=False))
    return emptied + others.delete()[1].get(Try._meta.label, 0)
