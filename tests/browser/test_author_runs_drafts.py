"""An author runs a draft while writing it: the answer flows beside the text, saved or not."""

import re

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.browser.test_author_edits import draft, message, state
from tests.browser.watch import Watch
from tests.site import RunningSite

__all__ = ["draft"]
PICTURE = """
from prompts_app.models import Draft, Entry
from tests import factories
Entry.objects.filter(slug="{slug}").update(kind="image")
draft = Draft.objects.get(entry__slug="{slug}")
draft.content = factories.content("Draw {{{{{{{{ text }}}}}}}}", kind="image")
draft.save()
"""
DEFAULT = "An invoice of 12 May for three boats, 300 euros in all, unpaid."


def write(page: Page, text: str) -> None:
    """Type a prompt, and a default for what it asks."""
    message(page, text)
    page.get_by_label("Default").first.fill(DEFAULT)


def run(page: Page) -> None:
    page.locator("#draft-run").get_by_label("Model").select_option(label="demo-large")
    page.get_by_role("button", name="Run", exact=True).click()


def test_the_answer_comes_without_saving(visit: Visit, ada: StorageState, draft: str) -> None:
    page = visit(storage_state=ada)
    page.goto(draft)
    # However long it takes: what saves by itself never arrives.
    page.route(
        re.compile(rf"{draft}$"), lambda route: route.request.method == "POST" or route.continue_()
    )
    write(page, "Summarise this in one sentence: {{ text }}")
    run(page)
    answer = page.locator("#draft-run [data-result]")
    expect(answer.locator("[data-try-figures]")).to_be_visible()
    expect(answer).to_contain_text("Summarise this in one sentence")
    expect(page.locator("[data-announce]")).to_contain_text("The answer is complete.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    expect(state(page)).to_have_text("Not saved yet")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#draft-run [data-try-kept]")).to_contain_text("Summarise this")
    expect(page.get_by_label("Text", exact=True)).to_have_value("Shorten: {{ text }}")


def test_a_double_click_runs_once(
    visit: Visit, ada: StorageState, site: RunningSite, draft: str
) -> None:
    page = visit(storage_state=ada)
    page.goto(draft)
    write(page, "Summarise: {{ text }}")
    page.locator("#draft-run").get_by_label("Model").select_option(label="demo-large")
    page.get_by_role("button", name="Run", exact=True).dblclick()
    expect(page.locator("#draft-run [data-try-figures]")).to_be_visible()
    slug = draft.split("/")[-2]
    made = site.python(
        "from prompts_app.models import Reservation; "
        f"print(Reservation.objects.filter(draft_run__entry__slug='{slug}').count())"
    )
    assert made == "1"


def test_what_is_missing_is_said_and_nothing_is_lost(
    visit: Visit, ada: StorageState, watch: Watch, draft: str
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada)
    page.goto(draft)
    message(page, "Summarise: {{ text }}")
    run(page)
    expect(page.locator("#draft-run [data-error]")).to_contain_text("Nothing stands for text")
    expect(page.get_by_label("Text", exact=True)).to_have_value("Summarise: {{ text }}")


def test_without_scripts_the_draft_is_saved_and_the_answer_waits(
    visit: Visit, ada: StorageState, draft: str
) -> None:
    page = visit(storage_state=ada, java_script_enabled=False)
    page.goto(draft)
    write(page, "Summarise this kindly: {{ text }}")
    run(page)
    expect(page).to_have_url(re.compile(r"#draft-run$"))
    expect(page.locator("#draft-run [data-try-figures]")).to_be_visible()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Summarise this kindly: {{ text }}")


def test_a_picture_prompt_draws_beside_the_draft(
    visit: Visit, ada: StorageState, site: RunningSite, draft: str
) -> None:
    slug = draft.split("/")[-2]
    site.python(PICTURE.format(slug=slug))
    page = visit(storage_state=ada)
    page.goto(draft)
    message(page, "A boat in a small harbour, {{ text }}")
    page.get_by_label("Default").first.fill("at dusk")
    part = page.locator("#draft-run")
    expect(part.get_by_label("Model").locator("option")).to_have_text([re.compile("demo-picture")])
    page.get_by_role("button", name="Run", exact=True).click()
    picture = part.locator("[data-result] img")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 100
    page.get_by_role("button", name="Save draft").click()
    expect(state(page)).to_contain_text("Saved")
    page.reload()
    expect(part.locator("[data-try-kept] img")).to_be_visible()
