"""What every test may rely on: the database's place, and settings that suit a test."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import SimpleTestCase
from hypothesis import settings as properties

from tests import migrated

# Passwords protect nobody here, and slow hashes would take half of the tests' time.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# What holds for any input is tried here with a few, and by `make soak` with very many.
properties.register_profile("few", max_examples=30, deadline=None)
properties.register_profile("many", max_examples=300, deadline=None)
properties.load_profile("few")

# Their sites run in processes of their own, over the database under test.
OF_WHOLE_SITES = ("tests/browser/", "tests/server/", "tests/soak/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try once, on SQLite's turn, what is not let near any database."""
    if os.environ.get("TEST_DATABASE") != "postgres":
        return
    once = [item for item in items if not _knows_a_database(item)]
    config.hook.pytest_deselected(items=once)
    items[:] = [item for item in items if _knows_a_database(item)]


def _knows_a_database(item: pytest.Item) -> bool:
    if item.nodeid.startswith(OF_WHOLE_SITES) or not isinstance(item, pytest.Function):
        return True
    return (
        item.get_closest_marker("django_db") is not None
        or {"db", "transactional_db"}.intersection(item.fixturenames) != set()
        or (item.cls is not None and issubclass(item.cls, SimpleTestCase))
    )


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Use the database that is there; the end of the run removes it."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each worker a copy of the migrated database.

    SQLite's is a file, so that threads share it as in production.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    name = f"test_promptfolio_{worker}"
    database = settings.DATABASES["default"]
    folder = tmp_path_factory.mktemp("database")
    migrated.copy_to(folder, name)
    is_file = database["ENGINE"] == "django.db.backends.sqlite3"
    database["TEST"]["NAME"] = str(folder / name) if is_file else name


@pytest.fixture(autouse=True)
def _let_versions_go(request: pytest.FixtureRequest) -> Iterator[None]:
    """Mark entries for deletion before a transactional test's tables are emptied row by row."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from django.db.models.functions import Now

    from prompts_app.models import Entry

    Entry.objects.update(purge_at=Now())


@pytest.fixture(autouse=True)
def _no_texts_of_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with what an empty database holds: another test's must not stand in footers.

    Nor does a slow test look again, which would be one query more.
    """
    from prompts_app.services import site_texts

    site_texts.remember(frozenset())
    monkeypatch.setattr(site_texts, "_LOOK_AGAIN", float("inf"))
