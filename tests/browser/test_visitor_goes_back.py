"""A visitor who leaves the form and comes back by the back button: what was run stands there.

Chromium keeps whole pages for the back button, which Playwright switches off for all other tests.
A page that must not be stored it keeps only until anything was run on it; other browsers keep it
after that, too, which the form's page is let here by taking away what forbids it.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Page, Route, expect

from tests.browser.conftest import WAIT_MS
from tests.browser.watch import Watch
from tests.engines.provider import Provider, answer
from tests.site import RunningSite

ENTRY, TRY = "/@back/back-and-forth/", "/@back/back-and-forth/try/"
ANSWER = "The boats are back."
MAKE = """
from tests import factories
from prompts_app.services import accounts
author = accounts.create_author(
    "back@example.org", "a long enough password", handle="back", name="Back", operator=True)
model = factories.model(
    factories.provider(author, {base_url!r}), "counted", input_price=1, output_price=1)
entry = factories.entry(
    author, title="Back and forth", slug="back-and-forth", visibility="unlisted",
    content=factories.content("Say something about this. {{{{ text }}}}"))
entry.tryable.set([model])
"""
RESERVED = """
from prompts_app.models import Reservation
print(Reservation.objects.filter(budget_day__owner__email="back@example.org").count())
"""
# Whether the page was taken out of the back button's cache, and its marks with it.
NOTE = "addEventListener('pageshow', (event) => { window.cameBack = event.persisted; })"


@pytest.fixture(scope="module")
def provider(site: RunningSite) -> Iterator[Provider]:
    """What the entry's model asks: every call at its wire is counted."""
    with Provider() as provider:
        provider.script([*answer(ANSWER)])
        site.python(MAKE.format(base_url=provider.base_url))
        yield provider


@pytest.fixture(scope="module")
def keeping(
    browser: Browser, browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Iterator[Browser]:
    """A Chromium that keeps pages for the back button, as a person's does."""
    assert browser.version
    options = browser_type_launch_args | {"ignore_default_args": ["--disable-back-forward-cache"]}
    found = browser_type.launch(**options)
    yield found
    found.close()


@pytest.fixture
def page(keeping: Browser, site: RunningSite, watch: Watch) -> Iterator[Page]:
    """A window of that browser, and what its pages must not do."""
    context = keeping.new_context(base_url=site.url)
    context.set_default_timeout(WAIT_MS)
    context.add_init_script(NOTE)
    watch.over(context)
    page = context.new_page()
    yield page
    # A page that is still loading is not waited for.
    page.unroute_all(behavior="ignoreErrors")
    context.close()


def storable(page: Page) -> None:
    """Let the browser keep the form's page whatever was run on it."""

    def fetched(route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()
            return
        found = route.fetch()
        headers = {key: of for key, of in found.headers.items() if key != "cache-control"}
        route.fulfill(response=found, headers=headers)

    page.route(re.compile(re.escape(TRY) + "$"), fetched)


def run(page: Page, text: str) -> None:
    """Fill the form and press Run."""
    page.goto(TRY)
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Run", exact=True).click()


def there_and_back(page: Page) -> bool:
    """Go to the entry and press back; return whether the page came back as it was left."""
    page.get_by_role("link", name="Back and forth").first.click()
    page.wait_for_url(f"**{ENTRY}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Back and forth")
    # A page that was kept loads nothing: there is nothing more to wait for.
    page.go_back(wait_until="commit")
    page.wait_for_url(f"**{TRY}", wait_until="commit")
    page.wait_for_function("window.cameBack !== undefined")
    return bool(page.evaluate("window.cameBack"))


def posts(page: Page) -> list[str]:
    """The addresses posted to from now on."""
    found: list[str] = []
    page.on("request", lambda one: found.append(one.url) if one.method == "POST" else None)
    return found


@pytest.mark.parametrize("kept", [False, True])
def test_the_answer_is_there_again_and_nothing_is_run(
    page: Page, site: RunningSite, provider: Provider, *, kept: bool
) -> None:
    if kept:
        storable(page)
    run(page, "Twelve boats set sail.")
    answered = page.locator("#column-0 [data-result]")
    expect(answered).to_contain_text(ANSWER)
    expect(page.locator("[data-try-link]")).to_be_visible()
    calls, reserved, sent = len(provider.requests), site.python(RESERVED), posts(page)
    assert there_and_back(page) is kept
    expect(answered).to_contain_text(ANSWER)
    expect(page.get_by_role("textbox")).to_have_value("Twelve boats set sail.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    assert sent == []
    assert (len(provider.requests), site.python(RESERVED)) == (calls, reserved)
    # And it runs again when its visitor asks for it.
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-try-figures]").first).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    assert len(provider.requests) == calls + 1


def test_a_form_that_came_back_as_it_was_left_runs_once(
    page: Page, site: RunningSite, provider: Provider
) -> None:
    calls, reserved = len(provider.requests), int(site.python(RESERVED))
    page.goto(TRY)
    page.get_by_role("textbox").fill("Thirteen boats set sail.")
    assert there_and_back(page)
    expect(page.get_by_role("textbox")).to_have_value("Thirteen boats set sail.")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#column-0 [data-result]")).to_contain_text(ANSWER)
    assert len(provider.requests) == calls + 1
    assert int(site.python(RESERVED)) == reserved + 1


def test_a_try_deleted_meanwhile_is_gone_from_a_page_that_was_kept(
    page: Page, provider: Provider, watch: Watch
) -> None:
    assert provider.port
    watch.allowed.add(404)
    storable(page)
    run(page, "Forget this.")
    expect(page.locator("#column-0 [data-result]")).to_contain_text(ANSWER)
    page.get_by_role("link", name="This try’s own page").click()
    page.get_by_role("button", name="Delete this try").click()
    page.wait_for_url(f"**{TRY}")
    # Over the page of the try, which is gone.
    page.evaluate("setTimeout(() => history.go(-2))")
    page.wait_for_function("window.cameBack")
    expect(page.get_by_text("The answer appears here").first).to_be_visible()
    expect(page.locator("#column-0 [data-result]")).to_be_hidden()
    expect(page.locator("[data-try-link]")).to_be_hidden()
