"""From the first sign-in to an entry that anyone can read, and the list it stands in."""

import itertools
import json
import re
import time

import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.browser.test_every_page import AXE, STANDARD, violations
from tests.browser.watch import Watch
from tests.site import RunningSite

# Seconds. A person is slower than a script, and a script leaves no step out.
SOON = 120
NEWCOMER = """
from allauth.account.models import EmailAddress
from prompts_app.models import SiteGrant, User
user = User.objects.create_user("mary@example.org", "{password}")
EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
SiteGrant.objects.create(user=user, daily_cap=1_000_000_000)
"""
ENTRIES = """
from prompts_app.models import User
from tests import factories
owner = User.objects.get(email="ada@example.org")
for word in ("Gamma", "Beta", "Alpha"):
    # Not listed: Explore shows the newest, and others look there for the samples.
    factories.entry(owner, title=f"{{word}} {number}", slug=f"{{word.lower()}}-list-{number}",
        visibility="unlisted")
"""
ORDER = """
import json
from prompts_app.models import Entry
rows = Entry.objects.filter(title__endswith=" {number}", slug__contains="-list-")
print(json.dumps([entry.title.split()[0] for entry in rows.kept().in_order()]))
"""
numbers = itertools.count(1)


@pytest.fixture
def number(site: RunningSite, ada: StorageState) -> int:
    """The number in the titles of three new entries of Ada's: Alpha, Beta, Gamma."""
    number = next(numbers)
    site.python(ENTRIES.format(number=number))
    return number


def kept(site: RunningSite, number: int) -> list[str]:
    """Return the order that the database holds."""
    found: list[str] = json.loads(site.python(ORDER.format(number=number)))
    return found


def row(page: Page, title: str) -> Locator:
    """The row of an entry in the list."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))


def step(page: Page, name: str) -> Locator:
    """One of the first steps."""
    return page.locator(".first-step").filter(has=page.get_by_role("heading", name=name))


def test_from_the_first_sign_in_to_a_published_entry(visit: Visit, site: RunningSite) -> None:
    site.python(NEWCOMER.format(password=PASSWORD))
    page = visit()
    began = time.monotonic()
    sign_in(page, "mary@example.org", PASSWORD)
    expect(step(page, "Say who you are")).to_have_attribute("aria-current", "step")
    page.evaluate(AXE)
    assert violations(page, STANDARD) == []

    page.get_by_role("link", name="Fill in your profile").click()
    page.get_by_label("Name", exact=True).fill("Mary Somerville")
    page.get_by_label("Handle").fill("mary")
    page.get_by_role("button", name="Make the profile").click()
    expect(step(page, "Say who you are")).to_contain_text("done")

    step(page, "Bring a prompt").get_by_role("link", name="Start from a template").click()
    page.get_by_role("radio", name=re.compile("^Summary")).check()
    expect(page.get_by_label("Your prompt")).to_be_hidden()
    page.get_by_role("button", name="Make the entry and write its prompt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A report in three sentences")
    page.get_by_role("navigation", name="Studio").get_by_role("link", name="Entries").click()

    step(page, "Prove it").get_by_role("link", name="Publish version 1").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("heading", name=re.compile("^Version 1"))).to_be_visible()
    page.goto("/studio/")
    step(page, "Prove it").get_by_role("link", name="Run it, or paste an answer").click()
    page.get_by_role("checkbox", name="A short report").check()
    page.get_by_role("checkbox", name=re.compile("^demo-large")).check()
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("#outputs article .answer__body").first).not_to_be_empty()
    page.goto("/studio/")
    step(page, "Prove it").get_by_role("link", name="Say who sees it").click()
    page.get_by_role("radio", name=re.compile("^listed")).check()
    page.get_by_role("button", name="Save the settings").click()
    page.goto("/studio/")
    expect(page.get_by_role("heading", name="Entries", exact=True)).to_be_visible()
    expect(page.locator(".first-step")).to_have_count(0)
    assert time.monotonic() - began < SOON

    visitor = visit()
    visitor.goto("/@mary/")
    visitor.get_by_role("link", name="A report in three sentences").click()
    expect(visitor.get_by_text("At most 80 words.").first).to_be_visible()


def test_the_order_is_changed_by_keyboard_and_by_dragging(
    visit: Visit, site: RunningSite, ada: StorageState, number: int
) -> None:
    page = visit(storage_state=ada)
    page.goto("/studio/")
    handle = row(page, f"Alpha {number}").locator("[data-reorder-handle]")
    handle.focus()
    # Drafts that others left in the account stand before what is published.
    before = page.locator("tr[data-reorder-item]").evaluate_all(
        "(rows, title) => rows.findIndex(row => row.textContent.includes(title))", f"Alpha {number}"
    )
    with page.expect_response(re.compile("/move/$")) as told:
        page.keyboard.press("ArrowDown")
    assert told.value.status == 204
    expect(handle).to_be_focused()
    expect(page.locator("[data-announce]")).to_contain_text(f"Place {before + 2} of")
    assert kept(site, number) == ["Beta", "Alpha", "Gamma"]
    with page.expect_response(re.compile("/move/$")):
        page.keyboard.press("ArrowDown")
    assert kept(site, number) == ["Beta", "Gamma", "Alpha"]
    with page.expect_response(re.compile("/move/$")):
        page.keyboard.press("Home")
    page.reload()
    assert kept(site, number) == ["Alpha", "Beta", "Gamma"]

    grip = row(page, f"Gamma {number}").locator("[data-reorder-handle]")
    from_box, to_box = grip.bounding_box(), row(page, f"Alpha {number}").bounding_box()
    assert from_box
    assert to_box
    page.mouse.move(from_box["x"] + 5, from_box["y"] + 5)
    page.mouse.down()
    page.mouse.move(from_box["x"] + 5, to_box["y"] + 2, steps=8)
    with page.expect_response(re.compile("/move/$")):
        page.mouse.up()
    assert kept(site, number) == ["Gamma", "Alpha", "Beta"]


def test_an_order_that_is_not_kept_says_so(
    visit: Visit, ada: StorageState, number: int, watch: Watch
) -> None:
    page = visit(storage_state=ada)
    page.goto("/studio/")
    lost = page.locator("[data-order-lost]")
    expect(lost).to_be_hidden()
    watch.offline = True
    page.context.set_offline(True)
    row(page, f"Alpha {number}").locator("[data-reorder-handle]").press("ArrowDown")
    expect(lost).to_be_visible()


def test_without_scripts_there_are_buttons(
    visit: Visit, site: RunningSite, ada: StorageState, number: int
) -> None:
    page = visit(storage_state=ada, java_script_enabled=False)
    page.goto("/studio/")
    expect(page.locator("[data-reorder-handle]").first).to_be_hidden()
    actions = row(page, f"Beta {number}")
    actions.locator("summary").click()
    actions.get_by_role("button", name="Move up").click()
    expect(page.get_by_text(f"“Beta {number}” is now number")).to_be_visible()
    assert kept(site, number) == ["Beta", "Alpha", "Gamma"]
    actions.locator("summary").click()
    actions.get_by_role("button", name="Pin to the profile").click()
    expect(actions.get_by_text("pinned")).to_be_visible()
    actions.locator("summary").click()
    actions.get_by_role("button", name="Unpin").click()
    expect(page.get_by_text("is no longer pinned")).to_be_visible()


def test_what_is_deleted_comes_back(
    visit: Visit, ada: StorageState, number: int, watch: Watch
) -> None:
    watch.allowed.add(404)
    page, visitor = visit(storage_state=ada), visit()
    address = f"/@ada/alpha-list-{number}/"
    title = f"Alpha {number}"

    def delete() -> None:
        actions = row(page, title)
        actions.locator("summary").click()
        actions.get_by_role("link", name="Delete…").click()
        expect(page.get_by_text("1 version", exact=False).first).to_be_visible()
        page.get_by_role("button", name="Delete the entry").click()
        expect(page.get_by_text(f"“{title}” is in the bin until")).to_be_visible()
        expect(row(page, title)).to_have_count(0)
        visitor.goto(address)
        expect(visitor.get_by_role("heading", level=1)).to_have_text("Nothing is here")

    page.goto("/studio/")
    delete()
    page.get_by_role("button", name="Undo").click()
    expect(row(page, title)).to_be_visible()
    visitor.goto(address)
    expect(visitor.get_by_role("heading", level=1)).to_have_text(title)
    delete()
    page.goto("/studio/")
    page.get_by_role("link", name=re.compile("^Bin")).click()
    page.get_by_role("button", name=f"Take it back {title}").click()
    expect(row(page, title)).to_be_visible()
    visitor.goto(address)
    expect(visitor.get_by_role("heading", level=1)).to_have_text(title)
