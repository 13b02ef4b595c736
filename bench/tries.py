"""Tries through the site beside calls with the bare `openai` client, one after the other."""

import json
import re
import time
import uuid
from dataclasses import dataclass

import httpx2
import openai

from tests.site import RunningSite

# Sixty tokens at once, after 20 ms (bench/upstream.py).
MODEL = "paced-20-0-60"


@dataclass(frozen=True)
class Timing:
    """Seconds from asking to the first text, and to the end."""

    first: float
    total: float


def through_site(client: httpx2.Client, path: str, form: dict[str, str]) -> Timing:
    """Run a try as the page's script does."""
    started = time.perf_counter()
    first = 0.0
    with client.stream(
        "POST",
        path,
        data=form | {"attempt": str(uuid.uuid4())},
        headers={"Accept": "text/event-stream"},
    ) as response:
        last = ""
        for line in response.iter_lines():
            if not first and line == "event: delta":
                first = time.perf_counter() - started
            last = line if line.startswith("event: ") else last
    if last != "event: done":
        raise RuntimeError(f"the try ended with {last!r}, status {response.status_code}")
    return Timing(first, time.perf_counter() - started)


def bare(client: openai.OpenAI, prompt: str) -> Timing:
    """Make the same call with the bare client."""
    started = time.perf_counter()
    first = 0.0
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": prompt}],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=1500,
    )
    for chunk in stream:
        if not first and chunk.choices and chunk.choices[0].delta.content:
            first = time.perf_counter() - started
    return Timing(first, time.perf_counter() - started)


def visitor(site: RunningSite, path: str) -> tuple[httpx2.Client, dict[str, str]]:
    """Return a browser with the try page open; its form without the one-time id and the model."""
    client = httpx2.Client(base_url=site.url, timeout=30, trust_env=False)
    page = client.get(path).text
    client.headers["Referer"] = site.url + path
    form = dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', page))
    client.headers["X-CSRFToken"] = form["csrfmiddlewaretoken"]
    return client, form | {"value-text": "Some text to summarise."}


def models(site: RunningSite) -> dict[str, str]:
    """Return the key of each model by its name."""
    code = "from prompts_app.models import LLMModel; import json; "
    code += "print(json.dumps({m.name: str(m.pk) for m in LLMModel.objects.all()}))"
    found: dict[str, str] = json.loads(site.python(code))
    return found
