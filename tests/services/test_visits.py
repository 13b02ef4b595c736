"""Visits of share links: what makes one, what sums hold, and when all of it is gone."""

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from prompts_app.models import Entry, ShareLink, Visit, VisitDay, VisitorSalt
from prompts_app.services import visit_mail, visit_reports, visitors, visits
from prompts_app.services.visit_reports import Browser, Report
from prompts_app.services.visitor_kinds import kind_of
from tests import factories
from tests.clock import Clock
from tests.visiting import CHROME, FIREFOX, HEADLESS, SLACK, link_with, own_salts

pytestmark = pytest.mark.django_db
__all__ = ["own_salts"]

ANN = Browser("198.51.100.7", CHROME)
BEN = Browser("198.51.100.8", CHROME)


@pytest.fixture
def link() -> ShareLink:
    """A link that shows nothing."""
    return link_with()


def visit(link: ShareLink, browser: Browser = ANN, **told: Any) -> None:
    """Open a page and report it at once."""
    nonce = visit_reports.read_nonce(link, visit_reports.nonce_for(link))
    assert nonce is not None
    visit_reports.report(link, nonce, browser, Report(**told))


def sums(link: ShareLink) -> list[tuple[date, int, int, int]]:
    """Return opens, visitors and filtered visits of each day, oldest first."""
    rows = VisitDay.objects.filter(link=link).order_by("day")
    return [(row.day, row.opens, row.visitors, row.filtered) for row in rows]


# What makes a visit


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (CHROME, "human"),
        (FIREFOX, "human"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
         "Gecko) Mobile/15E148 [LinkedInApp]/9.28.7586", "human"),
        ("Mozilla/5.0 (Linux; Android 10; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/119.0 Mobile Safari/537.36", "human"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Slack/4.35 Chrome/118 Electron/27 Safari/537.36", "human"),
        (SLACK, "preview"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "preview"),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; +http://www.linkedin.com)", "preview"),
        ("WhatsApp/2.23.20.0 A", "preview"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "preview"),
        ("Mozilla/5.0 (compatible; proofpoint URL Defense)", "scanner"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "scanner"),
        (HEADLESS, "scanner"),
        ("curl/8.1", "scanner"),
        ("", "scanner"),
        (" " * 100_000, "scanner"),
    ],
)  # fmt: skip
def test_browsers_are_told_by_what_they_call_themselves(agent: str, kind: str) -> None:
    assert kind_of(agent) == kind


def test_a_visit_counts_once_and_a_reload_not_at_all(link: ShareLink) -> None:
    with Clock() as clock:
        first = visit_reports.read_nonce(link, visit_reports.nonce_for(link))
        assert first is not None
        for _again in range(3):
            visit_reports.report(link, first, ANN, Report())
        today = clock.now.date()
        assert sums(link) == [(today, 1, 1, 0)]
        clock.move(timedelta(minutes=29, seconds=59))
        visit(link)
        assert sums(link) == [(today, 1, 1, 0)]
        # Its page stays open: what happens there later is of the same visit.
        nonce = visit_reports.read_nonce(link, visit_reports.nonce_for(link))
        assert nonce is not None
        clock.move(timedelta(minutes=50))
        visit_reports.report(link, nonce, ANN, Report(interacted=True))
        assert sums(link) == [(today, 1, 1, 0)]
        assert Visit.objects.get().interacted
        # The next page is a visit of its own, by the same visitor.
        visit(link)
        assert sums(link) == [(today, 2, 1, 0)]
        visit(link, BEN)
        assert sums(link) == [(today, 3, 2, 0)]


def test_a_reload_over_midnight_counts_nothing(link: ShareLink) -> None:
    with Clock(datetime(2026, 5, 12, 23, 50, tzinfo=UTC)) as clock:
        visit(link)
        clock.move(timedelta(minutes=15))
        visit(link)
        assert sums(link) == [(date(2026, 5, 12), 1, 1, 0), (date(2026, 5, 13), 0, 0, 0)]
        clock.move(timedelta(hours=1))
        visit(link)
        assert sums(link)[1] == (date(2026, 5, 13), 1, 1, 0)


def test_others_are_filtered_apart(link: ShareLink) -> None:
    visit(link, Browser("198.51.100.1", SLACK), interacted=True)
    visit(link, Browser("198.51.100.2", HEADLESS))
    visit(link, Browser("198.51.100.7", CHROME, is_owner=True))
    nonce = visit_reports.read_nonce(link, visit_reports.nonce_for(link, to_owner=True))
    assert nonce is not None
    visit_reports.report(link, nonce, BEN, Report())
    visit(link)
    assert [row[1:] for row in sums(link)] == [(1, 1, 4)]
    assert visits.table_of(link).filtered == {"owner": 2, "preview": 1, "scanner": 1}


def test_entries_count_once_a_visit_and_only_those_of_the_link() -> None:
    shown, other = factories.entry(title="Shown"), factories.entry()
    link = link_with([shown, factories.entry(shown.owner, title="Also shown")])
    slugs = (shown.slug, other.slug, "none-such", "\x00", "x" * 5000)
    with Clock() as clock:
        visit(link, seen=slugs)
        visit(link, seen=slugs)
        visit(link, BEN, seen=tuple(item.entry.slug for item in link.items.all()))
        visit(link, Browser("198.51.100.9", SLACK), seen=slugs)
        assert visits.table_of(link).entries == [("Shown", 2), ("Also shown", 1)]
        clock.move(timedelta(hours=1))
        visit(link, seen=(shown.slug,))
        assert visits.table_of(link).entries[0] == ("Shown", 3)
    Entry.objects.filter(pk=shown.pk).update(purge_at=timezone.now())
    shown.delete()
    assert visits.table_of(link).entries == [("Also shown", 1)]


def test_a_nonce_is_of_one_link_and_two_hours(link: ShareLink) -> None:
    with Clock() as clock:
        text = visit_reports.nonce_for(link)
        assert visit_reports.read_nonce(link_with(), text) is None
        for forged in ("", "x", text[:-1], text + "x", text.replace(":", ""), "a:b:c", "é" * 300):
            assert visit_reports.read_nonce(link, forged) is None
        sent = clock.now
        clock.now = sent + timedelta(hours=2, seconds=-1)
        assert visit_reports.read_nonce(link, text) is not None
        clock.now = sent + timedelta(hours=2)
        assert visit_reports.read_nonce(link, text) is None


def test_a_day_has_its_most(link: ShareLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST_A_DAY", 3)
    with Clock() as clock:
        for number in range(6):
            visit(link, Browser(f"198.51.100.{number}", CHROME if number % 2 else SLACK))
        assert [row[1:] for row in sums(link)] == [(1, 1, 2)]
        assert Visit.objects.count() == 3
        assert visits.table_of(link).days[0].is_full
        # What is counted already goes on.
        visit(link, Browser("198.51.100.1", CHROME), interacted=True)
        assert Visit.objects.get(kind="human").interacted
        clock.move(timedelta(days=1))
        visit(link)
        assert not visits.table_of(link).days[0].is_full


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_page", [True, False])
def test_reports_at_once_count_once(same_page: bool) -> None:
    link = link_with([factories.entry()])
    slug = link.items.get().entry.slug
    one = visit_reports.read_nonce(link, visit_reports.nonce_for(link))
    start = threading.Barrier(6)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            nonce = visit_reports.read_nonce(link, visit_reports.nonce_for(link))
            start.wait()
            wanted = one if same_page else nonce
            assert wanted is not None
            visit_reports.report(link, wanted, ANN, Report(True, (slug,)))
            visits.note_try(link)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    day = VisitDay.objects.get()
    assert (day.opens, day.visitors, day.tries) == (1, 1, 6)
    assert list(day.entries.values()) == [1]


# What is kept, and for how long


def test_no_address_and_no_name_of_a_browser_is_kept(link: ShareLink) -> None:
    visit(link, interacted=True)
    row = Visit.objects.values().get()
    assert set(row) == {
        *("id", "link_id", "kind", "day", "visitor", "began_at", "interacted", "seen"),
    }
    text = repr((row, VisitDay.objects.values().get()))
    assert ANN.address not in text
    assert "Chrome" not in text


def test_keys_of_links_browsers_and_days_have_nothing_in_common(link: ShareLink) -> None:
    with Clock() as clock:
        for browser in (ANN, BEN, Browser(ANN.address, FIREFOX)):
            visit(link, browser)
            visit(link_with(), browser)
        clock.move(timedelta(days=1))
        visit(link)
    assert len(set(Visit.objects.values_list("visitor", flat=True))) == 7


def test_salts_are_destroyed_within_48_hours(link: ShareLink) -> None:
    begins = datetime(2026, 5, 12, tzinfo=UTC)
    with Clock(begins) as clock:
        visit(link)
        old = VisitorSalt.objects.get()
        key = Visit.objects.get().visitor
        assert visitors.page_key(old.day, str(link.pk), ANN.address, ANN.agent) == key
        # Half an hour after midnight it is still needed …
        clock.now = begins + timedelta(days=1, minutes=30)
        visitors.destroy_old_salts()
        assert VisitorSalt.objects.filter(pk=old.pk).exists()
        # … and with the worker's rounds of ten minutes it is gone before two days are over.
        clock.now = begins + timedelta(hours=47, minutes=50)
        visitors.destroy_old_salts()
        assert not VisitorSalt.objects.filter(pk=old.pk).exists()
        assert visitors.page_key(old.day, str(link.pk), ANN.address, ANN.agent) == ""
        assert visitors.page_key(clock.now.date(), str(link.pk), ANN.address, ANN.agent) != key


def test_salts_are_destroyed_where_no_worker_runs(link: ShareLink) -> None:
    with Clock() as clock:
        visit(link)
        clock.move(timedelta(days=2))
        visit(link)
        assert VisitorSalt.objects.get().day == clock.now.date()


def test_visits_go_after_30_days_with_and_without_a_worker(link: ShareLink) -> None:
    with Clock() as clock:
        visit(link, Browser("198.51.100.1", SLACK))
        visit(link)
        began = clock.now
        clock.now = began + timedelta(days=30, seconds=-1)
        assert visits.table_of(link).filtered == {"preview": 1}
        assert visits.forget_old_visits() == 0
        clock.now = began + timedelta(days=30)
        assert visits.table_of(link).filtered == {}
        assert visits.forget_old_visits() == 2
        assert not Visit.objects.exists()
        # Sums stay, now by month.
        table = visits.table_of(link)
        assert (table.total.opens, table.total.filtered, table.days) == (1, 1, [])
        assert [(row.begins, row.sums.opens) for row in table.months] == [(date(2026, 5, 1), 1)]


@pytest.mark.parametrize(
    ("day", "gone"),
    [
        (date(2026, 5, 12), date(2027, 6, 13)),
        # What has no such day 13 months later is gone with that month.
        (date(2026, 1, 31), date(2027, 3, 1)),
        (date(2026, 11, 30), date(2027, 12, 31)),
    ],
)
def test_sums_go_after_13_months(link: ShareLink, day: date, gone: date) -> None:
    row = VisitDay.objects.create(link=link, day=day, opens=1, visitors=1)
    with Clock(datetime.combine(gone, datetime.min.time(), UTC)) as clock:
        clock.move(timedelta(seconds=-1))
        for kept in (1, 0):
            assert visits.counts([link])[link.pk].opens == kept
            assert visits.table_of(link).total.opens == kept
            assert visits.forget_old_visits() == 1 - kept
            assert VisitDay.objects.filter(pk=row.pk).count() == kept
            clock.move(timedelta(seconds=1))


def test_what_is_gone_never_comes_back() -> None:
    with Clock(datetime(2026, 1, 1, tzinfo=UTC)) as clock:
        before = visits.oldest_day()
        for _day in range(4 * 366):
            clock.move(timedelta(days=1))
            assert visits.oldest_day() >= before
            before = visits.oldest_day()


# What an author sees


def test_tables_and_lists_hold_the_same_numbers(link: ShareLink) -> None:
    untouched = link_with()
    with Clock(datetime(2026, 5, 12, 15, 30, tzinfo=UTC)) as clock:
        for back, opens in ((0, 2), (1, 20), (29, 10), (30, 7), (45, 3), (100, 400)):
            VisitDay.objects.create(
                link=link, day=clock.now.date() - timedelta(days=back), opens=opens, visitors=1
            )
        for _twice in range(2):
            visits.note_try(link)
        visits.note_download(link)
        table, listed = visits.table_of(link), visits.counts([link, untouched])
    assert [(row.sums.opens, row.bar) for row in table.days] == [(2, 10), (20, 100), (10, 50)]
    months = [(row.begins, row.sums.opens, row.bar) for row in table.months]
    assert months == [
        (date(2026, 4, 1), 7, 2),
        (date(2026, 3, 1), 3, 1),
        (date(2026, 2, 1), 400, 100),
    ]
    found = listed[link.pk]
    assert (found.opens, found.visitors, found.tries, found.downloads) == (442, 6, 2, 1)
    assert (table.total.opens, table.total.visitors, table.total.tries) == (442, 6, 2)
    assert found.last == date(2026, 5, 12)
    assert listed[untouched.pk] == visits.Counts()


def test_ten_thousand_visits_need_the_queries_of_ten(
    link: ShareLink, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entry, other = factories.entry(link.owner), link_with()
    with Clock() as clock:
        visit(link)
        many(link, 10, clock, entry.pk)
        with django_assert_num_queries(3):
            visits.table_of(link)
        with django_assert_num_queries(1):
            visits.counts([link])
        with CaptureQueriesContext(connection) as few:
            visit(link, BEN, interacted=True)
        many(link, 10_000, clock, entry.pk)
        with django_assert_num_queries(3):
            table = visits.table_of(link)
        with django_assert_num_queries(1):
            visits.counts([link, other])
        assert sum(table.filtered.values()) == 5005
        assert len(table.days) + len(table.months) > 30
        with django_assert_num_queries(len(few)):
            visit(link, Browser("198.51.100.9", CHROME), interacted=True)


def many(link: ShareLink, number: int, clock: Clock, entry: int) -> None:
    """Write down visits of the last days, every second one filtered."""
    Visit.objects.bulk_create(
        Visit(
            id=uuid.uuid4(),
            link=link,
            kind="scanner" if index % 2 else "human",
            day=clock.now.date() - timedelta(days=index % 29),
            began_at=clock.now - timedelta(days=index % 29, hours=1),
            visitor=f"{index:064x}",
        )
        for index in range(number)
    )
    VisitDay.objects.filter(link=link).delete()
    VisitDay.objects.bulk_create(
        VisitDay(
            link=link,
            day=clock.now.date() - timedelta(days=back),
            opens=back,
            visitors=back,
            entries={str(entry): back, str(entry + 1): 1},
        )
        for back in range(min(number, 390))
    )


# The mail to the author


def test_an_author_is_mailed_once_a_day_for_each_link(link: ShareLink) -> None:
    link.owner.language = "fr"
    link.owner.save()
    other = link_with(owner=link.owner, label="Other & Co")
    with Clock() as clock:
        visit(link)
        assert visit_mail.tell_of_opens() == 0
        visit(link, interacted=True)
        visit(link, BEN, interacted=True)
        visit(link, Browser("198.51.100.9", SLACK), interacted=True)
        assert visit_mail.tell_of_opens() == 1
        assert visit_mail.tell_of_opens() == 0
        [sent] = mail.outbox
        assert sent.to == [link.owner.email]
        assert "Acme, first round" in sent.subject
        assert "Acme, first round" in sent.body
        assert ANN.address not in sent.body
        # Both links' next ones are one mail, when the first link's day is over.
        clock.move(timedelta(hours=23, minutes=59))
        visit(link, interacted=True)
        assert visit_mail.tell_of_opens() == 0
        clock.move(timedelta(minutes=1))
        visit(other, interacted=True)
        assert visit_mail.tell_of_opens() == 1
        assert "Acme, first round" in mail.outbox[1].body
        assert "Other & Co" in mail.outbox[1].body
        clock.move(timedelta(days=2))
        assert visit_mail.tell_of_opens() == 0


class Broken(EmailBackend):
    """A mail server that is away."""

    def send_messages(self, messages: Any) -> int:
        """Fail as smtplib does."""
        raise SMTPServerDisconnected("rcpt author@example.org")


def test_a_mail_that_fails_is_sent_later_and_once(
    link: ShareLink, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with Clock() as clock:
        visit(link, interacted=True)
        backend = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = f"{__name__}.Broken"
        assert visit_mail.tell_of_opens() == 0
        assert "@" not in caplog.text
        link.refresh_from_db()
        assert link.told_at is None
        settings.EMAIL_BACKEND = backend
        clock.move(timedelta(hours=1))
        assert visit_mail.tell_of_opens() == 1
        assert visit_mail.tell_of_opens() == 0
        assert len(mail.outbox) == 1


@pytest.mark.parametrize("away", [True, False])
def test_old_opens_and_accounts_out_of_use_get_no_mail(link: ShareLink, away: bool) -> None:
    with Clock() as clock:
        visit(link, interacted=True)
        if away:
            link.owner.is_active = False
            link.owner.save()
        else:
            clock.move(timedelta(days=3))
        assert visit_mail.tell_of_opens() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_mail() -> None:
    for number in range(1, 11):
        visit(link_with(), interacted=True)
        at_once(4, visit_mail.tell_of_opens)
        assert len(mail.outbox) == number


def at_once(number: int, work: Callable[[], object]) -> None:
    """Do the same in several threads."""
    start = threading.Barrier(number)

    def one() -> None:
        start.wait()
        work()
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
