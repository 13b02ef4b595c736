"""What an author does with outputs that are there: hide, show, delete."""

from django.db import transaction

from prompts_app.models import Run
from prompts_app.services import rendering, tallies
from prompts_app.services.rules import rules_by_prompt


class Kept(Exception):  # noqa: N818 - it reads as the condition it is
    """A captured answer is evidence: it can be hidden and not deleted."""


def set_hidden(run: Run, hidden: bool) -> None:
    """Hide an output from visitors, or show it again. It counts all the same."""
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(hidden=hidden)
        entry = run.version.entry
        tallies.recount(entry, [tallies.cell_of(run)], rules_by_prompt(entry))


def may_be_deleted(run: Run) -> bool:
    """Say whether deleting takes no evidence away: not a captured answer, and nothing under way."""
    if run.origin != Run.Origin.CAPTURED:
        return run.is_over
    # An evaluation asks again for what it never made, and counts every call it made.
    if run.evaluation_id is not None:
        return False
    return run.is_over and run.state != Run.State.DONE and not run.attempts


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
