"""The editor of a draft: what it says of saving is true, and nothing typed is lost."""

import itertools
import re

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, StorageState, expect

from tests.browser.conftest import Visit
from tests.browser.test_author_publishes import save, variable
from tests.browser.watch import Watch
from tests.site import RunningSite

DRAFT = """
from prompts_app.models import User
from tests import factories
entry = factories.entry(
    User.objects.get(email="ada@example.org"), title="{slug}", slug="{slug}",
    published=False, content=factories.content("Shorten: {{{{ text }}}}"))
"""
numbers = itertools.count(1)


@pytest.fixture
def draft(site: RunningSite, ada: StorageState) -> str:
    """The address of the editor of a new entry of Ada's."""
    slug = f"draft-{next(numbers)}"
    site.python(DRAFT.format(slug=slug))
    return f"/studio/entries/{slug}/"


def message(page: Page, text: str) -> None:
    """Type into the first message."""
    page.get_by_label("Text", exact=True).first.fill(text)


def state(page: Page) -> Locator:
    """What the page says of saving."""
    return page.locator("[data-saved-state]")


def test_saved_is_said_only_after_the_site_kept_it(
    visit: Visit, ada: StorageState, draft: str
) -> None:
    held: list[Route] = []
    page = visit(storage_state=ada)
    page.goto(draft)
    message(page, "Shorten this: {{ text }}")
    expect(state(page)).to_have_text("Not saved yet")
    page.route(f"**{draft}", lambda route: held.append(route))
    page.keyboard.press("Control+s")
    expect(state(page)).to_have_text("Saving…")
    with page.expect_response(f"**{draft}"):
        held[0].continue_()
    expect(state(page)).to_have_text(re.compile(r"^Saved \d"))


def test_a_save_that_fails_says_so_and_keeps_the_text(
    visit: Visit, ada: StorageState, watch: Watch, draft: str
) -> None:
    watch.offline = True
    page = visit(storage_state=ada)
    page.goto(draft)
    message(page, "Precious words: {{ text }}")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save draft").click()
    expect(state(page)).to_contain_text("Not saved: the site did not answer.")
    page.context.set_offline(False)
    save(page)
    page.reload()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Precious words: {{ text }}")


def test_leaving_with_changes_asks_first(visit: Visit, ada: StorageState, draft: str) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page = visit(storage_state=ada)
    page.goto(draft)
    page.on("dialog", stay)
    page.get_by_label("Text", exact=True).press_sequentially("More. ")
    page.get_by_role("link", name="Test cases").click()
    expect(page.get_by_label("Text", exact=True)).to_be_visible()
    assert asked == ["beforeunload"]
    save(page)
    page.get_by_role("link", name="Test cases").click()
    expect(page).to_have_url(re.compile("/cases/$"))
    assert asked == ["beforeunload"]


def test_two_tabs_never_overwrite_each_other(
    visit: Visit, ada: StorageState, watch: Watch, draft: str
) -> None:
    watch.allowed |= {409, 422}
    first = visit(storage_state=ada)
    first.goto(draft)
    second = first.context.new_page()
    second.goto(draft)
    message(first, "Written in the first tab: {{ text }}")
    save(first)
    message(second, "Written in the second tab: {{ text }}")
    second.get_by_role("button", name="Save draft").click()
    conflict = second.get_by_role("alert")
    expect(conflict).to_contain_text("This draft was saved elsewhere meanwhile")
    # Both texts: theirs in the comparison, mine also in the field, and not saved.
    expect(conflict).to_contain_text("first")
    expect(conflict).to_contain_text("second")
    text = second.get_by_label("Text", exact=True)
    expect(text).to_have_value("Written in the second tab: {{ text }}")
    first.reload()
    expect(first.get_by_label("Text", exact=True)).to_have_value(
        "Written in the first tab: {{ text }}"
    )
    second.get_by_role("button", name="Keep mine").click()
    expect(conflict).to_have_count(0)
    expect(state(second)).to_contain_text("Saved")
    first.reload()
    expect(first.get_by_label("Text", exact=True)).to_have_value(
        "Written in the second tab: {{ text }}"
    )


def test_the_other_tabs_text_can_be_taken(
    visit: Visit, ada: StorageState, watch: Watch, draft: str
) -> None:
    watch.allowed |= {409, 422}
    first = visit(storage_state=ada)
    first.goto(draft)
    second = first.context.new_page()
    second.goto(draft)
    message(first, "The better text: {{ text }}")
    save(first)
    message(second, "The worse text: {{ text }}")
    second.get_by_role("button", name="Save draft").click()
    second.once("dialog", lambda dialog: dialog.accept())
    second.get_by_role("link", name="Take theirs").click()
    expect(second.get_by_label("Text", exact=True)).to_have_value("The better text: {{ text }}")


def test_variables_come_and_go_with_the_text(visit: Visit, ada: StorageState, draft: str) -> None:
    page = visit(storage_state=ada)
    page.goto(draft)
    message(page, "{{ text }} for {{ reader }}, not \\{{ literal }} nor { plain }")
    expect(variable(page, "reader")).to_be_visible()
    expect(page.locator("[data-announce]")).to_have_text("Variable reader added.")
    expect(variable(page, "literal")).to_have_count(0)
    variable(page, "reader").get_by_label("Label").fill("Who reads")
    message(page, "{{ text }}")
    expect(variable(page, "reader").get_by_label("Label")).to_be_hidden()
    expect(page.locator("[data-announce]")).to_have_text("Variable reader is no longer used.")
    # Written again, it is as it was.
    message(page, "{{ text }} and {{ reader }}")
    expect(variable(page, "reader").get_by_label("Label")).to_have_value("Who reads")
    message(page, "{{ text }}")
    expect(variable(page, "reader").get_by_label("Label")).to_be_hidden()
    save(page)
    page.reload()
    expect(variable(page, "text")).to_be_visible()
    expect(variable(page, "reader")).to_have_count(0)


def test_rows_are_added_moved_removed_and_brought_back(
    visit: Visit, ada: StorageState, draft: str
) -> None:
    page = visit(storage_state=ada)
    page.goto(draft)
    texts = page.get_by_label("Text", exact=True)
    page.get_by_role("button", name="Add a message").click()
    page.get_by_label("Role").last.select_option("system")
    texts.last.fill("You are brief.")
    page.get_by_role("button", name="Move this message up").last.click()
    expect(texts.first).to_have_value("You are brief.")
    preview = page.locator("#preview-body")
    expect(preview.locator(".message").first).to_contain_text("You are brief.")
    rows = page.locator("[data-rows=messages] [data-row]")
    rows.last.get_by_role("button", name="Remove", exact=True).click()
    expect(preview.locator(".message")).to_have_count(1)
    rows.last.get_by_role("button", name="Undo").click()
    expect(preview.locator(".message")).to_have_count(2)
    rows.first.get_by_role("button", name="Remove", exact=True).click()
    save(page)
    page.reload()
    expect(texts).to_have_count(1)
    expect(texts).to_have_value("Shorten: {{ text }}")


def test_what_is_wrong_is_said_at_the_field_and_nothing_is_saved(
    visit: Visit, ada: StorageState, watch: Watch, draft: str
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada)
    page.goto(draft)
    page.get_by_label("Temperature").fill("9")
    page.get_by_label("Context").first.fill("Kept all the same.")
    page.get_by_role("button", name="Save draft").click()
    temperature = page.get_by_label("Temperature")
    expect(temperature).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Context").first).to_have_value("Kept all the same.")
    expect(state(page)).to_have_text("Not saved yet")
    temperature.fill("1")
    save(page)


def constraint(page: Page, place: int) -> Locator:
    """The row of a constraint, by its place from 0."""
    return page.locator("[data-rows=constraints] [data-rows-list] > [data-row]").nth(place)


def test_a_constraint_gets_the_fields_of_its_rule(
    visit: Visit, ada: StorageState, watch: Watch, draft: str
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada)
    page.goto(draft)
    page.get_by_role("button", name="Add a constraint").click()
    page.get_by_role("button", name="Add a constraint").click()
    brief, plain = constraint(page, 0), constraint(page, 1)
    rule = brief.get_by_label("How is it tested?")
    expect(brief.get_by_label("must not")).to_be_hidden()
    rule.select_option("Contains")
    brief.get_by_label("Text", exact=True).fill("per cent")
    # What was typed goes along where it fits, and is there again on the way back.
    rule.select_option("Number of words")
    expect(brief.get_by_label("Text", exact=True)).to_have_count(0)
    brief.get_by_label("At most").fill("many")
    rule.select_option("Ends with")
    expect(brief.get_by_label("Text", exact=True)).to_have_value("per cent")
    rule.select_option("Number of words")
    expect(brief.get_by_label("At most")).to_have_value("many")
    plain.get_by_label("Constraint").fill("No lists.")
    plain.get_by_label("How is it tested?").select_option("Matches an expression")
    plain.get_by_label("must not").check()
    plain.get_by_label("Regular expression").fill("\\n- ")
    expect(state(page)).to_have_text("Not saved yet")

    page.get_by_role("button", name="Save draft").click()
    most = brief.get_by_label("At most")
    expect(most).to_have_attribute("aria-invalid", "true")
    expect(most).to_have_accessible_description("Write a whole number.")
    expect(most).to_have_value("many")
    expect(plain.get_by_label("Regular expression")).to_have_value("\\n- ")
    page.get_by_role("link", name="Go to the first one").click()
    expect(most).to_be_focused()
    most.fill("40")
    preview = page.locator("#preview-body")
    expect(preview).to_contain_text("tested: has at most 40 words")
    save(page)
    page.reload()
    expect(brief.get_by_label("Constraint")).to_have_value("The answer has at most 40 words.")
    expect(brief.get_by_label("At most")).to_have_value("40")
    expect(plain.get_by_label("must not")).to_be_checked()
    expect(plain.get_by_label("Regular expression")).to_have_value("\\n- ")
    # And untested again.
    rule.select_option("Not tested")
    expect(brief.get_by_label("At most")).to_have_count(0)
    save(page)
    page.reload()
    expect(rule).to_have_value("")


def test_without_scripts_a_button_shows_the_fields(
    visit: Visit, ada: StorageState, draft: str
) -> None:
    page = visit(storage_state=ada, java_script_enabled=False)
    page.goto(draft)
    message(page, "Shorten this: {{ text }}")
    page.get_by_role("button", name="Add a constraint").last.click()
    row = constraint(page, 0)
    row.get_by_label("How is it tested?").select_option("Number of words")
    row.get_by_role("button", name="Show its fields").click()
    row.get_by_label("At most").fill("40")
    page.get_by_role("button", name="Save draft").click()
    expect(row.get_by_label("Constraint")).to_have_value("The answer has at most 40 words.")
    expect(page.get_by_label("Text", exact=True).first).to_have_value("Shorten this: {{ text }}")


def test_on_a_phone_draft_and_preview_are_tabs(visit: Visit, ada: StorageState, draft: str) -> None:
    page = visit(390, 844, storage_state=ada)
    page.goto(draft)
    message(page, "On a phone: {{ text }}")
    expect(page.locator("#preview-body")).to_be_hidden()
    page.get_by_role("tab", name="Preview").click()
    expect(page.locator("#preview-body")).to_contain_text("On a phone")
    expect(page.get_by_label("Text", exact=True)).to_be_hidden()
    page.get_by_role("tab", name="Draft").click()
    save(page)


def test_a_removed_test_case_can_be_brought_back(
    visit: Visit, ada: StorageState, draft: str
) -> None:
    page = visit(storage_state=ada)
    page.goto(f"{draft}cases/new/")
    page.get_by_label("Name").fill("A short one")
    page.get_by_role("button", name="Save the test case").click()
    page.get_by_role("button", name="Remove A short one").click()
    expect(page.get_by_text("“A short one” is removed.")).to_be_visible()
    expect(page.get_by_role("heading", name="A short one")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="A short one")).to_be_visible()
