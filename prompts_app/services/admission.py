"""What comes before a call that somebody waits for: its plan and its money, or a refusal."""

from collections.abc import Sequence
from typing import Any

from prompts_app.models import LLMModel, Reservation, ShareLink, User
from prompts_app.services import budget, calls, keys
from prompts_app.services.limits import Refused


def plan(model: LLMModel, content: dict[str, Any], values: dict[str, str]) -> calls.Plan:
    """Return the call that runs `content`. Raises Refused where its key cannot be read."""
    try:
        return calls.plan(model, content, values)
    except keys.KeyUnreadable as error:
        raise Refused("provider") from error


def set_aside(
    owner: User, wanted: Sequence[tuple[str, int]], link: ShareLink | None = None
) -> Sequence[Reservation]:
    """Set money aside as budget.reserve_together does. Raises Refused where it is too little."""
    try:
        return budget.reserve_together(owner, wanted, link)
    except budget.BudgetExhausted as exhausted:
        code = "budget" if exhausted.scope == "author" else f"{exhausted.scope}_budget"
        raise Refused(code, exhausted.resets_at, exhausted.scope) from exhausted
