"""A visitor runs a prompt on an input of their own and sees the answer come."""

import re
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WAIT_MS, Visit, groups, tries
from tests.browser.line import Line
from tests.browser.watch import Watch
from tests.site import RunningSite

TRY = "/@sample/support-ticket-triage/try/"
TEXT, RESULT = "#column-0 [data-text]", "#column-0 [data-result]"
# Notes every state of the text that a visitor sees while the answer comes.
NOTE_PROGRESS = f"""() => {{
  window.seen = [];
  const text = document.querySelector("{TEXT}");
  const result = document.querySelector("{RESULT}");
  new MutationObserver(() => {{
    if (result.hidden && text.checkVisibility()) window.seen.push(text.textContent);
  }}).observe(text, {{ childList: true, characterData: true, subtree: true }});
}}"""


# No scrolling is under way any more: the page stands still from one frame to the third.
SETTLED = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const from = scrollY;
  for (let at = 0; at < 3; at++) await frame();
  return scrollY === from;
}"""


def open_form(page: Page) -> None:
    """Open a form for one answer, with nothing beside it."""
    page.goto(TRY)
    page.get_by_label("Nothing", exact=True).check()


def run(page: Page) -> None:
    """Press Run."""
    page.get_by_role("button", name="Run", exact=True).click()


def finished(page: Page) -> None:
    """Wait until every answer is complete."""
    expect(page.locator("[data-try-link]")).to_be_visible()
    expect(page.locator("[data-try-figures]").first).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()


def reload_until(page: Page, text: str, column: int = 0) -> None:
    """Reload a try's page, as it asks its visitor to, until it says `text` of one answer."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not page.locator(f"#column-{column} [data-try-kept]").get_by_text(text).count():
        assert time.monotonic() < deadline, f"“{text}” never came"
        page.reload()


@pytest.mark.parametrize("width", [1280, 390])
def test_an_example_changed_and_run_streams_its_answer(
    visit: Visit, site: RunningSite, width: int
) -> None:
    before = tries(site)
    page = visit(width)
    open_form(page)
    page.get_by_role("link", name=re.compile("^Quiet but serious")).click()
    ticket = page.get_by_label("The customer's ticket")
    expect(ticket).to_have_value(re.compile("roadmap board"))
    expect(page.get_by_label("Customer's plan")).to_have_value("Free")
    ticket.fill("How can I change the colour of my board?")
    page.evaluate(NOTE_PROGRESS)
    run(page)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    finished(page)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    answer = page.locator(RESULT)
    expect(answer).to_contain_text("Category: how-to")
    expect(answer).to_contain_text("colour of my board")
    expect(answer).to_contain_text("scripted rules, not a language model")
    seen = page.evaluate("window.seen.filter(Boolean)")
    # It came in pieces, each adding to the one before.
    assert len(seen) >= 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(seen))
    assert len(seen[0]) < len(seen[-1]) / 2
    figures = page.locator("[data-try-figures]")
    expect(figures).to_contain_text(re.compile(r"first word after [\d.]+ m?s"))
    expect(figures).to_contain_text(re.compile(r"[\d.]+ m?s in all"))
    expect(figures).to_contain_text(re.compile(r"\d+ tokens in, \d+ out"))
    expect(figures).to_contain_text("free")
    assert tries(site) == before + 1


@pytest.mark.parametrize("width", [1280, 390])
def test_whoever_opens_the_form_may_press_run(visit: Visit, site: RunningSite, width: int) -> None:
    before = tries(site)
    page = visit(width, 844)
    open_form(page)
    ticket = page.get_by_label("The customer's ticket")
    expect(ticket).not_to_have_value("")
    examples = page.locator("[data-case]")
    expect(examples.first).to_have_attribute("aria-current", "true")
    assert tries(site) == before
    text = ticket.input_value()
    run(page)
    finished(page)
    assert tries(site) == before + 1
    page.locator(RESULT).get_by_text("What was sent").click()
    sent = page.locator(f"{RESULT} mark").filter(has_text=text.split("\n")[0])
    expect(sent.first).to_be_visible()


def test_a_text_of_ones_own_takes_the_place_of_the_example(visit: Visit) -> None:
    page = visit()
    open_form(page)
    ticket = page.get_by_label("The customer's ticket")
    chosen = page.locator("[data-case][aria-current]")
    first = ticket.input_value()
    own = page.get_by_role("link", name=re.compile("^A text of your own"))
    # What is written over is no example any more, until it stands there again.
    ticket.fill("Mine")
    expect(own).to_have_attribute("aria-current", "true")
    expect(chosen).to_have_count(1)
    ticket.fill(first)
    expect(own).not_to_have_attribute("aria-current", "true")
    expect(chosen).to_have_count(1)
    own.click()
    expect(ticket).to_have_value("")
    expect(page.locator("[data-try-fields] :focus")).to_have_count(1)
    expect(chosen).to_have_text(re.compile("^A text of your own"))
    page.reload()
    expect(ticket).to_have_value("")
    expect(chosen).to_have_text(re.compile("^A text of your own"))


def test_without_scripts_the_form_opens_filled_in_and_can_be_emptied(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto(TRY)
    ticket = page.get_by_label("The customer's ticket")
    expect(ticket).not_to_have_value("")
    page.get_by_role("link", name=re.compile("^A text of your own")).click()
    expect(ticket).to_have_value("")


def test_another_input_gives_another_answer(visit: Visit) -> None:
    page = visit()
    open_form(page)
    answers = []
    for ticket in ("How do I export a board?", "All my cards have disappeared since Monday."):
        page.get_by_label("The customer's ticket").fill(ticket)
        run(page)
        finished(page)
        answers.append(page.locator(f"{RESULT} .answer__body").inner_text())
    assert "P4" in answers[0]
    assert "P1" in answers[1]


def test_the_try_has_a_page_of_its_own_and_the_way_back(visit: Visit, site: RunningSite) -> None:
    page = visit()
    open_form(page)
    page.get_by_label("The customer's ticket").fill("Please add a dark theme.")
    run(page)
    finished(page)
    answer = page.locator(f"{RESULT} .answer__body").inner_text()
    after = tries(site)
    page.get_by_role("link", name="This try’s own page").click()
    expect(page).to_have_url(re.compile(r"/tries/[0-9a-f-]{36}/$"))
    kept = page.locator("[data-try-kept]")
    assert kept.locator(".answer__body").inner_text() == answer
    expect(kept).to_contain_text(re.compile(r"\d+ tokens in, \d+ out"))
    sent = kept.locator("details", has_text="What was sent")
    expect(sent.locator("mark").filter(has_text="Please add a dark theme.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    run(page)
    finished(page)
    # Going back gave a form that runs again, once.
    assert tries(site) == after + 1


def test_a_try_can_be_deleted_by_its_visitor(visit: Visit, watch: Watch) -> None:
    page = visit()
    open_form(page)
    page.get_by_label("The customer's ticket").fill("Delete this later.")
    run(page)
    finished(page)
    page.get_by_role("link", name="This try’s own page").click()
    page.wait_for_url("**/tries/*/")
    address = page.url
    page.get_by_role("button", name="Delete this try").click()
    page.wait_for_url("**/@sample/**")
    watch.allowed.add(404)
    response = page.goto(address)
    assert response is not None
    assert response.status == 404


def test_stop_keeps_what_came(visit: Visit, slow_try: str) -> None:
    page = visit()
    page.goto(slow_try)
    run(page)
    expect(page.locator(TEXT)).not_to_be_empty()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_focused()
    shown = page.locator(TEXT).inner_text()
    assert shown
    expect(page.locator(RESULT)).to_be_hidden()
    expect(page.locator("[data-announce]")).to_have_text("Stopped.")
    page.get_by_role("link", name="This try’s own page").click()
    kept = page.locator("[data-try-kept]")
    # The server learns of it a moment later.
    reload_until(page, "Stopped before the end.")
    assert kept.locator(".answer__body").inner_text()


def test_a_reload_runs_nothing(visit: Visit, site: RunningSite) -> None:
    page = visit()
    open_form(page)
    page.get_by_label("The customer's ticket").fill("What does a seat cost?")
    run(page)
    finished(page)
    answer = page.locator(f"{RESULT} .answer__body").inner_text()
    after = tries(site)
    page.reload()
    expect(page.locator(RESULT)).to_be_visible()
    assert page.locator(f"{RESULT} .answer__body").inner_text() == answer
    assert tries(site) == after


def test_a_double_click_makes_one_try(visit: Visit, site: RunningSite) -> None:
    before = tries(site)
    page = visit()
    open_form(page)
    page.get_by_label("The customer's ticket").fill("Twice is too often.")
    page.get_by_role("button", name="Run", exact=True).dblclick()
    finished(page)
    assert tries(site) == before + 1


@pytest.mark.parametrize("width", [1280, 390])
def test_what_is_wrong_is_said_at_the_field_and_the_rest_is_kept(
    visit: Visit, site: RunningSite, watch: Watch, width: int
) -> None:
    watch.allowed.add(422)
    before = tries(site)
    page = visit(width)
    open_form(page)
    page.get_by_label("The customer's ticket").fill("It is broken.")
    page.get_by_label("Longest reply, in words").fill("500")
    run(page)
    words = page.get_by_label("Longest reply, in words")
    expect(words).to_have_attribute("aria-invalid", "true")
    expect(words).to_be_focused()
    expect(page.locator(".field__error")).to_contain_text("120")
    # Where it is seen: neither scrolled away nor behind the bar with Run, which says again what
    # there is to know before.
    error, bar = (page.locator(one) for one in (".field__error", ".runbar"))
    expect(bar.locator("[data-try-terms]")).to_be_visible()
    page.wait_for_function(SETTLED)
    above, below = error.bounding_box(), bar.bounding_box()
    assert above is not None
    assert below is not None
    assert 0 < above["y"] < below["y"] - above["height"]
    expect(page.get_by_label("The customer's ticket")).to_have_value("It is broken.")
    assert tries(site) == before
    words.fill("60")
    run(page)
    finished(page)
    assert tries(site) == before + 1


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_why_a_long_text_is_refused_stands_in_view(
    visit: Visit, watch: Watch, size: tuple[int, int]
) -> None:
    watch.allowed.add(422)
    page = visit(size[0])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_form(page)
    page.get_by_label("The customer's ticket").fill("word " * 4000)
    run(page)
    error = page.locator("#id_value-ticket_error")
    expect(error).to_be_in_viewport()
    page.wait_for_function(SETTLED)
    bottom = "element => element.getBoundingClientRect().bottom"
    bar = page.locator(".runbar__quiet" if size[0] < 600 else ".runbar")
    assert error.evaluate(bottom) <= bar.evaluate("element => element.getBoundingClientRect().top")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_no_field_has_the_focus_under_the_bar(visit: Visit, size: tuple[int, int]) -> None:
    page = visit(size[0])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(TRY)
    page.get_by_role("link", name=re.compile("^A text of your own")).focus()
    bar = page.locator(".runbar__quiet" if size[0] < 600 else ".runbar")
    names = []
    for _field in range(5):
        page.keyboard.press("Tab")
        page.wait_for_function(SETTLED)
        names.append(page.evaluate("document.activeElement.name"))
        bottom = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        top = bar.evaluate("element => element.getBoundingClientRect().top")
        assert bottom <= top, names
    assert names[0] == "value-ticket"
    assert names[-1] == "compare"


def test_stopping_everything_says_stopped(visit: Visit, slow_twins: str) -> None:
    page = visit()
    page.goto(slow_twins)
    run(page)
    expect(page.locator("#column-0 [data-text]")).not_to_be_empty()
    page.get_by_role("button", name="Stop all").click()
    expect(page.locator("[data-try-progress]")).to_have_text("Stopped.")


def test_a_stream_that_breaks_off_shows_what_was_kept(
    visit: Visit, site: RunningSite, line: Line, watch: Watch, slow_try: str
) -> None:
    watch.offline = True
    before = tries(site)
    page = visit()
    page.goto(f"{line.url}{slow_try}")
    run(page)
    expect(page.locator(TEXT)).not_to_be_empty()
    line.cut(for_good=False)
    expect(page.locator("[data-announce]")).to_contain_text("This is what was kept.")
    expect(page.locator(RESULT)).to_be_visible()
    page.get_by_role("link", name="This try’s own page").click()
    reload_until(page, "Stopped before the end.")
    expect(page.locator("[data-try-kept] .answer__body")).not_to_be_empty()
    assert tries(site) == before + 1


def test_a_lost_connection_says_so_and_shows_what_was_kept_when_it_is_back(
    visit: Visit, site: RunningSite, line: Line, watch: Watch, slow_try: str
) -> None:
    watch.offline = True
    before = tries(site)
    page = visit()
    page.goto(f"{line.url}{slow_try}")
    run(page)
    expect(page.locator(TEXT)).not_to_be_empty()
    page.context.set_offline(True)
    line.cut()
    expect(page.locator("#column-0 [data-error]")).to_contain_text("The connection broke.")
    # What had come by then still stands there.
    expect(page.locator(TEXT)).not_to_be_empty()
    expect(page.locator(TEXT)).to_be_visible()
    line.mend()
    page.context.set_offline(False)
    expect(page.locator("#column-0 [data-error]")).to_be_hidden()
    expect(page.locator(RESULT)).to_be_visible()
    expect(page.get_by_role("link", name="This try’s own page")).to_be_visible()
    assert tries(site) == before + 1


LIMIT = """
from prompts_app.models import Spending, User
spending = Spending.of(User.objects.get(email="demo@promptfolio.example"))
print(spending.tries_per_visitor)
spending.tries_per_visitor = {limit}
spending.save()
"""


@pytest.fixture
def no_tries_left(site: RunningSite) -> Iterator[None]:
    """The sample author allows no tries for as long as a test lasts."""
    usual = site.python(LIMIT.format(limit=0))
    yield
    site.python(LIMIT.format(limit=usual))


@pytest.mark.usefixtures("no_tries_left")
def test_a_refused_try_says_why_and_offers_the_recorded_answer(
    visit: Visit, site: RunningSite, watch: Watch
) -> None:
    watch.allowed.add(429)
    before = tries(site)
    page = visit()
    open_form(page)
    page.get_by_role("link", name=re.compile("^Quiet but serious")).click()
    run(page)
    error = page.locator("[data-try-error]")
    expect(page.locator("[data-try-columns]")).to_be_hidden()
    expect(error).to_contain_text("You have used all your tries for today.")
    expect(error).to_contain_text("You can try again from")
    recorded = page.locator("[data-try-recorded]:visible")
    expect(recorded).to_have_count(1)
    expect(recorded).to_contain_text("Recorded earlier, with the example “Quiet but serious”")
    expect(recorded).to_contain_text("Priority: P1")
    expect(recorded.locator("time")).to_be_visible()
    assert tries(site) == before


@pytest.mark.usefixtures("no_tries_left")
def test_a_refused_try_without_scripts_is_a_whole_page(visit: Visit, watch: Watch) -> None:
    watch.allowed.add(429)
    page = visit(java_script_enabled=False)
    open_form(page)
    page.get_by_label("The customer's ticket").fill("Keep this text.")
    run(page)
    expect(page.get_by_role("alert")).to_contain_text("You have used all your tries for today.")
    expect(page.locator("[data-try-recorded]:visible")).to_have_count(1)
    expect(page.get_by_label("The customer's ticket")).to_have_value("Keep this text.")


def test_without_scripts_the_same_form_leads_to_the_tries_page(
    visit: Visit, site: RunningSite
) -> None:
    before = tries(site)
    page = visit(java_script_enabled=False)
    page.goto(TRY)
    page.get_by_role("link", name=re.compile("^Quiet but serious")).click()
    expect(page).to_have_url(re.compile(r"\?case="))
    expect(page.get_by_label("The customer's ticket")).to_have_value(re.compile("roadmap board"))
    page.get_by_label("Nothing", exact=True).check()
    page.get_by_label("The customer's ticket").fill("Cards from March are gone.")
    run(page)
    expect(page).to_have_url(re.compile(r"/tries/[0-9a-f-]{36}/$"))
    reload_until(page, "tokens in,")
    expect(page.locator("[data-try-kept]")).to_contain_text("Priority: P1")
    page.reload()
    assert tries(site) == before + 1


@pytest.mark.parametrize("beside", ["Nothing", "The one-liner, version 1"])
def test_without_scripts_two_clicks_make_one_try(
    visit: Visit, site: RunningSite, beside: str
) -> None:
    before = groups(site)
    page = visit(java_script_enabled=False)
    page.goto(TRY)
    page.get_by_role("radio", name=beside).check()
    page.get_by_label("The customer's ticket").fill("Once is enough.")
    page.get_by_role("button", name="Run", exact=True).dblclick()
    expect(page).to_have_url(re.compile(r"/tries/[0-9a-f-]{36}/$"))
    assert groups(site) == before + 1


def test_a_picture_prompt_answers_with_a_picture(visit: Visit) -> None:
    page = visit()
    page.goto("/@sample/product-picture/try/")
    page.get_by_role("link", name=re.compile("^Stoneware mug")).click()
    run(page)
    finished(page)
    pictures = page.locator("[data-result] img")
    expect(pictures).to_have_count(2)
    expect(pictures.first).to_be_visible()
    assert pictures.first.evaluate("one => one.naturalWidth") >= 512
