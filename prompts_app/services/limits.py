"""Limits of tries: whether one more may be made, what pages say of it, and counts of refusals.

services/scopes.py lists them; money of authors and of the operator is limited by the ledger
(services/budget.py), in the same transaction.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import F
from django.utils import timezone

from prompts_app.models import BudgetDay, Entry, LLMModel, RefusalCount, ShareLink, Spending, User
from prompts_app.services import books, budget, days, spending
from prompts_app.services.scopes import SCOPES, Asking, Stated, standing
from prompts_app.services.visitors import Visitor

# When to come back where something has to end first; most tries take less.
SOON = timedelta(seconds=15)
REFUSALS_KEPT_FOR = timedelta(days=90)


class Refused(Exception):  # noqa: N818 - it reads as the condition it is
    """The try cannot run. `code` names the sentence; `until` is when it may, if time helps.

    Codes: of each scope with such a limit "<scope>_limit" (all tries, or a day's, are used up),
    "<scope>_busy" (as many run as may at once) and "<scope>_money" (what is left of what a day's
    tries may cost does not cover this one); "budget" and "site_budget" (a day's money),
    "link_budget" (a share link's); "paused", "closed" (no live tries here), "link_closed" (none
    through this link), "link_over" (it is revoked or expired), "provider" (its key cannot be read),
    "not_started" (it waited too long to be started, or may not be any more).
    `scope` is the scope of a limit, "author", "site" or "link" for money, and "" otherwise.
    """

    def __init__(self, code: str, until: datetime | None = None, scope: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.until = until
        self.scope = scope


MONEY_CODES = frozenset(
    (
        "budget",
        "site_budget",
        "link_budget",
        *(f"{scope.name}_money" for scope in SCOPES if scope.money),
    )
)


def check(asking: Asking) -> date:
    """Let one more try pass; return the author's day it belongs to. Raises Refused.

    Call it after the money is set aside, in the same transaction: so nobody else is admitted
    between the look and the try.
    """
    stated, day = standing(asking)
    for one in stated:
        if one.kind == "money":
            if asking.amount > one.left:
                # Where a whole day does not cover it, no time helps.
                until = one.until if asking.amount <= one.allowed else None
                raise Refused(f"{one.scope}_money", until, one.scope)
        elif not one.left:
            if one.kind == "at_once":
                raise Refused(f"{one.scope}_busy", timezone.now() + SOON, one.scope)
            raise Refused(f"{one.scope}_limit", one.until, one.scope)
    return day


def statement(
    entry: Entry,
    visitor: Visitor,
    models: Sequence[LLMModel],
    link: ShareLink | None = None,
) -> list[Stated]:
    """Return all limits a try of an entry would meet, as they stand, for its page to say before.

    Money is that of whoever pays for those of `models` that cost any, through `link` the link's.
    """
    stated, _day = standing(Asking(entry, visitor, Spending.of(entry.owner), link=link))
    purses = {
        budget.purse_of(model)
        for model in models
        if model.input_price or model.output_price or model.picture_price
    }
    if not purses:
        return [one for one in stated if one.kind != "money"]
    if link is not None:
        return stated + _money_of_link(entry.owner, link, of_site=BudgetDay.Purse.SITE in purses)
    for purse in spending.purses_today(entry.owner, for_visitors=True):
        if purse.name in purses:
            stated.append(Stated("author", "money", purse.limit - purse.left, purse.limit))
    return stated


def _money_of_link(owner: User, link: ShareLink, *, of_site: bool) -> list[Stated]:
    """Return what is left for a link: of its budget, and of the operator's part all share."""
    stated = [Stated("link", "money", books.used_by_link(link), link.budget)]
    if of_site:
        found, site = books.books(owner), BudgetDay.Purse.SITE
        part = budget.day_limit(owner, site)
        left = min(part - books.used(found.every(site)), books.left_of_site(found.days[site]))
        stated.append(Stated("author", "money", part - max(0, left), part))
    return stated


def tries_left(stated: Sequence[Stated]) -> int:
    """Return how many tries a visitor still has today, whichever limit is the nearest."""
    return min(one.left for one in stated if one.kind in ("in_all", "day"))


def count_refusal(entry: Entry, code: str) -> None:
    """Remember for the author that a try was refused, and why; nothing of who asked."""
    day = books.books(entry.owner).days[BudgetDay.Purse.OWN]
    row, _created = RefusalCount.objects.get_or_create(
        entry=entry, day=day, code=code, defaults={"owner_id": entry.owner_id}
    )
    RefusalCount.objects.filter(pk=row.pk).update(count=F("count") + 1)


def forget_old_refusals() -> int:
    """Delete counts of refusals that no page shows any more; return how many."""
    oldest = days.today() - REFUSALS_KEPT_FOR
    return RefusalCount.objects.filter(day__lt=oldest).delete()[0]
