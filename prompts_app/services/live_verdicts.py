"""Verdicts on an answer that somebody waits for: after it is kept and its cost settled."""

import asyncio
import logging
import time
from typing import Any

from prompts_app.models import Try, Version
from prompts_app.services import judging
from prompts_app.services.answering import Attempt, write_down
from prompts_app.services.patience import AWAY
from prompts_app.services.rules import rules_of
from prompts_app.services.threads import in_database, in_judging

log = logging.getLogger("promptfolio.tries")

# Seconds that a visitor waits for verdicts to be kept; after that they are kept meanwhile.
_KEPT_WITHIN = 1.0


async def judge(attempt: Attempt) -> None:
    """Judge what is finished by its rules and keep the verdicts on it.

    Takes a second and a half at most (judging.judge_now) beside two short steps in the database.
    While that is away, verdicts are shown and not kept.
    """
    since = time.monotonic()
    try:
        if isinstance(attempt, Try) and attempt.column:
            content = await in_database(_content, attempt)
        else:
            # Loaded with what the end of the stream shows.
            content = _content(attempt)
    except AWAY as error:
        log.error("%s was not judged: %s", attempt.pk, error)
        return
    if not rules_of(content):
        return
    attempt.verdicts = await in_judging(judging.judge_now, content, attempt, since)
    if attempt.verdicts:
        keeping = asyncio.ensure_future(in_database(write_down, attempt, verdicts=attempt.verdicts))
        keeping.add_done_callback(_note)
        await asyncio.wait({keeping}, timeout=_KEPT_WITHIN)


def _note(keeping: "asyncio.Future[None]") -> None:
    """Have it in the log where verdicts were not kept."""
    if not keeping.cancelled() and keeping.exception() is not None:
        log.error("verdicts were not kept: %s", keeping.exception())


def _content(attempt: Attempt) -> dict[str, Any]:
    content: dict[str, Any] = (
        judged_by(attempt).content if isinstance(attempt, Try) else attempt.content
    )
    return content


def judged_by(attempt: Try) -> Version:
    """Return the version whose rules judge a try: in every column that of the group's first."""
    if attempt.column:
        first = Try.objects.filter(group=attempt.group, column=0).select_related("version").first()
        if first is not None:
            return first.version
    return attempt.version
