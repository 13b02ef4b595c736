"""One application from end to end: the author makes a link, a recruiter opens it, both see it."""

import re

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.browser.test_visit_counting import PERSON
from tests.browser.test_visitor_tries import finished, run
from tests.browser.watch import Watch
from tests.site import RunningSite

ENTRIES = """
from prompts_app.models import Entry
for slug in ("support-ticket-triage", "sql-explainer", "lighthouse-keeper"):
    print(Entry.objects.get(slug=slug).title)
"""
OWN_PATHS = """
(links) => links.filter((one) => one.origin === location.origin).map((one) => one.pathname)
"""
PASSWORD = "nine boats at noon"


def link_with(page: Page, titles: list[str]) -> str:
    """Make a link with a password in the studio, as an author does; return its address."""
    page.goto("/studio/links/new/")
    page.get_by_label("Company").fill("Harbour Works")
    page.get_by_label("Welcome note").fill("Your posting asks for **calm answers**.")
    for place, title in enumerate(titles, 1):
        page.locator("#id_entry").select_option(title)
        page.get_by_role("button", name="Add it").click()
        expect(page.locator(".chosen__title")).to_have_count(place)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Harbour Works")
    expect(page.get_by_text(re.compile("^No counted visit"))).to_be_visible()
    return page.get_by_label("Address").input_value()


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_studio_to_the_recruiter_and_back(
    visit: Visit, site: RunningSite, sample_author: StorageState, watch: Watch, width: int
) -> None:
    # Locked at first, then a wrong password; at the end the link is revoked.
    watch.allowed |= {403, 404, 422}
    titles = site.python(ENTRIES).splitlines()
    author = visit(storage_state=sample_author)
    address = link_with(author, titles)
    of_link = author.url

    recruiter = visit(width, user_agent=PERSON)
    assert recruiter.goto(address).status == 403  # type: ignore[union-attr]
    expect(recruiter.locator("body")).not_to_contain_text("Harbour Works")
    recruiter.get_by_label("Password").fill("something else")
    recruiter.get_by_role("button", name="Open the link").click()
    expect(recruiter.get_by_text("This is not the password of this link.")).to_be_visible()
    recruiter.get_by_label("Password").fill(PASSWORD)
    with recruiter.expect_response("**/visit/") as counted:
        recruiter.get_by_role("button", name="Open the link").click()
        expect(recruiter.get_by_text("calm answers")).to_be_visible()
    assert counted.value.status == 204
    shown = recruiter.locator(".shown__line h2, .shown__line a").filter(
        has_text=re.compile("|".join(map(re.escape, titles)))
    )
    expect(shown.first).to_have_text(titles[0])
    # Nothing on the page leads into the rest of the site.
    own = address.removeprefix(site.url)
    paths = recruiter.locator("a[href]").evaluate_all(OWN_PATHS)
    assert paths
    assert all(path.startswith(own) for path in paths), paths

    recruiter.get_by_role("link", name="Run it").first.click()
    recruiter.get_by_label("The customer's ticket").fill("How can I change my board's colour?")
    run(recruiter)
    finished(recruiter)
    terms = recruiter.locator("[data-try-terms]")
    expect(terms).to_contain_text("29 of 30 tries left on this link")

    author.goto(of_link)
    section = author.locator("section[aria-labelledby=h-visits]")
    expect(section).to_contain_text("opened 1 time")
    expect(author.get_by_text("1 of 30 used")).to_be_visible()
    author.get_by_role("button", name="Revoke the link").click()
    assert recruiter.goto(address).status == 404  # type: ignore[union-attr]
