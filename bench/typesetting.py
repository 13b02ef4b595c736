"""How long a card and a dossier take: every one differs, so nothing is remembered from the last."""

import statistics
import time
from collections.abc import Callable

from prompts_app.typeset.contents import Card, Message, Part
from prompts_app.typeset.pages import card, dossier
from tests.engines.typeset import contents, entry

TIMES = 30
ENTRIES = 10
PROMPT = "Answer with one JSON object and nothing else. Never guess what the text does not say.\n"


def bench_typesetting() -> None:
    """Time cards and dossiers; the first of each loads the fonts."""
    print(f"Typesetting, {TIMES} of each")
    _report("card", 150, _card)
    _report(f"dossier of {ENTRIES}", 2000, _dossier)


def _card(number: int) -> bytes:
    title = f"Invoice text number {number} to clean JSON, in any of eleven languages"
    return card(Card("Promptfolio", "#1f4bb0", title, "Ada Example", "Keeps 9 of 10 constraints"))


def _dossier(number: int) -> bytes:
    messages = (Message("System", (Part(PROMPT * 30),)),)
    titles = [f"Entry {number}.{place}" for place in range(ENTRIES)]
    return dossier(contents(entries=tuple(entry(title=t, messages=messages) for t in titles)))


def _report(name: str, goal: int, make: Callable[[int], bytes]) -> None:
    spent = []
    for number in range(TIMES):
        started = time.perf_counter()
        make(number)
        spent.append((time.perf_counter() - started) * 1000)
    print(
        f"  {name:14} median {statistics.median(spent):6.1f} ms   worst {max(spent):6.1f} ms"
        f" (goal: at most {goal} ms)"
    )
