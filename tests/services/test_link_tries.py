"""Tries through share links: their own allowance and money, and what they leave to all others."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from prompts_app.models import (
    BudgetDay,
    Entry,
    Picture,
    RefusalCount,
    Reservation,
    ShareLink,
    SiteGrant,
    Spending,
    Try,
)
from prompts_app.services import budget, days, limits, scopes, spending, tries, tryit
from tests import factories
from tests.clock import Clock
from tests.trying import (
    AT_ONCE,
    MONEY,
    SAME,
    SCOPES,
    STRANGER,
    admit,
    allow,
    end,
    refusal,
    tried,
    visitor,
)

NOW = datetime(2026, 5, 12, 22, tzinfo=UTC)


@pytest.fixture
def entry(db: None) -> Entry:
    """An entry to try."""
    found = tried()
    Spending.of(found.owner)
    return found


@pytest.fixture
def link(entry: Entry) -> ShareLink:
    """A link to it, with money enough."""
    return factories.share_link(entry.owner, entry, tries_allowed=3, budget=1_000_000)


def change(link: ShareLink, **fields: object) -> None:
    ShareLink.objects.filter(pk=link.pk).update(**fields)


def test_a_links_allowance_is_for_its_life_and_for_whoever_has_it(
    entry: Entry, link: ShareLink
) -> None:
    with Clock(NOW) as clock:
        for number in range(3):
            # Side by side is one try.
            for one in admit(entry, visitor(number), columns=1 + number, link=link):
                if one.attempt.column == 0 and number == 0:
                    end(one)
        refused = refusal(entry, visitor(9), link=link)
        assert (refused.code, refused.scope, refused.until) == ("link_limit", "link", None)
        clock.move(timedelta(days=60))
        assert refusal(entry, STRANGER, link=link).code == "link_limit"
        # Another one of the same author has its own.
        admit(entry, STRANGER, link=factories.share_link(entry.owner, entry))
        change(link, tries_allowed=4)
        admit(entry, STRANGER, link=link)


def test_what_is_deleted_after_its_time_still_counts_for_its_link(
    entry: Entry, link: ShareLink
) -> None:
    for number in (1, 2):
        for one in admit(entry, SAME, columns=number, link=link):
            if number == 2:
                one = tryit.start(one.attempt.pk)
            end(one, output="An answer")
    kept = Try.objects.get(column=1)
    picture = factories.picture(entry.owner, attempt=Try.objects.filter(column=0)[0])
    public = admit(entry, SAME)[0].attempt
    long_ago = timezone.now() - timedelta(days=31)
    Try.objects.update(expires_at=long_ago + timedelta(days=30), created_at=long_ago)
    assert tries.delete_expired() == 4
    assert not Try.objects.filter(pk__in=(kept.pk, public.pk)).exists()
    assert not Picture.objects.filter(pk=picture.pk).exists()
    for row in Try.objects.all():
        assert (row.values, row.output, row.visitor, row.block) == ({}, "", "", "")
    assert tries.delete_expired() == 0
    admit(entry, SAME, link=link)
    assert refusal(entry, SAME, link=link).code == "link_limit"
    assert [(row.tries, row.link.tries_allowed) for row in spending.by_link(entry.owner)] == [
        (3, 3)
    ]


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "site"])
def test_the_limits_of_others_do_not_hold_for_links(
    entry: Entry, link: ShareLink, settings: Settings, scope: str
) -> None:
    allow(settings, scope, "day", 0)
    if scope in AT_ONCE:
        allow(settings, scope, "at_once", 0)
    if scope in MONEY:
        allow(settings, scope, "money", 0)
    admit(entry, SAME, link=link)
    assert refusal(entry, SAME).code in (f"{scope}_limit", f"{scope}_money")


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        (scope, kind)
        for kind, names in (("day", SCOPES), ("at_once", AT_ONCE), ("money", MONEY))
        for scope in names
        if scope != "site"
    ],
)
def test_others_do_not_count_what_comes_through_links(
    entry: Entry, link: ShareLink, settings: Settings, scope: str, kind: str
) -> None:
    admit(entry, SAME, link=link)
    bound = admit(entry, SAME, link=link)[0].plan.bound
    allow(settings, scope, kind, bound if kind == "money" else 1)
    admit(entry, SAME)
    assert refusal(entry, SAME).scope == scope


@pytest.mark.parametrize("kind", ["day", "at_once"])
def test_the_site_counts_everything(
    entry: Entry, link: ShareLink, settings: Settings, kind: str
) -> None:
    allow(settings, "site", kind, 2)
    admit(entry, SAME, link=link)
    admit(entry, SAME)
    assert refusal(entry, SAME).scope == "site"
    assert refusal(entry, SAME, link=link).scope == "site"


def test_eight_run_at_once_through_one_link(entry: Entry, link: ShareLink) -> None:
    change(link, tries_allowed=100)
    running = [
        admit(entry, visitor(number), link=link)[0] for number in range(scopes.AT_ONCE_THROUGH_LINK)
    ]
    refused = refusal(entry, STRANGER, link=link)
    assert (refused.code, refused.until is not None) == ("link_busy", True)
    admit(entry, STRANGER)
    admit(entry, STRANGER, link=factories.share_link(entry.owner, entry))
    end(running[0])
    admit(entry, STRANGER, link=link)


def test_a_link_that_is_over_or_closed_lets_nobody_try(entry: Entry, link: ShareLink) -> None:
    second = timedelta(seconds=1)
    with Clock(NOW) as clock:
        for fields, code in (
            ({"expires_at": NOW}, "link_over"),
            ({"revoked_at": NOW}, "link_over"),
            ({"allows_tries": False}, "link_closed"),
        ):
            change(link, expires_at=None, revoked_at=None, allows_tries=True)
            change(link, **fields)
            assert refusal(entry, SAME, link=link).code == code
        change(link, expires_at=NOW, allows_tries=True)
        clock.now = NOW - second
        admit(entry, SAME, link=link)
        clock.now = NOW + second
        assert refusal(entry, SAME, link=link).code == "link_over"
        change(link, expires_at=None)
        spending.pause(entry.owner, True)
        assert refusal(entry, SAME, link=link).code == "paused"
    assert {row.code: row.count for row in RefusalCount.objects.all()} == {
        "link_over": 3,
        "link_closed": 1,
        "paused": 1,
    }


@pytest.mark.parametrize(
    "fields", [{"revoked_at": NOW}, {"expires_at": NOW}, {"allows_tries": False}]
)
def test_what_waits_is_not_begun_once_its_link_is_over(
    entry: Entry, link: ShareLink, fields: dict[str, object]
) -> None:
    first, second = admit(entry, SAME, columns=2, link=link)
    tryit.start(first.attempt.pk)
    change(link, **fields)
    with pytest.raises(limits.Refused):
        tryit.start(second.attempt.pk)
    assert Reservation.objects.get(pk=second.reservation).actual == 0
    assert Reservation.objects.get(pk=first.reservation).state == Reservation.State.OPEN


def test_a_links_money_is_its_own(entry: Entry, link: ShareLink) -> None:
    bound = admit(entry, SAME)[0].plan.bound
    SiteGrant.objects.update(daily_cap=10 * bound)
    change(link, budget=2 * bound, tries_allowed=100)
    # Strangers take all they can get: as much as the link may still use is left.
    for number in range(7):
        end(admit(entry, visitor(number))[0], cost=bound)
    assert refusal(entry, STRANGER).code == "budget"
    admitted = admit(entry, SAME, columns=2, link=link)
    assert {one.attempt.link_id for one in admitted} == {link.pk}
    refused = refusal(entry, SAME, link=link)
    assert (refused.code, refused.scope, refused.until) == ("link_budget", "link", None)
    # Nothing is kept any more: what no link has used is everybody's.
    assert [row.used for row in spending.by_link(entry.owner)] == [2 * bound]
    assert refusal(entry, STRANGER).code == "budget"
    SiteGrant.objects.update(daily_cap=11 * bound)
    admit(entry, STRANGER)


def test_no_more_than_half_is_kept_and_only_for_links_that_can_use_it(
    entry: Entry, link: ShareLink
) -> None:
    SiteGrant.objects.update(daily_cap=1000)
    change(link, budget=400)
    kept = [purse.kept for purse in spending.purses_today(_again(entry).owner)]
    assert kept == [0, 400]
    other = factories.share_link(entry.owner, entry, budget=400)
    factories.share_link(entry.owner, entry, budget=400, revoked_at=NOW)
    factories.share_link(entry.owner, entry, budget=400, expires_at=NOW)
    factories.share_link(entry.owner, entry, budget=400, allows_tries=False)
    factories.share_link(tried().owner, budget=400)
    assert spending.purses_today(_again(entry).owner)[1].kept == 500
    budget.reserve_together(_again(entry).owner, [("site", 350)], other)
    site = spending.purses_today(_again(entry).owner)[1]
    assert (site.kept, site.links, site.left, site.reserved) == (450, 350, 200, 0)


def test_calls_that_cost_nothing_are_kept_from_nobody(entry: Entry, link: ShareLink) -> None:
    SiteGrant.objects.update(daily_cap=1000)
    owner = _again(entry).owner
    ShareLink.objects.update(budget=0)
    budget.reserve(owner, "site", 900)
    ShareLink.objects.update(budget=1000)
    with pytest.raises(budget.BudgetExhausted):
        budget.reserve(owner, "site", 1)
    budget.reserve(owner, "site", 0)


def test_a_link_pays_with_the_authors_own_money_beyond_the_day(
    entry: Entry, link: ShareLink
) -> None:
    own = factories.model(factories.provider(entry.owner), "own")
    entry.tryable.set([own])
    bound = admit(entry, SAME)[0].plan.bound
    spending.set_limits(entry.owner, daily_limit=bound)
    assert refusal(entry, SAME).code == "budget"
    change(link, budget=bound)
    with Clock(timezone.now()) as clock:
        admit(entry, SAME, link=link)
        clock.move(timedelta(days=2))
        assert refusal(entry, SAME, link=link).code == "link_budget"
        # The author's day has begun with that, and is not touched by it.
        admit(entry, SAME)


def test_a_page_states_the_links_limits_alone(entry: Entry, link: ShareLink) -> None:
    admit(entry, SAME)
    bound = admit(entry, SAME, link=link)[0].plan.bound
    models = tryit.models_for(entry)
    stated = {
        (one.scope, one.kind): one for one in limits.statement(_again(entry), SAME, models, link)
    }
    assert set(stated) == {
        *(("link", kind) for kind in ("in_all", "at_once", "money")),
        *(("site", kind) for kind in ("day", "at_once")),
        ("author", "money"),
    }
    assert (stated["link", "in_all"].left, stated["link", "in_all"].until) == (2, None)
    assert limits.tries_left(list(stated.values())) == 2
    assert stated["link", "money"].used == bound
    # Of the operator's part a link may have all that nobody has used.
    assert stated["author", "money"].used == 2 * bound


def test_visitors_are_told_what_is_left_besides_what_is_kept(entry: Entry, link: ShareLink) -> None:
    SiteGrant.objects.update(daily_cap=100_000)
    change(link, budget=40_000)
    models = tryit.models_for(entry)

    def left() -> int:
        stated = limits.statement(_again(entry), SAME, models)
        (money,) = (one for one in stated if one.kind == "money")
        assert money.is_tight is (money.left < 25_000)
        return money.left

    assert left() == 100_000
    budget.reserve(entry.owner, "site", 30_000)
    assert left() == 30_000
    budget.reserve(entry.owner, "site", 10_000)
    assert left() == 20_000


def test_books_tell_links_apart(entry: Entry, link: ShareLink) -> None:
    end(admit(entry, SAME)[0], cost=3)
    for one in (admit(entry, SAME, link=link)[0], admit(entry, STRANGER, link=link)[0]):
        end(one, cost=20)
    never = factories.share_link(entry.owner, entry, revoked_at=NOW)
    today = spending.last_days(_again(entry).owner, 1)[0]
    assert (today.tries, today.site, today.link_tries, today.links) == (1, 3, 2, 40)
    (row,) = spending.by_entry(entry.owner, days.today())
    assert (row.tries, row.cost, row.link_tries) == (1, 3, 2)
    rows = spending.by_link(entry.owner)
    assert [(row.link, row.tries, row.used) for row in rows] == [(link, 2, 40)]
    assert never not in [row.link for row in rows]


def test_an_overrun_through_a_link_is_told_too(entry: Entry, link: ShareLink) -> None:
    one = admit(entry, SAME, link=link)[0]
    end(one, cost=one.plan.bound + 70)
    assert spending.overrun_today(entry.owner) == 70
    assert BudgetDay.objects.get(link=link).overrun == 70
    assert spending.purses_today(_again(entry).owner)[1].overrun == 70


def test_links_cost_those_without_them_nothing(
    entry: Entry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner = _again(entry).owner
    Spending.of(owner)
    budget.reserve(owner, "site", 10)
    # The books, the money, the reservation; and the turn before them.
    with django_assert_num_queries(4 if connection.vendor == "postgresql" else 3) as made:
        budget.reserve(owner, "site", 10)
    # Django does not know the words of a statement that PostgreSQL keeps the plan of.
    assert not any("sharelink" in (query["sql"] or "") for query in made.captured_queries)


def _again(entry: Entry) -> Entry:
    """The same as the next request meets it."""
    return Entry.objects.select_related("owner").get(pk=entry.pk)


def test_a_used_id_of_a_link_is_unknown_elsewhere(entry: Entry, link: ShareLink) -> None:
    group = uuid.uuid4()
    admit(entry, SAME, group=group, link=link)
    assert tries.kept_group(group, entry) == []
    assert len(tries.kept_group(group, entry, link)) == 1
