"""An archive brings a portfolio to an empty site whole, and back; nobody gains proof by it."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as site
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import strategies as st
from pytest_django import Settings

from prompts_app.models import (
    CapturedElsewhere,
    Entry,
    Evaluation,
    Picture,
    Profile,
    Receipt,
    ReceiptKey,
    Run,
    User,
)
from prompts_app.models.triggers import refill
from prompts_app.receipts import checks, keys, statement
from prompts_app.receipts.checks import Line
from prompts_app.services import (
    accounts,
    archives,
    endings,
    imports,
    judging,
    matrix,
    receipt_keys,
    receipts,
)
from prompts_app.services.archive_rows import LEFT_OUT, PLAIN, TOLD
from prompts_app.services.rules import rule_of
from prompts_app.transfer import promptfolio_format as form
from tests import factories
from tests.archiving import SHORT, archive_of, rich_author, told
from tests.engines.promptfolio import places
from tests.site import RunningSite

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_pictures(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def another_site(settings: Settings) -> Iterator[Any]:
    """Make this database an empty site with a key of its own, and an author of that handle."""

    def move(handle: str, *, key: bytes = b"B" * 32) -> User:
        for user in User.objects.all():
            accounts.delete_author(user)
        ReceiptKey.objects.all().delete()
        settings.RECEIPT_KEY = key
        settings.SITE_URL = "https://b.example"
        receipt_keys.say_once.cache_clear()
        receipt_keys.check()
        return factories.profile(handle=handle).user

    yield move
    receipt_keys.say_once.cache_clear()


def changed(archive: io.BytesIO, **files: bytes) -> io.BytesIO:
    """Return the archive with other contents in some files, their hashes as they should be."""
    out = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(out, "w") as new:
        manifest = json.loads(files.pop(form.MANIFEST, old.read(form.MANIFEST)))
        for name in old.namelist():
            if name in (form.MANIFEST, form.SEAL):
                continue
            data = files.get(name, old.read(name))
            if name in files:
                manifest["files"][name] = statement.file_hash(data)
            new.writestr(name, data)
        new.writestr(form.MANIFEST, json.dumps(manifest))
    out.seek(0)
    return out


def read(owner: User, archive: io.BytesIO, **options: Any) -> archives.Report:
    report = archives.read_archive(owner, archive, **({"make": True, "profile": True} | options))
    assert not report.problems, report.problems
    judging.catch_up()
    return report


def test_every_column_is_written_or_named_as_left_out() -> None:
    for model, plain in PLAIN.items():
        fields = {one.name for one in (*model._meta.fields, *model._meta.many_to_many)}
        assert fields == {*plain, *TOLD[model], *LEFT_OUT[model]}, model.__name__
        assert len(fields) == len(plain) + len(TOLD[model]) + len(LEFT_OUT[model])


def test_what_lies_in_the_bin_is_brought_in_anew_and_what_is_there_keeps_its_origin() -> None:
    entry = factories.entry(source_key="prompts.chat:poet")
    archive = archive_of(entry.owner)

    def keys() -> dict[str, str | None]:
        return dict(Entry.objects.filter(owner=entry.owner).values_list("slug", "source_key"))

    [beside] = read(entry.owner, archive).made
    assert keys() == {entry.slug: "prompts.chat:poet", beside.slug: None}
    endings.discard(entry)
    [anew] = read(entry.owner, archive).made
    assert keys()[anew.slug] == "prompts.chat:poet"
    # So it is known where it came from, and what is taken out of the bin gives way.
    assert imports.known_keys(entry.owner, ["prompts.chat:poet"]) == {"prompts.chat:poet"}
    entry.refresh_from_db()
    assert endings.restore(entry)
    assert keys() == {entry.slug: None, beside.slug: None, anew.slug: "prompts.chat:poet"}


def test_what_another_site_reads_it_writes_again(another_site: Any) -> None:
    owner = rich_author()
    first = archive_of(owner)
    assert told(first)[form.MANIFEST]["counts"] == {
        "entries": 3, "versions": 5, "cases": 3, "runs": 9, "receipts": 5, "pictures": 4,
    }  # fmt: skip
    reader = another_site(owner.profile.handle)
    report = read(reader, first)
    assert [one.slug for one in report.entries] == [one.wanted for one in report.entries]
    assert not report.proof
    assert told(archive_of(reader)) == told(first)


def test_answers_of_another_site_prove_nothing_here(another_site: Any) -> None:
    owner = rich_author()
    first = archive_of(owner)
    reader = another_site(owner.profile.handle)
    read(reader, first)
    assert not Run.objects.filter(origin=Run.Origin.CAPTURED).exists()
    assert not Receipt.objects.exists()
    assert not Entry.objects.filter(proof__isnull=False).exists()
    told_elsewhere = CapturedElsewhere.objects.exclude(statement="")
    assert told_elsewhere.count() == 5
    for one in told_elsewhere.select_related("run__version"):
        lines = receipts.look_elsewhere(one)
        assert lines[:2] == [
            Line("signature", "holds", "intact"),
            Line("key", "open", "came_along"),
        ]
        assert all(line.state != "fails" for line in lines), lines
    changed_run = told_elsewhere.exclude(run__output="").select_related("run").first()
    assert changed_run is not None
    changed_run.run.output = "Another answer."
    assert Line("answer", "fails", "changed") in receipts.look_elsewhere(changed_run)


def test_a_site_with_the_same_key_has_the_same_evidence(
    another_site: Any, settings: Settings
) -> None:
    owner = rich_author()
    # The receipts are of a key that was replaced since.
    settings.RECEIPT_KEY = b"C" * 32
    receipt_keys.rotate(settings.RECEIPT_KEY)
    first = archive_of(owner)
    evidence, ids = _evidence(), set(Receipt.objects.values_list("pk", flat=True))
    reader = another_site(owner.profile.handle, key=site.RECEIPT_KEY)
    report = read(reader, first)
    assert report.proof
    assert _evidence() == evidence
    assert set(Receipt.objects.values_list("pk", flat=True)) == ids
    for receipt in Receipt.objects.select_related("run__version__entry__owner__profile"):
        given = statement.read_receipt(json.dumps(receipts.document(receipt, receipt.run)).encode())
        assert checks.holds(receipts.look(given))
    # Once more, and they are copies: no run is proof twice.
    again = read(reader, first, profile=False)
    assert not again.proof
    assert _evidence() == evidence
    assert {one.slug for one in again.renamed} == {f"{one.wanted}-2" for one in again.entries}


def _evidence() -> Any:
    entry = Entry.objects.get(title__startswith="Factures", slug="factures-json")
    assert entry.published is not None
    found = matrix.matrix_for(entry.published)
    return entry.proof, [(row.case and row.case.name, row.marks) for row in found.rows]


def test_nobody_launders_proof_through_an_archive(another_site: Any) -> None:
    """Claimed runs stay imported though this site itself seals the archive they are in next."""
    owner = rich_author()
    # A retired key, as one that somebody made up could be.
    receipt_keys.rotate(b"C" * 32)
    first = archive_of(owner)
    handle = owner.profile.handle
    reader = another_site(handle)
    read(reader, first)
    sealed = archive_of(reader)
    accounts.delete_author(reader)
    reader = factories.profile(handle=handle).user
    assert read(reader, sealed).proof
    assert not Run.objects.filter(origin=Run.Origin.CAPTURED).exists()
    assert ReceiptKey.objects.count() == 1
    assert told(archive_of(reader)) == told(first)


def test_a_sealed_archive_that_was_changed_is_refused() -> None:
    owner = rich_author()
    archive = archive_of(owner)
    out = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"Un deux trois.", b"Un deux tross."))
    report = archives.read_archive(owner, out, make=True)
    assert {one.code for one in report.problems} == {"changed"}
    with zipfile.ZipFile(archive) as old:
        manifest = old.read(form.MANIFEST)
    bent = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(bent, "w") as new:
        for name in old.namelist():
            data = manifest.replace(b'"counts"', b' "counts"') if name == form.MANIFEST else None
            new.writestr(name, data or old.read(name))
    report = archives.read_archive(owner, bent, make=True)
    assert [(one.code, one.path) for one in report.problems] == [("changed", form.MANIFEST)]


def test_one_bad_entry_keeps_all_out_and_leaves_no_file(settings: Settings) -> None:
    owner = rich_author()
    archive = archive_of(owner)
    name = form.entry_file("only-a-draft")
    with zipfile.ZipFile(archive) as files:
        entry = json.loads(files.read(name))
    entry["draft"]["constraints"] = [{"text": "Odd.", "assertion": {"type": "no-such-rule"}}]
    before = Entry.objects.count(), Picture.objects.count(), _files(settings)
    report = archives.read_archive(
        owner, changed(archive, **{name: json.dumps(entry).encode()}), make=True
    )
    (problem,) = report.problems
    assert (problem.code, problem.detail) == ("assertion", "no-such-rule")
    assert problem.path == f"{name}: draft.constraints[0].assertion"
    assert (Entry.objects.count(), Picture.objects.count(), _files(settings)) == before


def test_a_break_half_way_leaves_nothing(settings: Settings) -> None:
    owner = rich_author()
    looked = archives.Looking(owner, archive_of(owner))
    for _step in looked.look():
        pass
    before = Entry.objects.count(), Picture.objects.count(), _files(settings)
    making = archives.Making(looked).make()
    for done, _of in making:
        if done > looked.report.pictures:
            making.close()
    assert (Entry.objects.count(), Picture.objects.count(), _files(settings)) == before


def test_rows_that_cannot_be_written_leave_nothing(settings: Settings) -> None:
    owner = rich_author()
    looked = archives.Looking(owner, archive_of(owner))
    for _step in looked.look():
        pass
    before = Entry.objects.count(), Run.objects.count(), Picture.objects.count(), _files(settings)
    # The last of them to be written is one that the site would have twice.
    looked.captured = {str(one.pk) for one in Run.objects.order_by("-created_at")[:1]}
    with pytest.raises(IntegrityError):
        for _step in archives.Making(looked, profile=True).make():
            pass
    assert looked.report.made == []
    assert before == (
        *(Entry.objects.count(), Run.objects.count(), Picture.objects.count()),
        _files(settings),
    )


def test_pictures_of_a_profile_nobody_asked_for_leave_no_file(
    another_site: Any, settings: Settings
) -> None:
    archive = archive_of(rich_author())
    reader = another_site("newcomer")
    before = len(_files(settings)), Picture.objects.count()
    read(reader, archive, profile=False)
    files = len(_files(settings)) - before[0]
    # Each is kept whole and small.
    assert files == 2 * (Picture.objects.count() - before[1]) > 0


def test_nothing_is_read_or_waited_for_while_nobody_else_can_write(another_site: Any) -> None:
    archive = archive_of(rich_author())
    reader = another_site("newcomer")
    looked = archives.Looking(reader, archive)
    for _step in looked.look():
        pass
    outside = list(connection.savepoint_ids)
    for _step in archives.Making(looked, profile=True).make():
        # Between two steps a page waits for its reader.
        assert connection.savepoint_ids == outside
    assert looked.report.made


def _files(settings: Settings) -> list[Path]:
    return sorted(one for one in Path(settings.MEDIA_ROOT).rglob("*") if one.is_file())


def test_a_withdrawn_version_stays_erased(another_site: Any) -> None:
    owner = rich_author()
    archive = archive_of(owner)
    with zipfile.ZipFile(archive) as files:
        everything = b"".join(files.read(name) for name in files.namelist())
    assert b"very-secret" not in everything
    reader = another_site("somebody")
    read(reader, archive)
    withdrawn = Entry.objects.get(slug="factures-json").versions.get(number=2)
    assert (withdrawn.content, withdrawn.withdrawn_at is None) == ({}, False)
    assert len(withdrawn.content_hash) == 64


def test_no_secret_and_no_visitor_is_in_it() -> None:
    owner = rich_author()
    owner.set_password("a password of mine")
    owner.save()
    provider = factories.provider(owner)
    entry = Entry.objects.get(slug="factures-json")
    attempt = factories.attempt(entry, output="A visitor's own answer")
    link = factories.share_link(owner, entry, label="For Acme", note="Dear Acme")
    with zipfile.ZipFile(archive_of(owner)) as files:
        everything = b"".join(files.read(name) for name in files.namelist())
    for secret in (
        owner.password, owner.email, "sk-test", attempt.output, "A visitor's text", str(attempt.pk),
        str(link.pk), link.label, link.note, link.token_mac, provider.base_url,
    ):  # fmt: skip
        assert secret.encode() not in everything, secret


def test_the_profile_is_taken_only_when_asked_for_and_never_its_handle(another_site: Any) -> None:
    archive = archive_of(rich_author())
    reader = another_site("newcomer")
    read(reader, archive, profile=False)
    assert Profile.objects.get(user=reader).headline == ""
    read(reader, archive, profile=True, visibility="draft")
    profile = Profile.objects.get(user=reader)
    assert (profile.handle, profile.headline) == ("newcomer", "Prompts that hold")
    assert profile.avatar is not None
    assert Entry.objects.filter(slug__endswith="-2", visibility="draft").count() == 3


def test_a_verdict_that_somebody_wrote_is_found_out_again(another_site: Any) -> None:
    owner = rich_author()
    archive = archive_of(owner)
    name = form.runs_file("factures-json")
    with zipfile.ZipFile(archive) as files:
        data = files.read(name)
    runs = [json.loads(line) for line in data.splitlines()]
    verdicts = [one["verdicts"][rule_of(SHORT)] for one in runs if one["verdicts"]]
    assert any(one["state"] == "failed" for one in verdicts)
    for one in verdicts:
        one |= {"state": "passed", "at": "2026-05-12T09:30:00+00:00", "judge": "me"}
    forged = b"".join(json.dumps(one).encode() + b"\n" for one in runs)
    reader = another_site("somebody")
    read(reader, changed(archive, **{name: forged}))
    long_one = Run.objects.get(output__startswith="Many more")
    found = long_one.verdicts[rule_of(SHORT)]
    assert (found["state"], found.get("judge")) == ("failed", None)


def test_what_was_read_is_found_by_words(another_site: Any) -> None:
    archive = archive_of(rich_author())
    read(another_site("somebody"), archive)
    words = Entry.objects.get(slug="factures-json").search_text
    assert "factures" in words
    assert "donnees" in words
    refill()


def test_its_keys_check_its_receipts_offline() -> None:
    archive = archive_of(rich_author())
    with zipfile.ZipFile(archive) as files:
        origin, known = keys.read_keys(files.read(form.keys_file(0)))
        lines = files.read(form.runs_file("factures-json")).splitlines()
    found = [json.loads(line)["receipt"] for line in lines]
    held = [
        checks.holds(checks.check(statement.read_receipt(json.dumps(one).encode()), known, origin))
        for one in found
        if one
    ]
    assert held == [True] * 4


def test_more_entries_take_the_same_queries_each(
    django_assert_max_num_queries: Any, another_site: Any
) -> None:
    owner = factories.profile().user
    found = []
    for _number in range(2):
        for _more in range(6):
            entry = factories.entry(owner, tags=("a", "b"))
            factories.receipt(entry.published)  # type: ignore[arg-type]
        found.append(archive_of(owner))
    with django_assert_max_num_queries(12 * 3 + 20):
        archive_of(owner)
    reader = another_site("somebody")
    asked = []
    for archive in found:
        with CaptureQueriesContext(connection) as queries:
            report = archives.read_archive(reader, archive, make=True)
        assert not report.problems
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_more_entries_than_are_written_at_once(another_site: Any) -> None:
    owner = factories.profile().user
    slugs = [f"no-{number}" for number in range(101)]
    for slug in slugs:
        entry = factories.entry(owner, slug=slug, title=slug, tags=(f"tag {slug}",))
        factories.run(entry.published, output=f"This is {slug}")  # type: ignore[arg-type]
    archive = archive_of(owner)
    read(another_site("somebody"), archive)
    assert sorted(
        Entry.objects.filter(owner__profile__handle="somebody").values_list(
            "slug", "tags__name", "published__runs__output"
        )
    ) == sorted((slug, f"tag {slug}", f"This is {slug}") for slug in slugs)


ELSEWHERE = """
from prompts_app.services import archives, judging
from tests import factories
from tests.archiving import archive_of
reader = factories.profile(handle={handle!r}).user
report = archives.read_archive(reader, open({first!r}, "rb"), make=True, profile=True)
assert not report.problems, report.problems
judging.catch_up()
with open({second!r}, "wb") as file:
    file.write(archive_of(reader).getvalue())
"""


def test_from_one_database_to_the_other_and_back(another_site: Any, tmp_path: Path) -> None:
    """The other site is one on SQLite; these tests run on either."""
    owner = rich_author()
    handle = owner.profile.handle
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    first.write_bytes(archive_of(owner).getvalue())
    other = RunningSite(tmp_path / "other")
    with ExitStack() as stack:
        stack.push(other.__exit__)
        other.manage("prepare", "-v0")
        other.python(ELSEWHERE.format(handle=handle, first=str(first), second=str(second)))
    brought = io.BytesIO(second.read_bytes())
    assert told(brought) == told(io.BytesIO(first.read_bytes()))
    reader = another_site(handle)
    read(reader, brought)
    assert told(archive_of(reader)) == told(brought)


@pytest.fixture(scope="module")
def small(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: Any) -> bytes:
    """An archive with a case, an evaluation and a receipt, of an author who is gone."""
    media = site.MEDIA_ROOT
    site.MEDIA_ROOT = tmp_path_factory.mktemp("small")
    with django_db_blocker.unblock(), transaction.atomic():
        entry = factories.entry(title="One", tags=("a",))
        assert entry.published is not None
        evaluation = Evaluation.objects.create(entry=entry, total=1, repeats=1, bound=1)
        factories.receipt(entry.published, factories.case(entry), evaluation=evaluation)
        data = archive_of(entry.owner).getvalue()
        transaction.set_rollback(True)
    site.MEDIA_ROOT = media
    return data


ODD: st.SearchStrategy[Any] = st.sampled_from(
    (None, True, -1, 2**40, 1.5, "", "x" * 400, "2026-99-99T00:00:00.000000Z", "\x00", [], {}, [[]])
)


@hypothesis.settings(
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(st.data())
def test_a_bent_archive_is_read_whole_or_leaves_nothing(small: bytes, data: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(small)) as files:
        names = [name for name in files.namelist() if name.endswith(("json", "ndjson"))]
        name = data.draw(st.sampled_from([one for one in names if one != form.SEAL]))
        value = json.loads(files.read(name))
    *before, key = data.draw(st.sampled_from(places(value)))
    place = value
    for one in before:
        place = place[one]
    place[key] = data.draw(ODD)
    with transaction.atomic():
        reader = factories.profile().user
        archive = changed(io.BytesIO(small), **{name: json.dumps(value).encode()})
        report = archives.read_archive(reader, archive, make=True, profile=True)
        made = Entry.objects.filter(owner=reader).count()
        # A manifest may say that there are no entries.
        wanted = 0 if report.problems else len(report.entries)
        assert made == len(report.made) == wanted, report
        transaction.set_rollback(True)
