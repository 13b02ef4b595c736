"""What is kept of tries: written down once, erased at the visitor's wish, gone after 30 days."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from prompts_app.models import Entry, Try
from prompts_app.services import budget


def write_down(attempt: Try, **outcome: Any) -> None:
    """Write down what came of a try; of one its visitor has erased meanwhile, only the cost."""
    for name, value in outcome.items():
        setattr(attempt, name, value)
    if not Try.objects.live().filter(pk=attempt.pk).update(**outcome):
        Try.objects.filter(pk=attempt.pk).update(state=attempt.state, cost=attempt.cost)
        attempt.pictures.all().delete()


def kept_try(attempt_id: uuid.UUID, entry: Entry) -> Try | None:
    """Return the try this one-time id has already made on `entry`, if any."""
    return Try.objects.filter(pk=attempt_id, entry=entry).select_related("version").first()


def erase_try(attempt: Try) -> None:
    """Erase what a try holds and end its address, at its visitor's wish.

    The empty row stays until its day is over: it still counts towards the limits.
    """
    attempt.pictures.all().delete()
    Try.objects.filter(pk=attempt.pk).update(
        values={}, output="", error_detail="", expires_at=timezone.now()
    )


def mark_interrupted() -> int:
    """Mark tries whose process died; their money is forfeited apart. Return how many."""
    return Try.objects.filter(
        state=Try.State.RUNNING, created_at__lt=timezone.now() - budget.LEASE
    ).update(state=Try.State.FAILED, error_code="interrupted")


def delete_expired() -> int:
    """Delete tries whose 30 days are over, pictures included; return how many."""
    now = timezone.now()
    expired = Try.objects.filter(expires_at__lte=now, created_at__lte=now - timedelta(days=1))
    return expired.delete()[1].get(Try._meta.label, 0)
