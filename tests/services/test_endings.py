"""What is put away, what lies in the bin, and what is gone for good."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from prompts_app import search
from prompts_app.models import Entry, Evaluation, Run, Version
from prompts_app.models.triggers import REFUSAL
from prompts_app.search import Filters
from prompts_app.services import arranging, endings, importing, share_tokens
from prompts_app.services.execution import claim
from prompts_app.transfer.document import EntryDocument, VersionDocument
from tests import factories
from tests.clock import Clock
from tests.test_promises_access import ENTRIES, everybody, told
from tests.walking import Walk, routes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_place(settings: Settings, tmp_path: Path) -> Path:
    """Keep pictures in the test's own folder."""
    settings.STATIC_ROOT = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    return tmp_path / "media"


def files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def found(words: str) -> list[Entry]:
    return list(search.explore(words, Filters()).entries)


def test_what_lies_in_the_bin_is_nowhere_else() -> None:
    walk = Walk(Entry.Visibility.LISTED)
    entry = walk.shared.entry
    named = {"slug", "run_id", "case_id", "evaluation_id", "picture_id", "trial_id"}
    of_entry = [
        route
        for route in routes()
        if named.intersection(route.parameters) and not route.name.startswith("studio_bin")
    ]
    before = [told(walk, route, "GET") for route in of_entry]
    assert len(of_entry) > 40
    endings.discard(entry)
    # A picture stays its owner's own; what takes no GET, or a stranger's sign-in, tells nothing.
    silent = {302, 404, 405, 410}
    for route in of_entry:
        answer = told(walk, route, "GET")
        others = answer._replace(owner=404) if "picture_id" in route.parameters else answer
        assert silent.issuperset(others), (route.name, answer)
    assert endings.restore(entry)
    assert [told(walk, route, "GET") for route in of_entry] == before


def test_what_is_archived_is_its_authors_alone() -> None:
    walk = Walk(Entry.Visibility.LISTED)
    entry = walk.shared.entry
    assert found(entry.title)
    endings.archive(entry)
    entry.refresh_from_db()
    for route in routes():
        if route.name in ENTRIES:
            answer = told(walk, route, "GET")
            assert answer == everybody(404)._replace(owner=200), route.name
    link = factories.share_link(entry.owner, entry)
    assert share_tokens.shown_by(link) == []
    assert found(entry.title) == []
    assert entry not in Entry.objects.kept()
    endings.take_back(entry)
    assert found(entry.title) == [entry]
    entry.refresh_from_db()
    assert (entry.visibility, entry.archived_from) == ("listed", "")
    assert len(share_tokens.shown_by(link)) == 1


def test_archiving_twice_forgets_nothing() -> None:
    entry = factories.entry(visibility="unlisted")
    endings.archive(entry)
    # Another tab knew nothing of it.
    endings.archive(entry)
    entry.refresh_from_db()
    endings.archive(entry)
    endings.take_back(entry)
    entry.refresh_from_db()
    assert entry.visibility == "unlisted"


def test_the_bin_is_searched_by_nobody_and_gives_back_everything() -> None:
    entry = factories.entry(title="Foxglove", place=-3, pinned=True)
    assert found("foxglove") == [entry]
    before = Entry.objects.filter(pk=entry.pk).values().get()
    endings.discard(entry)
    assert found("foxglove") == []
    endings.restore(entry)
    assert found("foxglove") == [entry]
    assert Entry.objects.filter(pk=entry.pk).values().get() == before


def test_versions_stay_as_long_as_the_bin_keeps_the_entry() -> None:
    entry = factories.entry()
    endings.discard(entry)
    for work in (entry.versions.all().delete, Entry.objects.filter(pk=entry.pk).delete):
        with pytest.raises(DatabaseError, match=REFUSAL), transaction.atomic():
            work()
    Entry.objects.filter(pk=entry.pk).update(purge_at=timezone.now() - timedelta(days=1))
    assert endings.purge_due() == 1
    assert not Version.objects.filter(entry_id=entry.pk).exists()


def test_the_worker_purges_what_is_due_with_its_files(own_place: Path) -> None:
    gone, kept = factories.entry(), factories.entry()
    for entry in (gone, kept):
        factories.picture(entry.owner, entry=entry)
        factories.attempt(entry)
    now = timezone.now()
    with Clock(now) as clock:
        endings.discard(gone)
        clock.move(timedelta(days=1))
        endings.discard(kept)
        clock.move(endings.KEPT_FOR - timedelta(days=1, minutes=1))
        assert endings.purge_due() == 0
        clock.move(timedelta(minutes=2))
        assert endings.purge_due() == 1
        assert endings.purge_due() == 0
    assert list(Entry.objects.all()) == [kept]
    assert files(own_place) >= 2
    assert not endings.restore(gone)
    with Clock(now + timedelta(days=32)):
        assert endings.purge_due() == 1


def test_what_lies_in_the_bin_spends_nothing() -> None:
    entry = factories.entry()
    model = factories.model(factories.provider(entry.owner))
    assert entry.published is not None
    evaluation = Evaluation.objects.create(entry=entry, total=1, repeats=1, bound=1_000_000)
    over = Evaluation.objects.create(entry=entry, total=1, repeats=1, bound=1_000_000)
    done = factories.run(entry.published, model=model, evaluation=over)
    for one in (evaluation, None):
        factories.run(entry.published, state="waiting", model=model, evaluation=one)
    endings.discard(entry)
    assert claim(10) == []
    others = Run.objects.exclude(pk=done.pk)
    assert set(others.values_list("state", flat=True)) == {Run.State.STOPPED}
    # What was over before is as it was.
    over.refresh_from_db()
    evaluation.refresh_from_db()
    assert (over.stopped_at, evaluation.stopped_at is None) == (None, False)


def test_the_same_source_comes_in_again_while_the_old_one_lies_in_the_bin() -> None:
    owner = factories.profile().user
    version = VersionDocument(factories.content("Say hello"))
    document = EntryDocument(
        title="From a file",
        summary="",
        use_case="",
        language="en",
        tags=(),
        credit="",
        source_key="file:1",
        versions=(version,),
        cases=(),
        baseline=None,
    )
    first = importing.import_entry(owner, document)
    with pytest.raises(IntegrityError), transaction.atomic():
        importing.import_entry(owner, document)
    endings.discard(first)
    second = importing.import_entry(owner, document)
    assert endings.restore(first)
    keys = {entry.pk: entry.source_key for entry in owner.entries.all()}
    assert keys == {first.pk: None, second.pk: "file:1"}


def test_pinned_ones_come_back_pinned_only_where_there_is_room() -> None:
    owner = factories.profile().user
    first, *others = [factories.entry(owner) for _ in range(arranging.MAX_PINNED + 1)]
    arranging.pin(first)
    first.refresh_from_db()
    endings.discard(first)
    for entry in others:
        arranging.pin(entry)
    endings.restore(first)
    first.refresh_from_db()
    assert not first.pinned
