"""An author signs in and takes an entry from nothing to listed, with proof beside it."""

import re

import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.browser.watch import Watch
from tests.site import RunningSite

NEW_AUTHOR = """
from prompts_app.services import accounts
accounts.create_author(
    "grace@example.org", "{password}", handle="grace", name="Grace", site_cap=1_000_000_000)
"""
# Nobody's: as long as one, and of no pattern.
KEY = "gsk" + "_aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYaB3dE5fG7hJ9kL2mN4pQ"
PROMPT = "Summarise {{ text }} for {{ reader }}."
BETTER = "You write for busy people. Summarise the text between the tags in one sentence."


def variable(page: Page, name: str) -> Locator:
    """The editor's row of a variable."""
    return page.locator("[data-rows=variables] [data-row]").filter(
        has=page.locator(f"[data-variable-name]:text-is('{name}')")
    )


def save(page: Page) -> None:
    """Save the draft and wait until the site says it did."""
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-saved-state]")).to_have_text(re.compile(r"^Saved \d"))


def subpage(page: Page, name: str) -> None:
    """Go to another page of the same entry."""
    page.get_by_role("navigation", name="This entry").get_by_role("link", name=name).click()


def test_from_sign_in_to_a_listed_entry_and_back(
    visit: Visit, site: RunningSite, watch: Watch
) -> None:
    site.python(NEW_AUTHOR.format(password=PASSWORD))
    watch.allowed.add(422)
    page = visit()

    # Sign in, with the wrong password first.
    sign_in(page, "grace@example.org", "not the password")
    expect(page.locator(".notice--error, .field__error").first).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value("grace@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Three steps to an entry you can send")).to_be_visible()

    # A new entry, with nothing in it first: the site says what is missing.
    page.get_by_role("link", name="Paste a prompt").click()
    make = page.get_by_role("button", name="Make the entry and write its prompt")
    title = page.get_by_label("Title")
    make.click()
    expect(title).to_have_attribute("aria-invalid", "true")
    title.fill(" ")
    page.get_by_text("Summary, tags, use case").click()
    page.get_by_role("textbox", name=re.compile("^Summary")).fill("Shortens a text for one reader.")
    make.click()
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Give it a title.")).to_be_visible()
    page.get_by_text("Summary, tags, use case").click()
    summary = page.get_by_role("textbox", name=re.compile("^Summary"))
    expect(summary).to_have_value("Shortens a text for one reader.")
    title.fill("A summary for one reader")
    page.get_by_label("Tags").fill("summary, writing")
    make.click()
    expect(page).to_have_url(re.compile("/studio/entries/a-summary-for-one-reader/$"))

    # Variables appear as they are typed, and take a type and choices.
    message = page.get_by_label("Text", exact=True).first
    message.press_sequentially(PROMPT)
    expect(variable(page, "text")).to_be_visible()
    reader = variable(page, "reader")
    expect(reader).to_be_visible()
    reader.get_by_label("Type").select_option("choice")
    reader.get_by_label("Choices, one a line").fill("a child\na lawyer")
    reader.get_by_label("Label").fill("Who reads it")
    reader.get_by_label("Default").fill("a child")
    variable(page, "text").get_by_label("Type").select_option("long_text")
    preview = page.locator("#preview-body")
    expect(preview).to_contain_text("for a child.")
    expect(page.locator("[data-saved-state]")).to_have_text("Not saved yet")
    page.get_by_role("button", name="Add a constraint").click()
    page.get_by_label("Constraint").last.fill("One sentence.")
    page.get_by_label("Temperature").fill("0")
    page.get_by_label("Max tokens").fill("200")
    page.get_by_label("Context").first.fill("For **busy** people.")
    expect(preview.locator("strong", has_text="busy")).to_be_visible()
    expect(preview).to_contain_text("One sentence.")
    save(page)
    page.reload()
    expect(message).to_have_value(PROMPT)
    expect(reader.get_by_label("Choices, one a line")).to_have_value("a child\na lawyer")

    # A test case, and the preview with its values.
    subpage(page, "Test cases")
    page.get_by_role("link", name="Add a test case").click()
    page.get_by_label("Name").fill("Harbour")
    page.get_by_label("text", exact=False).first.fill("Twelve boats left the harbour at dawn.")
    page.get_by_label("Who reads it").select_option("a lawyer")
    page.get_by_role("button", name="Save the test case").click()
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    subpage(page, "Prompt")
    page.get_by_label("with", exact=True).select_option("Harbour")
    expect(preview).to_contain_text("Twelve boats left the harbour at dawn.")
    expect(preview).to_contain_text("for a lawyer.")

    # Publish, then run it now: the output comes by itself.
    subpage(page, "Versions")
    page.get_by_label("Note").fill("The one-liner I began with")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("heading", name=re.compile("^Version 1"))).to_be_visible()
    subpage(page, "Outputs")
    page.get_by_role("checkbox", name="Harbour").check()
    page.get_by_role("checkbox", name=re.compile("^demo-large")).check()
    page.get_by_role("button", name="Run now").click()
    output = page.locator("#outputs article").first
    expect(output).to_contain_text("Demo model: scripted rules, not a language model.")
    expect(output.locator(".answer__body")).not_to_be_empty()

    # Paste an answer from elsewhere.
    page.get_by_text("Paste an answer from elsewhere").click()
    page.get_by_label("Answer").fill("Boats left early.")
    page.get_by_label("Model", exact=True).fill("another-model")
    page.get_by_role("button", name="Keep the answer").click()
    expect(page.locator("#outputs").get_by_text("Boats left early.")).to_be_visible()
    expect(page.locator("#outputs").get_by_text("another-model")).to_be_visible()

    # Version 2 must say what changed.
    subpage(page, "Prompt")
    page.get_by_label("Text", exact=True).first.fill(f"{BETTER}\n<text>{{{{ text }}}}</text>")
    expect(reader.get_by_label("Type")).to_be_hidden()
    save(page)
    subpage(page, "Versions")
    expect(page.locator(".changes ins").first).to_be_visible()
    publish = page.get_by_role("button", name="Publish version 2")
    publish.click()
    expect(page.get_by_label("What changed, and why")).to_be_focused()
    # What looks like a key is published by nobody who did not look at it.
    page.get_by_label("What changed, and why").fill(f"Reads {KEY}")
    publish.click()
    expect(page.get_by_text("Not published.")).to_be_in_viewport()
    expect(page.get_by_label("this is not a real key")).to_be_focused()
    publish = page.get_by_role("button", name="Publish version 2 all the same")
    publish.click()
    expect(page.get_by_label("this is not a real key")).to_be_focused()
    page.get_by_label("What changed, and why").fill("Says who reads it")
    publish.click()
    expect(page.get_by_role("heading", name=re.compile("^Version 2"))).to_be_visible()

    # Nobody sees a draft; listed, it stands on the profile.
    visitor = visit()
    watch.allowed.add(404)
    visitor.goto("/@grace/a-summary-for-one-reader/")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    subpage(page, "Settings")
    page.get_by_role("radio", name=re.compile("^listed")).check()
    page.get_by_role("checkbox", name=re.compile("^demo-small")).check()
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_text("Listed", exact=True)).to_be_visible()
    visitor.goto("/@grace/")
    visitor.get_by_role("link", name="A summary for one reader").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("A summary for one reader")
    expect(visitor.get_by_text("Says who reads it")).to_be_visible()
    visitor.get_by_role("link", name="Compare with v2").click()
    expect(visitor.locator("ins").filter(has_text="busy people").first).to_be_visible()

    # Withdraw version 1: its number, typed; its page says so.
    subpage(page, "Versions")
    page.get_by_role("link", name="Withdraw… 1").click()
    erase = page.get_by_role("button", name="Erase version 1 for good")
    page.get_by_label("Type the version’s number to confirm").fill("2")
    erase.click()
    expect(page.get_by_text("This is not the number. Nothing was withdrawn.")).to_be_visible()
    page.get_by_label("Type the version’s number to confirm").fill("1")
    erase.click()
    expect(page.get_by_text("withdrawn", exact=True)).to_be_visible()
    visitor.goto("/@grace/a-summary-for-one-reader/v1/")
    expect(visitor.get_by_text("The author withdrew this version")).to_be_visible()
    expect(visitor.locator("main")).not_to_contain_text("Summarise")

    # Sign out.
    page.get_by_role("contentinfo").get_by_role("link", name="Sign out").click()
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/studio/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_an_entry_without_scripts(visit: Visit, ada: StorageState, watch: Watch) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada, java_script_enabled=False)
    page.goto("/studio/entries/new/")
    page.get_by_label("Title").fill("Without scripts")
    page.get_by_role("button", name="Make the entry and write its prompt").click()
    text = page.get_by_label("Text", exact=True)
    text.first.fill("You answer in {{ tongue }}.")
    page.get_by_role("button", name="Add a message").click()
    expect(text).to_have_count(2)
    text.last.fill("Say: {{ words }}")
    page.get_by_role("button", name="Find variables").click()
    expect(variable(page, "tongue")).to_be_visible()
    variable(page, "tongue").get_by_label("Default").fill("French")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#preview-body")).to_contain_text("You answer in French.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-saved-state]")).to_contain_text("Saved")
    expect(text).to_have_count(2)
    expect(variable(page, "tongue").get_by_label("Default")).to_have_value("French")
    page.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("heading", name=re.compile("^Version 1"))).to_be_visible()
    page.goto("/studio/")
    expect(page.get_by_role("row", name=re.compile("Without scripts"))).to_contain_text("v1")


@pytest.mark.parametrize("address", ["/studio/", "/studio/entries/new/", "/studio/profile/"])
def test_the_studio_asks_strangers_to_sign_in_and_then_goes_on(
    visit: Visit, site: RunningSite, address: str
) -> None:
    page = visit()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("E-mail address").fill("demo@promptfolio.example")
    page.get_by_label("Password", exact=True).fill(site.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(f"{address}$"))
