"""Visitors who try entries, without HTTP: for tests of limits and of groups of columns."""

import uuid
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import Entry, LLMModel, ShareLink, SiteGrant, Spending, Try, User
from prompts_app.services import budget, scopes, tries, tryit
from prompts_app.services.calls import Admitted
from prompts_app.services.limits import Refused
from prompts_app.services.visitors import Visitor
from tests import factories

SCOPES = [scope.name for scope in scopes.SCOPES]
AT_ONCE = [scope.name for scope in scopes.SCOPES if scope.at_once is not None]
MONEY = [scope.name for scope in scopes.SCOPES if scope.money is not None]


def visitor(number: int, block: int | None = None) -> Visitor:
    """A visitor, alone behind their address unless told otherwise."""
    return Visitor(f"{number:064d}", f"{number if block is None else block:064d}")


def tried(title: str = "", owner: User | None = None, **model: Any) -> Entry:
    """An entry that visitors may try on the site's model."""
    entry = factories.entry(owner, title=title)
    found = LLMModel.objects.filter(provider__owner=None).first()
    if found is None:
        factories.site_model(entry, **model)
    else:
        SiteGrant.objects.get_or_create(user=entry.owner, defaults={"daily_cap": 1_000_000})
        entry.tryable.add(found)
    return entry


def column(entry: Entry, model: LLMModel | None = None) -> tryit.Column:
    """A column of the entry's published version, read anew as a request does."""
    entry = Entry.objects.select_related("owner__spending", "published").get(pk=entry.pk)
    assert entry.published is not None
    entry.published.entry = entry
    return tryit.Column(entry.published, model or tryit.models_for(entry)[0])


def admit(
    entry: Entry,
    who: Visitor,
    columns: int = 1,
    group: uuid.UUID | None = None,
    link: ShareLink | None = None,
) -> list[Admitted[Try]]:
    """Try an entry, in so many columns side by side."""
    wanted = [column(entry)] * columns
    if link is not None:
        link = ShareLink.objects.get(pk=link.pk)
    admitted = tryit.admit(group or uuid.uuid4(), wanted, {"text": "A text"}, who, link)
    # The field's default holds on to the real clock, whatever clock a test has set.
    made = [one.attempt.pk for one in admitted]
    Try.objects.filter(pk__in=made).update(created_at=timezone.now())
    return admitted


def end(admitted: Admitted[Try], cost: int = 5, **outcome: Any) -> None:
    """Let a try end, well unless told otherwise."""
    budget.settle(admitted.reservation, cost)
    tries.write_down(admitted.attempt, **({"state": Try.State.DONE, "cost": cost} | outcome))


def refusal(entry: Entry, who: Visitor, columns: int = 1, link: ShareLink | None = None) -> Refused:
    """Why a try is refused."""
    with pytest.raises(Refused) as found:
        admit(entry, who, columns, link=link)
    return found.value


def allow(settings: Settings, scope: str, kind: str, number: int) -> None:
    """Set one limit, for every author; all others are far."""
    names = {
        ("block", "day"): "SITE_TRIES_PER_ADDRESS_PER_DAY",
        ("site", "day"): "SITE_TRIES_PER_DAY",
        ("visitor", "at_once"): "TRIES_AT_ONCE_PER_VISITOR",
        ("block", "at_once"): "SITE_TRIES_AT_ONCE_PER_ADDRESS",
        ("site", "at_once"): "SITE_TRIES_AT_ONCE",
        ("block", "money"): "SITE_DAILY_BUDGET_PER_ADDRESS",
    }
    fields = {
        ("visitor", "day"): "tries_per_visitor",
        ("entry", "day"): "tries_per_entry",
        ("author", "day"): "tries_per_day",
        ("author", "at_once"): "tries_at_once",
        ("entry", "at_once"): "tries_at_once_per_entry",
        ("visitor", "money"): "money_per_visitor",
        ("entry", "money"): "money_per_entry",
    }
    if (scope, kind) in names:
        setattr(settings, names[scope, kind], number)
    else:
        Spending.objects.update(**{fields[scope, kind]: number})


# Two behind one connection to the internet, and one elsewhere.
SAME, NEIGHBOUR, STRANGER = visitor(1, 9), visitor(2, 9), visitor(3)
