"""Verdicts on a try, made while its visitor waits: after the answer is kept, its cost settled."""

import logging
import time

from prompts_app.models import Try, Version
from prompts_app.services import judging, tries
from prompts_app.services.patience import AWAY
from prompts_app.services.rules import rules_of
from prompts_app.services.threads import in_database, in_judging

log = logging.getLogger("promptfolio.tries")


async def judge(attempt: Try) -> None:
    """Judge a finished try by its rules and keep the verdicts on it.

    Takes a second and a half at most (judging.judge_now) beside two short steps in the database.
    While that is away, verdicts are shown and not kept.
    """
    since = time.monotonic()
    try:
        version = await in_database(judged_by, attempt)
        if not rules_of(version.content):
            return
        attempt.verdicts = await in_judging(judging.judge_now, version.content, attempt, since)
        if attempt.verdicts:
            await in_database(tries.write_down, attempt, verdicts=attempt.verdicts)
    except AWAY as error:
        log.error("verdicts of try %s were not kept: %s", attempt.pk, error)


def judged_by(attempt: Try) -> Version:
    """Return the version whose rules judge a try: in every column that of the group's first."""
    if attempt.column:
        first = Try.objects.filter(group=attempt.group, column=0).select_related("version").first()
        if first is not None:
            return first.version
    return attempt.version
