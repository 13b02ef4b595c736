"""A short sample of each storm of `make soak`, held to the same promises."""

import random
from collections.abc import Iterator

import pytest

from tests.site import RunningSite
from tests.soak.crowd import ALL, gather, mixed
from tests.soak.faults import ByName
from tests.soak.storm import unleash

POINT_AT = """
from prompts_app.models import Provider
Provider.objects.update(base_url="{}")
"""


@pytest.fixture
def crowded(site: RunningSite) -> Iterator[RunningSite]:
    """The site, in front of a provider that does what the visitor's text names."""
    before = site.python(
        "from prompts_app.models import Provider; print(Provider.objects.get().base_url)"
    )
    with ByName(faults=ALL) as provider:
        site.python(POINT_AT.format(provider.base_url))
        yield site
        site.python(POINT_AT.format(before))


def test_ledger_holds_while_processes_are_killed(site: RunningSite) -> None:
    report = unleash(site.environment, "ledger", processes=4, kills=5, authors=3, attempts=8)
    assert report.violations == []
    assert report.figures["refused"] > 0


def test_reading_before_writing_fails_the_same_storm(site: RunningSite) -> None:
    report = unleash(
        site.environment, "ledger", processes=4, kills=5, authors=3, attempts=15, broken=True
    )
    assert report.violations


def test_limits_hold_while_processes_are_killed(site: RunningSite) -> None:
    report = unleash(site.environment, "limits", processes=4, kills=5, presses=8)
    assert report.violations == []
    assert report.figures["refused: author_busy"] > 0
    assert report.figures["refused: link_budget"] > 0


def test_versions_are_numbered_without_gaps(site: RunningSite) -> None:
    report = unleash(site.environment, "publishing", processes=3, kills=3, each=2, threads=2)
    assert report.violations == []
    assert report.figures["versions"] >= 12


def test_crowd_ends_well(crowded: RunningSite) -> None:
    rng = random.Random(11)
    outcome = gather(crowded, mixed(rng, 60, hanging=False), rng)
    assert outcome.wrong == []
