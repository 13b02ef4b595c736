"""Language, colours and the keyboard, as a visitor chooses them."""

import re

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_visitor_tries import finished
from tests.browser.watch import Watch

ENTRY = "/@sample/support-ticket-triage/"
TRY = f"{ENTRY}try/"


def french(text: str) -> str:
    """What the French catalogue says for `text`, which must differ from it."""
    with override("fr"):
        translated = gettext(text)
    assert translated != text
    return translated


def test_a_french_browser_gets_french_pages(visit: Visit) -> None:
    page = visit(locale="fr-FR")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_role("button", name=french("Search"))).to_be_visible()
    page.goto(ENTRY)
    # The entry is told in its author's French; the prompt stays in its own language, and says so.
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text("Un tri de tickets qui reste sourd aux cris")
    expect(title).to_have_attribute("lang", "fr")
    expect(page.locator("#constraints")).to_contain_text("Une instruction placée dans le ticket")
    expect(page.locator("#prompt")).to_contain_text("Priority follows impact, never tone")
    expect(page.get_by_role("heading", name=french("Before and after"))).to_be_visible()
    page.goto(TRY)
    page.get_by_role("link", name=re.compile("^Discret mais grave")).click()
    page.get_by_role("button", name=french("Run"), exact=True).click()
    figures = page.locator("#column-0 [data-try-figures]")
    expect(figures).to_be_visible()
    expect(figures).to_contain_text(french("free"))


def test_the_language_is_switched_both_ways_and_stays(visit: Visit) -> None:
    page = visit()
    page.goto(f"{ENTRY}compare/?from=1&to=2")
    html = page.locator("html")
    expect(html).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Français").click()
    expect(html).to_have_attribute("lang", "fr")
    # The same page, with what it was asked for.
    expect(page).to_have_url(re.compile(r"/compare/\?from=1&to=2$"))
    page.goto("/explore/")
    expect(html).to_have_attribute("lang", "fr")
    page.get_by_role("button", name="English").click()
    expect(html).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile("/explore/$"))


def test_the_language_is_switched_without_scripts(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/explore/")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")


@pytest.mark.parametrize(("system", "first", "then"), [("light", 255, 40), ("dark", 40, 255)])
def test_colours_follow_the_system_until_chosen_and_then_stay(
    visit: Visit, system: str, first: int, then: int
) -> None:
    page = visit(color_scheme=system)
    page.goto(ENTRY)
    assert _near(_background(page), first)
    page.locator("[data-theme-toggle]").click()
    assert _near(_background(page), then)
    page.reload()
    assert _near(_background(page), then)
    page.goto("/explore/")
    assert _near(_background(page), then)
    # A second window follows at once.
    other = page.context.new_page()
    other.goto(ENTRY)
    other.locator("[data-theme-toggle]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", system)
    assert _near(_background(page), first)


def _background(page: Page) -> float:
    """The mean of red, green and blue of the page's background, 0 to 255."""
    mean: float = page.evaluate(
        """() => {
          const canvas = document.createElement("canvas").getContext("2d");
          canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
          canvas.fillRect(0, 0, 1, 1);
          const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
          return (red + green + blue) / 3;
        }"""
    )
    return mean


def _near(value: float, wanted: int) -> bool:
    return abs(value - wanted) < 40


def test_run_is_reached_and_pressed_by_keyboard_alone(visit: Visit) -> None:
    page = visit()
    page.goto(TRY)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    run = page.get_by_role("button", name="Run", exact=True)
    example = page.get_by_role("link", name=re.compile("^Quiet but serious"))
    _tab_to(page, example)
    page.keyboard.press("Enter")
    expect(page.get_by_label("The customer's ticket")).to_have_value(re.compile("roadmap"))
    _tab_to(page, run)
    assert _focus_is_visible(page)
    page.keyboard.press("Enter")
    # The button under the finger is now the other one.
    expect(page.get_by_role("button", name="Stop all")).to_be_focused()
    finished(page)
    expect(run).to_be_focused()
    expect(page.locator("[data-announce]")).to_contain_text("2 of 2 done. The answer is complete.")


def test_ctrl_and_enter_runs_from_within_the_text(visit: Visit) -> None:
    page = visit()
    page.goto(TRY)
    page.get_by_label("The customer's ticket").fill("How do I invite a colleague?")
    page.keyboard.press("Control+Enter")
    finished(page)


def _tab_to(page: Page, target: Locator) -> None:
    for _step in range(30):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("Tab does not get there")


def _focus_is_visible(page: Page) -> bool:
    shown: bool = page.evaluate(
        "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        " && parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2"
    )
    return shown


def test_with_less_motion_nothing_moves(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")
    page.goto(TRY)
    page.get_by_role("link", name=re.compile("^Quiet but serious")).click()
    page.get_by_role("button", name="Run", exact=True).click()
    finished(page)
    # Animations that are as good as over when they begin are none.
    slow = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1)"
    assert page.evaluate(f"{slow}.length") == 0


def test_a_page_that_is_not_there_says_so_and_leads_on(visit: Visit, watch: Watch) -> None:
    watch.allowed.add(404)
    page = visit()
    response = page.goto("/@nobody/nothing/")
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("main").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
