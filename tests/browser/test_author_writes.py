"""Writing a draft: what is typed survives whatever happens, and is shaped where it stands."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, Route, StorageState, expect

from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.browser.test_author_edits import constraint, message, state
from tests.browser.test_author_publishes import save, variable
from tests.browser.watch import Watch
from tests.site import RunningSite

DRAFT = """
from prompts_app.models import User
from tests import factories
entry = factories.entry(
    User.objects.get(email="{email}"), title="{slug}", slug="{slug}", published={published},
    content=factories.content("Shorten: {{{{ text }}}}"))
case = factories.case(entry, "A letter", values={{"text": "Dear Sir, it rains."}})
for number in range({outputs}):
    factories.run(entry.published, case, output="word " * (number + 1), model_asked=f"m{{number}}")
"""
OTHER_AUTHOR = """
from prompts_app.services import accounts
accounts.create_author("{email}", "{password}", handle="{handle}", name="Somebody")
"""
CASE = """
import json
from prompts_app.models import Entry
entry = Entry.objects.get(slug="{slug}")
print(json.dumps([entry.cases.get().values, entry.draft.content]))
"""
numbers = itertools.count(1)
Make = Callable[..., str]


@pytest.fixture
def make(site: RunningSite, ada: StorageState) -> Make:
    """Make an entry; return the address of its editor."""

    def _make(email: str = "ada@example.org", outputs: int = 0) -> str:
        slug = f"written-{next(numbers)}"
        site.python(DRAFT.format(slug=slug, email=email, outputs=outputs, published=bool(outputs)))
        return f"/studio/entries/{slug}/"

    return _make


def kept(site: RunningSite, address: str) -> tuple[dict[str, str], dict[str, Any]]:
    """What the site has: the values of the one test case, and the draft."""
    found = json.loads(site.python(CASE.format(slug=address.split("/")[3])))
    return found[0], found[1]


def texts(page: Page) -> list[str]:
    """What stands in the messages, in their order."""
    found: list[str] = page.locator("#messages textarea").evaluate_all(
        "fields => fields.map((field) => field.value)"
    )
    return found


def saved(page: Page) -> None:
    """Wait until the page says that the site has what was typed."""
    expect(state(page)).to_have_text(re.compile(r"^Saved \d"))


def keeps(page: Page, drafts: int) -> None:
    """Wait until this browser keeps as many drafts: a page asks for what is left when it is up."""
    page.wait_for_function(
        "wanted => wanted === Object.keys(localStorage).filter(k => k.startsWith('draft:')).length",
        arg=drafts,
    )


def offer(page: Page) -> Locator:
    """What the page says of text that an earlier one left."""
    return page.get_by_role("region", name="Text of yours that the site does not have")


def test_a_draft_is_saved_by_itself(visit: Visit, ada: StorageState, make: Make) -> None:
    page = visit(storage_state=ada)
    page.goto(make())
    message(page, "By itself: {{ text }}")
    expect(state(page)).to_have_text("Not saved yet")
    saved(page)
    keeps(page, 0)
    page.reload()
    assert texts(page) == ["By itself: {{ text }}"]


def test_what_the_site_refuses_stays_and_leads_nowhere(
    visit: Visit, ada: StorageState, watch: Watch, make: Make
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada)
    page.goto(make())
    temperature = page.get_by_label("Temperature")
    temperature.fill("9")
    expect(state(page)).to_contain_text("something has to change first")
    expect(temperature).to_be_focused()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    offer(page).get_by_role("button", name="Bring it back").click()
    expect(temperature).to_have_value("9")
    temperature.fill("1")
    saved(page)
    keeps(page, 0)


def test_offline_edits_are_sent_when_the_site_answers(
    visit: Visit, ada: StorageState, watch: Watch, site: RunningSite, make: Make
) -> None:
    watch.offline = True
    page = visit(storage_state=ada)
    address = make()
    page.goto(address)
    page.context.set_offline(True)
    message(page, "Written in a tunnel: {{ text }}")
    expect(state(page)).to_contain_text("It is sent again by itself. Your text is kept in this")
    keeps(page, 1)
    page.context.set_offline(False)
    saved(page)
    keeps(page, 0)
    assert kept(site, address)[1]["messages"][0]["content"] == "Written in a tunnel: {{ text }}"


def test_offline_edits_survive_a_closed_page_until_they_are_kept(
    visit: Visit, ada: StorageState, watch: Watch, make: Make
) -> None:
    watch.offline = True
    first = visit(storage_state=ada)
    address = make()
    first.goto(address)
    first.context.set_offline(True)
    message(first, "Written offline: {{ text }} for {{ reader }}")
    first.get_by_role("button", name="Add a message").click()
    first.get_by_label("Text", exact=True).last.fill("And a second one.")
    expect(state(first)).to_contain_text("kept in this browser")
    first.close(run_before_unload=False)
    context = first.context
    context.set_offline(False)

    # Back again: offered, and not put in the place of anything.
    page = context.new_page()
    page.goto(address)
    expect(offer(page)).to_contain_text("Written offline")
    expect(offer(page)).to_contain_text("whoever uses this computer after you could find it")
    assert texts(page) == ["Shorten: {{ text }}"]
    offer(page).get_by_role("button", name="Bring it back").click()
    expect(variable(page, "reader")).to_be_visible()
    assert texts(page) == ["Written offline: {{ text }} for {{ reader }}", "And a second one."]
    saved(page)
    keeps(page, 0)
    page.goto(address)
    expect(offer(page)).to_be_hidden()
    assert len(texts(page)) == 2


def test_text_left_behind_meets_what_was_saved_since_side_by_side(
    visit: Visit, ada: StorageState, watch: Watch, make: Make
) -> None:
    watch.offline = True
    watch.allowed.add(409)
    first = visit(storage_state=ada)
    address = make()
    first.goto(address)
    first.context.set_offline(True)
    message(first, "The offline words: {{ text }}")
    expect(state(first)).to_contain_text("kept in this browser")
    first.close(run_before_unload=False)
    first.context.set_offline(False)
    elsewhere = visit(storage_state=ada)
    elsewhere.goto(address)
    message(elsewhere, "The words of another computer: {{ text }}")
    save(elsewhere)

    page = first.context.new_page()
    page.goto(address)
    offer(page).get_by_role("button", name="Bring it back").click()
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("saved elsewhere meanwhile")
    expect(conflict).to_contain_text("another")
    assert texts(page) == ["The offline words: {{ text }}"]
    keeps(page, 1)
    page.get_by_role("button", name="Keep mine").click()
    saved(page)
    assert texts(page) == ["The offline words: {{ text }}"]
    expect(offer(page)).to_be_hidden()
    keeps(page, 0)


def test_a_page_that_is_open_is_not_offered_to_another(
    visit: Visit, ada: StorageState, watch: Watch, make: Make
) -> None:
    watch.offline = True
    watch.allowed.add(409)
    first = visit(storage_state=ada)
    address = make()
    first.goto(address)
    second = first.context.new_page()
    second.goto(address)
    message(second, "Of the second tab: {{ text }}")
    saved(second)
    # Saved by itself, the first tab is not led away from what is being written.
    message(first, "Of the first tab: {{ text }}")
    expect(state(first)).to_contain_text("saved elsewhere meanwhile. Save to see both texts.")
    assert texts(first) == ["Of the first tab: {{ text }}"]
    third = first.context.new_page()
    third.goto(address)
    expect(third.get_by_label("Text", exact=True)).to_have_value("Of the second tab: {{ text }}")
    expect(offer(third)).to_be_hidden()
    first.get_by_role("button", name="Save draft").click()
    expect(first.get_by_role("alert")).to_contain_text("second")
    first.get_by_role("button", name="Keep mine").click()
    saved(first)
    keeps(first, 0)


def test_an_ended_session_loses_nothing_and_another_account_sees_nothing(
    visit: Visit, watch: Watch, site: RunningSite, make: Make
) -> None:
    watch.allowed |= {403, 404}
    number = next(numbers)
    mine, theirs = f"writer{number}@example.org", f"reader{number}@example.org"
    for email in (mine, theirs):
        handle = email.split("@")[0]
        site.python(OTHER_AUTHOR.format(email=email, password=PASSWORD, handle=handle))
    page = visit()
    sign_in(page, mine, PASSWORD)
    expect(page).to_have_url(f"{site.url}/studio/")
    address = make(mine)
    page.goto(address)
    page.context.clear_cookies()
    message(page, "After the session: {{ text }}")
    expect(state(page)).to_contain_text("you are signed out")
    expect(state(page)).to_contain_text("kept in this browser")

    other = page.context.new_page()
    sign_in(other, theirs, PASSWORD)
    expect(other).to_have_url(f"{site.url}/studio/")
    page.get_by_role("button", name="Save draft").click()
    expect(state(page)).to_contain_text(re.compile("signed out|somebody else is signed in"))
    other.goto("/accounts/logout/")
    # Nobody is told of somebody else's text.
    expect(other.locator("[data-held-notice]")).to_be_hidden()
    other.get_by_role("button", name="Sign out").click()

    sign_in(other, mine, PASSWORD)
    expect(other).to_have_url(f"{site.url}/studio/")
    page.get_by_role("button", name="Save draft").click()
    saved(page)
    keeps(page, 0)
    assert kept(site, address)[1]["messages"][0]["content"] == "After the session: {{ text }}"


def test_signing_out_says_what_stays_and_deletes_it_where_that_is_wished(
    visit: Visit, watch: Watch, site: RunningSite, make: Make
) -> None:
    watch.offline = True
    email = f"leaver{next(numbers)}@example.org"
    handle = email.split("@")[0]
    site.python(OTHER_AUTHOR.format(email=email, password=PASSWORD, handle=handle))
    page = visit()
    sign_in(page, email, PASSWORD)
    expect(page).to_have_url(f"{site.url}/studio/")
    address = make(email)
    page.goto(address)
    page.context.set_offline(True)
    message(page, "Left behind: {{ text }}")
    expect(state(page)).to_contain_text("kept in this browser")
    page.close(run_before_unload=False)
    page.context.set_offline(False)
    other = page.context.new_page()
    other.goto("/accounts/logout/")
    expect(other.locator("[data-held-count]")).to_contain_text("the text of one draft")
    other.get_by_role("button", name="Sign out").click()
    expect(other).not_to_have_url(re.compile("logout"))
    keeps(other, 1)
    sign_in(other, email, PASSWORD)
    other.goto("/accounts/logout/")
    other.get_by_label("Delete it here").check()
    other.get_by_role("button", name="Sign out").click()
    expect(other).not_to_have_url(re.compile("logout"))
    keeps(other, 0)


def test_messages_are_put_in_order_by_keyboard_and_by_dragging(
    visit: Visit, ada: StorageState, site: RunningSite, make: Make
) -> None:
    page = visit(storage_state=ada)
    address = make()
    page.goto(address)
    for text in ("two", "three"):
        page.get_by_role("button", name="Add a message").click()
        page.get_by_label("Text", exact=True).last.fill(text)
    one = "Shorten: {{ text }}"
    handles = page.get_by_role("button", name="Move this message with the arrow keys")
    handles.last.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-announce]")).to_have_text("Now in place 2 of 3.")
    assert texts(page) == [one, "three", "two"]
    page.keyboard.press("Home")
    assert texts(page) == ["three", one, "two"]
    expect(handles.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-announce]")).to_have_text("Now in place 1 of 3.")
    saved(page)
    assert [m["content"] for m in kept(site, address)[1]["messages"]] == ["three", one, "two"]

    _drag(page, handles.first, page.locator("#messages [data-row]").last)
    assert texts(page) == [one, "two", "three"]
    saved(page)
    assert [m["content"] for m in kept(site, address)[1]["messages"]] == [one, "two", "three"]
    # Escape takes a drag back.
    _drag(page, handles.last, page.locator("#messages [data-row]").first, drop=False)
    assert texts(page)[0] == "three"
    page.keyboard.press("Escape")
    assert texts(page) == [one, "two", "three"]
    page.mouse.up()
    assert texts(page) == [one, "two", "three"]


def test_constraints_are_put_in_order_like_messages(
    visit: Visit, ada: StorageState, site: RunningSite, make: Make
) -> None:
    page = visit(storage_state=ada)
    address = make(outputs=1)
    page.goto(address)

    def sentences() -> list[str]:
        typed: list[str] = page.locator("#constraints [name$='-text']").evaluate_all(
            "all => all.map((one) => one.value)"
        )
        return typed

    def in_database() -> list[str]:
        return [one["text"] for one in kept(site, address)[1]["constraints"]]

    for place, text in enumerate(("one {{ text }}", "two", "three")):
        page.get_by_role("button", name="Add a constraint").click()
        constraint(page, place).get_by_label("Constraint").fill(text)
    constraint(page, 2).get_by_label("How is it tested?").select_option("Contains")
    constraint(page, 2).get_by_label("Text", exact=True).fill("{{ text }}")
    handles = page.get_by_role("button", name="Move this constraint with the arrow keys")
    handles.last.focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-announce]")).to_have_text("Now in place 1 of 3.")
    expect(handles.first).to_be_focused()
    assert sentences() == ["three", "one {{ text }}", "two"]
    page.keyboard.press("ArrowDown")
    assert sentences() == ["one {{ text }}", "three", "two"]
    page.get_by_role("button", name="Move this constraint down").first.click()
    assert sentences() == ["three", "one {{ text }}", "two"]
    saved(page)
    assert in_database() == ["three", "one {{ text }}", "two"]

    _drag(page, handles.first, page.locator("#constraints [data-row]").last)
    assert sentences() == ["one {{ text }}", "two", "three"]
    # The rule goes along, is tried where it stands now, and a rename reaches it there.
    constraint(page, 2).get_by_role("button", name="Try it on the latest outputs").click()
    expect(constraint(page, 2).locator("[data-rule-tested]")).to_contain_text("0 of 1")
    variable(page, "text").get_by_text("Rename", exact=True).click()
    variable(page, "text").get_by_label("New name").fill("letter")
    page.keyboard.press("Enter")
    saved(page)
    assert in_database() == ["one {{ letter }}", "two", "three"]
    assert kept(site, address)[1]["constraints"][2]["assertion"]["value"] == "{{ letter }}"
    page.reload()
    assert sentences() == ["one {{ letter }}", "two", "three"]

    # One that is removed still says which it was, and can be taken back.
    constraint(page, 1).get_by_role("button", name="Remove this constraint").click()
    expect(constraint(page, 1).get_by_label("Constraint")).to_be_visible()
    expect(constraint(page, 1).get_by_label("How is it tested?")).to_be_hidden()
    constraint(page, 1).get_by_role("button", name="Undo").click()
    expect(constraint(page, 1).get_by_label("How is it tested?")).to_be_visible()


def _drag(page: Page, handle: Locator, onto: Locator, *, drop: bool = True) -> None:
    handle.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), onto.bounding_box()
    assert start is not None
    assert end is not None
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    goal = end["y"] + (end["height"] - 4 if end["y"] > start["y"] else 4)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x, y + (goal - y) * step / 8)
    if drop:
        page.mouse.up()


def test_a_variable_is_renamed_everywhere_at_once(
    visit: Visit, ada: StorageState, site: RunningSite, make: Make
) -> None:
    page = visit(storage_state=ada)
    address = make()
    page.goto(address)
    message(page, "Shorten {{ text }}, but not \\{{ text }}.")
    page.get_by_role("button", name="Add a message").click()
    page.get_by_label("Text", exact=True).last.fill("Again: {{text}}")
    page.get_by_label("Context").first.fill("About {{ text }}.")
    page.get_by_role("button", name="Add a constraint").click()
    row = constraint(page, 0)
    row.get_by_label("Constraint").fill("It is shorter than {{ text }}.")
    row.get_by_label("How is it tested?").select_option("Contains")
    row.get_by_label("Text", exact=True).fill("{{ text }}")
    variable(page, "text").get_by_label("Label").fill("The letter")

    variable(page, "text").get_by_text("Rename", exact=True).click()
    name = variable(page, "text").get_by_label("New name")
    expect(name).to_be_focused()
    name.fill("2 letters")
    name.press("Enter")
    expect(name).to_have_accessible_description(re.compile("cannot be a name"))
    name.fill("letter")
    name.press("Enter")
    expect(variable(page, "letter").get_by_label("Label")).to_have_value("The letter")
    expect(variable(page, "text")).to_have_count(0)
    assert texts(page) == ["Shorten {{ letter }}, but not \\{{ text }}.", "Again: {{letter}}"]
    expect(page.get_by_label("Context").first).to_have_value("About {{ letter }}.")
    expect(row.get_by_label("Constraint")).to_have_value("It is shorter than {{ letter }}.")
    expect(row.get_by_label("Text", exact=True)).to_have_value("{{ letter }}")
    # With the test case, before anything is saved.
    page.get_by_label("with", exact=True).select_option("A letter")
    expect(page.locator("#preview-body")).to_contain_text("Shorten Dear Sir, it rains.")
    saved(page)
    values, content = kept(site, address)
    assert values == {"text": "Dear Sir, it rains.", "letter": "Dear Sir, it rains."}
    assert [one["name"] for one in content["variables"]] == ["letter"]
    assert content["constraints"][0]["assertion"]["value"] == "{{ letter }}"


def test_renaming_is_taken_back_with_the_browsers_own_undo(
    visit: Visit, ada: StorageState, make: Make
) -> None:
    page = visit(storage_state=ada)
    page.goto(make())
    variable(page, "text").get_by_text("Rename", exact=True).click()
    variable(page, "text").get_by_label("New name").fill("letter")
    page.keyboard.press("Enter")
    expect(variable(page, "letter")).to_be_visible()
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.press("Control+z")
    assert texts(page) == ["Shorten: {{ text }}"]


def test_variables_are_marked_where_they_stand(visit: Visit, ada: StorageState, make: Make) -> None:
    page = visit(storage_state=ada)
    page.goto(make())
    field = page.get_by_label("Text", exact=True)
    field.fill("{{ a }} and \\{{ b }} and\n\n{{c}}")
    marks = page.locator(".marked__copy mark")
    expect(marks).to_have_text(["{{ a }}", "{{c}}"])
    expect(page.locator(".marked__copy")).to_have_attribute("aria-hidden", "true")
    # The copy lies right behind the text, however long that is.
    field.fill("x " * 2000 + "{{ far }}")
    boxes = page.evaluate(
        """() => {
          const [copy, field] = document.querySelector(".marked").children;
          return [copy, field].map((one) => [one.clientWidth, one.clientHeight, one.scrollHeight]);
        }"""
    )
    assert boxes[0][:2] == boxes[1][:2]
    assert boxes[1][1] == boxes[1][2]


def is_try(request: Request) -> bool:
    """Whether a request asks what a rule finds; the draft is saved at the same address."""
    return "test_rule" in (request.post_data or "")


def test_a_rule_is_tried_on_the_latest_outputs(visit: Visit, ada: StorageState, make: Make) -> None:
    page = visit(storage_state=ada)
    address = make(outputs=9)
    page.goto(address)
    page.get_by_role("button", name="Add a constraint").click()
    row = constraint(page, 0)
    attempt = row.get_by_role("button", name="Try it on the latest outputs")
    expect(attempt).to_be_hidden()
    row.get_by_label("How is it tested?").select_option("Number of words")
    attempt.click()
    found = row.locator("[data-rule-tested]")
    expect(found).to_contain_text("Give a least, a most, or both.")
    expect(found).not_to_contain_text("Would pass")
    row.get_by_label("At most").fill("7")
    expect(found).to_be_empty()
    # What comes late is of a rule that is no more.
    held: list[Route] = []
    page.route(
        f"**{address}",
        lambda route: held.append(route) if is_try(route.request) else route.continue_(),
    )
    with page.expect_request(is_try):
        attempt.click()
    expect(attempt).to_be_disabled()
    row.get_by_label("At most").fill("8")
    held[0].continue_()
    expect(attempt).to_be_enabled()
    expect(found).to_be_empty()
    page.unroute(f"**{address}")
    row.get_by_label("At most").fill("7")
    attempt.click()
    expect(found).to_contain_text("Would pass 7 of 9 latest outputs of version 1.")
    expect(found.get_by_role("link")).to_have_text(["A letter, m8", "A letter, m7"])
    expect(found).to_contain_text("Words: 9.")


def test_without_scripts_everything_is_there(
    visit: Visit, ada: StorageState, site: RunningSite, watch: Watch, make: Make
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada, java_script_enabled=False)
    address = make(outputs=3)
    page.goto(address)
    row = page.locator("[data-rows=variables] [data-row]").first
    row.get_by_text("Rename", exact=True).click()
    row.get_by_label("New name").fill("not a name")
    row.get_by_role("button", name="Rename everywhere").click()
    expect(page.get_by_text("cannot be a name")).to_be_visible()
    row.get_by_text("Rename", exact=True).click()
    row.get_by_label("New name").fill("letter")
    row.get_by_role("button", name="Rename everywhere").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Shorten: {{ letter }}")
    expect(page.locator("#preview-body")).to_contain_text("Dear Sir")
    page.get_by_role("button", name="Add a constraint").last.click()
    rule = constraint(page, 0)
    rule.get_by_label("How is it tested?").select_option("Number of words")
    rule.get_by_role("button", name="Show its fields").click()
    rule.get_by_label("At most").fill("2")
    rule.get_by_role("button", name="Try it on the latest outputs").click()
    expect(rule).to_contain_text("Would pass 2 of 3 latest outputs")
    expect(rule.get_by_label("At most")).to_have_value("2")
    page.get_by_role("button", name="Save draft").click()
    values, content = kept(site, address)
    assert values["letter"] == values["text"] == "Dear Sir, it rains."
    assert content["messages"][0]["content"] == "Shorten: {{ letter }}"


def test_publishing_saves_first_and_says_what_to_mend(
    visit: Visit, ada: StorageState, make: Make
) -> None:
    page = visit(storage_state=ada)
    page.goto(make())
    message(page, "Ask anna@firm.co.uk about {{ text }}")
    page.get_by_role("link", name="Publish…").click()
    mend = page.get_by_role("region", name="Before you publish")
    expect(mend).to_contain_text("anna@firm.co.uk")
    expect(mend).to_contain_text("There is no baseline")
    mend.get_by_role("link", name="Message 1").click()
    expect(page).to_have_url(re.compile(r"#id_messages-0-content$"))
    page.go_back()
    page.get_by_role("button", name="Publish version 1 all the same").click()
    expect(page.get_by_text("Version 1 is published.")).to_be_visible()


def test_typing_goes_on_while_the_page_comes_up(
    visit: Visit, ada: StorageState, make: Make
) -> None:
    held: list[Route] = []
    page = visit(storage_state=ada)
    page.route(re.compile(r"/marks(\.\w+)?\.js"), lambda route: held.append(route))
    page.goto(make(), wait_until="commit")
    text = page.get_by_label("Text", exact=True).first
    text.click()
    page.keyboard.press("Home")
    page.keyboard.type("First ")
    held[0].continue_()
    expect(page.locator(".marked__copy").first).to_be_attached()
    page.keyboard.type("and ")
    expect(text).to_have_value("First and Shorten: {{ text }}")
