"""A site to visit, and visitors: they open the try page, run the prompt and read the stream."""

import contextlib
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2

from portfolio.launch import web_command
from tests import migrated
from tests.server.conftest import MAKE_ENTRY
from tests.site import ROOMY, RunningSite

TRY = "/@ada/summaries/try/"
STREAM = {"Accept": "text/event-stream"}
CANARY = "sk-canary-7c1d4e90ab52"
# Micro-dollars: enough for every try of a storm.
PLENTY = 10_000_000_000

Events = list[tuple[str, Any]]

KEPT = """
import json
from prompts_app.models import Try, Reservation
t = Try.objects.get(pk="{attempt}")
r = Reservation.objects.order_by("-created_at").first()
d = r.budget_day
print(json.dumps({{"state": t.state, "cost": t.cost, "output": t.output, "code": t.error_code,
    "labels": t.labels, "detail": t.error_detail, "money": r.state, "actual": r.actual,
    "amount": r.amount, "assumed": r.assumed, "reserved": d.reserved, "spent": d.spent}}))
"""


class Site(RunningSite):
    """A site whose web process may be ended, and started again."""

    def __enter__(self) -> "Site":
        super().__enter__()
        return self

    def start_web(self) -> None:
        """Start the web server anew on the same port, and wait until it answers."""
        self.web = self._start(*web_command("localhost", self.port))
        self._until_ready()

    def stop_shell(self) -> None:
        """End the helper of `python`; the next use starts another."""
        if self._shell is not None:
            assert self._shell.stdin is not None
            self._shell.stdin.close()
            self._shell.wait(10)
            self._shell = None


@contextlib.contextmanager
def open_site(
    folder: Path, base_url: str, *, worker: bool = False, **environment: str
) -> Iterator["Site"]:
    """Run a site with one entry to try on the provider at `base_url`; the key is CANARY.

    After it the log of all its processes must hold neither the key nor a traceback.
    """
    variables = {
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": CANARY,
        "LLM_MODELS": "model-a=1.00/2.00",
        **ROOMY,
        **environment,
    }
    if "DATABASE_URL" not in variables:
        variables["DATABASE_URL"] = migrated.copy_to(folder)
    with Site(folder, variables, worker=worker) as site:
        site.python(MAKE_ENTRY)
        site.python(
            f"from prompts_app.models import SiteGrant;SiteGrant.objects.update(daily_cap={PLENTY})"
        )
        yield site
    log = site.log()
    assert CANARY not in log
    assert "Traceback" not in log, log[-4000:]


@contextlib.asynccontextmanager
async def many_visitors(site: RunningSite) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that may send the try page's form, for as many visitors at once as wanted."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx2.AsyncClient(
        base_url=site.url, timeout=400, trust_env=False, limits=limits
    ) as client:
        page = await client.get(TRY)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        client.headers.update({"Referer": site.url + TRY, "X-CSRFToken": token[1]})
        yield client


async def visit(
    client: httpx2.AsyncClient, model: str, text: str, leaves_at: str = "", language: str = "en"
) -> tuple[str, "Events | None"]:
    """Try once; return the try's id and the stream, None where the visitor left before its end."""
    data = {"attempt": str(uuid.uuid4()), "value-text": text, "model": model}
    headers = STREAM | {"Accept-Language": language}
    async with client.stream("POST", TRY, data=data, headers=headers) as response:
        if response.status_code != 200:
            raise AssertionError(f"{text}: {response.status_code} {await response.aread()!r}")
        if not leaves_at:
            body = (await response.aread()).decode()
            assert CANARY not in body, text
            return data["attempt"], checked(events(body))
        async for line in response.aiter_lines():
            if leaves_at in line:
                break
    return data["attempt"], None


class Visitor:
    """A browser with the try page open."""

    def __init__(self, site: RunningSite, timeout: float = 90) -> None:
        self.client = httpx2.Client(base_url=site.url, timeout=timeout, trust_env=False)
        self.site = site

    def __enter__(self) -> "Visitor":
        page = self.client.get(TRY)
        assert page.status_code == 200, page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        self.client.headers["Referer"] = self.site.url + TRY
        self.client.headers["X-CSRFToken"] = token[1]
        self._model = self.site.python(
            "from prompts_app.models import LLMModel;"
            "print(LLMModel.objects.filter(kind='text').first().pk)"
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()

    def form(self, text: str, attempt: str = "") -> dict[str, str]:
        """What the page's form sends."""
        return {
            "attempt": attempt or str(uuid.uuid4()),
            "value-text": text,
            "model": self._model,
        }

    def run(self, text: str) -> tuple[str, Events]:
        """Run a try to its end; return its id and the events of its stream."""
        data = self.form(text)
        response = self.client.post(TRY, data=data, headers=STREAM)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        assert CANARY not in response.text
        return data["attempt"], checked(events(response.text))

    @contextlib.contextmanager
    def open(self, text: str) -> Iterator[tuple[str, Iterator[str]]]:
        """Begin a try; yield its id and the lines of its stream as they come."""
        data = self.form(text)
        with self.client.stream("POST", TRY, data=data, headers=STREAM) as response:
            assert response.status_code == 200
            yield data["attempt"], response.iter_lines()

    def page(self, attempt: str) -> str:
        """The try's own page."""
        page = self.client.get(f"/tries/{attempt}/")
        assert page.status_code == 200
        assert CANARY not in page.text
        return page.text

    def kept(self, attempt: str) -> dict[str, Any]:
        """What is kept of a try, and of the newest reservation."""
        found: dict[str, Any] = json.loads(self.site.python(KEPT.format(attempt=attempt)))
        return found

    def kept_at_last(self, attempt: str, seconds: float = 20) -> dict[str, Any]:
        """The same, once the try is over."""
        deadline = time.monotonic() + seconds
        while (found := self.kept(attempt))["state"] == "running":
            assert time.monotonic() < deadline, "the try is still running"
        return found


def events(body: str) -> Events:
    """Read a stream as the contract writes it: each event one event line and one data line."""
    found = []
    for frame in body.split("\n\n")[:-1]:
        first, second = frame.split("\n")
        assert first.startswith("event: ")
        assert second.startswith("data: ")
        found.append((first[7:], json.loads(second[6:])))
    return found


def checked(found: Events) -> Events:
    """The events, if they are as the contract says: one start, deltas, one done or error."""
    names = [name for name, _ in found]
    assert names[0] == "start"
    assert names[1:-1] == ["delta"] * (len(names) - 2)
    assert names[-1] in ("done", "error")
    if names[-1] == "error":
        error = found[-1][1]
        assert set(error) == {"code", "message", "retry_after"}
        assert error["message"].endswith(".")
    else:
        assert set(found[-1][1]) == {"html", "verdicts", "usage", "finish_reason", "cost_microusd"}
    return found


def text_of(found: Events) -> str:
    """The text that came piece by piece."""
    return "".join(data["text"] for name, data in found if name == "delta")
