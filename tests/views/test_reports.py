"""Reporting a page: the form, its limits, and what the operator makes of it."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portfolio.logs import RedactingFormatter
from prompts_app.models import Entry, Report, SiteText, User
from prompts_app.services import accounts, post, reports, share_tokens
from tests import factories
from tests.clock import Clock
from tests.sharing import address, shared_entry

pytestmark = pytest.mark.django_db

REPORT = reverse("report")
LIST = reverse("admin:prompts_app_report_changelist")


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stands still until moved."""
    with Clock() as clock:
        yield clock


@pytest.fixture
def entry(clock: Clock, settings: Settings) -> Entry:
    """A public entry on a site where strangers sign up."""
    settings.ACCOUNT_SIGNUP = "open"
    return factories.entry()


@pytest.fixture
def where(entry: Entry) -> str:
    """The address of its page."""
    return reverse("entry", args=[entry.owner.profile.handle, entry.slug])


def form_of(client: Client, page: str, clock: Clock, wait: float = 10) -> dict[str, str]:
    """Open the form, wait, and return what would be sent."""
    shown = client.get(REPORT, {"page": page}).content.decode()
    clock.move(timedelta(seconds=wait))
    stamp = re.search(r'name="stamp" value="([^"]+)"', shown)
    assert stamp
    return {
        "stamp": stamp[1],
        "website": "",
        "reason": "copyright",
        "text": "These are my words.",
        "email": "grace@example.org",
    }


def send(client: Client, page: str, fields: dict[str, str], **where: str) -> Any:
    return client.post(f"{REPORT}?page={page}", fields, **where)  # type: ignore[arg-type]


def test_a_public_page_leads_to_the_form_and_keeps_no_session(
    client: Client, where: str, settings: Settings
) -> None:
    link = f"{REPORT}?page={quote(where, safe='')}"
    assert link in client.get(where).content.decode()
    assert "Report this page" not in client.get(reverse("explore")).content.decode()
    assert where in client.get(link).content.decode()
    settings.ACCOUNT_SIGNUP = "invite"
    assert "Report this page" not in client.get(where).content.decode()
    assert client.get(link).status_code == 404


def test_a_report_is_kept_once_and_the_operators_are_told_once(
    client: Client, entry: Entry, where: str, clock: Clock, mailoutbox: list[Any]
) -> None:
    User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    fields = form_of(client, where, clock)
    for _click in range(2):
        response = send(client, where, fields)
        assert response.status_code == 303
    assert "is with whoever runs this site" in client.get(response["Location"]).content.decode()
    kept = Report.objects.get()
    assert (kept.page, kept.author, kept.reason) == (where, entry.owner, "copyright")
    assert (kept.text, kept.email, kept.state) == (fields["text"], fields["email"], "open")
    assert "127.0.0.1" not in str(Report.objects.values().get())
    send(client, where, form_of(client, where, clock))
    post.delivered()
    assert [mail.to for mail in mailoutbox] == [["operator@example.org"]]
    assert where in mailoutbox[0].body


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": ""}, "Choose what is wrong"),
        ({"reason": "nonsense"}, "Choose what is wrong"),
        ({"email": "nobody"}, "Write an e-mail address"),
        ({"text": "a\x00b"}, "NUL"),
        ({"text": "x" * 4001}, "at most 4000 fit"),
        ({"text": "http://a http://b http://c http://d"}, "At most 3 web addresses"),
        ({"website": "http://spam.example"}, "robots"),
        ({"stamp": "garbage"}, "open for too long"),
    ],
)
def test_a_bad_report_is_refused_with_what_was_written(
    client: Client, where: str, clock: Clock, change: dict[str, str], said: str
) -> None:
    response = send(client, where, form_of(client, where, clock) | {"text": "Mine."} | change)
    shown = response.content.decode()
    assert response.status_code == 422
    assert said.lower() in shown.lower()
    assert change.get("text", "Mine.")[:20].replace("\x00", "") in shown or "\x00" in str(change)
    assert not Report.objects.exists()


def test_who_is_too_quick_is_a_robot(client: Client, where: str, clock: Clock) -> None:
    response = send(client, where, form_of(client, where, clock, wait=1))
    assert "very quick" in response.content.decode()


def test_a_form_is_for_the_page_it_was_opened_for(client: Client, where: str, clock: Clock) -> None:
    other = factories.entry()
    fields = form_of(client, where, clock)
    elsewhere = reverse("entry", args=[other.owner.profile.handle, other.slug])
    assert send(client, elsewhere, fields).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/explore/", "/studio/", "nonsense", "/@nobody/", "/@nobody/nothing/", "//x/"),
        *("https://evil.example/", "/runs/00000000-0000-0000-0000-000000000000/", "/@a/\x00/"),
        *("javascript:alert(1)", "/s/" + "A" * 22 + "/", "/" + "x" * 5000, "/%ff", "/@é/é/"),
    ],
)
def test_only_public_pages_of_authors_are_reported(
    client: Client, settings: Settings, path: str
) -> None:
    settings.ACCOUNT_SIGNUP = "open"
    assert client.get(REPORT, {"page": path}).status_code == 404
    assert client.post(f"{REPORT}?page=", {}).status_code == 404


def test_every_kind_of_page_finds_its_author(client: Client, entry: Entry) -> None:
    shared = shared_entry(visibility=Entry.Visibility.LISTED)
    at = [shared.entry.owner.profile.handle, shared.entry.slug]
    pages = [
        *(reverse("profile", args=at[:1]), reverse("try", args=at), reverse("evidence", args=at)),
        *(reverse("version", args=[*at, 1]), reverse("run", args=[shared.after.pk])),
        reverse("compare", args=at) + "?from=1&to=2",
    ]
    for page in pages:
        shown = client.get(page).content.decode()
        found = re.search(r'href="(/report/\?page=[^"]+)"', shown)
        assert found, page
        assert client.get(found[1].replace("&amp;", "&")).status_code == 200, page
    # What only a link shows is nobody's to find out here.
    hidden = factories.entry(visibility=Entry.Visibility.LINKS)
    path = reverse("entry", args=[hidden.owner.profile.handle, hidden.slug])
    assert client.get(REPORT, {"page": path}).status_code == 404


def test_limits_of_a_day(client: Client, where: str, clock: Clock) -> None:
    fields = [form_of(client, where, clock) for _one in range(reports.PER_VISITOR + 1)]
    told = [send(client, where, one).status_code for one in fields]
    assert told == [303] * reports.PER_VISITOR + [429]
    assert send(client, where, fields[-1], REMOTE_ADDR="203.0.113.9").status_code == 303
    clock.move(timedelta(hours=24))
    assert send(client, where, form_of(client, where, clock)).status_code == 303


def test_the_operator_suspends_from_the_list(client: Client, entry: Entry, where: str) -> None:
    operator = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    factories.second_step(operator)
    client.force_login(operator)
    report = Report.objects.create(page=where, author=entry.owner, reason="spam", visitor="0" * 64)
    shown = client.get(LIST).content.decode()
    assert f'href="http://localhost:8000{where}"' in shown
    client.post(LIST, {"action": "suspend_author", "_selected_action": [report.pk]})
    report.refresh_from_db()
    assert (report.state, report.action) == ("acted", "author suspended")
    assert Client().get(where).status_code == 404
    accounts.lift(User.objects.get(pk=entry.owner.pk))
    assert Client().get(where).status_code == 200


def test_the_operator_says_what_was_done_and_old_ones_go(
    client: Client, entry: Entry, where: str, clock: Clock
) -> None:
    operator = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    factories.second_step(operator)
    client.force_login(operator)
    closed, dismissed, still = (
        Report.objects.create(page=where, author=entry.owner, reason="spam", visitor=str(number))
        for number in range(3)
    )
    change = reverse("admin:prompts_app_report_change", args=[closed.pk])
    client.post(change, {"state": "acted", "action": "The author changed it."})
    client.post(LIST, {"action": "dismiss", "_selected_action": [dismissed.pk]})
    closed.refresh_from_db()
    assert (closed.action, closed.closed_at) == ("The author changed it.", clock.now)
    clock.move(timedelta(days=180))
    assert reports.forget_closed() == 0
    clock.move(timedelta(seconds=1))
    assert reports.forget_closed() == 2
    assert Report.objects.get() == still


def test_more_reports_no_more_queries(
    client: Client, entry: Entry, django_assert_max_num_queries: Any
) -> None:
    operator = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    factories.second_step(operator)
    client.force_login(operator)

    def one() -> None:
        author = factories.profile().user
        Report.objects.create(page="/@a/", author=author, reason="spam", visitor="0" * 64)

    one()
    with django_assert_max_num_queries(20) as few:
        client.get(LIST)
    expected = len(few)
    for _more in range(6):
        one()
    with django_assert_max_num_queries(expected):
        client.get(LIST)


@pytest.mark.parametrize("rest", ["", "{slug}/", "{slug}/try/", "runs/{run}/"])
def test_a_page_of_a_share_link_is_reported_without_its_token(
    client: Client, entry: Entry, clock: Clock, mailoutbox: list[Any], rest: str
) -> None:
    operator = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    shared = shared_entry(visibility=Entry.Visibility.LINKS)
    link = factories.share_link(shared.entry.owner, shared.entry)
    token = share_tokens.token_of(link)
    rest = rest.format(slug=shared.entry.slug, run=shared.after.pk)
    shown = client.get(address(link, rest)).content.decode()
    found = re.search(r'href="(/s/[^"]+/report/[^"]*)"', shown)
    assert found
    form = found[1].replace("&amp;", "&")
    assert form.count(token) == 1
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(RedactingFormatter("%(message)s"))
    log = logging.getLogger("django.request")
    log.addHandler(handler)
    try:
        page = client.get(form)
        # Nothing there leads into the rest of the site, and nothing of it is counted.
        assert page["Referrer-Policy"] == "same-origin"
        assert "site-nav" not in page.content.decode()
        assert "share_visit" not in page.content.decode()
        stamp = re.search(r'name="stamp" value="([^"]+)"', page.content.decode())
        assert stamp
        assert token not in stamp[1]
        clock.move(timedelta(seconds=10))
        fields = {"stamp": stamp[1], "website": "", "reason": "deceit", "text": "", "email": ""}
        assert client.post(form, fields | {"reason": ""}).status_code == 422
        sent = client.post(form, fields)
    finally:
        log.removeHandler(handler)
    assert sent.status_code == 303
    assert "is with whoever runs this site" in client.get(sent["Location"]).content.decode()
    kept = Report.objects.get()
    assert (kept.page, kept.author) == (f"link:{link.pk}/{rest}", link.owner)
    factories.second_step(operator)
    client.force_login(operator)
    seen = client.get(LIST).content.decode()
    seen += client.get(reverse("admin:prompts_app_report_change", args=[kept.pk])).content.decode()
    post.delivered()
    assert str(link.pk) in seen
    assert f'href="http://localhost:8000link:{link.pk}' not in seen
    assert str(link.pk) in mailoutbox[0].body
    for place in (seen, mailoutbox[0].body, str(Report.objects.values().get()), written.getvalue()):
        assert token not in place


def test_only_what_a_link_shows_is_reported_through_it(
    client: Client, entry: Entry, settings: Settings
) -> None:
    shared = shared_entry(visibility=Entry.Visibility.LINKS)
    link = factories.share_link(shared.entry.owner, shared.entry)
    form = address(link, "page/report/")
    assert client.get(form).status_code == 200
    other = shared_entry(shared.entry.owner)
    for below in (
        *("contact/", "nothing/", f"{other.entry.slug}/", f"runs/{other.after.pk}/", "//x", "\x00"),
        *("x" * 500, "dossier.pdf", "../", "%ff"),
    ):
        assert client.get(form, {"at": below}).status_code == 404, below
    settings.ACCOUNT_SIGNUP = "closed"
    assert client.get(form).status_code == 404
    assert "page/report/" not in client.get(address(link)).content.decode()


def test_share_pages_lead_to_the_operators_texts_alone(client: Client, settings: Settings) -> None:
    shared = shared_entry()
    link = factories.share_link(shared.entry.owner, shared.entry)
    locked = factories.share_link(shared.entry.owner, shared.entry)
    share_tokens.set_password(locked, "four beds of foxglove")
    locked.save()
    pages = (address(link), address(link, f"{shared.entry.slug}/"), address(locked))
    for path in pages:
        assert 'href="/legal/"' not in client.get(path).content.decode()
    SiteText.objects.create(kind="legal", language="en", text="Ada Lovelace, London")
    for path in pages:
        shown = client.get(path).content.decode()
        assert '<a href="/legal/" rel="noreferrer">' in shown
        assert 'href="/privacy/"' not in shown
        assert "/report/" not in shown
    settings.ACCOUNT_SIGNUP = "open"
    assert "/report/" not in client.get(address(locked)).content.decode()
