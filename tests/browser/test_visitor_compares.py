"""A visitor runs a prompt beside the one-liner it started from, each answer in a column."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, groups
from tests.browser.line import Line
from tests.browser.test_every_page import AXE, COLOURS, STANDARD, violations
from tests.browser.test_look import french
from tests.browser.test_visitor_tries import TRY, finished, reload_until, run
from tests.browser.watch import Watch
from tests.site import RunningSite


def column(page: Page, at: int) -> Locator:
    """The place of one answer."""
    return page.locator(f"#column-{at}")


def test_the_prompt_beats_the_one_liner_side_by_side(visit: Visit, site: RunningSite) -> None:
    before = groups(site)
    page = visit()
    page.goto(TRY)
    expect(page.get_by_role("radio", name="The one-liner, version 1")).to_be_checked()
    page.get_by_role("link", name=re.compile("^Quiet but serious")).click()
    run(page)
    finished(page)
    expect(page.locator("[data-try-progress]")).to_have_text("2 of 2 done")
    ours, theirs = column(page, 0), column(page, 1)
    expect(ours.get_by_role("heading", level=3)).to_have_text("Version 3 demo-large")
    expect(theirs.get_by_role("heading", level=3)).to_have_text(
        "The one-liner, version 1 demo-large"
    )
    expect(ours).to_contain_text("Keeps 4 of 4 tested constraints.")
    expect(theirs).to_contain_text("Keeps 1 of 4 tested constraints.")
    for one, signs in ((ours, "✓✓○○✓✓"), (theirs, "✗✗○○✗✓")):
        assert "".join(one.locator(".constraint__sign").all_inner_texts()) == signs
    # Why, what the recorded runs come to, and what was sent.
    expect(theirs).to_contain_text("Found: “refund your”, “within 24 hours”.")
    expect(ours).to_contain_text("recorded: kept in 12 of 12 runs")
    expect(ours.get_by_role("link", name="See the evidence")).to_be_visible()
    theirs.get_by_text("What was sent").click()
    expect(theirs.locator("mark").first).to_contain_text("our roadmap board")
    assert groups(site) == before + 1
    box, other = ours.bounding_box(), theirs.bounding_box()
    assert box is not None
    assert other is not None
    assert box["y"] == other["y"]
    page.evaluate(AXE)
    assert violations(page, STANDARD) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == []
    page.get_by_role("link", name="This try’s own page").click()
    expect(page.locator("[data-try-kept]")).to_have_count(2)
    expect(page.locator("#column-1")).to_contain_text("Keeps 1 of 4 tested constraints.")
    page.evaluate(AXE)
    assert violations(page, STANDARD) == []


def test_on_a_phone_the_answers_are_tabs(visit: Visit) -> None:
    page = visit(390, 844, locale="fr-FR")
    page.goto(TRY)
    page.get_by_role("link", name=re.compile("^Discret mais grave")).click()
    page.get_by_role("button", name=french("Run"), exact=True).click()
    expect(page.locator("[data-try-link]")).to_be_visible()
    ours, theirs = page.get_by_role("tab").all()
    expect(ours).to_have_attribute("aria-selected", "true")
    expect(ours).to_contain_text("4/4")
    expect(theirs).to_contain_text("1/4")
    expect(column(page, 1)).to_be_hidden()
    ours.focus()
    page.keyboard.press("ArrowRight")
    expect(theirs).to_be_focused()
    expect(column(page, 0)).to_be_hidden()
    expect(column(page, 1).locator(".constraint--broken .constraint__word").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.evaluate(AXE)
    assert violations(page, STANDARD) == []


def test_both_stream_at_once_and_each_can_be_stopped(
    visit: Visit, site: RunningSite, slow_twins: str
) -> None:
    before = groups(site)
    page = visit()
    page.goto(slow_twins)
    page.get_by_role("button", name="Run", exact=True).dblclick()
    texts = [column(page, at).locator("[data-text]") for at in (0, 1)]
    for text in texts:
        expect(text).not_to_be_empty()
    column(page, 0).get_by_role("button", name="Stop").click()
    expect(column(page, 0)).to_be_focused()
    expect(column(page, 0)).to_contain_text("Stopped.")
    expect(page.locator("[data-announce]")).to_contain_text("1 of 2 done. Stopped.")
    stopped, length = texts[0].inner_text(), len(texts[1].inner_text())
    # The other one goes on.
    page.wait_for_function(
        "length => document.querySelector('#column-1 [data-text]').textContent.length > length",
        arg=length,
    )
    assert texts[0].inner_text() == stopped
    expect(page.locator("[data-try-link]")).to_be_hidden()
    page.get_by_role("button", name="Stop all").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_focused()
    expect(page.locator("[data-try-progress]")).to_have_text("Stopped.")
    page.get_by_role("link", name="This try’s own page").click()
    for at in (0, 1):
        reload_until(page, "Stopped before the end.", column=at)
    # A double click was one try; going back and looking again are none.
    page.go_back()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    page.reload()
    assert groups(site) == before + 1


def test_a_line_that_breaks_costs_no_second_try(
    visit: Visit, site: RunningSite, line: Line, watch: Watch, slow_twins: str
) -> None:
    watch.offline = True
    before = groups(site)
    page = visit()
    page.goto(f"{line.url}{slow_twins}")
    run(page)
    for at in (0, 1):
        expect(column(page, at).locator("[data-text]")).not_to_be_empty()
    page.context.set_offline(True)
    line.cut()
    for at in (0, 1):
        expect(column(page, at).locator("[data-error]")).to_contain_text("The connection broke.")
        expect(column(page, at).locator("[data-text]")).to_be_visible()
    line.mend()
    page.context.set_offline(False)
    for at in (0, 1):
        expect(column(page, at).locator("[data-result]")).to_be_visible()
        expect(column(page, at).locator("[data-error]")).to_be_hidden()
    assert groups(site) == before + 1


def test_without_scripts_both_stand_on_the_tries_page(visit: Visit, site: RunningSite) -> None:
    before = groups(site)
    page = visit(java_script_enabled=False)
    page.goto(TRY)
    page.get_by_label("The customer's ticket").fill("Cards from March are gone.")
    run(page)
    expect(page).to_have_url(re.compile(r"/tries/[0-9a-f-]{36}/$"))
    expect(column(page, 0)).to_contain_text("Priority: P1")
    expect(column(page, 0)).to_contain_text("of 4 tested constraints")
    expect(column(page, 1)).to_contain_text("Best regards")
    page.reload()
    assert groups(site) == before + 1


def test_one_prompt_on_another_model(visit: Visit) -> None:
    page = visit()
    page.goto(TRY)
    page.get_by_label("The same prompt on the other model").check()
    expect(column(page, 1).get_by_role("heading")).to_have_text("Version 3 demo-small")
    page.get_by_label("Model", exact=True).select_option("demo-small")
    expect(column(page, 1).get_by_role("heading")).to_have_text("Version 3 demo-large")
    page.get_by_label("Nothing", exact=True).check()
    expect(column(page, 1)).to_be_hidden()
    page.get_by_label("The same prompt on the other model").check()
    page.get_by_label("The customer's ticket").fill("How do I export a board?")
    run(page)
    finished(page)
    for at in (0, 1):
        expect(column(page, at)).to_contain_text("Priority: P4")
