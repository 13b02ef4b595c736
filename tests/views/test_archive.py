"""The page of the archive, its file, one entry's file, and what other sites' receipts look like."""

import io
import json
import os
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import CapturedElsewhere, Entry, ReceiptKey, User
from prompts_app.receipts import checks, keys, statement
from prompts_app.services import accounts, archives, exports
from prompts_app.transfer import promptfolio
from prompts_app.transfer.document import EntryDocument
from tests import factories
from tests.archiving import archive_of, rich_author, told

pytestmark = pytest.mark.django_db

PAGE, FILE = "/studio/export/", "/studio/export/portfolio.zip"


@pytest.fixture(autouse=True)
def own_pictures(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def owner() -> User:
    return rich_author()


@pytest.fixture
def signed_in(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_without_a_script_the_archive_is_made_and_fetched(signed_in: Client, owner: User) -> None:
    assert b"Make the ZIP" in signed_in.get(PAGE).content
    assert signed_in.get(FILE).status_code == 404
    made = signed_in.post(PAGE)
    assert made.status_code == 303
    # A page of its own: a script that goes to a fragment of the page it is on would see no news.
    assert re.fullmatch(rf"{PAGE}\?made=\d+#ready", made["Location"])
    page = signed_in.get(PAGE).content.decode()
    assert "Make the ZIP anew" in page
    response = signed_in.get(FILE)
    assert response["Content-Type"] == "application/zip"
    assert "no-store" in response["Cache-Control"]
    assert f"promptfolio-{owner.profile.handle}-" in response["Content-Disposition"]
    assert told(io.BytesIO(body(response))) == told(archive_of(owner))


def test_a_script_is_told_how_far_it_is(signed_in: Client) -> None:
    response = signed_in.post(PAGE, headers={"Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in body(response).splitlines()]
    assert [line.get("done") for line in lines] == [0, 1, 2, 3, None]
    assert {line["of"] for line in lines[:-1]} == {3}
    assert re.fullmatch(rf"{PAGE}\?made=\d+#ready", lines[-1]["url"])
    assert body(signed_in.get(FILE))


def test_only_its_owner_gets_it(signed_in: Client, client: Client) -> None:
    signed_in.post(PAGE)
    assert client.get(FILE).status_code == 302
    client.force_login(factories.profile().user)
    assert client.get(FILE).status_code == 404
    for path in exports._root().rglob("*.zip"):
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0


def test_it_is_kept_for_a_day(signed_in: Client, owner: User) -> None:
    signed_in.post(PAGE)
    ready = exports.ready(owner)
    assert ready is not None
    assert exports.forget_old() == 0
    old = (timezone.now() - timedelta(days=1, seconds=1)).timestamp()
    os.utime(ready.path, (old, old))
    assert signed_in.get(FILE).status_code == 404
    assert exports.forget_old() == 1
    assert not ready.path.parent.exists()


def test_it_goes_with_the_account(
    signed_in: Client, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    signed_in.post(PAGE)
    with django_capture_on_commit_callbacks(execute=True):
        accounts.delete_author(owner)
    assert not list(exports._root().rglob("*"))


def test_what_breaks_off_leaves_the_archive_before(signed_in: Client, owner: User) -> None:
    signed_in.post(PAGE)
    before = exports.ready(owner)
    making = exports.make(owner)
    next(making)
    making.close()
    assert exports.ready(owner) == before
    assert [one.name for one in exports._root().glob("*/*")] == ["portfolio.zip"]


def test_the_page_takes_the_same_queries_for_any_number(signed_in: Client, owner: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            signed_in.get(PAGE)
        return len(found)

    few = queries()
    for _ in range(5):
        factories.version(factories.entry(owner))
    assert queries() == few


def test_one_entry_is_what_the_archive_has_of_it(signed_in: Client, owner: User) -> None:
    entry = Entry.objects.get(slug="factures-json")
    response = signed_in.get(reverse("studio_entry_json", args=[entry.slug]))
    data = body(response)
    value = json.loads(data)
    archive = told(archive_of(owner))
    assert value["entry"] == archive["entries/factures-json.json"]
    assert [one | {"id": ""} for one in value["runs"]] == archive[
        "entries/factures-json.runs.ndjson"
    ]
    (found,) = promptfolio.read(data)
    assert isinstance(found, EntryDocument), found
    assert found.title == entry.title
    assert len(found.runs) == 5
    client = Client()
    client.force_login(factories.profile().user)
    assert client.get(reverse("studio_entry_json", args=[entry.slug])).status_code == 404


def test_the_schema_is_published(client: Client) -> None:
    response = client.get("/schemas/promptfolio-1.json")
    assert response["Content-Type"] == "application/schema+json"
    assert json.loads(response.content)["$defs"]["entry"]


def test_a_run_of_another_site_says_so(settings: Settings, owner: User, client: Client) -> None:
    archive = archive_of(owner)
    origin = settings.SITE_URL
    accounts.delete_author(owner)
    ReceiptKey.objects.all().delete()
    settings.RECEIPT_KEY = b"B" * 32
    settings.SITE_URL = "https://b.example"
    reader = factories.profile().user
    report = archives.read_archive(reader, archive, make=True)
    assert not report.problems
    kept = CapturedElsewhere.objects.exclude(statement="").exclude(run__output="")
    run = kept.filter(run__hidden=False).select_related("run").first()
    assert run is not None
    page = client.get(reverse("run", args=[run.pk])).content.decode()
    assert "Receipt of another site" in page
    assert origin in page
    assert "captured here" not in page
    receipt = client.get(reverse("receipt", args=[run.pk])).content
    site, known = keys.read_keys(client.get(reverse("run_keys", args=[run.pk])).content)
    assert site == origin
    assert checks.holds(checks.check(statement.read_receipt(receipt), known, origin))
    # Its key is not among those this site signs with.
    assert str(known[0].id) not in client.get("/.well-known/promptfolio-keys.json").content.decode()
    answer = client.post("/verify/", {"pasted": receipt.decode()}).content.decode()
    assert "not signed with a key of this site" in answer


def test_the_pages_open_in_french(signed_in: Client) -> None:
    signed_in.post(PAGE)
    signed_in.cookies["django_language"] = "fr"
    assert signed_in.get(PAGE, headers={"Accept-Language": "fr"}).status_code == 200


def test_the_archive_is_a_zip_others_can_open(signed_in: Client) -> None:
    signed_in.post(PAGE)
    with zipfile.ZipFile(io.BytesIO(body(signed_in.get(FILE)))) as archive:
        assert archive.testzip() is None
        assert "promptfolio.json" in archive.namelist()
