"""What a run of a draft shows: the answer, what the rules found in it, and what was sent."""

from typing import Any

from prompts_app.models import DraftRun
from prompts_app.templatetags.prompts import messages_filled
from prompts_app.views.answers import html_of_output
from prompts_app.views.tried import checks_of, figures_of, picture_of, score, sum_of


def shown(run: DraftRun) -> dict[str, Any]:
    """Return what tryit/_answer.html shows of a run of a draft."""
    done = run.state == DraftRun.State.DONE
    checks = checks_of(run.content, run.verdicts, None) if done else []
    return {
        "attempt": run,
        "html": html_of_output(run.output),
        "picture": picture_of(run),
        "entry": run.entry,
        "checks": checks,
        "sum": sum_of(*score(checks)),
        "figures": figures_of(run),
        "sent": messages_filled(run.content, run.values),
        "sent_id": "draft-sent",
    }
