"""Bringing prompts in as an author does: with scripts and without, and when the line breaks."""

import itertools
import re

import pytest
from playwright.sync_api import FilePayload, Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.browser.watch import Watch
from tests.importing import table

CHECK = re.compile(r"/studio/import/[0-9a-f-]{36}/$")
DONE = re.compile(r"/studio/imports/[0-9a-f-]{36}/$")
numbers = itertools.count(1)


@pytest.fixture
def words() -> str:
    """Words that no other import has."""
    return f"Poet number {next(numbers)}"


def chosen(page: Page, words: str) -> None:
    """Choose a file with two prompts and look at what it makes."""
    rows = [(f"{words}, {kind}", f"Be {words}, {kind}.", "FALSE", "TEXT", "x") for kind in "ab"]
    page.goto("/studio/import/")
    file = FilePayload(name="prompts.csv", mimeType="text/csv", buffer=table(*rows))
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Look at what it makes").click()
    expect(page).to_have_url(CHECK)


@pytest.mark.parametrize("scripts", [True, False])
def test_prompts_come_in_and_go_again(
    visit: Visit, ada: StorageState, words: str, scripts: bool
) -> None:
    page = visit(storage_state=ada, java_script_enabled=scripts)
    chosen(page, words)
    page.get_by_label(f"{words}, b").uncheck()
    page.get_by_role("button", name="Bring them in as drafts").click()
    expect(page).to_have_url(DONE)
    expect(page.get_by_role("link", name=f"{words}, a")).to_be_visible()
    expect(page.get_by_role("link", name=f"{words}, b")).to_have_count(0)
    page.get_by_role("link", name="Undo the import").click()
    page.get_by_role("button", name="Undo the import").click()
    expect(page).to_have_url(DONE)
    expect(page.get_by_text("all its entries are in the bin")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_wrong_is_said_at_its_field(
    visit: Visit, ada: StorageState, watch: Watch, scripts: bool
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada, java_script_enabled=scripts)
    page.goto("/studio/import/")
    page.get_by_role("button", name="Look at what it makes").click()
    expect(page.get_by_text("Choose a file, or paste text below.")).to_be_visible()
    expect(page.get_by_text("Nothing is brought in yet.")).to_be_in_viewport()
    expect(page.get_by_label("File")).to_be_focused()


def test_a_lost_connection_says_where_to_look(
    visit: Visit, ada: StorageState, words: str, watch: Watch
) -> None:
    watch.offline = True
    page = visit(storage_state=ada)
    chosen(page, words)
    page.route(CHECK, lambda route: route.abort())
    page.get_by_role("button", name="Bring them in as drafts").click()
    notice = page.locator("form:has(.actionbar) [data-progress-lost]")
    expect(notice).to_be_visible()
    expect(notice).to_be_focused()
    # And another press does what the first could not.
    page.unroute(CHECK)
    page.get_by_role("button", name="Bring them in as drafts").click()
    expect(page).to_have_url(DONE)
