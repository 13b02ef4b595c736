"""Several columns over real HTTP: admitted together, each with its own stream, its own end."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.engines.provider import Cut, Hang, Provider, Step, answer, delta, event, head
from tests.server.test_streams import events
from tests.site import RunningSite

TRY = "/@ada/replies/try/"
MAKE_ENTRY = """
from prompts_app.models import *
from tests import factories
entry = factories.entry(User.objects.get(email="author@example.org"), title="Replies",
    slug="replies", content=factories.content("Answer this. {{ text }}"))
prompt = "Answer in five words, politely: {{ text }}"
factories.version(entry, factories.content(prompt, constraints=[
    {"text": "Says thank you.", "assertion": {"type": "icontains", "value": "thank you"}},
    {"text": "At most five words.",
     "assertion": {"type": "word-count", "value": {"max": 5}}},
    {"text": "Is polite.", "assertion": {"type": "llm-rubric", "value": "The answer is polite."}},
    {"text": "Helps."},
]))
entry.tryable.set(LLMModel.objects.all())
print(LLMModel.objects.get().pk)
"""


@pytest.fixture(scope="module")
def model(site: RunningSite) -> str:
    """The one model; with it an entry whose baseline is version 1, whose rules are version 2's."""
    return site.python(MAKE_ENTRY)


@pytest.fixture
def visitor(site: RunningSite, model: str) -> Iterator[httpx2.Client]:
    """A visitor's browser with the form open."""
    with httpx2.Client(base_url=site.url, timeout=20, trust_env=False) as client:
        page = client.get(TRY)
        client.headers["Referer"] = site.url + TRY
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        client.headers["X-CSRFToken"] = token[1]
        yield client


@pytest.fixture
def form(model: str) -> dict[str, str]:
    """What the form sends for two columns: the prompt and its baseline."""
    return {
        "attempt": str(uuid.uuid4()),
        "value-text": "A text",
        "model": model,
        "compare": "baseline",
    }


def admit(visitor: httpx2.Client, form: dict[str, str]) -> list[dict[str, Any]]:
    """Have the columns admitted, as the page's script does."""
    response = visitor.post(TRY, data=form, headers={"Accept": "application/json"})
    assert response.status_code == 200, response.text
    columns: list[dict[str, Any]] = response.json()["columns"]
    return columns


def run(visitor: httpx2.Client, column: dict[str, Any]) -> list[tuple[str, Any]]:
    """Begin a column and read its stream to the end."""
    response = visitor.post(column["url"], headers={"Accept": "text/event-stream"})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"
    return events(response.text)


def kept(site: RunningSite, group: str) -> list[dict[str, Any]]:
    """What is kept of a group, by column, and of its money."""
    code = f"""
import json
from prompts_app.models import Try
print(json.dumps([
    {{"state": t.state, "output": t.output, "version": t.version.number, "counts": t.counts,
      "actual": t.reservation.actual, "amount": t.reservation.amount,
      "reserved": t.reservation.budget_day.reserved, "verdicts": len(t.verdicts)}}
    for t in Try.objects.filter(group="{group}").order_by("column")]))
"""
    found: list[dict[str, Any]] = json.loads(site.python(code))
    return found


def test_two_columns_are_judged_by_the_same_rules(
    site: RunningSite, visitor: httpx2.Client, provider: Provider, form: dict[str, str]
) -> None:
    asked = len(provider.requests)
    columns = admit(visitor, form)
    assert [(one["model"], one["version"]) for one in columns] == [("model-a", 2), ("model-a", 1)]
    assert columns[0]["try"] == form["attempt"]
    assert [one["url"] for one in columns] == [f"/tries/{one['try']}/run/" for one in columns]
    # Admitting makes no call yet.
    assert len(provider.requests) == asked
    provider.script(
        [*answer("Thank you for your text")], [*answer("No, and that is that, stranger")]
    )
    first, second = (run(visitor, one) for one in columns)
    assert first[0] == ("start", {"try": columns[0]["try"], "model": "model-a", "version": 2})
    assert second[0][1]["try"] == columns[1]["try"]
    sent = [one.json["messages"][0]["content"] for one in provider.requests[asked:]]
    assert sent == ["Answer in five words, politely: A text", "Answer this. A text"]
    done = [stream[-1][1] for stream in (first, second)]
    judged = "A model has to judge it, which is not done live."
    assert done[0]["verdicts"] == [
        {"text": "Says thank you.", "state": "kept", "reason": "“thank you” is there."},
        {"text": "At most five words.", "state": "kept", "reason": "Words: 5."},
        {"text": "Is polite.", "state": "stated", "reason": judged},
        {"text": "Helps.", "state": "stated", "reason": ""},
    ]
    assert [one["state"] for one in done[1]["verdicts"]] == ["broken", "broken", "stated", "stated"]
    assert [one["text"] for one in done[1]["verdicts"]] == [
        one["text"] for one in done[0]["verdicts"]
    ]
    # The chips within the HTML tell the same.
    for one, words in zip(done, ("2 of 2", "0 of 2"), strict=True):
        assert f"Keeps {words} tested constraints." in one["html"]
        assert one["html"].count(judged) == 1
    rows = kept(site, form["attempt"])
    assert [row["state"] for row in rows] == ["done", "done"]
    assert [row["counts"] for row in rows] == [True, False]
    assert [row["verdicts"] for row in rows] == [2, 2]
    assert [row["actual"] for row in rows] == [15, 17]
    assert rows[0]["reserved"] == 0
    page = visitor.get(f"/tries/{columns[1]['try']}/").text
    assert page.count("data-try-kept=") == 2
    for words in ("Thank you for your text", "2 of 2 tested", "that is that", "0 of 2 tested"):
        assert words in page


def test_one_column_may_fail_or_be_left_while_the_other_goes_on(
    site: RunningSite, visitor: httpx2.Client, provider: Provider, form: dict[str, str]
) -> None:
    hanging: list[Step] = [head(), event(delta("As far as this")), Hang()]
    provider.script(hanging, [*answer("Thank you")])
    first, second = admit(visitor, form)
    headers = {"Accept": "text/event-stream"}
    with visitor.stream("POST", first["url"], headers=headers) as open_stream:
        lines = open_stream.iter_lines()
        while "As far as this" not in next(lines):
            pass
        assert run(visitor, second)[-1][0] == "done"
        assert [row["state"] for row in kept(site, form["attempt"])] == ["running", "done"]
    for _ in range(50):
        rows = kept(site, form["attempt"])
        if rows[0]["state"] != "running":
            break
    assert [row["state"] for row in rows] == ["stopped", "done"]
    assert rows[0]["output"] == "As far as this"
    assert rows[0]["actual"] == rows[0]["amount"]
    assert rows[0]["reserved"] == 0
    cut: list[Step] = [head(), event(delta("Half an ans")), Cut()]
    provider.script(cut, [*answer("Thank you")])
    first, second = admit(visitor, form | {"attempt": str(uuid.uuid4())})
    failed, done = run(visitor, first), run(visitor, second)
    assert failed[-1][1]["code"] == "cut_off"
    assert done[-1][1]["verdicts"][0]["state"] == "kept"


def test_a_column_asked_for_again_runs_nothing(
    visitor: httpx2.Client, provider: Provider, form: dict[str, str]
) -> None:
    provider.script([*answer("Thank you")])
    columns = admit(visitor, form)
    once = run(visitor, columns[1])
    asked = len(provider.requests)
    again = run(visitor, columns[1])
    assert (again[0], again[-1]) == (once[0], once[-1])
    assert len(provider.requests) == asked
    # Nor does the form, sent again: it tells what was admitted, or leads to the page of it.
    assert admit(visitor, form) == columns
    response = visitor.post(TRY, data=form, headers={"Accept": "text/html"})
    assert response.status_code == 303
    assert response.headers["location"] == f"/tries/{form['attempt']}/"
    assert run(visitor, columns[0])[-1][0] == "done"
    assert len(provider.requests) == asked + 1


def test_a_column_is_begun_by_nobody_else(
    site: RunningSite, visitor: httpx2.Client, provider: Provider, form: dict[str, str]
) -> None:
    provider.script([*answer("Thank you")])
    columns = admit(visitor, form)
    asked = len(provider.requests)
    assert visitor.get(columns[0]["url"]).status_code == 405
    assert visitor.post(f"/tries/{uuid.uuid4()}/run/").status_code == 404
    with httpx2.Client(base_url=site.url, trust_env=False) as stranger:
        assert stranger.post(columns[0]["url"]).status_code == 403
    assert len(provider.requests) == asked
    # What its visitor erases before it begins never begins.
    assert visitor.post(f"/tries/{form['attempt']}/delete/").status_code == 302
    assert visitor.post(columns[1]["url"]).status_code == 404
    assert len(provider.requests) == asked
    assert [row["actual"] for row in kept(site, form["attempt"])] == [0, 0]


def test_a_group_is_refused_as_a_whole_and_says_why_once(
    site: RunningSite, visitor: httpx2.Client, provider: Provider, form: dict[str, str]
) -> None:
    set_cap = "from prompts_app.models import SiteGrant; SiteGrant.objects.update(daily_cap={})"
    code = """
from prompts_app.models import Entry, LLMModel
from prompts_app.services import tryit
entry = Entry.objects.get(slug="replies"); model = LLMModel.objects.get()
day = entry.owner.budget_days.get(purse="site")
bound = tryit.bound_of([tryit.Column(entry.published, model)], {"text": "A text"})
print(day.spent + day.reserved + bound + 10)
"""
    asked = len(provider.requests)
    provider.script([*answer("Thank you")])
    # Enough for one column, not for two.
    site.python(set_cap.format(site.python(code)))
    try:
        response = visitor.post(TRY, data=form, headers={"Accept": "application/json"})
        assert response.status_code == 429
        assert response.json()["code"] == "budget"
        assert int(response.headers["retry-after"]) == response.json()["retry_after"] > 0
        assert kept(site, form["attempt"]) == []
        page = visitor.post(TRY, data=form).text
        assert page.count(response.json()["message"]) == 1
        # The page as it opens now no longer proposes what cannot be paid.
        opened = visitor.get(TRY).text
        assert re.search(r'value="nothing"[^>]* checked', opened)
        assert len(provider.requests) == asked
        alone = form | {"compare": "nothing"}
        stream = visitor.post(TRY, data=alone, headers={"Accept": "text/event-stream"})
        assert events(stream.text)[-1][0] == "done"
    finally:
        site.python(set_cap.format(1_000_000))
    assert re.search(r'value="baseline"[^>]* checked', visitor.get(TRY).text)


def test_without_script_all_columns_run_before_their_page_opens(
    site: RunningSite, visitor: httpx2.Client, provider: Provider, form: dict[str, str]
) -> None:
    provider.script([*answer("Thank you all")])
    response = visitor.post(TRY, data=form)
    assert response.status_code == 303
    page = visitor.get(response.headers["location"]).text
    assert page.count("Thank you all") == 2
    assert page.count("2 of 2 tested") == 2
    assert "Answer this. <mark" in page
    assert visitor.post(f"/tries/{form['attempt']}/delete/").status_code == 302
    assert visitor.get(response.headers["location"]).status_code == 404
    assert [row["output"] for row in kept(site, form["attempt"])] == ["", ""]
    assert [row["verdicts"] for row in kept(site, form["attempt"])] == [0, 0]
