"""An author takes everything along: with scripts the page leads to the file, without too."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Route, StorageState, expect

from tests.browser.conftest import Visit


@pytest.mark.parametrize("scripts", [True, False])
def test_the_archive_is_made_and_downloaded(
    visit: Visit, sample_author: StorageState, tmp_path: Path, scripts: bool
) -> None:
    page = visit(storage_state=sample_author, java_script_enabled=scripts)
    page.goto("/studio/")
    page.get_by_role("link", name="Take everything with you").click()
    # Whoever makes it again must not be shown the one before.
    for _time in range(2):
        before = re.escape(page.url)
        page.get_by_role("button", name="Make the ZIP").click()
        page.wait_for_url(re.compile(rf"^(?!{before}$).*#ready$"))
        expect(page.get_by_role("heading", name="Your archive")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the ZIP").click()
    file = tmp_path / "portfolio.zip"
    download.value.save_as(file)
    assert download.value.suggested_filename.startswith("promptfolio-sample-")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert "entries/support-ticket-triage.json" in archive.namelist()


# A browser that does not know the property yet.
OLDER = """const known = CSS.supports.bind(CSS);
CSS.supports = (one, ...rest) => !one.startsWith("scroll-initial") && known(one, ...rest);"""
# What of the row was moved since the page was drawn first.
SHIFTED = """() => new Promise((tell) => {
  const moved = (list) => list.getEntries().flatMap((one) => one.sources).map((one) => one.node)
    .filter((node) => node?.closest?.(".entry-head")).map((node) => node.outerHTML);
  new PerformanceObserver((list) => tell(moved(list)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => tell([]), 500);
})"""


@pytest.mark.parametrize("way", ["style", "script"])
@pytest.mark.parametrize("section", ["", "settings/", "export/"])
def test_the_current_tab_of_an_entry_is_in_view_on_a_phone(
    visit: Visit, sample_author: StorageState, way: str, section: str
) -> None:
    page = visit(
        390, 844, storage_state=sample_author, locale="fr-FR", java_script_enabled=way == "script"
    )
    if way == "script":

        def without(route: Route) -> None:
            response = route.fetch()
            text = response.text()
            assert "scroll-initial-target: nearest" in text
            route.fulfill(response=response, body=text.replace("scroll-initial-target", "--none"))

        page.route(re.compile(r"/pages/editor[^/]*\.css"), without)
        page.add_init_script(OLDER)
    page.goto(f"/studio/entries/support-ticket-triage/{section}")
    page.wait_for_load_state("networkidle")
    current = page.locator(".subnav [aria-current]")
    expect(current).to_be_in_viewport(ratio=1)
    box = current.bounding_box()
    assert box is not None
    assert box["x"] >= 8
    assert box["x"] + box["width"] <= 390 - 8
    if way == "script":
        assert page.evaluate("scrollY") == 0
        assert page.evaluate(SHIFTED) == []


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("width", [320, 390])
def test_the_whole_menu_of_the_studio_is_in_view_on_a_phone(
    visit: Visit, sample_author: StorageState, width: int, language: str
) -> None:
    page = visit(width, 844, storage_state=sample_author, locale=language)
    page.goto("/studio/limits/")
    links = page.locator(".studio__nav a")
    expect(links).to_have_count(6)
    for link in links.all():
        expect(link).to_be_in_viewport(ratio=1)
        box = link.bounding_box()
        assert box is not None
        assert 8 <= box["x"] <= box["x"] + box["width"] <= width - 8
    # On one line where they fit.
    tops = {round(one["y"]) for link in links.all() if (one := link.bounding_box())}
    assert len(tops) == 1 or width < 390
