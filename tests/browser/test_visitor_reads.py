"""A visitor finds a prompt and reads its case study, on a wide screen and on a phone."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.site import RunningSite

ENTRY = "/@sample/support-ticket-triage/"
TITLE = "Support-ticket triage that ignores the shouting"
CLIPBOARD = ["clipboard-read", "clipboard-write"]

PUBLISHED = """
from prompts_app.models import Entry
import json
entry = Entry.objects.get(slug="support-ticket-triage")
print(json.dumps(entry.published.content))
"""


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_home_page_to_the_try(visit: Visit, width: int) -> None:
    page = visit(width)
    page.goto("/")
    page.get_by_role("searchbox", name="Search all entries").fill("ticket")
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(re.compile(r"/explore/\?q=ticket$"))
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    page.get_by_role("link", name="@sample").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sample author")
    page.get_by_role("link", name=TITLE).first.click()
    page.locator("#versions").get_by_role("link", name="v1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Version 1")
    expect(page.get_by_text("This is not the version the author shows.")).to_be_visible()
    page.get_by_role("link", name="Compare with version 3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("From version 1 to version 3")
    expect(page.locator("ins").first).to_be_visible()
    page.get_by_role("navigation", name="Path").get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="Try it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Try it: {TITLE}")
    expect(page.get_by_role("button", name="Run")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_filters_stand_in_the_address_and_the_back_button_takes_them_off(
    visit: Visit, width: int
) -> None:
    page = visit(width)
    page.goto("/explore/")
    results = page.locator("article.result")
    # Two of the six samples are in French.
    expect(results.nth(5)).to_be_visible()
    _open_filters(page)
    page.locator(".filters").get_by_role("link", name=re.compile("^French")).click()
    expect(page).to_have_url(re.compile(r"language=fr"))
    expect(results).to_have_count(2)
    _open_filters(page)
    page.locator(".filters").get_by_role("link", name=re.compile("^extraction")).click()
    expect(page).to_have_url(re.compile(r"tag="))
    expect(results).to_have_count(1)
    page.go_back()
    expect(results).to_have_count(2)
    page.get_by_role("link", name="Clear filters").click()
    expect(results.nth(5)).to_be_visible()
    page.go_back()
    expect(results).to_have_count(2)


def _open_filters(page: Page) -> None:
    filters = page.locator("details.filters")
    if filters.get_attribute("open") is None:
        filters.locator("summary").click()
    expect(filters).to_have_attribute("open", "")


def test_a_search_without_results_offers_a_way_on(visit: Visit) -> None:
    page = visit()
    page.goto("/explore/?q=zyzzyva")
    expect(page.get_by_text("Nothing found for “zyzzyva”")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Show all entries").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Explore")
    # The newest there are: those of the samples only where nobody published any since.
    expect(page.get_by_role("article").first).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_a_search_finds_accented_words_without_accents(visit: Visit) -> None:
    page = visit(locale="fr-FR")
    page.goto("/explore/?q=reunion")
    expect(page.get_by_role("link", name="Un compte rendu de réunion")).to_be_visible()


def test_the_case_study_sets_the_one_liner_beside_the_engineered_prompt(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    before, after = page.locator("#pair-before"), page.locator("#pair-after")
    expect(before).to_contain_text("Triage this support ticket and write a reply.")
    expect(after).to_contain_text("Priority follows impact, never tone")
    for side in (before, after):
        expect(side.locator("mark.var").first).to_be_visible()
        expect(side.get_by_text("scripted rules, not a language model")).to_be_visible()
    left, right = before.bounding_box(), after.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert abs(left["y"] - right["y"]) < 1
    for heading in ("Task", "Context", "Constraints", "Prompt", "Evidence", "Versions"):
        expect(page.get_by_role("heading", level=2, name=heading, exact=True)).to_be_visible()


def test_the_cases_of_the_before_and_after_can_be_stepped_through(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    pair = page.locator("#pair")
    answer = pair.locator("#pair-after .answer__body")
    first = answer.inner_text()
    pair.get_by_role("link", name="Quiet but serious").click()
    expect(page).to_have_url(re.compile(r"\?case=[0-9a-f-]{36}.*#pair$"))
    expect(pair.get_by_text("Case 2 of 6")).to_be_visible()
    assert answer.inner_text() != first


def test_on_a_phone_before_and_after_are_tabs_that_remember(visit: Visit) -> None:
    page = visit(390, 844)
    page.goto(ENTRY)
    before, after = page.locator("#pair-before"), page.locator("#pair-after")
    expect(before).to_be_visible()
    expect(after).to_be_hidden()
    page.get_by_role("tab", name="After (v3)").click()
    expect(after).to_be_visible()
    expect(before).to_be_hidden()
    expect(page.get_by_role("tab", name="After (v3)")).to_have_attribute("aria-selected", "true")
    page.reload()
    expect(after).to_be_visible()
    expect(before).to_be_hidden()
    page.get_by_role("tab", name="After (v3)").press("ArrowRight")
    expect(before).to_be_visible()
    expect(page.get_by_role("tab", name="Before (v1)")).to_be_focused()
    # Turned to a wide screen, both stand there again.
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(before).to_be_visible()
    expect(after).to_be_visible()


def test_one_click_puts_the_prompt_on_the_clipboard(visit: Visit, site: RunningSite) -> None:
    messages = json.loads(site.python(PUBLISHED))["messages"]
    page = visit(permissions=CLIPBOARD)
    page.goto(ENTRY)
    system = page.locator("#prompt .message").first
    button = system.get_by_role("button", name="Copy")
    button.click()
    expect(system.get_by_role("button", name="Copied")).to_be_visible()
    assert _clipboard(page).strip() == messages[0]["content"].strip()
    # The button says its own name again.
    expect(button).to_have_text("Copy")


@pytest.mark.parametrize(
    ("choice", "tab", "mark"),
    [
        ("as Python", "Python", "from openai import OpenAI"),
        ("as curl", "curl", "curl "),
        ("as JSON", "JSON", '"messages"'),
    ],
)
def test_the_prompt_is_copied_as_code(visit: Visit, choice: str, tab: str, mark: str) -> None:
    page = visit(permissions=CLIPBOARD)
    page.goto(ENTRY)
    page.locator("summary", has_text="Copy").click()
    page.get_by_role("button", name=choice).click()
    expect(page.locator(".menu__panel").get_by_role("button", name="Copied")).to_be_visible()
    copied = _clipboard(page)
    assert mark in copied
    # The same code can be read, and copied, further down.
    page.keyboard.press("Escape")
    block = page.locator("details.code-copy").filter(has=page.locator(f"summary:text-is('{tab}')"))
    block.locator("summary").click()
    expect(block.locator("pre")).to_be_visible()
    assert block.locator("pre").inner_text() == copied
    if tab == "JSON":
        assert json.loads(copied)["messages"]


def _clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_a_comparison_of_chosen_versions(visit: Visit) -> None:
    page = visit()
    page.goto(f"{ENTRY}compare/?from=1&to=2")
    page.get_by_label("From version").select_option("v2")
    page.get_by_label("To version").select_option("v3")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("From version 2 to version 3")
    messages = page.get_by_role("region", name="Messages")
    expect(messages.locator("ins").filter(has_text="impact").first).to_be_visible()
    constraints = page.get_by_role("region", name="Constraints")
    expect(constraints.locator("ins").filter(has_text="promises no refund")).to_be_visible()
    expect(constraints.locator("del").filter(has_text="stays")).to_be_visible()
    expect(page.get_by_role("region", name="Variables")).to_contain_text("plan · new")


def test_an_output_has_a_page_with_what_was_sent(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    page.locator("#pair-after").get_by_role("link", name="This run").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("demo-")
    expect(page.get_by_text("THIS IS UNACCEPTABLE").first).to_be_visible()
