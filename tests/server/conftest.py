"""One running site for the tests of a worker, in front of a scripted provider."""

from collections.abc import Iterator

import pytest

from tests import migrated
from tests.engines.provider import Provider
from tests.site import ROOMY, RunningSite

MAKE_ENTRY = """
from prompts_app.models import *
from prompts_app.services import accounts, entries, versions
from tests import factories
author = accounts.create_author(
    "author@example.org", "a long enough password", handle="ada", name="Ada", site_cap=1_000_000)
entry = factories.entry(author, title="Summaries", slug="summaries",
    content=factories.content("Summarise: {{ text }}"))
entry.tryable.set(LLMModel.objects.all())
print(entry.pk)
"""


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """The scripted provider; each test gives it its script."""
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def site(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """A running site with one entry that visitors may try on the scripted provider."""
    folder = tmp_path_factory.mktemp("site")
    environment = {
        "DATABASE_URL": migrated.copy_to(folder),
        "OPENAI_BASE_URL": provider.base_url,
        "OPENAI_API_KEY": "sk-canary-1f0e9d8c",
        "LLM_MODELS": "model-a=1.00/2.00",
        **ROOMY,
    }
    with RunningSite(folder, environment) as site:
        site.python(MAKE_ENTRY)
        yield site
        assert "sk-canary" not in site.log()
