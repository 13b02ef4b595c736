"""A try over real HTTP: the stream's contract, the one-time id, the money, and leaving."""

import contextlib
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.engines.provider import (
    Cut,
    Hang,
    Provider,
    Step,
    answer,
    delta,
    event,
    head,
    sse,
    stop,
    usage,
    whole,
)
from tests.processes import threads
from tests.site import RunningSite

TRY = "/@ada/summaries/try/"
# What the entry's input may cost at most at the test's price, plus 1,500 tokens of output at
# 2 dollars a million.
OUTPUT_BOUND = 3000


@pytest.fixture
def visitor(site: RunningSite) -> Iterator[httpx2.Client]:
    """A visitor's browser: cookies, and the CSRF token of the page it has open."""
    with httpx2.Client(base_url=site.url, timeout=20, trust_env=False) as client:
        page = client.get(TRY)
        assert page.status_code == 200
        client.headers["Referer"] = site.url + TRY
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        client.headers["X-CSRFToken"] = token[1]
        yield client


def form(site: RunningSite, text: str = "A text", attempt: str = "") -> dict[str, str]:
    """What the page's form sends."""
    model = site.python("from prompts_app.models import LLMModel; print(LLMModel.objects.get().pk)")
    return {"attempt": attempt or str(uuid.uuid4()), "value-text": text, "model": model}


def events(body: str) -> list[tuple[str, Any]]:
    """Read a stream as the contract writes it: each event one event line and one data line."""
    found = []
    for frame in body.split("\n\n"):
        if frame:
            first, second = frame.split("\n")
            assert first.startswith("event: ")
            assert second.startswith("data: ")
            found.append((first[7:], json.loads(second[6:])))
    return found


def run(visitor: httpx2.Client, data: dict[str, str]) -> list[tuple[str, Any]]:
    """Run a try as the page's script does."""
    response = visitor.post(TRY, data=data, headers={"Accept": "text/event-stream"})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in response.headers
    return events(response.text)


def reservation(site: RunningSite, attempt: str) -> dict[str, Any]:
    """What is kept of a try and of its money."""
    code = f"""
import json
from prompts_app.models import Try, Reservation, BudgetDay
t = Try.objects.get(pk="{attempt}")
r = Reservation.objects.order_by("-created_at").first()
d = r.budget_day
print(json.dumps({{"state": t.state, "cost": t.cost, "output": t.output, "code": t.error_code,
    "actual": r.actual, "amount": r.amount, "assumed": r.assumed, "settled": r.state,
    "reserved": d.reserved}}))
"""
    found: dict[str, Any] = json.loads(site.python(code))
    return found


def test_stream_keeps_its_contract(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    provider.script([*answer("Hello **you** there")])
    data = form(site, "The <b>text</b>")
    got = run(visitor, data)
    assert got[0] == ("start", {"try": data["attempt"], "model": "model-a", "version": 1})
    assert [name for name, _ in got[1:-1]] == ["delta"] * (len(got) - 2)
    assert "".join(one["text"] for _, one in got[1:-1]) == "Hello **you** there"
    name, done = got[-1]
    assert name == "done"
    assert "<strong>you</strong>" in done["html"]
    assert done["usage"] == {"prompt_tokens": 5, "completion_tokens": 3}
    assert done["finish_reason"] == "stop"
    # 5 tokens at 1 and 3 at 2 dollars a million.
    assert done["cost_microusd"] == 11
    sent = provider.requests[-1].json["messages"]
    assert sent == [{"role": "user", "content": "Summarise: The <b>text</b>"}]
    kept = reservation(site, data["attempt"])
    assert (kept["state"], kept["actual"], kept["reserved"]) == ("done", 11, 0)


def test_same_id_never_runs_twice(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    provider.script([*answer("Once only")])
    data = form(site)
    first = run(visitor, data)
    asked = len(provider.requests)
    again = run(visitor, data)
    assert again[0] == first[0]
    assert again[-1] == first[-1]
    plain = visitor.post(TRY, data=data)
    assert plain.status_code == 303
    assert plain.headers["location"] == f"/tries/{data['attempt']}/"
    assert len(provider.requests) == asked


def test_without_script_the_answer_has_a_page(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    provider.script([*answer("A whole page")])
    data = form(site)
    response = visitor.post(TRY, data=data)
    assert response.status_code == 303
    page = visitor.get(response.headers["location"])
    assert "A whole page" in page.text
    assert "no-store" in page.headers["cache-control"]
    # Its address is the visitor's own; deleting it is, too.
    assert visitor.post(f"/tries/{data['attempt']}/delete/").status_code == 302
    assert visitor.get(f"/tries/{data['attempt']}/").status_code == 404


def test_reading_spends_nothing(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    asked = len(provider.requests)
    for path in (TRY, "/@ada/summaries/", f"{TRY}?attempt={uuid.uuid4()}&value-text=x"):
        assert visitor.get(path, headers={"Accept": "text/event-stream"}).status_code == 200
    assert len(provider.requests) == asked


def test_foreign_form_is_refused(site: RunningSite, provider: Provider) -> None:
    asked = len(provider.requests)
    with httpx2.Client(base_url=site.url, trust_env=False) as stranger:
        response = stranger.post(TRY, data=form(site), headers={"Accept": "text/event-stream"})
    assert response.status_code == 403
    assert len(provider.requests) == asked


ENDINGS: list[tuple[str, list[Step], str, int | None]] = [
    # name, script, code of the error event, cost (None: the full amount, assumed)
    ("401", whole(401, {"error": {"message": "no"}}), "unauthorized", 0),
    (
        "429",
        whole(429, {"error": {"message": "slow"}}, "application/json", "Retry-After: 7"),
        "rate_limited",
        0,
    ),
    ("500", whole(500, {"error": {"message": "oh"}}), "provider_error", None),
    ("a page", whole(200, "<html>hi</html>", "text/html"), "not_json", None),
    ("nothing", whole(200, ""), "empty_answer", None),
    ("cut", [head(), event(delta("Half an an")), Cut()], "cut_off", None),
    (
        "error within",
        [*sse(delta("Half"), {"error": {"message": "overloaded"}})],
        "provider_error",
        None,
    ),
]


@pytest.mark.parametrize(
    ("script", "code", "cost"), [one[1:] for one in ENDINGS], ids=[one[0] for one in ENDINGS]
)
def test_every_failure_ends_in_one_error(
    site: RunningSite,
    visitor: httpx2.Client,
    provider: Provider,
    script: list[Step],
    code: str,
    cost: int | None,
) -> None:
    provider.script(script)
    data = form(site)
    got = run(visitor, data)
    assert [name for name, _ in got if name in ("done", "error")] == ["error"]
    name, error = got[-1]
    assert (name, error["code"]) == ("error", code)
    assert error["message"].endswith(".")
    if code == "rate_limited":
        assert error["retry_after"] == 7
    kept = reservation(site, data["attempt"])
    assert kept["settled"] == "settled"
    assert kept["reserved"] == 0
    assert kept["output"] == "".join(one["text"] for event_, one in got if event_ == "delta")
    assert kept["actual"] == (kept["amount"] if cost is None else cost)
    assert kept["assumed"] is (cost is None)


def test_no_usage_counts_in_full(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    provider.script(sse(delta("Fine"), stop()))
    data = form(site)
    assert run(visitor, data)[-1][1]["cost_microusd"] is None
    kept = reservation(site, data["attempt"])
    assert kept["assumed"] is True
    assert kept["actual"] == kept["amount"] >= OUTPUT_BOUND


def test_leaving_closes_the_call(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    while not provider.closings.empty():
        provider.closings.get()
    provider.script([head(), event(delta("As far as this")), Hang()])
    data = form(site)
    with visitor.stream(
        "POST", TRY, data=data, headers={"Accept": "text/event-stream"}
    ) as response:
        for line in response.iter_lines():
            if "As far as this" in line:
                break
    provider.closings.get(timeout=5)
    # The visitor is gone; the site still has to write down what was.
    for _ in range(50):
        kept = reservation(site, data["attempt"])
        if kept["state"] != "running":
            break
    assert (kept["state"], kept["output"]) == ("stopped", "As far as this")
    assert (kept["actual"], kept["reserved"]) == (kept["amount"], 0)


def test_open_streams_hold_no_threads(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    provider.script([*answer("warm")])
    for _ in range(8):
        run(visitor, form(site))
    before = threads(site.web.pid)
    provider.script([head(), event(delta("open")), Hang()])
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            response = stack.enter_context(
                visitor.stream(
                    "POST", TRY, data=form(site), headers={"Accept": "text/event-stream"}
                )
            )
            assert next(response.iter_lines()) == "event: start"
        assert threads(site.web.pid) - before <= 8


def test_bad_input_is_told_at_its_field(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    asked = len(provider.requests)
    for text in ("", "nul \x00", "turned \u202e", "long" * 6000):
        response = visitor.post(TRY, data=form(site, text), headers={"Accept": "text/event-stream"})
        assert response.status_code == 422, text[:20]
        assert 'aria-invalid="true"' in response.text
        assert "data-try-fields" in response.text
    for data in ({"attempt": "x"}, {"model": "999999"}, {"model": "'"}):
        response = visitor.post(TRY, data=form(site) | data)
        assert response.status_code == 422
    assert len(provider.requests) == asked


def test_limits_are_told_before_anything_is_spent(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    set_limits = """
from prompts_app.models import Spending, User, SiteGrant
u = User.objects.get(email="author@example.org"); s = Spending.of(u)
s.{0} = {1}; s.save()
SiteGrant.objects.update(daily_cap={2})
"""
    provider.script([*answer("fine")])
    asked = len(provider.requests)
    try:
        for field, value, cap, code in (
            ("tries_per_visitor", 0, 1_000_000, "visitor_limit"),
            ("tries_per_entry", 0, 1_000_000, "entry_limit"),
            ("paused", True, 1_000_000, "paused"),
            ("paused", False, 100, "budget"),
        ):
            site.python(set_limits.format(field, value, cap))
            response = visitor.post(TRY, data=form(site), headers={"Accept": "text/event-stream"})
            assert response.json()["code"] == code
            assert response.status_code == (409 if code == "paused" else 429)
            if code != "paused":
                assert int(response.headers["retry-after"]) == response.json()["retry_after"] > 0
            page = visitor.post(TRY, data=form(site))
            assert page.status_code == response.status_code
            assert response.json()["message"] in page.text.replace("&#x27;", "'")
            site.python(set_limits.format(field, 1000 if field != "paused" else False, 1_000_000))
        assert len(provider.requests) == asked
    finally:
        site.python(set_limits.format("paused", False, 1_000_000))
    assert run(visitor, form(site))[-1][0] == "done"


def test_usage_after_a_cut_is_what_was_told(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    provider.script([head(), event(delta("Half")), event(usage(5, 4)), Cut()])
    data = form(site)
    assert run(visitor, data)[-1][1]["code"] == "cut_off"
    assert reservation(site, data["attempt"])["actual"] == 13


MAKE_LINK = """
from prompts_app.models import Entry
from prompts_app.services import share_tokens
from tests import factories
entry = Entry.objects.get(slug="summaries")
link = factories.share_link(entry.owner, entry, shows_prompts=False, tries_allowed=1)
print(share_tokens.token_of(link))
"""


def test_a_share_link_streams_on_its_own_allowance(
    site: RunningSite, visitor: httpx2.Client, provider: Provider
) -> None:
    token = site.python(MAKE_LINK)
    address = f"/s/{token}/summaries/try/"
    assert "1 of 1 try left on this link." in visitor.get(address).text
    provider.script([*answer("Only the answer")])
    data, accept = form(site), {"Accept": "text/event-stream"}
    response = visitor.post(address, data=data, headers=accept)
    names = [name for name, _ in events(response.text)]
    assert (names[0], set(names[1:-1]), names[-1]) == ("start", {"delta"}, "done")
    assert "Summarise: " not in response.text
    assert provider.requests[-1].json["messages"][0]["content"] == "Summarise: A text"
    # The same id is shown what it brought, and another one why there is no more.
    again = events(visitor.post(address, data=data, headers=accept).text)
    assert "Only the answer" in again[-1][1]["html"]
    refused = visitor.post(address, data=form(site), headers=accept)
    assert (refused.status_code, refused.json()["code"]) == (409, "link_limit")
    run(visitor, form(site))
    assert token not in site.log()
    # Other tests look at the author's only row of the day.
    site.python(
        "from prompts_app.models import BudgetDay; BudgetDay.objects.exclude(link=None).delete()"
    )
