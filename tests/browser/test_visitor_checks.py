"""A visitor follows a claim down to one answer, and checks that the site captured it."""

import json
import re

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

ENTRY = "/@sample/support-ticket-triage/"
CASE = "Quiet but serious"


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_claim_to_its_receipt(visit: Visit, width: int) -> None:
    page = visit(width, 844)
    page.goto(ENTRY)
    claim = page.locator(".hero .proof")
    expect(claim).to_contain_text("4 of 4 tested constraints kept")
    expect(claim).to_contain_text("kept by the one-liner")
    expect(claim).to_be_in_viewport()
    page.get_by_role("link", name="See the evidence").click()
    expect(page).to_have_url(re.compile(r"/evidence/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Version 3 keeps 4 of 4 tested constraints"
    )
    row = page.get_by_role("row", name=re.compile(CASE))
    row.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/evidence/answers/\?"))
    expect(page.get_by_role("heading", level=1)).to_have_text(CASE)
    answer = page.locator("#side-main .answer").first
    expect(answer.get_by_text("captured here")).to_be_visible()
    answer.get_by_role("link", name="This run").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}/$"))
    constraints = page.get_by_role("region", name="Constraints")
    expect(constraints.locator(".constraint--kept")).to_have_count(4)
    expect(constraints.locator(".constraint__reason").first).to_be_visible()
    page.get_by_role("link", name="Check the receipt").click()
    expect(page).to_have_url(re.compile(r"/verify/\?run="))
    expect(page.get_by_text("This receipt holds.")).to_be_visible()


def test_every_shown_answer_offers_its_receipt(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    # Other tests of the same site may have added outputs of other origins.
    answers = page.locator(".answer").filter(has=page.locator(".origin--captured"))
    assert answers.count() >= 4
    for position in range(answers.count()):
        expect(answers.nth(position).get_by_role("link", name="receipt")).to_be_visible()
    page.locator("#pair-before").get_by_role("link", name="receipt").click()
    expect(page.get_by_text("This receipt holds.")).to_be_visible()


def test_the_one_liner_is_measured_by_the_same_constraints(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    before, after = (page.locator(f"#pair-{side} .constraint") for side in ("before", "after"))
    assert before.count() == after.count() == 6
    expect(page.locator("#pair-before .constraint--broken")).to_have_count(3)
    expect(page.locator("#pair-after .constraint--broken")).to_have_count(0)
    # Each stands beside its counterpart.
    left, right = before.last.bounding_box(), after.last.bounding_box()
    assert left is not None
    assert right is not None
    assert abs(left["y"] - right["y"]) < 1


def test_a_constraint_leads_to_its_story(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    page.locator("#constraints").get_by_role("link", name="kept in 12 of 12 runs").first.click()
    expect(page).to_have_url(re.compile(r"/evidence/\?constraint=1$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("exactly five lines")


def test_the_tests_go_along_as_a_file(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    address = page.get_by_role("link", name="Check it yourself").get_attribute("href")
    assert address is not None
    config = yaml.safe_load(page.request.get(address).text())
    assert len(config["tests"]) == 6
    assert config["prompts"]


def test_two_models_on_one_version(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    page.get_by_role("link", name="What differs between two models").click()
    expect(page.get_by_role("heading", name="Two models on version 3")).to_be_visible()
    for model in ("demo-large", "demo-small"):
        expect(page.get_by_role("heading", level=3, name=model)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_two_versions_on_every_case(visit: Visit, width: int) -> None:
    page = visit(width, 844)
    page.goto(f"{ENTRY}compare/?from=2&to=3")
    _fits(page)
    table = page.get_by_role("region", name="What the runs of both come to")
    expect(table.get_by_role("row", name=re.compile("Prompt tokens"))).to_be_visible()
    answers = page.get_by_role("region", name="Answers to the same input")
    expect(answers.get_by_text("Case 1 of 6")).to_be_visible()
    answers.get_by_role("link", name=CASE).click()
    expect(page).to_have_url(re.compile(r"from=2&to=3&case=[0-9a-f-]{36}&model=demo-large#answers"))
    expect(answers.get_by_text("Case 2 of 6")).to_be_visible()
    expect(answers.locator("ins, del").first).to_be_visible()
    answers.get_by_role("link", name="demo-small").click()
    expect(answers.locator(".answer").first).to_contain_text("demo-small")


def test_a_shared_link_says_nothing_of_a_real_model(visit: Visit) -> None:
    page = visit()
    page.goto(ENTRY)
    about = page.locator('meta[property="og:description"]').get_attribute("content")
    assert about is not None
    assert "Keeps" not in json.dumps(about)


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
