"""What a page weighs on the wire, and that nothing on it jumps."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_visitor_tries import finished

ENTRY = "/@sample/support-ticket-triage/"
HEAVIEST = 60 * 1024

# Shifts that follow a click are counted, too: Run must not make the page jump.
NOTE_SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) window.shifted += shift.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize(
    "address", [ENTRY, "/@sample/facture-vers-json/", "/", "/explore/", "/@sample/"]
)
def test_a_page_with_everything_it_loads_is_light(visit: Visit, address: str) -> None:
    page = visit()
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    received: list[int] = []
    # The bytes on the wire: compressed, with headers.
    client.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    pictures = page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter((one) => one.name.includes('/media/'))"
        ".reduce((sum, one) => sum + one.transferSize, 0)"
    )
    assert len(received) > 5
    assert sum(received) - pictures <= HEAVIEST


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("address", [ENTRY, "/@sample/product-picture/", "/explore/", "/"])
def test_nothing_jumps_while_a_page_loads(visit: Visit, address: str, width: int) -> None:
    page = visit(width, 844)
    page.add_init_script(NOTE_SHIFTS)
    page.goto(address, wait_until="networkidle")
    assert _shifted(page) < 0.02


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_an_answer_comes(visit: Visit, width: int) -> None:
    page = visit(width, 844)
    page.add_init_script(NOTE_SHIFTS)
    page.goto(f"{ENTRY}try/", wait_until="networkidle")
    page.get_by_role("link", name=re.compile("^Quiet but serious")).click()
    assert _shifted(page) < 0.02
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#column-0 [data-text]")).not_to_be_empty()
    finished(page)
    assert _shifted(page) < 0.02


def _shifted(page: Page) -> float:
    """The sum of all layout shifts until now, once what was drawn last is counted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    value: float = page.evaluate("window.shifted")
    return value
