"""An evaluation made by a real worker that is killed on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import evaluating, migrated
from tests.engines.provider import DONE, END, Pause, Provider, delta, event, head, stop, usage
from tests.server.conftest import MAKE_ENTRY
from tests.site import RunningSite

CASES, MODELS, REPEATS = 3, 2, 3
TOTAL = CASES * MODELS * REPEATS


@pytest.fixture
def slow_site(tmp_path: Path) -> Iterator[RunningSite]:
    """A site with its worker in front of a provider that takes its time."""
    with Provider() as provider:
        ending = [event(stop()), event(usage(5, 4)), DONE, END]
        provider.script([head(), event(delta("One, two")), Pause(0.3), *ending])
        environment = {
            "DATABASE_URL": migrated.copy_to(tmp_path),
            "OPENAI_BASE_URL": provider.base_url,
            "OPENAI_API_KEY": "sk-canary-5b1c",
            "LLM_MODELS": "model-a=1.00/2.00",
        }
        with RunningSite(tmp_path, environment, worker=True) as site:
            site.python(MAKE_ENTRY)
            yield site


def test_a_killed_worker_loses_no_run_and_makes_none_twice(slow_site: RunningSite) -> None:
    texts = [f"Text {number}" for number in range(CASES)]
    pk = evaluating.start(slow_site, texts=texts, models=MODELS, repeats=REPEATS, at_once=3)
    evaluating.until_made(slow_site, pk, 5)
    held = evaluating.kill_worker(slow_site)
    now = evaluating.until_made(slow_site, pk, TOTAL)
    assert now["done"] == TOTAL
    evaluating.assert_whole(slow_site, pk, total=TOTAL, cells=CASES * MODELS, lost=held)
