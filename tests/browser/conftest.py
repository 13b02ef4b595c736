"""One running site with the sample portfolio, and people who look at it in Chromium."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from portfolio.launch import free_port
from tests import migrated
from tests.browser.line import Line
from tests.browser.watch import Watch
from tests.site import ROOMY, ROOT, RunningSite

WAIT_MS = 15_000
SAMPLE_AUTHOR = "demo@promptfolio.example"
PASSWORD = "correct horse battery staple"
# Chromium's address bar is a web page in a process of its own, made anew for every window: half of
# what a test costs. A second list of features replaces Playwright's, so what counts is repeated.
NOT_NEEDED = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
)

expect.set_options(timeout=WAIT_MS)


class Visit(Protocol):
    """Opens a page in a browser of its own: no cookies, no storage of anybody else."""

    def __call__(self, width: int = 1280, height: int = 800, **options: Any) -> Page: ...


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """Web server, worker and demo model, with the sample portfolio and wide limits."""
    folder = tmp_path_factory.mktemp("site")
    environment = {
        "DATABASE_URL": migrated.copy_to(folder),
        **ROOMY,
        "DAILY_BUDGET_USD": "100",
    }
    with RunningSite(folder, environment, samples=True, worker=True) as site:
        yield site
        assert "Traceback" not in site.log()


SLOW_ENTRY = """
from tests import factories
from prompts_app.services import accounts
author = accounts.create_author(
    "slow@example.org", "a long enough password", handle="slow", name="Slow", operator=True)
model = factories.model(
    factories.provider(author, "{base_url}"), "demo-large", input_price=0, output_price=0)
entry = factories.entry(
    author, title="Slow answers", slug="slow-answers", visibility="unlisted",
    content=factories.content("Say something about this. {{{{ text }}}}"))
case = factories.case(entry, "An ordinary text", values={{"text": "Twelve boats set sail."}})
entry.tryable.set([model])
print(case.pk)
"""


@pytest.fixture(scope="session")
def slow_try(site: RunningSite) -> Iterator[str]:
    """The address of a form whose answers take long, with an example chosen."""
    port = free_port()
    command = [sys.executable, "-m", "prompts_app.demo", "--port", str(port), "--pace", "5"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            case = site.python(SLOW_ENTRY.format(base_url=f"http://127.0.0.1:{port}/v1"))
            yield f"/@slow/slow-answers/try/?case={case}"
        finally:
            process.terminate()


SLOW_TWINS = """
from prompts_app.models import Entry
from tests import factories
other = Entry.objects.get(slug="slow-answers")
entry = factories.entry(other.owner, title="Slow twins", slug="slow-twins", visibility="unlisted",
    content=factories.content("Say something about this. {{ text }}"))
factories.version(entry, factories.content("Say something kind about this. {{ text }}"))
factories.case(entry, "An ordinary text", values={"text": "Twelve boats set sail."})
entry.tryable.set(other.tryable.all())
print(entry.cases.get().pk)
"""


@pytest.fixture(scope="session")
def slow_twins(site: RunningSite, slow_try: str) -> str:
    """The address of a form that compares two versions whose answers take long."""
    assert slow_try
    return f"/@slow/slow-twins/try/?case={site.python(SLOW_TWINS)}"


@pytest.fixture
def line(site: RunningSite) -> Iterator[Line]:
    """A line to the site that can be cut."""
    with Line(site.port) as line:
        yield line


@pytest.fixture(scope="session")
def base_url(site: RunningSite) -> str:
    """Where relative addresses in tests lead (read by pytest-playwright)."""
    return site.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium of this machine; its sandbox refuses to run as root."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("No Chromium: set CHROMIUM to its program, or install the package “chromium”.")
    arguments = [f"--disable-features={','.join(NOT_NEEDED)}"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": path, "args": arguments}


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What went wrong in this test's browsers; it must be nothing."""
    watch = Watch()
    yield watch
    assert watch.problems == []


@pytest.fixture
def visit(watch: Watch, new_context: Callable[..., BrowserContext]) -> Visit:
    """Opens pages, each in a browser of its own, all of them watched."""

    def open_page(width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(WAIT_MS)
        watch.over(context)
        return context.new_page()

    return open_page


@pytest.fixture(scope="session")
def sample_author(site: RunningSite, browser: Browser) -> StorageState:
    """The cookies of the sample author, signed in."""
    return _session_of(browser, site, SAMPLE_AUTHOR, site.password)


ADA = """
from prompts_app.services import accounts
accounts.create_author(
    "ada@example.org", "{password}", handle="ada", name="Ada Byron", site_cap=1_000_000_000)
"""


@pytest.fixture(scope="session")
def ada(site: RunningSite, browser: Browser) -> StorageState:
    """The cookies of an author without entries, signed in; the site's models are hers to use."""
    site.python(ADA.format(password=PASSWORD))
    return _session_of(browser, site, "ada@example.org", PASSWORD)


def _session_of(browser: Browser, site: RunningSite, email: str, password: str) -> StorageState:
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    sign_in(page, email, password)
    expect(page).to_have_url(f"{site.url}/studio/")
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill and send the sign-in form."""
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def tries(site: RunningSite) -> int:
    """How many tries there are on the whole site."""
    return int(site.python("from prompts_app.models import Try; print(Try.objects.count())"))


GROUPS = "from prompts_app.models import Try; print(Try.objects.filter(counts=True).count())"


def groups(site: RunningSite) -> int:
    """How many tries there are, those side by side being one."""
    return int(site.python(GROUPS))
