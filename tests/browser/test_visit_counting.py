"""A share link's page in a real browser: what counts as a visit, and what never does."""

import json
import time
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import SAMPLE_AUTHOR, WAIT_MS, Visit
from tests.site import RunningSite

# Chromium without a window calls itself a program, and is taken for one.
PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
MAKE = """
from tests.visiting import address, link_with
from prompts_app.models import Entry, User
author = User.objects.get(email="{author}")
entries = list(author.entries.order_by("pk")[:3])
print(address(link_with(entries, label="Acme")))
"""
COUNTED = """
import json
from prompts_app.models import Visit, VisitDay
from prompts_app.services import share_tokens
link = share_tokens.find("{token}")
days = VisitDay.objects.filter(link=link)
print(json.dumps(dict(
    opens=sum(day.opens for day in days),
    filtered=sum(day.filtered for day in days),
    kinds=sorted(link.visits.values_list("kind", flat=True)),
    interacted=sorted(link.visits.values_list("interacted", flat=True)),
    seen=sorted(len(seen) for seen in link.visits.values_list("seen", flat=True)),
)))
"""
NOTHING = {"opens": 0, "filtered": 0, "kinds": [], "interacted": [], "seen": []}


@pytest.fixture
def link(site: RunningSite) -> str:
    """The address of a new link with three entries."""
    return site.python(MAKE.format(author=SAMPLE_AUTHOR))


def counted(site: RunningSite, link: str) -> dict[str, Any]:
    """Return what is counted of a link."""
    found: dict[str, Any] = json.loads(site.python(COUNTED.format(token=link.split("/")[2])))
    return found


def rest(page: Page) -> None:
    """Let the page's clock stand still; from now on it moves only as the test says."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)


def pass_time(page: Page, milliseconds: int) -> None:
    """Let time pass on the page, and wait until what it reports then is counted."""
    with page.expect_response("**/visit/") as answer:
        page.clock.run_for(milliseconds)
    assert answer.value.status == 204


def looked(page: Page) -> None:
    """Wait until the browser has told the page's observers what is in view."""
    page.evaluate("new Promise((told) => new IntersectionObserver(told).observe(document.body))")


def test_a_visit_counts_once_after_two_visible_seconds(
    visit: Visit, site: RunningSite, link: str
) -> None:
    page = visit(user_agent=PERSON)
    rest(page)
    page.goto(link)
    page.clock.run_for(1900)
    assert counted(site, link) == NOTHING
    pass_time(page, 200)
    found = counted(site, link)
    assert (found["opens"], found["kinds"], found["interacted"]) == (1, ["human"], [False])
    # Whoever stays for five seconds has read something.
    page.clock.run_for(2800)
    assert counted(site, link)["interacted"] == [False]
    with page.expect_response("**/visit/"):
        page.clock.run_for(200)
    assert counted(site, link)["interacted"] == [True]
    assert page.context.cookies() == []
    # A reload is told of, and counts nothing.
    page.reload()
    pass_time(page, 2100)
    found = counted(site, link)
    assert (found["opens"], found["kinds"]) == (1, ["human"])
    # The same page in another browser is another visit.
    other = visit(user_agent=PERSON.replace("140", "141"))
    rest(other)
    other.goto(link)
    pass_time(other, 2100)
    assert counted(site, link)["opens"] == 2


def test_entries_count_once_they_stay_in_view(visit: Visit, site: RunningSite, link: str) -> None:
    page = visit(user_agent=PERSON, height=300)
    rest(page)
    page.goto(link)
    page.mouse.click(5, 5)
    looked(page)
    pass_time(page, 2100)
    assert counted(site, link)["interacted"] == [True]
    sections = page.locator("[data-entry]")
    assert sections.count() >= 3
    told: set[str] = set()
    page.on("request", lambda request: told.update(entries_in(request.post_data or "")))
    for section in sections.all():
        section.evaluate("(section) => section.scrollIntoView({ block: 'center' })")
        looked(page)
        page.clock.run_for(1100)
    names = sections.evaluate_all("(all) => all.map((one) => one.dataset.entry)")
    wanted = set(map(str, names))
    # Every one is told of once; the last answer may still be on its way.
    until = time.monotonic() + WAIT_MS / 1000
    while counted(site, link)["seen"] != [len(wanted)]:
        assert time.monotonic() < until, f"told {told} of {wanted}"
    assert told <= wanted


def entries_in(body: str) -> list[str]:
    """Return the entries that a report tells of."""
    return parse_qs(body).get("entry", [])


def test_a_page_that_is_not_looked_at_counts_nothing(
    visit: Visit, site: RunningSite, link: str
) -> None:
    page = visit(user_agent=PERSON)
    rest(page)
    page.add_init_script(HIDDEN)
    page.goto(link)
    page.clock.run_for(60_000)
    assert counted(site, link) == NOTHING
    # Two seconds in all: one, then out of sight, then another.
    page.evaluate("show(true)")
    page.clock.run_for(1000)
    page.evaluate("show(false)")
    page.clock.run_for(60_000)
    assert counted(site, link) == NOTHING
    page.evaluate("show(true)")
    pass_time(page, 1100)
    assert counted(site, link)["opens"] == 1


HIDDEN = """
let isShown = false;
Object.defineProperty(document, "visibilityState", { get: () => isShown ? "visible" : "hidden" });
globalThis.show = (on) => {
  isShown = on;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


BEFOREHAND = """<!doctype html><title>Elsewhere</title><a href="{link}">The link</a>
<script type="speculationrules">
{{"prefetch": [{{"source": "list", "urls": ["{link}"], "eagerness": "immediate"}}]}}
</script>"""


def test_a_page_made_ready_beforehand_counts_nothing(
    visit: Visit, site: RunningSite, link: str
) -> None:
    page = visit(user_agent=PERSON)
    for method in ("GET", "HEAD"):
        answer = page.request.fetch(link, method=method, headers={"Sec-Purpose": "prefetch"})
        assert answer.ok
    assert counted(site, link) == NOTHING
    body = BEFOREHAND.format(link=link)
    page.route("**/elsewhere/", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("/elsewhere/")
    with page.expect_response("**/visit/"):
        page.get_by_role("link").click()
    way = page.evaluate("performance.getEntriesByType('navigation')[0].deliveryType")
    assert way == "navigational-prefetch"
    # Being fetched counted nothing: this is the one visit.
    found = counted(site, link)
    assert (found["opens"], found["filtered"]) == (1, 0)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "preview"),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; +http://www.linkedin.com)", "preview"),
        # This very browser, which has no window.
        (None, "scanner"),
    ],
)
def test_programs_are_not_counted(
    visit: Visit, site: RunningSite, link: str, agent: str | None, kind: str
) -> None:
    page = visit(user_agent=agent)
    rest(page)
    page.goto(link)
    pass_time(page, 2100)
    found = counted(site, link)
    assert (found["opens"], found["filtered"], found["kinds"]) == (0, 1, [kind])


def test_the_author_is_not_counted(
    visit: Visit, site: RunningSite, link: str, sample_author: StorageState
) -> None:
    page = visit(user_agent=PERSON, storage_state=sample_author)
    rest(page)
    page.goto(link)
    pass_time(page, 2100)
    found = counted(site, link)
    assert (found["opens"], found["kinds"]) == (0, ["owner"])


def test_who_asks_not_to_be_tracked_is_not_counted(
    visit: Visit, site: RunningSite, link: str
) -> None:
    page = visit(user_agent=PERSON, extra_http_headers={"Sec-GPC": "1"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    rest(page)
    page.goto(link)
    page.clock.run_for(60_000)
    expect(page.get_by_text("nothing of this visit is counted")).to_be_visible()
    assert "POST" not in asked
    assert counted(site, link) == NOTHING


@pytest.mark.parametrize("scripts", [True, False])
def test_dont_count_me(visit: Visit, site: RunningSite, link: str, scripts: bool) -> None:
    page = visit(user_agent=PERSON, java_script_enabled=scripts)
    page.goto(link)
    page.get_by_role("button", name="Don’t count me").click()
    expect(page.get_by_role("button", name="Count me again")).to_be_visible()
    assert [(cookie["name"], cookie["path"]) for cookie in page.context.cookies()] == [
        ("uncounted", "/s/")
    ]
    assert page.locator("meta[name=visit-nonce]").count() == 0
    page.get_by_role("button", name="Count me again").click()
    expect(page.get_by_role("button", name="Don’t count me")).to_be_visible()
    assert page.context.cookies() == []
