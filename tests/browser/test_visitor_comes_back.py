"""A visitor whose connection broke, who left or who loaded the page again: one press is one try."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, groups
from tests.browser.line import Line
from tests.browser.test_visitor_compares import column
from tests.browser.test_visitor_tries import finished, run
from tests.browser.watch import Watch
from tests.site import RunningSite

AGAIN = "This is what was kept of the last run here."
BROKE = "The connection broke. This is what was kept."
STOPPED = "Stopped before the end. This is what had come by then."
# Every text that a screen reader is given to say, in order.
NOTE_SAID = """() => {
  window.said = [];
  for (const live of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) {
    new MutationObserver(() => window.said.push(live.textContent))
      .observe(live, { childList: true, characterData: true, subtree: true });
  }
}"""
both = pytest.mark.parametrize("columns", [1, 2])


@pytest.fixture
def form(request: pytest.FixtureRequest, columns: int) -> str:
    """The address of a form for so many answers, which take long."""
    address: str = request.getfixturevalue("slow_try" if columns == 1 else "slow_twins")
    return address


def attempt(page: Page) -> str:
    """The one-time id of the form."""
    return page.locator("[name=attempt]").input_value()


def under_way(page: Page, columns: int) -> None:
    """Press Run and wait for the first words of every answer."""
    run(page)
    for at in range(columns):
        expect(column(page, at).locator("[data-text]")).not_to_be_empty()


def shows_kept(page: Page, columns: int, note: str, text: str) -> None:
    """Expect what was kept of every column, and a form that can run again."""
    for at in range(columns):
        expect(column(page, at).locator("[data-note]")).to_have_text(note)
        expect(column(page, at).locator("[data-result]")).to_contain_text(text)
        expect(column(page, at).locator("[data-error]")).to_be_hidden()
        expect(column(page, at).locator("[data-stream]")).to_be_hidden()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    expect(page.locator("[data-try-link]")).to_be_visible()


@both
@pytest.mark.parametrize("replies", [1, 2, 4])
def test_a_lost_reply_costs_no_second_try(
    visit: Visit, site: RunningSite, line: Line, watch: Watch, form: str, columns: int, replies: int
) -> None:
    watch.offline = True
    before = groups(site)
    page = visit()
    page.goto(f"{line.url}{form}")
    used = attempt(page)
    line.lose(replies)
    run(page)
    # One answer breaks off with its reply; columns that wait are begun once they can be.
    for at in range(columns):
        came = "[data-text]:not(:empty)" if columns == 2 else "[data-note]"
        expect(column(page, at).locator(came)).to_be_visible()
    assert line.to_lose == 0
    if columns == 1:
        shows_kept(page, 1, BROKE, "Stopped before the end.")
    else:
        page.get_by_role("button", name="Stop all").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    page.get_by_role("link", name="This try’s own page").click()
    expect(page).to_have_url(f"{line.url}/tries/{used}/")
    expect(page.locator("[data-try-kept]")).to_have_count(columns)
    assert groups(site) == before + 1


@both
def test_a_lost_reply_is_made_up_for_when_the_line_is_back(
    visit: Visit, site: RunningSite, line: Line, watch: Watch, form: str, columns: int
) -> None:
    watch.offline = True
    before = groups(site)
    page = visit()
    page.goto(f"{line.url}{form}")
    used = attempt(page)
    line.lose(1, for_good=True)
    run(page)
    # Several columns were nowhere begun; a single one is itself what was lost.
    error = "[data-try-error]" if columns == 2 else "#column-0 [data-error]"
    expect(page.locator(error)).to_contain_text("The connection broke.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    assert line.to_lose == 0
    assert groups(site) == before + 1
    line.mend()
    if columns == 2:
        for at in range(columns):
            expect(column(page, at).locator("[data-text]")).not_to_be_empty()
        page.get_by_role("button", name="Stop all").click()
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    else:
        shows_kept(page, 1, BROKE, "Stopped before the end.")
    expect(page.locator(error)).to_be_hidden()
    assert attempt(page) != used
    assert groups(site) == before + 1


@both
def test_leaving_in_mid_stream_and_coming_back_shows_what_was_kept(
    visit: Visit, site: RunningSite, form: str, columns: int
) -> None:
    before = groups(site)
    page = visit()
    page.goto(form)
    page.get_by_role("textbox").fill("Thirteen boats set sail.")
    used = attempt(page)
    under_way(page, columns)
    page.goto("/explore/")
    page.go_back()
    shows_kept(page, columns, AGAIN, STOPPED)
    expect(page.get_by_role("textbox")).to_have_value("Thirteen boats set sail.")
    assert attempt(page) != used
    assert groups(site) == before + 1
    # The form runs again, as another try.
    under_way(page, columns)
    page.get_by_role("button", name=re.compile("^Stop( all)?$")).first.click()
    expect(page.locator("[data-try-link]")).to_be_visible()
    assert groups(site) == before + 2


@both
def test_a_reload_in_mid_stream_shows_what_was_kept(
    visit: Visit, site: RunningSite, form: str, columns: int
) -> None:
    before = groups(site)
    page = visit()
    page.goto(form)
    used = attempt(page)
    under_way(page, columns)
    page.reload()
    shows_kept(page, columns, AGAIN, STOPPED)
    assert attempt(page) != used
    page.reload()
    shows_kept(page, columns, AGAIN, STOPPED)
    assert groups(site) == before + 1


@both
def test_back_after_the_answer_shows_it_again(
    visit: Visit, site: RunningSite, columns: int
) -> None:
    page = visit(390, 844)
    page.goto("/@sample/support-ticket-triage/try/")
    name = "Nothing" if columns == 1 else "The one-liner, version 1"
    page.get_by_role("radio", name=name).check()
    page.get_by_label("The customer's ticket").fill("How do I export a board?")
    run(page)
    finished(page)
    before = groups(site)
    page.get_by_role("link", name="This try’s own page").click()
    expect(page.locator("[data-try-kept]")).to_have_count(columns)
    page.go_back()
    expect(column(page, 0).locator("[data-result]")).to_contain_text("Priority: P4")
    expect(column(page, 0).locator("[data-note]")).to_have_text(AGAIN)
    expect(page.get_by_label("The customer's ticket")).to_have_value("How do I export a board?")
    if columns == 2:
        expect(page.get_by_role("tab").nth(1)).to_contain_text("/4")
    # Another example chosen meanwhile is there again, too.
    page.get_by_role("link", name=re.compile("^Quiet but serious")).click()
    page.reload()
    expect(page.get_by_label("The customer's ticket")).to_have_value(re.compile("roadmap board"))
    expect(column(page, 0).locator("[data-result]")).to_contain_text("Priority: P4")
    assert groups(site) == before


def test_a_deleted_try_is_not_shown_again(visit: Visit, site: RunningSite, watch: Watch) -> None:
    watch.allowed.add(404)
    page = visit()
    page.goto("/@sample/support-ticket-triage/try/")
    page.get_by_label("The customer's ticket").fill("Forget this.")
    run(page)
    finished(page)
    page.get_by_role("link", name="This try’s own page").click()
    page.get_by_role("button", name="Delete this try").click()
    page.wait_for_url("**/@sample/**")
    expect(page.get_by_text("The answer appears here").first).to_be_visible()
    page.go_back()
    with page.expect_response("**/tries/*/") as gone:
        page.go_back()
    assert gone.value.status == 404
    expect(page.get_by_text("The answer appears here").first).to_be_visible()
    expect(page.locator("[data-try-link]")).to_be_hidden()


@both
def test_with_the_keyboard_alone(visit: Visit, site: RunningSite, form: str, columns: int) -> None:
    before = groups(site)
    page = visit()
    page.goto(form)
    page.get_by_role("textbox").focus()
    while page.evaluate("document.activeElement.dataset.run") is None:
        page.keyboard.press("Tab")
    page.evaluate(NOTE_SAID)
    # A key held down repeats itself.
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    for at in range(columns):
        expect(column(page, at).locator("[data-text]")).not_to_be_empty()
    expect(page.locator("[data-stop]")).to_be_focused()
    if columns == 2:
        page.keyboard.press("Tab")
        while page.evaluate("document.activeElement.dataset.stopOne") is None:
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(column(page, 0)).to_be_focused()
        expect(column(page, 0).locator("[data-note]")).to_have_text("Stopped.")
        # The other one is read to its end.
    else:
        page.keyboard.press("Space")
    expect(page.locator("[data-run]")).to_be_visible(timeout=30_000)
    said = page.evaluate("window.said")
    if columns == 1:
        assert said == ["Running.", "Stopped."]
    else:
        assert len(said) == 3
        assert said[0] == "Running."
        assert said[1].endswith("1 of 2 done. Stopped.")
        assert "2 of 2 done. The answer is complete." in said[2]
        expect(column(page, 1).locator("[data-try-figures]")).to_be_visible()
        expect(column(page, 0).locator("[data-result]")).to_be_hidden()
    expect(page.locator("[data-try-link]")).to_be_visible()
    assert groups(site) == before + 1


@both
def test_with_reduced_motion_nothing_moves(visit: Visit, form: str, columns: int) -> None:
    page = visit(390, 844, reduced_motion="reduce")
    page.goto(form)
    run(page)
    # On a phone the second answer is behind its tab.
    expect(column(page, 0).locator("[data-text]")).not_to_be_empty()
    moving = page.evaluate(
        "document.getAnimations().filter(({ effect, playState }) => playState === 'running'"
        " && effect.getComputedTiming().duration > 1).length"
    )
    assert moving == 0
    page.locator("[data-stop]").click()
    expect(page.locator("[data-try-link]")).to_be_visible()
