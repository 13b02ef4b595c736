"""The studio's page of limits."""

import re
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from prompts_app.forms.limits import DollarsField
from prompts_app.forms.zones import zone_choices, zone_name
from prompts_app.models import BudgetDay, Entry, SiteGrant, Spending, User
from prompts_app.models.accounts import validate_time_zone
from prompts_app.services import books, budget, limits, scopes, spending, tryit
from prompts_app.services.limits import Refused
from prompts_app.services.visitors import Visitor
from prompts_app.templatetags.limits import (
    REASONS,
    limit_sentence,
    refusal_reason,
    refusal_sentence,
)
from prompts_app.templatetags.sentences import ERRORS, error_sentence
from prompts_app.text.fold import fold
from tests import factories
from tests.clock import Clock

pytestmark = pytest.mark.django_db

PAGE = reverse("studio_limits")
PAUSE = reverse("studio_pause")
FIELDS = {
    "daily_limit": "2.50",
    "tries_per_visitor": "7",
    "tries_per_entry": "70",
    "tries_per_day": "700",
    "tries_at_once": "5",
    "tries_at_once_per_entry": "3",
    "money_per_visitor": "0.25",
    "money_per_entry": "",
    "time_zone": "Europe/Paris",
}
VISITOR = Visitor("v" * 64, "b" * 64)


@pytest.fixture
def owner() -> User:
    """An author."""
    return factories.profile().user


@pytest.fixture
def signed_in(client: Client, owner: User) -> Client:
    """The author’s browser."""
    client.force_login(owner)
    return client


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    for address in (PAGE, PAUSE):
        response = client.post(address, FIELDS)
        assert response["Location"].startswith(reverse("account_login"))
    assert not Spending.objects.exists()


def test_wrong_methods_are_refused(signed_in: Client) -> None:
    assert signed_in.put(PAGE).status_code == 405
    assert signed_in.get(PAUSE).status_code == 405


def test_the_sites_defaults_stand_there_first(signed_in: Client) -> None:
    page = signed_in.get(PAGE).content.decode()
    assert 'value="1.00"' in page
    assert 'value="20"' in page
    assert 'value="200"' in page
    assert f'value="{settings.TRIES_PER_AUTHOR_PER_DAY}"' in page
    assert f'value="{settings.TRIES_AT_ONCE_PER_AUTHOR}"' in page


def test_limits_are_kept(signed_in: Client, owner: User) -> None:
    other = Spending.of(factories.user())
    assert signed_in.post(PAGE, FIELDS)["Location"] == PAGE
    kept = Spending.of(owner)
    assert kept.daily_limit == 2_500_000
    assert (kept.tries_per_visitor, kept.tries_per_entry) == (7, 70)
    assert (kept.tries_per_day, kept.tries_at_once) == (700, 5)
    assert kept.tries_at_once_per_entry == 3
    assert (kept.money_per_visitor, kept.money_per_entry) == (250_000, None)
    assert User.objects.get(pk=owner.pk).time_zone == "Europe/Paris"
    assert budget.day_limit(owner, "own") == 2_500_000
    assert Spending.of(other.owner).daily_limit == other.daily_limit
    assert 'value="2.50"' in signed_in.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("daily_limit", ""),
        ("daily_limit", "-1"),
        ("daily_limit", "much"),
        ("daily_limit", "NaN"),
        ("daily_limit", "1e9"),
        ("daily_limit", "100000.01"),
        ("daily_limit", "0.0000001"),
        ("daily_limit", "1\x00"),
        ("tries_per_visitor", ""),
        ("tries_per_visitor", "-1"),
        ("tries_per_visitor", "1.5"),
        ("tries_per_visitor", "10001"),
        ("tries_per_entry", "9" * 30),
        ("tries_per_entry", "٣x"),
        ("tries_per_day", "1000001"),
        ("tries_at_once", "10001"),
        ("tries_at_once_per_entry", ""),
        ("money_per_visitor", "-1"),
        ("money_per_entry", "much"),
        ("time_zone", ""),
        ("time_zone", "Mars/Olympus_Mons"),
    ],
)
def test_bad_limits_are_refused_at_their_field(
    signed_in: Client, owner: User, field: str, value: str
) -> None:
    response = signed_in.post(PAGE, FIELDS | {field: value})
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()
    assert Spending.of(owner).tries_per_visitor == 20


def test_french_amounts_have_a_comma(signed_in: Client, owner: User) -> None:
    signed_in.cookies["language"] = "fr"
    assert signed_in.post(PAGE, FIELDS | {"daily_limit": "0,5"}).status_code == 302
    assert Spending.of(owner).daily_limit == 500_000
    assert 'value="0,50"' in signed_in.get(PAGE).content.decode()


def test_one_switch_stops_all_tries(signed_in: Client, owner: User) -> None:
    entry = factories.entry(owner)
    model = factories.site_model(entry)
    assert entry.published is not None
    response = signed_in.post(PAUSE, {"paused": "1"}, follow=True)
    assert "All tries are stopped." in response.content.decode()
    column = tryit.Column(entry.published, model)
    with pytest.raises(Refused, match="paused"):
        tryit.admit(uuid.uuid4(), [column], {"text": "x"}, VISITOR)
    response = signed_in.post(PAUSE, {"paused": "0"}, follow=True)
    again = Entry.objects.get(pk=entry.pk).published
    assert again is not None
    assert not Spending.of(again.entry.owner).paused
    tryit.admit(uuid.uuid4(), [tryit.Column(again, model)], {"text": "x"}, VISITOR)


def test_today_adds_up(signed_in: Client, owner: User) -> None:
    SiteGrant.objects.create(user=owner, daily_cap=3_000_000)
    first = budget.reserve(owner, BudgetDay.Purse.OWN, 300_000)
    budget.settle(first.pk, 120_000)
    budget.reserve(owner, BudgetDay.Purse.OWN, 80_000)
    budget.reserve(factories.user(), BudgetDay.Purse.OWN, 10_000)
    own, site = spending.purses_today(owner)
    assert (own.spent, own.reserved, own.left, own.limit) == (120_000, 80_000, 800_000, 1_000_000)
    assert (site.spent, site.reserved, site.left) == (0, 0, 3_000_000)
    page = signed_in.get(PAGE).content.decode()
    for amount in ("$0.12", "$0.08", "$0.80", "$3.00", "$0.00"):
        assert amount in page
    # A budget made smaller than what is spent already leaves nothing, not less than nothing.
    spending.set_limits(owner, daily_limit=1)
    owner.refresh_from_db()
    assert spending.purses_today(owner)[0].left == 0


def test_an_overrun_is_told_here_and_in_the_studio(signed_in: Client, owner: User) -> None:
    told = "billed $0.25 more than the most it was asked for"
    first = budget.reserve(owner, BudgetDay.Purse.OWN, 300_000)
    for page in (PAGE, reverse("studio")):
        assert told not in signed_in.get(page).content.decode()
    budget.settle(first.pk, 550_000)
    for page in (PAGE, reverse("studio")):
        assert told in signed_in.get(page).content.decode()
    BudgetDay.objects.update(day=timezone.now().date() - timedelta(days=1))
    assert told not in signed_in.get(reverse("studio")).content.decode()
    page = signed_in.get(PAGE).content.decode()
    assert told not in page
    assert "Billed beyond the most asked for" in page


def test_a_clock_that_went_back_is_told(signed_in: Client, owner: User) -> None:
    budget.reserve(owner, BudgetDay.Purse.OWN, 1)
    assert "server’s clock" not in signed_in.get(PAGE).content.decode()
    BudgetDay.objects.update(day=timezone.now().date() + timedelta(days=2))
    assert "server’s clock" in signed_in.get(PAGE).content.decode()


def test_tries_and_refusals_are_told_by_day_entry_and_reason(
    signed_in: Client, owner: User
) -> None:
    tried, refused = factories.entry(owner, title="Much tried"), factories.entry(owner)
    for cost in (1_500, 2_500):
        factories.attempt(tried, cost=cost)
    # Columns side by side are one try.
    factories.attempt(tried, column=1, counts=False, cost=1_000_000)
    factories.attempt(factories.entry())
    for code in ("budget", "visitor_limit", "visitor_limit"):
        limits.count_refusal(refused, code)
    limits.count_refusal(factories.entry(), "budget")
    page = signed_in.get(PAGE)
    assert (page.context["today"].tries, page.context["today"].refused) == (2, 3)
    rows = [(row.entry, row.tries, row.refused, row.cost) for row in page.context["by_entry"]]
    assert rows == [(tried, 2, 0, 1_004_000), (refused, 0, 3, 0)]
    assert [number for _reason, number in page.context["reasons"]] == [2, 1]
    text = page.content.decode()
    assert "The visitor had used all their tries for the day." in text
    assert "Much tried" in text
    assert "$1.00" in text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_limit_has_its_sentences(language: str) -> None:
    until = timezone.now()
    with translation.override(language):
        said = set()
        for scope in (*scopes.SCOPES, scopes.SCOPES_OF_LINK[0]):
            for code, number in ((f"{scope.name}_limit", scope.a_day or scope.in_all),
                                 (f"{scope.name}_busy", scope.at_once),
                                 (f"{scope.name}_money", scope.money)):  # fmt: skip
                if number is None:
                    continue
                assert code in ERRORS
                assert code in REASONS
                said |= {error_sentence(code), refusal_reason(code)}
                assert refusal_sentence(code, until).startswith(error_sentence(code))
            for kind in scope.numbers.keys() - {"money"}:
                for allowed in (1, 2000):
                    stated = scopes.Stated(scope.name, kind, 0, allowed)
                    said.add(limit_sentence(stated))
            if scope.money is not None:
                said.add(limit_sentence(scopes.Stated(scope.name, "money", 1, 4)))
        assert "" not in said
        assert len(said) == 2 * 12 + 2 * 12 + 2 * 3 + 3
        for code in ("link_budget", "link_over", "link_closed"):
            assert code in ERRORS
            assert code in REASONS
        assert "75" in limit_sentence(scopes.Stated("author", "money", 25, 100))
        assert "0" in limit_sentence(scopes.Stated("author", "money", 0, 0))


def test_share_links_are_told_apart(signed_in: Client, owner: User) -> None:
    SiteGrant.objects.create(user=owner, daily_cap=3_000_000)
    assert "share link" not in signed_in.get(PAGE).content.decode()
    entry = factories.entry(owner)
    link = factories.share_link(owner, entry, label="For <Acme>", budget=900_000, tries_allowed=7)
    budget.reserve_together(owner, [(BudgetDay.Purse.OWN, 110_000)], link)
    factories.attempt(entry, link=link)
    # Columns side by side are one try.
    factories.attempt(entry, link=link, column=1, counts=False)
    page = signed_in.get(PAGE)
    assert (page.context["today"].tries, page.context["today"].link_tries) == (0, 1)
    text = page.content.decode()
    assert re.search(
        r"For &lt;Acme&gt;.*?1 <span[^>]*>/ 7</span>.*?\$0.11 <span[^>]*>/ \$0.90</span>", text
    )
    assert "Your share links have used $0.11 besides." in text
    assert "$0.79 of the operator’s part is kept for your open share links." in text
    assert "Tries through share links" in text


def test_without_a_grant_there_is_one_purse(owner: User) -> None:
    assert [purse.name for purse in spending.purses_today(owner)] == ["own"]


def test_days_are_the_authors(signed_in: Client, owner: User) -> None:
    entry = factories.entry(owner)
    spending.set_time_zone(owner, "Pacific/Kiritimati")
    today = books.books(owner).days["own"]
    for back in (0, 1, 1, 14):
        factories.attempt(entry, day=today - timedelta(days=back))
    factories.attempt(factories.entry())
    yesterday = today - timedelta(days=1)
    BudgetDay.objects.create(
        owner=owner, day=yesterday, purse=BudgetDay.Purse.SITE, limit=1, spent=7
    )
    days = spending.last_days(owner, 14)
    assert [day.tries for day in days] == [1, 2] + [0] * 12
    assert (days[1].day, days[1].own, days[1].site) == (yesterday, 0, 7)
    page = signed_in.get(PAGE)
    assert "$0.0000070" in page.content.decode()
    assert re.search(r"ends at [^<]* 00:00, time of Kiritimati", page.content.decode())
    # Midnight there, as it is said there.
    ends = page.context["day_ends"]
    assert (ends.date(), ends.hour, ends.minute) == (today + timedelta(days=1), 0, 0)
    assert '<option value="Pacific/Kiritimati" selected' in page.content.decode()


def test_zones_are_found_by_their_place() -> None:
    choices = dict(zone_choices("Etc/GMT+7"))
    assert ("Europe/Paris", "Paris") in choices["Europe"]
    assert ("America/Argentina/Salta", "Salta, Argentina") in choices["America"]
    # One that was chosen elsewhere stays chosen.
    assert (choices["UTC"], choices["Etc/GMT+7"]) == ("UTC", "Etc/GMT+7")
    for _area, found in zone_choices()[1:]:
        for name, _place in found:
            validate_time_zone(name)


def test_zones_are_named_in_the_readers_language() -> None:
    with translation.override("fr"):
        choices = {str(area): found for area, found in zone_choices()}
        europe = dict(choices["Europe"])
        assert (europe["Europe/London"], europe["Europe/Athens"]) == ("Londres", "Athènes")
        # As people look for it, whatever stands above a letter.
        places = [place for _name, place in choices["Europe"]]
        assert places == sorted(places, key=fold)
        america = dict(choices["Amérique"])
        assert america["America/Argentina/Salta"] == "Salta, Argentine"
        assert america["America/Indiana/Knox"] == "Knox [Indiana]"
        assert zone_name("Europe/London") == "Londres"
    assert zone_name("Europe/London") == "London"
    assert zone_name("Etc/GMT+7") == "Etc/GMT+7"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_place_stands_twice_and_one_of_an_older_name_stays_chosen(language: str) -> None:
    with translation.override(language):
        for _area, found in zone_choices()[1:]:
            assert len({place for _name, place in found}) == len(found)
        choices = zone_choices("Asia/Calcutta")
    offered = [name for _area, found in choices if isinstance(found, list) for name, _at in found]
    assert "Asia/Kolkata" in offered
    assert ("Asia/Calcutta", "Asia/Calcutta") in choices or "Asia/Calcutta" in offered


def test_a_refusal_says_for_how_long() -> None:
    with Clock() as clock:
        until = clock.now + timedelta(hours=5, minutes=20)
        said = refusal_sentence("entry_limit", until).replace("\xa0", " ")
        assert "in 5 hours, 20 minutes" in said
        assert "from 12 May 2026, 20:50 UTC" in said
        assert "1 minute" in refusal_sentence("entry_limit", clock.now).replace("\xa0", " ")
        assert refusal_sentence("entry_money", None) == error_sentence("entry_money")


def test_more_tries_need_no_more_queries(
    signed_in: Client, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entry = factories.entry(owner)
    factories.attempt(entry)
    limits.count_refusal(entry, "budget")
    signed_in.get(PAGE)
    with django_assert_num_queries(18) as few:
        signed_in.get(PAGE)
    for _number in range(5):
        factories.attempt(factories.entry(owner))
        limits.count_refusal(entry, "visitor_limit")
        budget.reserve(owner, BudgetDay.Purse.OWN, 1)
    with django_assert_num_queries(len(few)):
        assert signed_in.get(PAGE).status_code == 200


@given(st.integers(0, 100_000_000_000))
def test_amounts_survive_being_shown_and_sent_back(amount: int) -> None:
    field = DollarsField()
    assert field.clean(field.prepare_value(amount)) == amount
    assert not field.has_changed(amount, field.prepare_value(amount))


def test_an_empty_amount_is_no_change_of_none() -> None:
    field = DollarsField(required=False)
    assert field.clean("") is None
    assert not field.has_changed(None, "")
    assert field.has_changed(5, "")
    assert field.has_changed(5, "many")
