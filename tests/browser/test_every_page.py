"""What holds for every page: no error, one heading, a title, its language, room, and access."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, StorageState, expect

from tests.browser import pages
from tests.browser.conftest import Visit
from tests.browser.watch import Watch
from tests.site import RunningSite

AXE = Axe().axe_script
BRIEF = {"resultTypes": ["violations"], "preload": False}
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], **BRIEF}
# Only what depends on colours can be otherwise in the dark.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, **BRIEF}
# A colour on its way from light to dark is neither; where one has arrived, its heir may start.
RUN_AXE = """async (options) => {
  const moving = () => document.getAnimations().some((one) => one.playState === "running");
  for (let still = 0; still < 3; still = moving() ? 0 : still + 1) {
    await new Promise(requestAnimationFrame);
  }
  return (await axe.run(options)).violations;
}"""


@pytest.fixture(scope="session")
def words(site: RunningSite) -> dict[str, str]:
    """The parts of addresses that only the running site knows."""
    return pages.known(site)


@pytest.mark.parametrize("name", pages.VISITORS)
def test_a_visitors_page(visit: Visit, words: dict[str, str], name: str) -> None:
    _check(visit, pages.VISITORS[name].format_map(words), {})


@pytest.mark.parametrize("name", pages.AUTHORS)
def test_an_authors_page(
    visit: Visit, words: dict[str, str], sample_author: StorageState, name: str
) -> None:
    _check(visit, pages.AUTHORS[name].format_map(words), {"storage_state": sample_author})


def test_the_page_of_what_is_not_there(visit: Visit, watch: Watch) -> None:
    watch.allowed.add(404)
    _check(visit, "/nothing/", {}, status=404)


def _check(visit: Visit, address: str, options: dict[str, Any], status: int = 200) -> None:
    page = visit(reduced_motion="reduce", **options)
    _open(page, address, "en", status)
    page.evaluate(AXE)
    assert violations(page, STANDARD) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert violations(page, COLOURS) == []
    page.emulate_media(color_scheme="light")
    assert violations(page, STANDARD) == []
    _nothing_sticks_out(page)
    page.context.add_cookies([{"name": "language", "value": "fr", "url": page.url}])
    _open(page, address, "fr", status)
    _nothing_sticks_out(page)


def _open(page: Page, address: str, language: str, status: int) -> None:
    response = page.goto(address)
    assert response is not None
    assert response.status == status
    expect(page).to_have_title(re.compile(r"^\S.* · Promptfolio$"))
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("h1")).not_to_be_empty()
    expect(page.locator("html")).to_have_attribute("lang", language)


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds on a page where it was loaded (AXE)."""
    found = page.evaluate(RUN_AXE, options)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]


def _nothing_sticks_out(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    wide = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
          [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert wide == []
