"""Receipts on the site: the file of a run, the keys, and the page that checks one."""

import json
import logging
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from prompts_app.models import Entry, Receipt, Run
from prompts_app.receipts import keys
from prompts_app.receipts.keys import read_keys
from prompts_app.receipts.statement import read_receipt
from prompts_app.services import receipt_keys, versions
from tests import factories
from tests.engines import receipts as foreign
from tests.engines.receipts import as_bytes

pytestmark = pytest.mark.django_db

HOLDS = "This receipt holds."
FAILS = "This receipt does not hold: "
OTHER_SEED = b"r" * 32


def made(**fields: Any) -> Receipt:
    entry = factories.entry(content=factories.content("Summarise: {{ text }}"))
    assert entry.published is not None
    return factories.receipt(entry.published, **fields)


@pytest.fixture
def receipt() -> Receipt:
    return made()


def file_of(client: Client, receipt: Receipt) -> dict[str, Any]:
    """Return the receipt as anyone downloads it."""
    response = client.get(f"/runs/{receipt.pk}/receipt.json")
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(response.content)
    return found


def check(client: Client, document: Any = None, **fields: Any) -> Any:
    """Send the form: a document is pasted, unless the fields say otherwise."""
    if document is not None:
        text = document if isinstance(document, str) else as_bytes(document).decode()
        fields["pasted"] = text
    return client.post("/verify/", fields)


def shown(response: Any, status: int = 200) -> str:
    """Return the page as text, once its status is as expected."""
    text: str = response.content.decode()
    assert response.status_code == status, text[:500]
    return text


def test_the_file_is_a_receipt(client: Client, receipt: Receipt) -> None:
    response = client.get(f"/runs/{receipt.pk}/receipt.json")
    assert response["Content-Type"] == "application/json"
    assert not response.cookies
    read = read_receipt(response.content)
    assert read.signed.decode() == receipt.statement
    assert read.output == receipt.run.output
    assert read.messages == [{"role": "user", "content": "Summarise: Some text"}]


@pytest.mark.parametrize(
    "change",
    [
        lambda run: Run.objects.update(hidden=True),
        lambda run: Entry.objects.update(visibility=Entry.Visibility.DRAFT),
        lambda run: versions.withdraw_version(run.version),
        lambda _run: Receipt.objects.all().delete(),
    ],
    ids=["hidden", "draft", "withdrawn", "none"],
)
def test_the_file_is_there_for_whom_the_run_is(
    client: Client, receipt: Receipt, change: Any
) -> None:
    change(receipt.run)
    assert client.get(f"/runs/{receipt.pk}/receipt.json").status_code == 404
    assert client.get(f"/verify/?run={receipt.pk}").status_code == 404
    client.force_login(factories.user())
    assert client.get(f"/runs/{receipt.pk}/receipt.json").status_code == 404
    text = shown(check(client, link=f"/runs/{receipt.pk}/"), 422)
    assert "No run of this site has this address." in text or "This run has no receipt" in text


def test_a_drafts_author_may_look(client: Client, receipt: Receipt) -> None:
    Entry.objects.update(visibility=Entry.Visibility.DRAFT)
    client.force_login(receipt.run.version.entry.owner)
    response = client.get(f"/runs/{receipt.pk}/receipt.json")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert HOLDS in shown(client.get(f"/verify/?run={receipt.pk}"))


def test_the_keys_are_public(client: Client, receipt: Receipt, settings: Settings) -> None:
    response = client.get("/.well-known/promptfolio-keys.json")
    site, known = read_keys(response.content)
    assert site == settings.SITE_URL
    assert [key.id for key in known] == [receipt.key.pk]
    assert not response.cookies


def test_the_script_is_public(client: Client) -> None:
    response = client.get("/verify/verify.py")
    assert response["Content-Type"].startswith("text/plain")
    assert b"Ed25519PublicKey" in response.content


def test_the_run_page_leads_to_its_receipt(client: Client, receipt: Receipt) -> None:
    page = shown(client.get(f"/runs/{receipt.pk}/"))
    code = read_receipt(as_bytes(file_of(client, receipt))).code
    for text in (
        code,
        f"/runs/{receipt.pk}/receipt.json",
        f"/verify/?run={receipt.pk}",
        "A receipt that holds proves",
        "It does not prove",
    ):
        assert text in page, text
    assert "the author runs the site" not in page


def test_runs_without_a_receipt_say_so(client: Client, receipt: Receipt) -> None:
    captured = factories.run(receipt.run.version)
    assert "This run has no receipt" in shown(client.get(f"/runs/{captured.pk}/"))
    pasted = factories.run(receipt.run.version, origin=Run.Origin.PASTED)
    assert 'id="receipt"' not in shown(client.get(f"/runs/{pasted.pk}/"))
    text = shown(check(client, link=f"/runs/{captured.pk}/"), 422)
    assert "This run has no receipt" in text


def test_a_site_of_the_authors_own_says_so(client: Client, settings: Settings) -> None:
    author = factories.profile().user
    settings.SITE_OWNER = author.profile.handle
    entry = factories.entry(author)
    assert entry.published is not None
    receipt = factories.receipt(entry.published, is_demo=True)
    for path in (f"/runs/{receipt.pk}/", f"/verify/?run={receipt.pk}"):
        page = shown(client.get(path))
        assert "Here the author runs the site." in page
        assert "The demo model answered." in page


def test_the_page_opens_without_a_cookie(client: Client) -> None:
    response = client.get("/verify/")
    page = shown(response)
    assert "It does not prove" in page
    assert "csrfmiddlewaretoken" not in page
    assert not response.cookies
    assert "autofocus" not in page
    assert client.put("/verify/").status_code == 405
    assert client.head("/verify/").status_code == 200


def test_a_pasted_receipt_holds_line_by_line(client: Client, receipt: Receipt) -> None:
    response = check(client, file_of(client, receipt))
    page = shown(response)
    for text in (
        HOLDS,
        "The statement is exactly what was signed.",
        "The key is the one this site signs with today.",
        "This site keeps the same signed statement for this run.",
        "The version on this site is the one that was run.",
        "The answer on this site is unchanged since it was signed.",
        f'href="/runs/{receipt.pk}/"',
        "model-a-2026",
        "chatcmpl-1",
    ):
        assert text in page, text
    assert "state--bad" not in page
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]


def test_a_foreign_page_cannot_be_stopped_from_asking(receipt: Receipt) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert HOLDS in shown(check(strict, file_of(strict, receipt)))


def test_an_uploaded_receipt_holds(client: Client, receipt: Receipt) -> None:
    data = b"\xef\xbb\xbf" + as_bytes(file_of(client, receipt)).replace(b"\n", b"\r\n")
    assert HOLDS in shown(check(client, file=factories.upload(data, "receipt.json")))


@pytest.mark.parametrize(
    "address",
    [
        "{site}/runs/{run}/",
        "{site}/runs/{run}",
        "{site}/runs/{run}/receipt.json",
        "/runs/{run}/",
        " {site}/runs/{run}/?a=b#receipt ",
    ],
)
def test_a_link_to_a_run_is_enough(
    client: Client, receipt: Receipt, settings: Settings, address: str
) -> None:
    link = address.format(site=settings.SITE_URL, run=receipt.pk)
    assert HOLDS in shown(check(client, link=link))


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/runs/{run}/",
        "//elsewhere.example/runs/{run}/receipt.json",
        "/@ada/summaries/",
        "/runs/",
        "/runs/00000000-0000-0000-0000-00000000000-/",
        "http://[",
        "javascript:alert(1)",
        "x" * 600,
    ],
)
def test_other_addresses_are_never_fetched(client: Client, receipt: Receipt, link: str) -> None:
    page = shown(check(client, link=link.format(run=receipt.pk)), 422)
    assert 'id="id_link_error"' in page


def test_exactly_one_thing_is_checked(client: Client, receipt: Receipt) -> None:
    assert 'id="id_pasted_error"' in shown(check(client), 422)
    assert 'id="id_pasted_error"' in shown(check(client, pasted=" \n "), 422)
    both = check(client, file_of(client, receipt), link=f"/runs/{receipt.pk}/")
    assert 'id="id_link_error"' in shown(both, 422)
    assert re.findall(r'<\w+ [^>]*name="(\w+)"[^>]* autofocus', both.text) == ["link"]
    empty = check(client, file=factories.upload(b"", "receipt.json"))
    assert 'id="id_file_error"' in shown(empty, 422)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("garbage", "This is not JSON."),
        ("\x00", "This is not JSON."),
        ("[" * 100_000, "nested more deeply"),
        ('{"a":' * 100_000, "nested more deeply"),
        ("NaN", "not every program reads alike"),
        ("[1e400]", "not every program reads alike"),
        ("9" * 5000, "not every program reads alike"),
        ('{"a": 1, "a": 2}', "A name stands twice"),
        ('"\\ud800"', "This is JSON, but not a receipt."),
        ("[]", "This is JSON, but not a receipt."),
        ('{"statement": {"format": "promptfolio-receipt"}}', "a format that this site does not"),
        (" x" * 600_000, "larger than 1 MB"),
    ],
    ids=range(12),
)
def test_garbage_is_refused_at_its_field(client: Client, text: str, sentence: str) -> None:
    page = shown(check(client, pasted=text), 422)
    assert sentence in page
    assert 'id="id_pasted_error"' in page
    assert HOLDS not in page
    page = shown(check(client, file=factories.upload(text.encode(), "receipt.json")), 422)
    assert sentence in page
    assert 'id="id_file_error"' in page


def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    page = shown(check(client, file=factories.upload(b"\xff\xfe\x00", "receipt.json")), 422)
    assert "it must be text in UTF-8" in page


def test_the_wrong_field_is_named_and_harmless(client: Client, receipt: Receipt) -> None:
    document = file_of(client, receipt)
    document["statement"]["<script>x"] = 1
    page = shown(check(client, document), 422)
    assert "statement.&lt;script&gt;x" in page
    assert "<script>x" not in page


def test_a_changed_receipt_says_what_differs(client: Client, receipt: Receipt) -> None:
    document = file_of(client, receipt)
    document["statement"]["model_answered"] = "A <b>better</b> model"
    document["statement"]["usage"]["prompt_tokens"] = 1
    page = shown(check(client, document))
    assert FAILS in page
    assert "something was changed" in page
    assert "model_answered, usage" in page
    # Of what nobody signed, only what was pasted itself is there again.
    assert page.count("better") == 1
    document = file_of(client, receipt) | {"signature": "00" * 64}
    assert "its signature is not" in shown(check(client, document))


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("messages", [{"role": "user", "content": "Else"}], "the messages in it are not the ones"),
        ("output", "Another answer", "the answer in it is not the one that was signed."),
        ("signature", "00" * 64, "its statement is not the one that was signed."),
    ],
)
def test_an_altered_copy_is_told_from_what_holds(
    client: Client, receipt: Receipt, part: str, value: Any, sentence: str
) -> None:
    page = shown(check(client, file_of(client, receipt) | {part: value}))
    assert FAILS + sentence in page
    assert "Do not rely on this copy; open the run on this site." in page
    # What fails comes first, and the keyboard starts there.
    rows = page[page.index("<tbody>") : page.index("</tbody>")]
    assert 0 < rows.index("state--bad") < rows.index("state--ok")
    assert re.search(r'<section[^>]* id="result"[^>]* tabindex="-1" autofocus>', page)


def test_a_change_on_this_site_is_not_the_copys_fault(client: Client, receipt: Receipt) -> None:
    Run.objects.update(output="A better answer")
    page = shown(client.get(f"/verify/?run={receipt.pk}"))
    assert FAILS + "the answer on this site was changed after it was signed." in page
    assert "Do not rely on this copy" not in page
    assert "autofocus" not in page


@pytest.mark.parametrize("named", ["abc", str(uuid.UUID(int=7)), "x" * 600, "<b>\x00"])
def test_an_unknown_run_is_said_at_its_field(client: Client, named: str) -> None:
    page = shown(client.get("/verify/", {"run": named}), 404)
    assert 'id="id_link_error"' in page
    assert page.count("No run of this site has this address.") == 1
    assert 'id="id_pasted_error"' not in page
    assert "<b>" not in page


def test_a_forged_receipt_tells_nothing_of_a_private_run(client: Client, receipt: Receipt) -> None:
    document = file_of(client, receipt) | {"signature": "00" * 64}
    Run.objects.update(hidden=True)
    page = shown(check(client, document))
    assert FAILS in page
    assert "Kept here" not in page
    assert f'href="/runs/{receipt.pk}/"' not in page


def test_a_hidden_runs_receipt_still_holds(client: Client, receipt: Receipt) -> None:
    document = file_of(client, receipt)
    Run.objects.update(hidden=True)
    page = shown(check(client, document))
    assert HOLDS in page
    assert "not shown to visitors, or gone" in page


def test_a_withdrawn_versions_receipt_still_holds(client: Client, receipt: Receipt) -> None:
    document = file_of(client, receipt)
    versions.withdraw_version(receipt.run.version)
    page = shown(check(client, document))
    assert HOLDS in page
    assert "Its author withdrew the version" in page


def test_a_changed_answer_shows(client: Client, receipt: Receipt) -> None:
    Run.objects.update(output="A better answer")
    page = shown(client.get(f"/verify/?run={receipt.pk}"))
    assert FAILS in page
    assert "was changed after it was signed" in page


def test_an_old_keys_receipt_holds(client: Client, receipt: Receipt, settings: Settings) -> None:
    document = file_of(client, receipt)
    receipt_keys.rotate(OTHER_SEED)
    settings.RECEIPT_KEY = OTHER_SEED
    page = shown(check(client, document))
    assert HOLDS in page
    assert "was replaced since" in page
    _site, known = read_keys(client.get("/.well-known/promptfolio-keys.json").content)
    assert [key.retired_at is None for key in known] == [True, False]


def test_another_sites_receipt_cannot_be_checked_here(client: Client, receipt: Receipt) -> None:
    page = shown(check(client, foreign.receipt()))
    assert "This site cannot check this receipt" in page
    assert HOLDS not in page


def test_the_private_key_is_on_no_page(
    client: Client, receipt: Receipt, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    paths = (
        "/verify/",
        f"/verify/?run={receipt.pk}",
        f"/runs/{receipt.pk}/",
        f"/runs/{receipt.pk}/receipt.json",
        "/.well-known/promptfolio-keys.json",
    )
    said = "".join(shown(client.get(path)) for path in paths) + caplog.text
    assert keys.public_of(settings.RECEIPT_KEY) in said
    assert settings.RECEIPT_KEY.hex() not in said
    file = settings.RECEIPT_KEY_FILE
    assert file is not None
    assert file.read_text().strip().rstrip("=") not in said


def test_the_page_speaks_french(client: Client, receipt: Receipt) -> None:
    response = client.get(f"/verify/?run={receipt.pk}", headers={"accept-language": "fr"})
    assert '<html lang="fr">' in shown(response)
    response = client.post("/verify/", {"pasted": "{"}, headers={"accept-language": "fr"})
    assert '<html lang="fr">' in shown(response, 422)


def test_queries_are_few(
    client: Client, receipt: Receipt, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    document = file_of(client, receipt)
    with django_assert_max_num_queries(4):
        shown(client.get(f"/verify/?run={receipt.pk}"))
    with django_assert_max_num_queries(4):
        shown(check(client, document))


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_receipt_is_an_error_or_holds(client: Client, data: st.DataObject) -> None:
    receipt = Receipt.objects.select_related("run").first() or made()
    document = file_of(client, receipt)
    part = data.draw(st.sampled_from(("statement", "signature", "messages", "output")))
    value = data.draw(
        st.none()
        | st.text(max_size=20)
        | st.integers(0, 9)
        | st.lists(st.dictionaries(st.sampled_from(("role", "content")), st.text(max_size=5)))
    )
    target, name = document, part
    if part == "statement":
        target = document["statement"]
        name = data.draw(st.sampled_from(sorted(target)))
    if target[name] == value:
        return
    target[name] = value
    response = client.post("/verify/", {"pasted": json.dumps(document)})
    assert response.status_code in (200, 422)
    assert HOLDS not in response.content.decode()
