"""The site in front of a server others wrote: aimock, by CopilotKit, as npm has it."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.site import RunningSite
from tests.soak import aimock
from tests.soak.visits import CANARY, STREAM, Visitor, open_site, text_of

MAKE_MORE = """
from prompts_app.models import LLMModel, Provider, User
from prompts_app.services import versions
from tests import factories
author = User.objects.get(email="author@example.org")
User.objects.filter(pk=author.pk).update(is_staff=True)
made = factories.model(Provider.objects.get(owner=None), "dall-e-3", kind="image")
entry = factories.entry(author, title="Pictures", slug="pictures",
    content=factories.content("A picture of {{ text }}", kind="image"))
entry.tryable.set([made])
"""
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """A site with its worker, in front of aimock, which takes the site's key alone."""
    folder = tmp_path_factory.mktemp("third")
    with aimock.serve(folder, CANARY) as base_url, open_site(folder, base_url, worker=True) as site:
        site.python(MAKE_MORE)
        yield site


@pytest.fixture
def visitor(site: RunningSite) -> Iterator[Visitor]:
    with Visitor(site) as visitor:
        yield visitor


@pytest.fixture
def author(site: RunningSite) -> Iterator[httpx2.Client]:
    """The author's browser, signed in through the page."""
    with httpx2.Client(
        base_url=site.url, timeout=60, trust_env=False, follow_redirects=True
    ) as client:
        client.headers["Referer"] = site.url
        form = {"login": "author@example.org", "password": PASSWORD}
        page = send(client, "/accounts/login/", form)
        assert page.status_code == 200
        assert page.url.path.startswith("/studio")
        yield client


def send(client: httpx2.Client, path: str, data: dict[str, str]) -> httpx2.Response:
    """Open a page, fill in its form's token and send it."""
    page = client.get(path)
    assert page.status_code == 200, path
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None
    answer = client.post(path, data={**data, "csrfmiddlewaretoken": token[1]})
    assert CANARY not in answer.text
    return answer


def test_markdown_streams_and_is_cleaned_last(visitor: Visitor) -> None:
    attempt, found = visitor.run("with markdown")
    assert text_of(found) == aimock.MARKDOWN
    done = found[-1][1]
    html = done["html"]
    for wanted in (
        "<h",
        "Three things",
        "<table",
        "<em>one</em>",
        "<strong>second</strong>",
        "<ol",
    ):
        assert wanted in html
    assert "1 &lt; 2" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", html)
    assert "javascript:" not in html
    assert 'href="https://example.org/"' in html
    # 30 tokens at 1 and 50 at 2 dollars a million.
    assert (done["usage"], done["finish_reason"], done["cost_microusd"]) == (
        {"prompt_tokens": 30, "completion_tokens": 50},
        "stop",
        130,
    )
    kept = visitor.kept(attempt)
    assert (kept["state"], kept["actual"], kept["reserved"]) == ("done", 130, 0)
    assert kept["labels"] == []
    assert "Three things" in visitor.page(attempt)


def test_slow_answers_come_as_they_are_made(visitor: Visitor) -> None:
    begun = time.monotonic()
    with visitor.open("slowly") as (attempt, lines):
        times = [time.monotonic() - begun for line in lines if line.startswith("event: ")]
    start, first, *_, last = times
    assert start < 1.4 < first
    assert len(times) > 6
    assert last - first > 0.5
    assert visitor.kept_at_last(attempt)["output"] == aimock.LONG


@pytest.mark.parametrize("how", ["cut short", "disconnected"])
def test_a_cut_keeps_what_came(visitor: Visitor, how: str) -> None:
    attempt, found = visitor.run(how)
    name, error = found[-1]
    assert (name, error["code"]) == ("error", "cut_off")
    text = text_of(found)
    assert 0 < len(text) < len(aimock.LONG)
    assert aimock.LONG.startswith(text)
    kept = visitor.kept(attempt)
    assert (kept["state"], kept["output"], kept["money"]) == ("failed", text, "settled")
    assert (kept["actual"], kept["assumed"], kept["reserved"]) == (kept["amount"], True, 0)
    page = visitor.page(attempt)
    assert text in page
    assert "The connection ended before the answer did." in page


FAILURES = [
    # what the visitor writes, the error's code, seconds to wait, whether the provider billed
    ("refused at once", {"cut_off", "provider_error", "unreachable"}, None, True),
    ("malformed", {"not_json"}, None, True),
    ("limited with a time", {"rate_limited"}, 17, False),
    # aimock adds "Retry-After: 1" by itself.
    ("limited", {"rate_limited"}, 1, False),
    ("out of money", {"no_credit"}, 1, False),
    ("forbidden", {"forbidden"}, None, False),
    ("no such model", {"model_not_found"}, None, False),
    ("too long", {"context_too_long"}, None, False),
    ("bad request", {"bad_request"}, None, False),
    ("broken", {"provider_error"}, None, True),
    ("unavailable", {"provider_error"}, None, True),
    ("nothing it knows", {"provider_error"}, None, True),
]


@pytest.mark.parametrize(("text", "codes", "wait", "billed"), FAILURES)
def test_failures_are_told_once_and_paid_right(
    visitor: Visitor, text: str, codes: set[str], wait: int | None, billed: bool
) -> None:
    attempt, found = visitor.run(text)
    assert [name for name, _ in found] == ["start", "error"]
    error = found[-1][1]
    assert error["code"] in codes
    assert error["retry_after"] == wait
    kept = visitor.kept(attempt)
    assert (kept["state"], kept["output"], kept["money"]) == ("failed", "", "settled")
    assert (kept["actual"], kept["assumed"]) == ((kept["amount"], True) if billed else (0, False))
    assert kept["reserved"] == 0
    assert error["message"].replace("'", "&#x27;") in visitor.page(attempt)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("too much", "length"),
        ("filtered", "content_filter"),
        ("with reasoning", "reasoning_ignored"),
        ("with a tool", "tool_calls_ignored"),
    ],
)
def test_odd_answers_are_labelled(visitor: Visitor, text: str, label: str) -> None:
    attempt, found = visitor.run(text)
    assert found[-1][0] == "done"
    kept = visitor.kept(attempt)
    assert kept["labels"] == [label]
    assert kept["output"] == ("Looking it up." if label.startswith("tool") else aimock.LONG)
    assert "A thought of its own" not in visitor.page(attempt)


def test_a_picture_is_made_tried_and_served(site: RunningSite, visitor: Visitor) -> None:
    path = "/@ada/pictures/try/"
    model = site.python(
        "from prompts_app.models import LLMModel; print(LLMModel.objects.get(kind='image').pk)"
    )
    data = {**visitor.form("a lighthouse"), "model": model}
    answer = visitor.client.post(path, data=data, headers=STREAM)
    assert answer.text.count("event: done") == 1
    done = json.loads(answer.text.rsplit("data: ", 1)[1])
    assert done["cost_microusd"] == 40_000
    address = re.search(r'src="(/media/[^"]+)"', done["html"])
    assert address is not None
    picture = visitor.client.get(address[1])
    assert picture.status_code == 200
    assert picture.headers["content-type"].startswith("image/")


def test_the_worker_captures_an_output(site: RunningSite, author: httpx2.Client) -> None:
    path = "/studio/entries/summaries/outputs/"
    model = site.python(
        "from prompts_app.models import LLMModel; print(LLMModel.objects.get(name='model-a').pk)"
    )
    site.python(
        "from tests import factories; from prompts_app.models import Entry;"
        "factories.case(Entry.objects.get(slug='summaries'), 'Markdown',"
        " values={'text': 'with markdown'})"
    )
    case = site.python("from prompts_app.models import TestCase; print(TestCase.objects.get().pk)")
    page = send(author, path, {"do": "run", "models": model, "cases": case})
    assert page.status_code == 200
    run = wait_for_run(site)
    assert (run["state"], run["output"]) == ("done", aimock.MARKDOWN)
    assert (run["cost"], run["answered"], run["raw"]) == (130, "model-a", "chat.completion")
    assert run["reserved"] == 0
    page = author.get(path)
    assert "Three things" in page.text
    assert CANARY not in page.text
    assert "<script>alert" not in page.text


RUN = """
import json
from prompts_app.models import *
r = Run.objects.latest("created_at")
print(json.dumps({"state": r.state, "output": r.output, "cost": r.cost,
    "answered": r.model_answered, "raw": (r.raw_response or {}).get("object"),
    "reserved": BudgetDay.objects.get(purse="site").reserved}))
"""


def wait_for_run(site: RunningSite, seconds: float = 30) -> dict[str, Any]:
    """The newest run, once it is over."""
    deadline = time.monotonic() + seconds
    while True:
        run: dict[str, Any] = json.loads(site.python(RUN))
        if run["state"] not in ("waiting", "running"):
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.1)


def test_a_provider_of_ones_own_is_tested_and_lists_models(
    site: RunningSite, author: httpx2.Client
) -> None:
    base_url = site.environment["OPENAI_BASE_URL"]
    form = {"preset": "other", "name": "aimock", "base_url": base_url, "api_key": "sk-wrong-key"}
    page = send(author, "/studio/models/new/?preset=other", form)
    path = page.url.path
    assert re.fullmatch(r"/studio/models/\d+/", path), page.text[-2000:]
    refused = send(author, path, {"do": "test"})
    assert refused.status_code == 422
    assert "The provider refused the key." in refused.text
    assert "sk-wrong-key" not in refused.text
    send(author, path, {"do": "save", **form, "api_key": CANARY})
    listed = send(author, path, {"do": "test"})
    assert listed.status_code == 200
    assert re.search(r"It answers and lists \d+ models", listed.text)
    for name in ("gpt-4o", "claude-3-5-sonnet-20241022", "gemini-2.0-flash"):
        assert f'value="{name}"' in listed.text
    ticked = send(author, path, {"do": "tick", "model": "gpt-4o"})
    assert ticked.status_code == 200
    # Its list price is known, but what runs on this machine costs nothing unless priced.
    price = "from prompts_app.models import LLMModel; m = LLMModel.objects.get(name='gpt-4o');"
    assert site.python(f"{price} print(m.input_price, m.output_price)") == "0 0"
