"""Every fault of a provider, twenty times each, through the site as it runs.

`faults.py` lists what providers do; below it is compared with what visitors read, what is kept,
what the ledger took and what the author is told. The faults that no provider makes are elsewhere:

- the server told to stop, or killed, while answers stream: test_restart.py;
- the database away for ten seconds, before the reservation and after it: test_restart.py;
- many faults at once in one crowd: test_storm.py;
- each fault's finer variants, and deadlines other than a site's own: engines/test_llm_faults.py.
"""

import asyncio
import contextlib
import hashlib
import html
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.utils import translation

from prompts_app.templatetags.sentences import error_sentence, label_sentence
from prompts_app.templatetags.troubles import trouble_sentence
from tests.processes import resident_kilobytes
from tests.site import RunningSite
from tests.soak.faults import EVERY, FAULTS, REFUSED, SLOW, ByName, Fault
from tests.soak.visits import (
    CANARY,
    PLENTY,
    TRY,
    Events,
    Site,
    many_visitors,
    open_site,
    text_of,
    visit,
)

Note = Callable[[object], None]
Visit = tuple[str, str, str, Events | None]
TIMES = 20
LANGUAGES = ("en", "fr")
MOST_MEGABYTES = 50

# An author who runs a model of their own where nothing answers, with a key the site stores.
OWN_PROVIDER = """
from prompts_app.models import *
from prompts_app.services import providers, spending
from prompts_app.llm.types import Price
author = User.objects.get()
author.is_staff = True
author.save()
spending.set_limits(author, daily_limit={plenty})
own = providers.save_provider(author, None, name="My own", preset="other",
    base_url="http://127.0.0.1:{port}/v1", api_key="{key}")
providers.choose_models(own, {{"{model}": ("text", Price(1_000_000, 2_000_000))}})
Entry.objects.get().tryable.set(LLMModel.objects.all())
"""
MODELS = """
import json
from prompts_app.models import LLMModel
print(json.dumps(dict(LLMModel.objects.values_list("name", "pk"))))
"""
KEPT = """
import json
from hashlib import sha256
from prompts_app.models import Try
print(json.dumps({str(t.pk): {"state": t.state, "code": t.error_code, "cost": t.cost,
    "begins": t.output[:200], "hash": sha256(t.output.encode()).hexdigest(),
    "labels": t.labels, "reason": t.finish_reason, "running": not t.is_over,
    "money": t.reservation.state, "actual": t.reservation.actual,
    "amount": t.reservation.amount, "assumed": t.reservation.assumed}
    for t in Try.objects.select_related("reservation")}))
"""
BOOKS = """
import json
from django.db.models import Sum
from prompts_app.models import *
days = BudgetDay.objects.aggregate(s=Sum("spent"), r=Sum("reserved"), o=Sum("overrun"))
print(json.dumps([days["s"], days["r"], days["o"], Reservation.objects.count(),
    Reservation.objects.aggregate(s=Sum("actual"))["s"]]))
"""
SIGN_IN = """
from django.test import Client
from prompts_app.models import User
client = Client()
client.force_login(User.objects.get())
print(client.cookies["sessionid"].value)
"""
CAPTURE = """
from prompts_app.models import *
from prompts_app.services import captures
for name in {names!r}:
    captures.request_capture(
        Version.objects.get(), LLMModel.objects.get(name=name), {{"text": "A text"}})
"""
RUNS = """
import json
from prompts_app.models import Run
print(json.dumps([[str(run.pk), run.is_over, run.state] for run in Run.objects.all()]))
"""
EVERYTHING = """
from django.apps import apps
from django.core import serializers
for model in apps.get_models():
    for row in model._default_manager.all():
        if "{key}" in serializers.serialize("json", [row]):
            print(model.__name__)
"""
# Kept by the worker without asking again; most say the key.
CAPTURED = ("good", "no-key", "forbidden", "no-model", "too-long", "page", "filtered")


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port that refuses connections, and that nobody else takes meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.fixture
def site(tmp_path: Path, refusing: int) -> Iterator[Site]:
    """A site with one model for each fault."""
    names = [name for name in EVERY if name != REFUSED]
    with ByName() as provider:
        listed = ",".join(f"{name}=1.00/2.00" for name in names)
        with open_site(tmp_path, provider.base_url, LLM_MODELS=listed) as site:
            site.python(
                OWN_PROVIDER.format(port=refusing, key=CANARY, plenty=PLENTY, model=REFUSED)
            )
            yield site


def test_every_fault_ends_as_it_should(site: Site, note: Note) -> None:
    begun = time.monotonic()
    models = json.loads(site.python(MODELS))
    warm = asyncio.run(_visits(site, models, {"good": FAULTS["good"]}))
    _settled(site)
    before = resident_kilobytes(site.web.pid)
    visits = warm + asyncio.run(_visits(site, models, EVERY))
    kept = _settled(site)
    grown = (resident_kilobytes(site.web.pid) - before) / 1024
    note(
        f"{len(EVERY)} faults, {len(visits)} tries in {time.monotonic() - begun:.0f} s; "
        f"the web process held {before / 1024:.0f} MB and grew {grown:.1f} MB"
    )
    wrong = Counter(
        f"{name}: {problem}"
        for name, attempt, language, stream in visits
        for problem in _problems(EVERY[name], kept[attempt], stream, language)
    )
    wrong += asyncio.run(_on_pages(site, visits, kept))
    assert not wrong
    assert len(kept) == len(visits) == TIMES * (len(EVERY) + 1)
    spent, reserved, overrun, reservations, actual = json.loads(site.python(BOOKS))
    assert (reserved, overrun, reservations, actual) == (0, 0, len(visits), spent)
    assert grown < MOST_MEGABYTES
    with _signed_in(site) as author:
        _told_to_the_author(author)
        _key_is_nowhere(site, author)


async def _visits(
    site: RunningSite, models: dict[str, int], faults: dict[str, Fault]
) -> list[Visit]:
    """Meet each fault TIMES at once, one fault after another; the slow ones all the while."""
    async with many_visitors(site) as client:

        async def one(name: str, number: int) -> Visit:
            language = LANGUAGES[number % len(LANGUAGES)]
            model, leaves_at = str(models[name]), faults[name].leaves_at
            return name, *await _spoken(client, model, leaves_at, language)

        def group(name: str) -> "asyncio.Future[list[Visit]]":
            return asyncio.gather(*(one(name, number) for number in range(TIMES)))

        slow = [group(name) for name in faults if name in SLOW]
        visits: list[Visit] = []
        for name in faults:
            if name not in SLOW:
                visits += await group(name)
        for later in slow:
            visits += await later
        return visits


async def _spoken(
    client: httpx2.AsyncClient, model: str, leaves_at: str, language: str
) -> tuple[str, str, Events | None]:
    attempt, stream = await visit(client, model, "A text", leaves_at, language)
    return attempt, language, stream


def _settled(site: RunningSite, seconds: float = 30) -> dict[str, Any]:
    """What is kept of every try, once none is running any more."""
    deadline = time.monotonic() + seconds
    while True:
        kept: dict[str, Any] = json.loads(site.python(KEPT))
        running = sum(one["running"] or one["money"] == "open" for one in kept.values())
        if not running:
            return kept
        assert time.monotonic() < deadline, f"{running} tries are still running"
        time.sleep(0.1)


def _problems(
    fault: Fault, kept: dict[str, Any], stream: Events | None, language: str
) -> Iterator[str]:
    """What differs from the table, in the stream, in what is kept and in the ledger."""
    ending = kept["code"] if kept["state"] == "failed" else kept["state"]
    if ending != fault.ending:
        yield f"kept as {ending}"
    if fault.text is not None and kept["begins"] != fault.text:
        yield f"kept {kept['begins']!r}"
    if fault.ending == "done" and kept["reason"] != fault.finish_reason:
        yield f"finish_reason {kept['reason']!r}"
    if tuple(kept["labels"]) != fault.labels:
        yield f"labels {kept['labels']}"
    taken = kept["amount"] if fault.cost is None else fault.cost
    if (kept["money"], kept["actual"], kept["assumed"]) != ("settled", taken, fault.cost is None):
        yield f"{kept['money']} {kept['actual']} of {kept['amount']}, assumed {kept['assumed']}"
    if kept["cost"] != fault.cost:
        yield f"cost {kept['cost']}"
    if stream is None:
        return
    if hashlib.sha256(text_of(stream).encode()).hexdigest() != kept["hash"]:
        yield f"streamed {text_of(stream)[:60]!r}"
    name, last = stream[-1]
    if fault.ending == "done":
        if name != "done" or last["finish_reason"] != (fault.finish_reason or None):
            yield f"ended with {name} {last}"
        elif last["cost_microusd"] != fault.cost:
            yield f"told the cost {last['cost_microusd']}"
    else:
        with translation.override(language):
            expected = (fault.ending, error_sentence(fault.ending), fault.retry_after)
        if name != "error" or (last["code"], last["message"], last["retry_after"]) != expected:
            yield f"ended with {name} {last}"


async def _on_pages(site: RunningSite, visits: list[Visit], kept: dict[str, Any]) -> Counter[str]:
    """What is wrong on the tries' own pages."""
    wrong: Counter[str] = Counter()
    async with many_visitors(site) as client:
        for name, attempt, language, _stream in visits:
            headers = {"Accept-Language": language}
            page = await client.get(f"/tries/{attempt}/", headers=headers)
            fault, shown = EVERY[name], html.unescape(page.text)
            text = re.sub("<[^>]+>", "", shown)
            with translation.override(language):
                said = [label_sentence(label) for label in fault.labels]
                if fault.ending == "stopped":
                    said.append(
                        translation.gettext(
                            "Stopped before the end. This is what had come by then."
                        )
                    )
                elif fault.ending != "done":
                    said.append(error_sentence(fault.ending))
            missing = [sentence for sentence in said if sentence not in shown]
            begins = kept[attempt]["begins"].replace("**", "").strip()
            if page.status_code != 200 or missing:
                wrong[f"{name}: {page.status_code}, not said: {missing}"] += 1
            if begins not in text:
                wrong[f"{name}: {begins!r} is not on its page"] += 1
            if CANARY in shown:
                wrong[f"{name}: the key is on its page"] += 1
            if 'data-state="running"' in shown:
                wrong[f"{name}: its page waits for ever"] += 1
    return wrong


@contextlib.contextmanager
def _signed_in(site: RunningSite) -> Iterator[httpx2.Client]:
    """The author's browser."""
    cookies = {"sessionid": site.python(SIGN_IN)}
    with httpx2.Client(base_url=site.url, cookies=cookies, timeout=30, trust_env=False) as client:
        yield client


def _told_to_the_author(author: httpx2.Client) -> None:
    """The studio names each trouble beside its model, and how many tries met it."""
    for language in LANGUAGES:
        headers = {"Accept-Language": language}
        page = author.get("/studio/models/", headers=headers)
        assert page.status_code == 200
        rows = re.findall(r"<tr data-trouble>.*?</tr>", page.text, re.DOTALL)
        with translation.override(language):
            expected = {
                (name, trouble_sentence(code))
                for name, fault in EVERY.items()
                for code in fault.told
            }
        found = set()
        for row in rows:
            model, what, advice, number = (
                html.unescape(re.sub("<[^>]+>", "", cell)).strip()
                for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)[:4]
            )
            assert number == str(TIMES), row
            assert advice, row
            found.add((model.split()[0], what))
        assert found == expected
        assert len(rows) == len(expected)
        limits = author.get("/studio/limits/", headers=headers)
        assert "/studio/models/#troubles" in limits.text


def _key_is_nowhere(site: Site, author: httpx2.Client) -> None:
    """Neither what the site stores nor what anybody can open holds the key; logs: open_site."""
    site.start_worker()
    site.python(CAPTURE.format(names=CAPTURED))
    deadline = time.monotonic() + 60
    while not all(over for _pk, over, _state in json.loads(site.python(RUNS))):
        assert time.monotonic() < deadline, "a capture is still running"
        time.sleep(0.2)
    entry = TRY.removesuffix("try/")
    addresses = [
        *(f"{entry}{page}" for page in ("", "try/", "v1/", "evidence/")),
        *(f"{entry}evidence/results.{kind}" for kind in ("csv", "json")),
        *(f"/studio/{page}" for page in ("", "models/", "limits/")),
        *(f"/studio/entries/summaries/{page}" for page in ("", "outputs/", "settings/")),
    ]
    for run, _over, state in json.loads(site.python(RUNS)):
        if state == "done":
            addresses += [f"/runs/{run}/", f"/runs/{run}/receipt.json"]
    for address in addresses:
        page = author.get(address)
        assert page.status_code == 200, address
        assert CANARY not in page.text, address
    assert site.python(EVERYTHING.format(key=CANARY)) == ""
