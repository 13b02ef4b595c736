"""Imports in the studio: upload or paste, look, correct, leave out, bring in, take back."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prompts_app.models import Entry, Import, User
from prompts_app.services import imports
from prompts_app.views import imports as views
from tests import factories
from tests.archiving import archive_of, rich_author
from tests.importing import brought, document, done, prompts, table, uploaded, whole

pytestmark = pytest.mark.django_db

BAD_ROW = ("Broken", "Do it.", "MAYBE", "TEXT", "x")
GOOD_ROW = ("Sound", "Do it.", "TRUE", "TEXT", "x")


@pytest.fixture
def author(client: Client) -> User:
    """An author, signed in."""
    owner = factories.profile(handle="ada").user
    client.force_login(owner)
    return owner


def file(data: bytes, name: str = "prompts.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def send(client: Client, **fields: Any) -> Any:
    return client.post(reverse("studio_import"), fields)


def check(upload: Import) -> str:
    return reverse("studio_import_check", args=[upload.pk])


def lines(response: Any) -> list[dict[str, Any]]:
    """Return what a stream of progress told."""
    body = b"".join(response.streaming_content)
    return [json.loads(line) for line in body.splitlines()]


def test_from_a_file_to_drafts_and_back(client: Client, author: User) -> None:
    response = send(client, file=file(table(GOOD_ROW, BAD_ROW)))
    upload = Import.objects.get()
    assert (response.status_code, response["Location"]) == (303, check(upload))
    page = client.get(check(upload)).content.decode()
    assert "Sound" in page
    assert "Line 3" in page
    assert "for_devs is “MAYBE”" in page
    assert not Entry.objects.exists()

    response = client.post(check(upload), {"row": "0", "in": "0"})
    place = reverse("studio_import_done", args=[upload.pk])
    assert (response.status_code, response["Location"]) == (303, place)
    entry = Entry.objects.get()
    assert (entry.owner, entry.visibility) == (author, "draft")
    page = client.get(place).content.decode()
    assert reverse("studio_entry", args=[entry.slug]) in page
    assert "for_devs is “MAYBE”" in page

    undo = reverse("studio_import_undo", args=[upload.pk])
    assert "1 entry that nobody touched since" in client.get(undo).content.decode()
    assert client.post(undo).status_code == 303
    assert client.get(reverse("studio_entry", args=[entry.slug])).status_code == 404
    assert "in the bin" in client.get(place).content.decode()


def test_pasted_text_is_read_as_well(client: Client, author: User) -> None:
    response = send(client, text=table(GOOD_ROW).decode())
    assert response.status_code == 303
    assert "Pasted text" in client.get(response["Location"]).content.decode()


BROKEN = "name: x\nsteps:\n  - a: [1\n  b: 2\n"


def test_broken_yaml_is_said_to_be_that_and_comes_in_as_text_all_the_same(
    client: Client, author: User
) -> None:
    page = client.get(send(client, text=BROKEN)["Location"]).content.decode()
    assert "This looks like YAML, but cannot be read as such, so it was taken for plain" in page
    assert re.search(r"Line 4</span>This is not YAML from column \d+ on\.", page)
    assert "Left out because it cannot be read" not in page
    assert "does not come over whole" not in page
    upload = Import.objects.get()
    response = client.post(check(upload), {"row": "0", "in": "0"}, follow=True)
    assert "Left out" not in response.content.decode()
    assert Entry.objects.get().draft.content["messages"][0]["content"] == BROKEN.rstrip()


def test_of_a_broken_yaml_file_the_text_can_still_be_had(client: Client, author: User) -> None:
    address = send(client, file=file(BROKEN.encode(), "x.yaml"))["Location"]
    page = client.get(address).content.decode()
    assert "Mend it and choose it again, or read it as plain text." in page
    assert "Line 4</span>" in page
    # Whoever says that it is text knows already.
    assert client.post(address, {"do": "format", "format": "plain"}).status_code == 303
    page = client.get(address).content.decode()
    assert "looks like YAML" not in page
    assert "1 entry will be made" in page


def test_the_list_of_formats_offers_formats_alone(client: Client, author: User) -> None:
    page = client.get(send(client, text="a prompt")["Location"]).content.decode()
    assert 'value=""' not in page[page.index("<select") : page.index("</select>")]
    unknown = send(client, file=file(b"\0\1", "x.bin"))["Location"]
    page = client.get(unknown).content.decode()
    assert re.search(r'<option value="" selected>\s*Choose a format<', page)
    response = client.post(unknown, {"do": "format", "format": ""})
    assert response.status_code == 422
    assert "Choose the format that the file is in." in response.content.decode()


def test_the_page_says_what_is_lost_of_an_entry_and_where(
    client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploaded(author, prompts(1))
    losses = [[7, "tests[3].assert[0]", "rule_refused", "No names"]]
    Import.objects.filter(pk=upload.pk).update(rows=[upload.rows[0] | {"losses": losses}])
    page = client.get(check(upload)).content.decode()
    assert "Line 7, tests[3].assert[0]" in page
    assert "The rule of “No names” cannot test anything" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose a file, or paste text below."),
        ({"text": " \r\n "}, "Choose a file, or paste text below."),
        ({"file": file(b"")}, "This file is empty."),
        ({"file": file(b"x"), "text": "y"}, "one at a time"),
        ({"text": "a\0b"}, "NUL"),
        ({"text": "x", "format": "word"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_an_upload_is_said_at_its_field(
    client: Client, author: User, fields: dict[str, Any], sentence: str
) -> None:
    if "file" in fields:
        fields["file"].seek(0)
    response = send(client, **fields)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Import.objects.exists()


def test_pasted_text_that_was_refused_is_still_there(client: Client, author: User) -> None:
    page = send(client, text="Keep this, please.", format="word").content.decode()
    assert "Keep this, please." in page


def test_a_file_that_is_too_large_is_refused(
    client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"x" * (imports.MAX_BYTES + 1)
    response = send(client, file=file(data))
    assert response.status_code == 422
    assert "larger than 20 MB" in response.content.decode()


def test_more_text_than_a_form_takes_is_said_so(client: Client, author: User) -> None:
    response = send(client, text="x" * (4 * 1024 * 1024 + 1))
    assert response.status_code == 400
    assert "bring more than that as a file" in response.content.decode()


NOTHING_IN_IT = {
    "UTF-16": "act,prompt,for_devs,type,contributor".encode("utf-16"),
    "a picture": factories.png(),
    "zeros": bytes(5_000),
    "cut off": prompts(2)[:-30] + b'"',
    "no UTF-8": table(("Poet", "café", "FALSE", "TEXT", "x")).decode().encode("latin-1"),
}


@pytest.mark.parametrize("data", NOTHING_IN_IT.values(), ids=NOTHING_IN_IT.keys())
def test_a_bad_file_is_kept_and_said_to_be_bad(client: Client, author: User, data: bytes) -> None:
    response = send(client, file=file(data))
    assert response.status_code == 303
    page = client.get(response["Location"])
    assert page.status_code == 200
    text = page.content.decode()
    assert "Left out because it cannot be read" in text or "was not recognised" in text
    assert Import.objects.get().is_waiting
    assert not Entry.objects.exists()


def test_the_format_may_be_corrected(client: Client, author: User) -> None:
    upload = uploaded(author, prompts(2), "notes.txt")
    Import.objects.filter(pk=upload.pk).update(format="", rows=[])
    page = client.get(check(upload)).content.decode()
    assert "The format was not recognised" in page
    response = client.post(check(upload), {"do": "format", "format": "prompts_chat"})
    assert response.status_code == 303
    upload.refresh_from_db()
    assert (upload.format, len(upload.rows)) == ("prompts_chat", 2)


@pytest.mark.parametrize("wanted", ["", "word"])
def test_a_format_there_is_none_of_is_refused(client: Client, author: User, wanted: str) -> None:
    upload = uploaded(author, prompts(2))
    response = client.post(check(upload), {"do": "format", "format": wanted})
    assert response.status_code == 422
    upload.refresh_from_db()
    assert upload.format == "prompts_chat"


def test_entries_are_left_out_on_every_page(
    client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ROWS_A_PAGE", 2)
    upload = uploaded(author, prompts(4))
    response = client.post(check(upload), {"row": ["0", "1"], "in": ["1"], "to": "2"})
    assert response["Location"] == f"{check(upload)}?page=2#rows"
    assert not Entry.objects.exists()
    assert not re.search(r'value="0"[^>]*checked', client.get(check(upload)).content.decode())
    client.post(check(upload), {"row": ["2", "3"], "in": ["3"]})
    titles = Entry.objects.values_list("title", flat=True)
    assert sorted(titles) == ["Role 1", "Role 3"]


@pytest.mark.parametrize("ticked", [["nonsense", "-1", "9" * 40], []])
def test_with_nothing_ticked_nothing_is_made(
    client: Client, author: User, ticked: list[str]
) -> None:
    upload = uploaded(author, prompts(1))
    response = client.post(check(upload), {"row": "0", "in": ticked})
    assert response.status_code == 422
    assert "Nothing is left to bring in" in response.content.decode()
    assert not Entry.objects.exists()


def test_what_is_known_is_said_and_not_offered(client: Client, author: User) -> None:
    done(imports.bring_in(uploaded(author, prompts(1))))
    upload = uploaded(author, prompts(2))
    page = client.get(check(upload)).content.decode()
    assert "1 entry will be made" in page
    assert "1 is yours already" in page
    assert page.count('name="in"') == 1


def test_a_second_press_makes_nothing_twice(client: Client, author: User) -> None:
    upload = uploaded(author, prompts(1))
    for _press in range(2):
        response = client.post(check(upload), {"row": "0", "in": "0"})
        assert response["Location"] == reverse("studio_import_done", args=[upload.pk])
    assert Entry.objects.count() == 1


def test_progress_is_told_line_by_line(client: Client, author: User) -> None:
    asked = {"Accept": "application/x-ndjson"}
    response = client.post(reverse("studio_import"), {"file": file(prompts(250))}, headers=asked)
    assert response["Content-Type"] == "application/x-ndjson"
    *told, last = lines(response)
    assert [one["done"] for one in told] == [0, 100, 200]
    assert told[1]["text"] == "Reading: 100 entries"
    upload = Import.objects.get()
    assert last == {"url": check(upload)}
    ticked = [str(place) for place in range(100)]
    response = client.post(check(upload), {"row": ticked, "in": ticked}, headers=asked)
    *told, last = lines(response)
    assert [(one["done"], one["of"]) for one in told if one["of"]] == [
        (100, 250), (200, 250), (250, 250)
    ]  # fmt: skip
    assert last == {"url": reverse("studio_import_done", args=[upload.pk])}
    response = client.post(reverse("studio_import_undo", args=[upload.pk]), headers=asked)
    assert lines(response)[-1] == last


def test_progress_is_told_in_the_readers_language(client: Client, author: User) -> None:
    author.language = "fr"
    author.save()
    response = client.post(
        reverse("studio_import"),
        {"file": file(prompts(1))},
        headers={"Accept": "application/x-ndjson"},
    )
    assert lines(response)[0]["text"] != ""


def test_a_refused_upload_is_told_as_a_page(client: Client, author: User) -> None:
    response = client.post(reverse("studio_import"), {}, headers={"Accept": "application/x-ndjson"})
    assert (response.status_code, response["Content-Type"]) == (422, "text/html; charset=utf-8")


def test_an_hour_later_the_page_says_that_the_upload_is_gone(client: Client, author: User) -> None:
    upload = uploaded(author, prompts(1))
    Import.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    for response in (client.get(check(upload)), client.post(check(upload), {"row": "0"})):
        assert response.status_code == 410
        assert "Choose the file again" in response.content.decode()
    assert "not brought in" in client.get(reverse("studio_imports")).content.decode()


def test_an_upload_can_be_deleted_at_once(client: Client, author: User) -> None:
    upload = uploaded(author, prompts(1))
    assert client.post(reverse("studio_import_discard", args=[upload.pk])).status_code == 302
    assert not Import.objects.exists()


def test_deleting_an_upload_leaves_what_was_brought_in(client: Client, author: User) -> None:
    made = done(imports.bring_in(uploaded(author, prompts(1))))
    client.post(reverse("studio_import_discard", args=[made.pk]))
    assert Import.objects.filter(pk=made.pk).exists()


def test_an_upload_that_still_waits_is_offered(client: Client, author: User) -> None:
    upload = uploaded(author, prompts(1))
    assert check(upload) in client.get(reverse("studio_import")).content.decode()


def test_the_undo_names_what_was_worked_on(client: Client, author: User) -> None:
    made = brought(author, whole(), document(title="Untouched", source_key="test:2"))
    entry = Entry.objects.get(title="Invoices")
    factories.version(entry)
    page = client.get(reverse("studio_import_undo", args=[made.pk])).content.decode()
    assert "Invoices" in page
    assert "Untouched" not in page
    client.post(reverse("studio_import_undo", args=[made.pk]), {"also": [str(entry.pk)]})
    assert not Entry.objects.filter(purge_at__isnull=True).exists()


def test_others_imports_are_not_there(client: Client, author: User) -> None:
    other = factories.profile().user
    waiting = uploaded(other, prompts(1))
    made = done(imports.bring_in(uploaded(other, prompts(2))))
    assert client.get(check(waiting)).status_code == 404
    assert client.post(check(waiting), {"row": "0", "in": "0"}).status_code == 404
    for name in ("studio_import_done", "studio_import_undo"):
        assert client.get(reverse(name, args=[made.pk])).status_code == 404
    assert "prompts.csv" not in client.get(reverse("studio_imports")).content.decode()


def pages(author: User) -> Iterator[str]:
    upload = uploaded(author, prompts(3))
    made = done(imports.bring_in(uploaded(author, prompts(2))))
    yield reverse("studio_import")
    yield check(upload)
    yield reverse("studio_imports")
    yield reverse("studio_import_done", args=[made.pk])
    yield reverse("studio_import_undo", args=[made.pk])


def test_every_page_opens_in_french(client: Client, author: User) -> None:
    author.language = "fr"
    author.save()
    for address in pages(author):
        assert '<html lang="fr">' in client.get(address).content.decode()


def test_more_rows_take_no_more_queries(client: Client, author: User) -> None:
    def queries(count: int) -> list[int]:
        upload = uploaded(author, prompts(count))
        made = brought(
            author,
            *(document(title=f"T{n}", source_key=f"{count}:{n}") for n in range(count)),
        )
        counts = []
        for address in (
            check(upload),
            reverse("studio_imports"),
            reverse("studio_import_done", args=[made.pk]),
            reverse("studio_import_undo", args=[made.pk]),
        ):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    assert queries(2) == queries(20)


def test_the_command_imports_what_the_studio_would(tmp_path: Any, author: User) -> None:
    path = tmp_path / "prompts.csv"
    path.write_bytes(prompts(3))
    call_command("import_prompts", str(path), author="ada", list=True)
    made = Import.objects.get()
    assert (made.state, made.made, made.source) == (Import.State.DONE, 3, None)
    entries = Entry.objects.filter(imported_by=made)
    assert {entry.visibility for entry in entries} == {"listed"}


def test_the_command_imports_nothing_of_a_bad_file_unless_told(
    tmp_path: Any, author: User, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompts.csv"
    path.write_bytes(table(GOOD_ROW, BAD_ROW))
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_prompts", str(path), author="ada")
    assert f"{path}:3: for_devs is “MAYBE”" in capsys.readouterr().err
    assert not Entry.objects.exists()
    call_command("import_prompts", str(path), author="ada", skip_bad=True)
    assert "1 entries imported, 0 were there already, 1 parts left out." in capsys.readouterr().out


def test_the_command_says_why_it_cannot(tmp_path: Any, author: User) -> None:
    path = tmp_path / "notes.bin"
    path.write_bytes(bytes(10))
    for arguments, said in (
        ({"author": "nobody"}, "no author @nobody"),
        ({"author": "ada"}, "not recognised"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("import_prompts", str(path), **arguments)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_prompts", str(tmp_path / "none"), author="ada")


def test_an_archive_comes_in_as_a_whole(client: Client, author: User, tmp_path: Any) -> None:
    data = archive_of(rich_author()).getvalue()
    response = send(client, file=file(data, "portfolio.zip"))
    upload = Import.objects.get(owner=author)
    page = client.get(response["Location"]).content.decode()
    assert "Promptfolio archive (ZIP)" in page
    assert 'type="checkbox"' not in page
    response = client.post(check(upload))
    assert response["Location"] == reverse("studio_import_done", args=[upload.pk])
    assert author.entries.count() == len(upload.rows)

    path = tmp_path / "portfolio.zip"
    path.write_bytes(data)
    call_command("import_prompts", str(path), author="ada")
    assert author.entries.count() == 2 * len(upload.rows)
    path.write_bytes(data[:-100])
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_prompts", str(path), author="ada")
    assert Import.objects.filter(owner=author).count() == 2
