"""An author adds a provider of their own, and visitors may choose its model."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.browser.test_visitor_tries import finished
from tests.browser.watch import Watch
from tests.site import RunningSite

KEY = "sk-browser-0123456789"

AUTHOR = """
from prompts_app.models import LLMModel
from prompts_app.services import accounts
from tests import factories
author = accounts.create_author(
    "{handle}@example.org", "{password}", handle="{handle}", name="{handle}", site_cap=1_000_000)
entry = factories.entry(author, title="Models to choose", slug="models", visibility="unlisted")
entry.tryable.set(LLMModel.objects.filter(provider__owner=None, name="demo-small"))
"""
OPERATOR = """
from prompts_app.models import User
User.objects.filter(email="edith@example.org").update(is_staff=True)
"""


def author(visit: Visit, site: RunningSite, handle: str) -> Page:
    """Make an author of an entry that can be tried on one model; sign in."""
    site.python(AUTHOR.format(handle=handle, password=PASSWORD))
    page = visit()
    sign_in(page, f"{handle}@example.org", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Entries")
    return page


def test_from_an_address_to_a_model_that_visitors_choose(
    visit: Visit, site: RunningSite, watch: Watch
) -> None:
    watch.allowed.add(422)
    demo = site.environment["DEMO_MODEL_URL"]
    page = author(visit, site, "edith")

    # Whoever is not the operator cannot reach into the private network.
    page.goto("/studio/models/")
    page.get_by_role("link", name="Other").click()
    page.get_by_label("Address").fill(demo)
    page.get_by_role("button", name="Keep it and go on to the test").click()
    expect(page.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field__error")).to_be_visible()
    site.python(OPERATOR)

    # A wrong address is said to be wrong, in words.
    page.get_by_label("Name").fill("My own server")
    page.get_by_label("Address").fill(f"{demo}/nowhere")
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Keep it and go on to the test").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My own server")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("There is no list of models at this address.")
    page.get_by_label("Address").fill(demo)
    page.get_by_role("button", name="Save the connection").click()
    # The key never comes back.
    expect(page.get_by_label("API key")).to_have_value("")
    assert KEY not in page.content()

    # Test, tick, confirm what it costs.
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("It answers and lists 3 models.")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("^demo-large")).check()
    page.get_by_role("button", name="Use the ticked models").click()
    expect(page.get_by_text("1 model is added.")).to_be_visible()
    into = page.get_by_label("Dollars per million tokens in, demo-large")
    out = page.get_by_label("Dollars per million tokens out, demo-large")
    into.fill("0")
    out.fill("")
    page.get_by_role("button", name="Save models and prices").click()
    expect(page.get_by_text("Give this price, too.")).to_be_visible()
    out.fill("0")
    page.get_by_role("button", name="Save models and prices").click()
    expect(page.get_by_text("Models and prices are saved.")).to_be_visible()

    # Allow it on an entry; a visitor chooses it.
    page.goto("/studio/entries/models/settings/")
    page.get_by_role("checkbox", name="demo-large (My own server)").check()
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_role("checkbox", name="demo-large (My own server)")).to_be_checked()
    visitor = visit()
    visitor.goto("/@edith/models/try/")
    visitor.get_by_label("Model", exact=True).select_option("demo-large")
    visitor.get_by_label("Text").fill("Three ships came in.")
    visitor.get_by_role("button", name="Run", exact=True).click()
    finished(visitor)
    answer = visitor.locator("#column-0 [data-result]")
    expect(visitor.get_by_role("heading", name="demo-large")).to_be_visible()
    expect(answer.locator(".answer__body")).not_to_be_empty()
    assert KEY not in site.log()


def test_a_try_can_be_paused_by_its_author(visit: Visit, site: RunningSite, watch: Watch) -> None:
    watch.allowed.add(409)
    page = author(visit, site, "maud")
    visitor = visit()
    visitor.goto("/@maud/models/try/")
    visitor.get_by_label("Text").fill("One more.")
    page.goto("/studio/limits/")
    page.get_by_role("button", name="Stop all tries").click()
    visitor.get_by_role("button", name="Run", exact=True).click()
    expect(visitor.locator("[data-try-error]")).to_contain_text("The author has paused all tries.")
    page.get_by_role("button", name=re.compile("tries")).click()
    visitor.get_by_role("button", name="Run", exact=True).click()
    finished(visitor)
