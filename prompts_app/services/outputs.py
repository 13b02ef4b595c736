"""What an author does with outputs that are there: hide, show, delete."""

from django.db import transaction

from prompts_app.models import Run
from prompts_app.services import rendering


class Kept(Exception):  # noqa: N818 - it reads as the condition it is
    """A captured answer is evidence: it can be hidden and not deleted."""


def set_hidden(run: Run, hidden: bool) -> None:
    """Hide an output from visitors, or show it again."""
    Run.objects.filter(pk=run.pk).update(hidden=hidden)


def may_be_deleted(run: Run) -> bool:
    """Say whether deleting takes no evidence away: not a captured answer, and nothing under way."""
    return run.is_over and not (run.origin == Run.Origin.CAPTURED and run.state == Run.State.DONE)


def delete_output(run: Run) -> None:
    """Delete an output with its picture. Raises Kept."""
    if not may_be_deleted(run):
        raise Kept
    with transaction.atomic():
        picture = run.picture
        run.delete()
        if picture is not None:
            picture.delete()
        if run.output:
            rendering.forget([run.output])
