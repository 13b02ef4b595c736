"""Imports: everything of a file is made at once or nothing, and can be taken back as a whole."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from pytest_django import Settings

from prompts_app.models import Draft, Entry, Import, Run, TestCase, User, Version
from prompts_app.services import (
    cases,
    entries,
    fitting,
    import_reading,
    import_undo,
    importing,
    imports,
    judging,
    versions,
)
from prompts_app.services.import_reading import Ready, Rules, ready
from prompts_app.transfer.document import CaseDocument, EntryDocument, Problem, VersionDocument
from prompts_app.transfer.recognise import FORMATS, recognise
from tests import factories
from tests.archiving import archive_of, rich_author
from tests.importing import brought, document, done, prompts, table, uploaded, whole

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    return factories.profile().user


@pytest.fixture
def own_media(settings: Settings, tmp_path: Path) -> None:
    """Keep pictures in the test's own folder."""
    settings.MEDIA_ROOT = tmp_path


def everything() -> tuple[int, ...]:
    """Return how much there is of everything an import makes."""
    return tuple(rows.objects.count() for rows in (Entry, Draft, Version, TestCase, Run))


def test_looking_at_a_file_makes_nothing_but_the_upload(author: User) -> None:
    before = everything()
    upload = uploaded(author, prompts(3))
    assert everything() == before
    assert (upload.format, upload.state) == ("prompts_chat", Import.State.WAITING)
    assert [one["title"] for one in upload.rows] == ["Role 0", "Role 1", "Role 2"]
    assert upload.rows[0]["variables"] == 1


def test_everything_of_a_document_is_made(author: User) -> None:
    made = brought(author, whole())
    entry = Entry.objects.get(imported_by=made)
    first, second = entry.versions.order_by("number")
    assert (entry.visibility, entry.published, entry.baseline) == ("draft", second, first)
    assert sorted(tag.name for tag in entry.tags.all()) == ["Extraction", "json"]
    assert entry.draft.content == second.content
    assert second.change_note == "Better."
    assert second.prompt_hash == versions.prompt_hash(second.content)
    case = entry.cases.get()
    assert (case.name, case.watch_for) == ("Two currencies", "The sum")
    imported, pasted = Run.objects.filter(version__entry=entry).order_by("-version__number")
    assert (imported.origin, pasted.origin) == (Run.Origin.IMPORTED, Run.Origin.PASTED)
    assert (imported.case, imported.version, pasted.version) == (case, second, first)
    assert imported.raw_response is not None
    assert imported.finished_at is not None
    assert imported.raw_response["id"] == "chatcmpl-1"
    assert (imported.prompt_tokens, imported.completion_tokens, imported.latency_ms) == (12, 2, 800)
    assert imported.finished_at.isoformat() == "2026-05-12T09:30:00+00:00"


def test_what_is_made_is_what_the_studio_would_have_made(author: User) -> None:
    brought(author, document(title="By import", tags=("json",)))
    by_hand = entries.create_entry(
        author, title="By hand", tags=("json",), content=factories.content()
    )
    versions.publish_version(by_hand, "")
    by_hand.refresh_from_db()
    imported = Entry.objects.get(title="By import")
    skip = {"id", "title", "slug", "created_at", "updated_at", "published_at", "search_text",
            "published", "baseline", "source_key", "imported_by"}  # fmt: skip
    for field in Entry._meta.fields:
        if field.name not in skip:
            assert getattr(imported, field.name) == getattr(by_hand, field.name), field.name
    assert imported.search_text == by_hand.search_text.replace("by hand", "by import")
    one, other = imported.versions.get(), by_hand.versions.get()
    for name in ("number", "content", "content_hash", "prompt_hash", "naive", "change_note"):
        assert getattr(one, name) == getattr(other, name), name


def test_a_rule_that_tests_nothing_is_kept_without_running_and_told(author: User) -> None:
    made = brought(author, whole())
    constraints = Entry.objects.get(imported_by=made).draft.content["constraints"]
    assert [set(one) for one in constraints] == [
        {"text", "assertion"},
        {"text", "foreign"},
        {"text", "foreign"},
    ]
    assert constraints[2]["foreign"] == {"type": "regex", "value": "("}
    assert constraints[2]["foreign"] == {"type": "regex", "value": "("}
    assert [loss[1:] for loss in made.rows[0]["losses"]] == [["", "rule_refused", "Broken."]]


def test_outputs_are_judged_and_count_towards_no_evidence(author: User) -> None:
    made = brought(author, whole())
    judging.catch_up()
    entry = Entry.objects.get(imported_by=made)
    run = Run.objects.get(origin=Run.Origin.IMPORTED)
    assert [one["state"] for one in run.verdicts.values()] == ["passed"]
    assert entry.proof is None


def test_rules_are_looked_into_as_long_as_there_is_patience() -> None:
    found = ready(whole(), Rules(patience=-1))
    assert isinstance(found, Ready)
    assert {loss.code for loss in found.document.losses} == {"rule_unchecked"}


def test_the_same_file_again_adds_nothing(author: User) -> None:
    data = prompts(4)
    first = done(imports.bring_in(uploaded(author, data)))
    before = everything()
    second = done(imports.bring_in(uploaded(author, data)))
    assert (first.made, first.known) == (4, 0)
    assert (second.made, second.known) == (0, 4)
    assert everything() == before


def test_another_author_may_bring_the_same(author: User) -> None:
    other = factories.profile().user
    for owner in (author, other):
        assert done(imports.bring_in(uploaded(owner, prompts(2)))).made == 2


def test_what_is_in_the_bin_may_be_brought_in_again(author: User) -> None:
    upload = done(imports.bring_in(uploaded(author, prompts(2))))
    Entry.objects.filter(imported_by=upload).update(purge_at=timezone.now() + timedelta(days=30))
    assert done(imports.bring_in(uploaded(author, prompts(2)))).made == 2


def test_an_upload_is_brought_in_once(author: User) -> None:
    upload = uploaded(author, prompts(2))
    in_other_tab = Import.objects.get(pk=upload.pk)
    assert done(imports.bring_in(upload)).made == 2
    with pytest.raises(imports.NotWaiting):
        done(imports.bring_in(in_other_tab))
    assert Entry.objects.filter(owner=author).count() == 2


def test_its_file_is_gone_once_it_is_in(author: User) -> None:
    upload = done(imports.bring_in(uploaded(author, prompts(2))))
    assert upload.source is None


def test_an_upload_nobody_confirms_is_gone_after_an_hour(author: User) -> None:
    upload = uploaded(author, prompts(2))
    kept = uploaded(author, prompts(3))
    long_ago = timezone.now() - timedelta(minutes=61)
    Import.objects.filter(pk=upload.pk).update(created_at=long_ago)
    upload.refresh_from_db()
    with pytest.raises(imports.NotWaiting):
        done(imports.bring_in(upload))
    assert imports.forget_unconfirmed() == 1
    upload.refresh_from_db()
    assert (upload.source, upload.rows, upload.state) == (None, [], Import.State.EXPIRED)
    assert Import.objects.get(pk=kept.pk).source is not None
    Import.objects.filter(pk=upload.pk).update(created_at=long_ago - timedelta(days=1))
    imports.forget_unconfirmed()
    assert not Import.objects.filter(pk=upload.pk).exists()


def test_only_so_many_uploads_wait(author: User) -> None:
    for _upload in range(imports.MAX_WAITING + 2):
        last = uploaded(author, prompts(1))
    assert Import.objects.filter(owner=author).count() == imports.MAX_WAITING
    assert Import.objects.filter(pk=last.pk).exists()


def test_single_entries_are_left_out(author: User) -> None:
    upload = uploaded(author, prompts(3))
    imports.choose(upload, asked={0, 1, 2}, ticked={0, 2})
    assert done(imports.bring_in(upload)).made == 2
    titles = Entry.objects.filter(owner=author).values_list("title", flat=True)
    assert sorted(titles) == ["Role 0", "Role 2"]


def test_a_database_that_fails_half_way_leaves_nothing(
    author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    upload = uploaded(author, prompts(6))
    before = everything()
    work = imports.bring_in(upload)
    with pytest.raises(DatabaseError):  # noqa: PT012 - the work has to be under way
        while next(work) != (4, 6):
            pass
        work.throw(DatabaseError("the disk is full"))
    assert everything() == before
    assert done(imports.bring_in(Import.objects.get(pk=upload.pk))).made == 6


def test_a_server_that_is_stopped_half_way_leaves_nothing(author: User) -> None:
    upload = uploaded(author, prompts(200))
    before = everything()
    work = imports.bring_in(upload)
    while next(work)[1] == 0:
        pass
    work.close()
    assert everything() == before
    assert Import.objects.get(pk=upload.pk).is_waiting


def test_an_address_taken_meanwhile_is_no_reason_to_fail(author: User) -> None:
    upload = uploaded(author, prompts(1))
    taken: list[int] = []

    def taken_meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # What another tab committed just after the slugs were looked up.
        if not taken and sql.startswith('INSERT INTO "prompts_app_entry"'):
            taken.append(1)
            with connection.cursor() as cursor:
                cursor.execute(sql, params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(taken_meanwhile):
        made = done(imports.bring_in(upload))
    assert (made.made, len(taken)) == (1, 1)


def test_entries_of_one_title_have_addresses_of_their_own(author: User) -> None:
    same = [("Poet", f"Write {n}.", "FALSE", "TEXT", "x") for n in range(3)]
    factories.entry(author, title="Poet", slug="poet")
    done(imports.bring_in(uploaded(author, table(*same))))
    slugs = Entry.objects.filter(owner=author).values_list("slug", flat=True)
    assert sorted(slugs) == ["poet", "poet-2", "poet-3", "poet-4"]


@pytest.mark.parametrize("rich", [False, True])
def test_the_queries_for_an_entry_do_not_grow(author: User, rich: bool) -> None:
    def queries(count: int, start: int) -> int:
        like = whole() if rich else document()
        found = [
            ready(replace(like, title=f"No. {n}", source_key=f"test:{n}"), Rules())
            for n in range(start, start + count)
        ]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            done(imports.bring_in_file(author, "f", 1, "prompts_chat", found, "draft"))
        return len(captured)

    queries(1, 0)
    few, many = queries(10, 100), queries(80, 1000)
    # SQLite takes only so many values at once.
    assert many <= few + 40


def test_only_so_many_entries_are_read(author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_reading, "MAX_ENTRIES", 3)
    upload = uploaded(author, prompts(5))
    assert len(upload.rows) == 3
    assert [problem[1:] for problem in upload.problems] == [["", "too_many_entries", "3"]]


def test_problems_are_told_up_to_a_number(author: User) -> None:
    bad = [("", "x", "FALSE", "TEXT", "x")] * (imports.MAX_PROBLEMS + 7)
    upload = uploaded(author, table(*bad))
    assert len(upload.problems) == imports.MAX_PROBLEMS + 1
    assert upload.problems[-1][2:] == ["more_problems", "7"]


def test_versions_that_say_the_same_are_one(author: User) -> None:
    one, two = factories.content("One"), factories.content("Two")
    told = document(versions=tuple(map(VersionDocument, (one, one, two, {**two, "messages": [
        {"role": "user", "content": " "}]}))), baseline=2)  # fmt: skip
    made = brought(author, told)
    entry = Entry.objects.get(imported_by=made)
    assert [version.content for version in entry.versions.order_by("number")] == [one, two]
    assert entry.baseline == entry.published
    assert [loss[2] for loss in made.rows[0]["losses"]] == ["same_version", "empty_version"]


def content(**fields: Any) -> dict[str, Any]:
    """Return a document's versions: one, with this in its content."""
    return {"versions": (VersionDocument(factories.content(**fields)),)}


UNFIT = {
    "title": {"title": "x" * 121},
    "title, empty": {"title": " "},
    "NUL": {"summary": "a\0b"},
    "half a character": {"use_case": "a\ud800b"},
    "language": {"language": "English"},
    "tags": {"tags": ("x",) * 11},
    "no version": {"versions": ()},
    "baseline": {"baseline": 3},
    "kind": content(kind="sound"),
    "a stranger": content(extra=1),
    "role": content(messages=[{"role": "tool", "content": ""}]),
    "number": content(parameters={"seed": 2**60}),
    "NaN": content(parameters={"top_p": float("nan")}),
    "NUL within": content(parameters={"stop": "\0"}),
    "case": {"cases": (CaseDocument("x", {"text": 3}),)},  # type: ignore[dict-item]
}  # fmt: skip


@pytest.mark.parametrize("fields", UNFIT.values(), ids=UNFIT.keys())
def test_what_no_database_or_editor_takes_is_told_and_left_out(fields: dict[str, Any]) -> None:
    found = ready(document(**fields), Rules())
    assert isinstance(found, Problem)
    assert found.code == "does_not_fit"
    assert found.path


@given(text=st.text(st.characters(exclude_categories=()), max_size=20))
@how(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_response_that_passes_is_kept_by_the_database(author: User, text: str) -> None:
    raw = {"text": text, text: [1, None, 2.5]}
    told = whole()
    run = replace(told.runs[0], raw=raw)
    with transaction.atomic():
        made = brought(author, replace(told, runs=(run,)))
        kept = Run.objects.get(version__entry__imported_by=made)
        if fitting.keeps_raw(raw):
            assert (kept.raw_response, kept.origin) == (raw, Run.Origin.IMPORTED)
        else:
            assert (kept.raw_response, kept.origin) == (None, Run.Origin.PASTED)
            assert "raw_not_kept" in json.dumps(made.rows)
        transaction.set_rollback(True)


def left(owner: User) -> list[str]:
    """Return the titles of what is not in the bin."""
    rows = Entry.objects.filter(owner=owner, purge_at__isnull=True)
    return sorted(rows.values_list("title", flat=True))


def test_an_import_is_taken_back_whole(author: User) -> None:
    factories.entry(author, title="Older")
    made = done(imports.bring_in(uploaded(author, prompts(3))))
    assert import_undo.touched(made) == set()
    undone = done(import_undo.undo(made, ()))
    assert left(author) == ["Older"]
    assert undone.state == Import.State.UNDONE
    # And may be brought in anew.
    assert done(imports.bring_in(uploaded(author, prompts(3)))).made == 3


def _edit(entry: Entry) -> None:
    entries.save_draft(entry, factories.content("Another"), entry.draft.revision)


def _publish(entry: Entry) -> None:
    factories.version(entry)


def _list(entry: Entry) -> None:
    entries.update_entry(entry, tags=(), visibility=Entry.Visibility.LISTED)


def _run(entry: Entry) -> None:
    assert entry.published is not None
    factories.run(entry.published)


def _add_case(entry: Entry) -> None:
    factories.case(entry, values={})


def _withdraw_case(entry: Entry) -> None:
    cases.withdraw_case(entry.cases.get())


def _share(entry: Entry) -> None:
    factories.share_link(entry.owner, entry)


@pytest.mark.parametrize("work", [_edit, _publish, _list, _run, _add_case, _withdraw_case, _share])
@pytest.mark.parametrize("also", [False, True])
def test_what_was_worked_on_since_is_for_the_author_to_say(
    author: User, work: Any, also: bool
) -> None:
    made = brought(author, whole(), document(title="Untouched", source_key="test:2"))
    entry = Entry.objects.get(title="Invoices")
    work(entry)
    assert import_undo.touched(made) == {entry.pk}
    undone = done(import_undo.undo(made, {entry.pk} if also else ()))
    assert left(author) == ([] if also else ["Invoices"])
    assert undone.state == (Import.State.UNDONE if also else Import.State.DONE)


def test_nobody_takes_along_what_another_import_made(author: User) -> None:
    other = done(imports.bring_in(uploaded(author, prompts(1))))
    made = brought(author, document())
    done(import_undo.undo(made, {entry.pk for entry in import_undo.entries_of(other)}))
    assert left(author) == ["Role 0"]


def archive() -> bytes:
    """Return the archive of an author of another site."""
    owner = rich_author()
    # A run that is yet to be would look like one made after the import.
    Run.objects.update(created_at=timezone.now())
    return archive_of(owner).getvalue()


def test_an_archive_is_looked_at_brought_in_and_taken_back(author: User, own_media: None) -> None:
    data = archive()
    before = everything()
    upload = uploaded(author, data, "portfolio.zip")
    assert everything() == before
    assert (upload.format, upload.problems) == (imports.ARCHIVE, [])
    titles = {one["title"] for one in upload.rows}
    assert "Factures → JSON" in titles
    made = done(imports.bring_in(upload))
    assert (made.state, made.made, made.source) == (Import.State.DONE, len(titles), None)
    entries_made = Entry.objects.filter(imported_by=made)
    assert {entry.title for entry in entries_made} == titles
    assert {entry.visibility for entry in entries_made} == {"draft"}
    assert import_undo.touched(made) == set()
    done(import_undo.undo(made, ()))
    assert left(author) == []


def test_a_broken_archive_is_told_and_makes_nothing(author: User, own_media: None) -> None:
    data = archive()
    before = everything()
    for broken in (data[: len(data) // 2], data.replace(b"PK\x01\x02", b"PK\x01\x03", 1)):
        upload = uploaded(author, broken, "portfolio.zip")
        assert upload.rows == []
        assert upload.problems
        done(imports.bring_in(upload))
    assert everything() == before


def test_an_archive_that_cannot_be_written_leaves_nothing(author: User, own_media: None) -> None:
    upload = uploaded(author, archive(), "portfolio.zip")
    before = everything()
    work = imports.bring_in(upload)
    for _step in range(len(upload.rows) + 3):
        next(work)
    work.close()
    assert everything() == before
    assert Import.objects.get(pk=upload.pk).is_waiting


def test_an_archive_is_brought_in_once(author: User, own_media: None) -> None:
    upload = uploaded(author, archive(), "portfolio.zip")
    in_other_tab = Import.objects.get(pk=upload.pk)
    done(imports.bring_in(upload))
    before = everything()
    with pytest.raises(imports.NotWaiting):
        done(imports.bring_in(in_other_tab))
    assert everything() == before


def test_every_file_of_others_is_imported() -> None:
    folder = os.environ.get("PROMPT_SAMPLES")
    if not folder:
        pytest.skip("PROMPT_SAMPLES does not say where the sample files are")
    files = {
        path: key
        for path in sorted(Path(folder).rglob("*.*"))
        if (key := recognise(path.read_bytes(), path.name)) not in ("", "plain")
    }
    assert {"prompts_chat", "github_models", "prompty", "dotprompt", "chainforge"} <= set(
        files.values()
    )
    for path, key in files.items():
        author = factories.profile()
        found = list(FORMATS[key].read(path.read_bytes()))
        wanted = {one.source_key for one in found if isinstance(one, EntryDocument)}
        try:
            call_command(
                "import_prompts", path, author=author.handle, skip_bad=True, stdout=StringIO()
            )
        except CommandError:
            assert not wanted, path
        made = Entry.objects.filter(owner=author.user, published__isnull=False)
        assert set(made.values_list("source_key", flat=True)) == wanted, path
