"""An author evaluates: chooses, sees what it costs, starts it once, reads what it proves."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.browser.watch import Watch
from tests.site import RunningSite

AUTHOR = """
from prompts_app.services import accounts
from tests import factories
author = accounts.create_author(
    "rosalind@example.org", "{password}", handle="rosalind", name="Rosalind", operator=True)
provider = factories.provider(author, "{demo}")
for name in ("demo-small", "demo-large"):
    factories.model(provider, name, input_price=100_000, output_price=200_000)
entry = factories.entry(author, title="A short summary", slug="summary", visibility="unlisted",
    content=factories.content("Summarise this. {{{{ text }}}}"))
short = {{"text": "At most 60 words.",
    "assertion": {{"type": "word-count", "value": {{"max": 60}}}}}}
factories.version(entry,
    factories.content("Summarise this in one sentence. {{{{ text }}}}", constraints=[short]))
for number, text in enumerate(("Three ships came in.", "Nobody was on the pier."), 1):
    factories.case(entry, f"Case {{number}}", values={{"text": text}})
"""
COUNT = """
from prompts_app.models import Evaluation
print(Evaluation.objects.filter(entry__slug="summary").count())
"""


def costs(page: Page, words: str) -> None:
    """The line beside the button says so many runs, at a price."""
    expect(page.locator("[role=status] strong")).to_have_text(
        re.compile(f"^{words}, at most \\$0\\.\\d+$")
    )


def test_from_the_choice_to_the_evidence(visit: Visit, site: RunningSite, watch: Watch) -> None:
    watch.allowed.add(422)
    site.python(AUTHOR.format(password=PASSWORD, demo=site.environment["DEMO_MODEL_URL"]))
    page = visit()
    sign_in(page, "rosalind@example.org", PASSWORD)
    page.get_by_role("link", name="A short summary").click()
    page.get_by_role("link", name="Evidence", exact=True).click()

    # The published version and the one it is measured against are chosen; the cost follows.
    costs(page, "2 versions × 1 model × 2 test cases = 4 runs")
    page.get_by_role("checkbox", name="demo-small").check()
    costs(page, "2 versions × 2 models × 2 test cases = 8 runs")

    # Nothing to run is said where it has to be chosen, and nothing is lost.
    page.get_by_role("checkbox", name="Case 1").uncheck()
    page.get_by_role("checkbox", name="Case 2").uncheck()
    expect(page.get_by_text("Choose at least one test case.")).to_be_visible()
    page.get_by_role("button", name="Start the evaluation").click()
    expect(page.locator(".field__error")).to_have_text("Choose at least one test case.")
    expect(page.get_by_role("checkbox", name="demo-small")).to_be_checked()
    page.get_by_role("checkbox", name="Case 1").check()
    page.get_by_role("checkbox", name="Case 2").check()
    costs(page, "2 versions × 2 models × 2 test cases = 8 runs")
    page.get_by_role("button", name="Start the evaluation").dblclick()

    expect(page.get_by_role("progressbar")).to_have_attribute("max", "8")
    expect(page.locator("#progress")).to_contain_text("8 of 8 runs made", timeout=30_000)
    expect(page.locator("#progress .state")).to_have_text("done")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    assert site.python(COUNT) == "1"

    page.get_by_role("link", name="See the evidence page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Version 2 keeps 1 of 1")
    expect(page.locator("main")).to_contain_text("demo-small")
    expect(page.locator("main")).to_contain_text("Case 2")
