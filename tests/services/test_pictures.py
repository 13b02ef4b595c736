"""A picture's files stay exactly as long as its row, whoever or whatever deletes that."""

from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from prompts_app.models import Entry, Picture
from prompts_app.services import accounts, entries, tries, versions
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Keep pictures in the test's own folder."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def with_pictures() -> Entry:
    """Return an entry with a cover, a picture of a run, and one a visitor's try made."""
    entry = factories.entry()
    assert entry.published is not None
    entries.set_cover(entry, factories.picture(entry.owner, entry=entry))
    factories.run(entry.published, picture=factories.picture(entry.owner, entry=entry))
    factories.picture(entry.owner, attempt=factories.attempt(entry))
    return entry


def test_deleting_an_entry_takes_all_its_files(media: Path) -> None:
    entry = with_pictures()
    factories.picture(entry.owner)
    assert files(media) == 8
    entries.delete_entry(entry)
    # The avatar is the author's, not the entry's.
    assert (Picture.objects.count(), files(media)) == (1, 2)


def test_deleting_an_author_takes_all_their_files(media: Path) -> None:
    entry = with_pictures()
    factories.picture(entry.owner)
    accounts.delete_author(entry.owner)
    assert (Picture.objects.count(), files(media)) == (0, 0)


def test_withdrawing_a_version_takes_what_visitors_made_with_it(media: Path) -> None:
    entry = with_pictures()
    assert entry.published is not None
    versions.withdraw_version(entry.published)
    assert not Picture.objects.filter(attempt__isnull=False).exists()
    assert files(media) == 4


def test_erasing_a_try_takes_its_picture(media: Path) -> None:
    entry = with_pictures()
    tries.erase_try(entry.tries.get())
    assert files(media) == 4


def test_a_former_cover_goes_unless_a_run_made_it(media: Path) -> None:
    entry = with_pictures()
    assert entry.published is not None
    made = entry.published.runs.get().picture
    entries.set_cover(entry, made)
    assert files(media) == 4
    entries.set_cover(entry, None)
    assert files(media) == 4
    assert entry.published.runs.get().picture == made


def test_what_is_rolled_back_keeps_its_files(media: Path) -> None:
    picture = factories.picture(factories.user())
    with transaction.atomic():
        picture.delete()
        transaction.set_rollback(True)
    assert Picture.objects.exists()
    assert files(media) == 2
