"""A matrix on a server others wrote (aimock), its worker killed three times on the way."""

from collections.abc import Callable
from pathlib import Path

from tests import evaluating
from tests.soak import aimock
from tests.soak.visits import CANARY, open_site

CASES, MODELS, REPEATS = 5, 3, 4
TOTAL = CASES * MODELS * REPEATS
# aimock counts 30 tokens in and 50 out, at 1 and 2 dollars a million.
COST = 130


def test_a_matrix_survives_three_killed_workers(
    tmp_path: Path, note: Callable[[object], None]
) -> None:
    with (
        aimock.serve(tmp_path, CANARY) as base_url,
        open_site(tmp_path, base_url, worker=True) as site,
    ):
        texts = [f"Text {number} of a matrix" for number in range(CASES)]
        pk = evaluating.start(site, texts=texts, models=MODELS, repeats=REPEATS, at_once=4)
        lost = 0
        for made in (10, 25, 40):
            evaluating.until_made(site, pk, made)
            lost += evaluating.kill_worker(site)
        evaluating.until_made(site, pk, TOTAL)
        left = evaluating.assert_whole(site, pk, total=TOTAL, cells=CASES * MODELS, lost=lost)
        assert left["costs"] == TOTAL * COST
        note(
            f"{TOTAL} runs, {lost} calls lost with three workers, {left['costs']} micro-dollars"
            f" for the answers and {left['lost']} for the lost calls"
        )
