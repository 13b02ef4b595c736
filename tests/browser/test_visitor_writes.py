"""A visitor writes to an author by keyboard, with and without scripts; the author reads it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.browser.watch import Watch
from tests.site import RunningSite

AUTHOR = """
from tests import factories
from prompts_app.services import accounts
author = accounts.create_author(
    "reached@example.org", "{password}", handle="reached", name="Rosa Reached",
    contact_mode="form")
factories.entry(author, title="An entry of Rosa's")
"""


@pytest.fixture(scope="module", autouse=True)
def author(site: RunningSite) -> None:
    """An author whose pages have a form."""
    site.python(AUTHOR.format(password=PASSWORD))


def write(page: Page, *texts: str) -> None:
    """Go from field to field by keyboard, no faster than people type, and send."""
    page.get_by_label("Your name").focus()
    for text in texts:
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(text, delay=40)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send the message")).to_be_focused()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_message_is_written_by_keyboard_and_read_in_the_studio(
    visit: Visit, watch: Watch, scripts: bool
) -> None:
    watch.allowed.add(422)
    visitor = f"Grace {'with' if scripts else 'without'} scripts"
    page = visit(java_script_enabled=scripts)
    page.goto("/@reached/")
    page.get_by_role("link", name="Write to Rosa Reached").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Write to Rosa Reached")
    # Nobody comes to the field that robots fill in.
    expect(page.get_by_label("Leave this empty")).to_be_hidden()
    write(page, visitor, "grace@example.org", "Short.")
    text = page.get_by_label("Message")
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(text).to_have_accessible_description("Write at least 10 characters.")
    expect(text).to_have_value("Short.")
    expect(page.get_by_label("Your name")).to_have_value(visitor)
    expect(page.get_by_label("Your e-mail address")).to_have_value("grace@example.org")
    write(page, visitor, "grace@example.org", "We liked your entry. Shall we talk next week?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your message is with Rosa Reached")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your message is with Rosa Reached")
    page.get_by_role("link", name="Back to Rosa Reached").click()

    studio = visit()
    sign_in(studio, "reached@example.org", PASSWORD)
    messages = studio.get_by_role("navigation", name="Studio").get_by_role("link", name="Messages")
    expect(messages).to_have_text(re.compile(r"Messages\s*1 not read yet"))
    messages.click()
    studio.get_by_role("link", name=visitor).click()
    expect(studio.get_by_text("Shall we talk next week?")).to_be_visible()
    expect(messages).to_have_text("Messages")
    answer = studio.get_by_role("link", name="grace@example.org")
    expect(answer).to_have_attribute("href", "mailto:grace@example.org")
    studio.get_by_text("Delete this message…").press("Enter")
    studio.get_by_role("button", name="Delete it for good").press("Enter")
    expect(studio.get_by_text("The message is deleted.")).to_be_visible()
    expect(studio.get_by_role("link", name=visitor)).to_have_count(0)


def test_certifications_are_added_and_removed_with_scripts(visit: Visit) -> None:
    page = visit()
    sign_in(page, "reached@example.org", PASSWORD)
    page.goto("/studio/profile/")
    rows = page.locator("[data-rows=certifications] [data-row]")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Add a certification").click()
    for place, name in enumerate(("First", "Second")):
        row = rows.nth(place)
        row.get_by_label(re.compile("^Certification")).fill(name)
        row.get_by_label("Issued by").fill("An institute")
        row.get_by_label("Issued in").fill("2025-11")
    rows.first.get_by_role("button", name="Remove this certification").click()
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_text("The profile is saved.")).to_be_visible()
    page.goto("/@reached/")
    earned = page.get_by_role("region", name="Certifications")
    expect(earned.get_by_role("listitem")).to_have_text(
        re.compile(r"Second\s*An institute, November 2025")
    )


def test_certifications_are_added_and_removed_without_scripts(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    sign_in(page, "reached@example.org", PASSWORD)
    page.goto("/studio/profile/")
    last = page.locator("[data-rows=certifications] [data-row]").last
    last.get_by_label(re.compile("^Certification")).fill("Plain")
    last.get_by_label("Issued by").fill("A school")
    last.get_by_label("Issued in").fill("2024-02")
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_text("The profile is saved.")).to_be_visible()
    row = page.locator("[data-rows=certifications] [data-row]").filter(
        has=page.locator("input[value=Plain]")
    )
    row.get_by_label("Remove", exact=True).check()
    page.get_by_role("button", name="Save the profile").click()
    expect(page.locator("input[value=Plain]")).to_have_count(0)
