"""Sites for the storms, and the figures they leave."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.site import RunningSite
from tests.soak.crowd import ALL
from tests.soak.faults import ByName
from tests.soak.visits import open_site

_figures = pytest.StashKey[list[str]]()


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[object], None]:
    """Keep a line of figures for the end of the run."""

    def keep(figures: object) -> None:
        lines = request.config.stash.setdefault(_figures, [])
        lines.append(f"{request.node.name}: {figures}")

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures, passed or failed."""
    config = terminalreporter.config
    lines = config.stash.get(_figures, [])
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one.

    Killed processes leave there what they would leave on a disk, so storms may go ten times as
    fast; only a power cut would tell the difference.
    """
    memory = Path("/dev/shm")
    where = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="promptfolio-storm-", dir=where) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def crowd_provider() -> Iterator[ByName]:
    """A provider that does what the visitor's text names."""
    with ByName(faults=ALL) as provider:
        yield provider


@pytest.fixture(scope="module")
def stormy(crowd_provider: ByName, quick_folder: Path) -> Iterator[RunningSite]:
    """A site for storms, with its database in memory where possible."""
    folder = Path(tempfile.mkdtemp(dir=quick_folder))
    with open_site(folder, crowd_provider.base_url) as site:
        yield site
