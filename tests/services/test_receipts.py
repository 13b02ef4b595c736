"""Receipts: signed as a captured run is finished, and compared with what the site keeps."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.db.models.signals import pre_save
from django.utils import timezone
from pytest_django import Settings

from prompts_app.llm import client
from prompts_app.models import Entry, LLMModel, Picture, Receipt, ReceiptKey, Run
from prompts_app.receipts import checks, keys
from prompts_app.receipts.canonical import canonical, content_hash
from prompts_app.receipts.checks import Line
from prompts_app.receipts.statement import STATEMENT, file_hash, read_receipt, text_hash
from prompts_app.services import (
    accounts,
    captures,
    entries,
    execution,
    receipt_keys,
    receipts,
    versions,
)
from tests import factories
from tests.engines.provider import Provider, completion, whole

OTHER_SEED = b"r" * 32


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    """Keep pictures in the test's own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
def entry(transactional_db: None) -> Iterator[Entry]:
    """An entry in the database itself: captures are kept by other threads."""
    made = factories.entry(content=factories.content("Summarise: {{ text }}"))
    yield made
    accounts.delete_author(made.owner)
    ReceiptKey.objects.all().delete()


def served(entry: Entry, provider: Provider, **fields: Any) -> LLMModel:
    model = factories.site_model(entry, **fields)
    model.provider.base_url = provider.base_url
    model.provider.save()
    return model


def captured(entry: Entry, model: LLMModel) -> Run:
    """Return a run as the worker leaves it."""
    assert entry.published is not None
    run = captures.request_capture(entry.published, model, {"text": "Été, “ok”?"})
    (claimed,) = execution.claim(1)
    client.run(execution.perform(claimed))
    return Run.objects.get(pk=run.pk)


def lines(receipt: Receipt) -> list[Line]:
    """Return what the site says of its own receipt."""
    kept = receipts.kept_receipt(str(receipt.pk))
    assert kept is not None
    document = receipts.document(kept, kept.run)
    return receipts.look(read_receipt(json.dumps(document).encode()))


def file_of(receipt: Receipt) -> dict[str, Any]:
    kept = receipts.kept_receipt(str(receipt.pk))
    assert kept is not None
    return receipts.document(kept, kept.run)


def made(**fields: Any) -> Receipt:
    entry = factories.entry(content=factories.content("Summarise: {{ text }}"))
    assert entry.published is not None
    return factories.receipt(entry.published, **fields)


def test_a_captured_answer_has_a_receipt(entry: Entry, provider: Provider) -> None:
    provider.script(
        whole(200, completion("An answer ", usage={"prompt_tokens": 9, "completion_tokens": 2}))
    )
    run = captured(entry, served(entry, provider))
    assert run.state == Run.State.DONE
    assert run.finished_at is not None
    document = file_of(run.receipt)
    said = document["statement"]
    assert set(said) == set(STATEMENT)
    sent = provider.requests[0].json
    assert document["messages"] == sent["messages"]
    assert said["messages_hash"] == content_hash(sent["messages"])
    assert said["values_hash"] == content_hash({"text": "Été, “ok”?"})
    assert said["parameters"] == {"max_tokens": sent["max_tokens"]}
    assert said["output"] == {"kind": "text", "hash": text_hash("An answer ")}
    assert entry.published is not None
    assert said["version"] == {"number": 1, "content_hash": entry.published.content_hash}
    assert said["usage"] == {"prompt_tokens": 9, "completion_tokens": 2}
    assert (said["model_asked"], said["model_answered"]) == ("model-a", "scripted-1")
    assert (said["response_id"], said["provider_host"]) == ("chatcmpl-1", "127.0.0.1")
    assert said["times"]["finished_at"] == run.finished_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert not said["is_demo"]
    assert not said["author_is_operator"]
    assert run.receipt.statement.encode() == canonical(said)
    found = lines(run.receipt)
    assert {line.state for line in found} == {"holds"}
    assert checks.holds(found)


def test_a_captured_picture_has_a_receipt(entry: Entry, provider: Provider) -> None:
    versions.add_version(entry, factories.content("A mug: {{ text }}", kind="image"), "")
    data = base64.b64encode(factories.png()).decode()
    provider.script(whole(200, {"created": 1, "data": [{"b64_json": data}]}))
    run = captured(entry, served(entry, provider, name="painter", kind="image"))
    assert run.picture is not None
    document = file_of(run.receipt)
    assert document["messages"] == [{"role": "user", "content": "A mug: Été, “ok”?"}]
    assert document["messages"][0]["content"] == provider.requests[0].json["prompt"]
    assert "output" not in document
    with run.picture.file.open("rb") as file:
        assert document["statement"]["output"] == {
            "kind": "picture",
            "hash": file_hash(file.read()),
        }
    assert checks.holds(lines(run.receipt))
    Path(run.picture.file.path).write_bytes(factories.png(colour="red"))
    assert Line("answer", "fails", "changed") in lines(run.receipt)
    Path(run.picture.file.path).unlink()
    assert Line("answer", "fails", "changed") in lines(run.receipt)


def test_a_picture_is_kept_once_though_the_database_goes_before_its_receipt(
    entry: Entry, provider: Provider
) -> None:
    versions.add_version(entry, factories.content("A mug: {{ text }}", kind="image"), "")
    data = base64.b64encode(factories.png()).decode()
    provider.script(whole(200, {"created": 1, "data": [{"b64_json": data}]}))
    times = []

    def gone_once(**_signal: object) -> None:
        times.append(Picture.objects.count())
        if len(times) == 1:
            raise OperationalError("the database is away")

    pre_save.connect(gone_once, sender=Receipt)
    try:
        run = captured(entry, served(entry, provider, name="painter", kind="image"))
    finally:
        pre_save.disconnect(gone_once, sender=Receipt)
    assert times == [1, 1]
    assert (run.state, run.picture) == (Run.State.DONE, Picture.objects.get())
    assert checks.holds(lines(run.receipt))


def test_what_failed_has_no_receipt(entry: Entry, provider: Provider) -> None:
    provider.script(whole(400, {"error": {"message": "no"}}))
    run = captured(entry, served(entry, provider))
    assert run.state == Run.State.FAILED
    assert not Receipt.objects.exists()


def test_a_run_is_finished_with_its_receipt_or_not_at_all(entry: Entry, provider: Provider) -> None:
    provider.script(whole(200, completion("An answer")))
    model = served(entry, provider)
    assert entry.published is not None
    run = captures.request_capture(entry.published, model, {"text": "x"})
    (claimed,) = execution.claim(1)
    key = receipt_keys.signing_key()
    assert key is not None
    Receipt.objects.create(run=run, key=key, statement="{}", signature="")
    with pytest.raises(IntegrityError):
        client.run(execution.perform(claimed))
    run.refresh_from_db()
    assert (run.state, run.output) == (Run.State.RUNNING, "")


def test_a_run_whose_lease_was_over_gets_none(entry: Entry, provider: Provider) -> None:
    provider.script(whole(200, completion("An answer")))
    model = served(entry, provider)
    assert entry.published is not None
    captures.request_capture(entry.published, model, {"text": "x"})
    (claimed,) = execution.claim(1)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert execution.take_back_lost() == 1
    client.run(execution.perform(claimed))
    assert not Receipt.objects.exists()


def test_a_version_withdrawn_meanwhile_gives_none(entry: Entry, provider: Provider) -> None:
    provider.script(whole(200, completion("An answer")))
    model = served(entry, provider)
    assert entry.published is not None
    captures.request_capture(entry.published, model, {"text": "x"})
    (claimed,) = execution.claim(1)
    versions.withdraw_version(entry.published)
    client.run(execution.perform(claimed))
    assert Run.objects.get().state == Run.State.DONE
    assert not Receipt.objects.exists()


def test_a_worker_whose_key_was_rotated_takes_no_more(
    entry: Entry, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    model = served(entry, provider)
    assert receipts.may_issue()
    receipt_keys.rotate(OTHER_SEED)
    assert entry.published is not None
    run = captures.request_capture(entry.published, model, {"text": "x"})
    receipt_keys.say_once.cache_clear()
    assert not execution.claim(1)
    assert not execution.claim(1)
    run.refresh_from_db()
    assert run.state == Run.State.WAITING
    assert caplog.text.count("start this process again") == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"output": "Better"}, Line("answer", "fails", "changed")),
        ({"values": {"text": "x"}}, Line("input", "fails", "changed")),
        ({"model_answered": "model-b"}, Line("figures", "fails", "changed", ("model_answered",))),
        ({"prompt_tokens": None}, Line("figures", "fails", "changed", ("usage",))),
        ({"latency_ms": 1}, Line("figures", "fails", "changed", ("times",))),
        ({"is_demo": True}, Line("figures", "fails", "changed", ("is_demo",))),
        ({"parameters_sent": {"seed": 1}}, Line("figures", "fails", "changed", ("parameters",))),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_changed_later_shows(change: dict[str, Any], line: Line) -> None:
    receipt = made()
    Run.objects.update(**change)
    given = read_receipt(json.dumps(file_of(receipt)).encode())
    found = receipts.look(given)
    assert [one for one in found if one.state == "fails"] == [line]
    assert not checks.holds(found)


@pytest.mark.django_db
def test_what_was_changed_no_longer_lies_beside_the_statement() -> None:
    receipt = made()
    Run.objects.update(output="Better", values={"text": "x"})
    assert set(file_of(receipt)) == {"statement", "signature"}


@pytest.mark.django_db
def test_what_may_change_changes_nothing(settings: Settings) -> None:
    receipt = made()
    run = receipt.run
    document = json.dumps(file_of(receipt)).encode()
    entries.update_entry(run.version.entry, tags=(), title="Another", slug="another")
    Run.objects.update(hidden=True)
    settings.SITE_OWNER = run.version.entry.owner.profile.handle
    assert checks.holds(receipts.look(read_receipt(document)))
    settings.SITE_URL = "https://moved.example.org"
    found = receipts.look(read_receipt(document))
    assert Line("site", "open", "other") in found
    assert checks.holds(found)


@pytest.mark.django_db
def test_a_withdrawn_versions_receipt_still_holds_and_shows_nothing() -> None:
    receipt = made(output="The secret is 1234")
    copy = json.dumps(file_of(receipt)).encode()
    versions.withdraw_version(receipt.run.version)
    bare = file_of(receipt)
    assert set(bare) == {"statement", "signature"}
    assert "Summarise" not in json.dumps(bare)
    for data in (copy, json.dumps(bare).encode()):
        found = receipts.look(read_receipt(data))
        assert Line("version", "open", "withdrawn") in found
        assert checks.holds(found)


@pytest.mark.django_db
def test_a_deleted_entrys_receipt_holds_without_its_run() -> None:
    receipt = made()
    document = json.dumps(file_of(receipt)).encode()
    entries.delete_entry(receipt.run.version.entry)
    found = receipts.look(read_receipt(document))
    assert Line("kept", "open", "gone") in found
    assert checks.holds(found)


@pytest.mark.django_db
def test_receipts_outlive_their_key(settings: Settings) -> None:
    old = made()
    document = json.dumps(file_of(old)).encode()
    receipt_keys.rotate(OTHER_SEED)
    settings.RECEIPT_KEY = OTHER_SEED
    new = made()
    assert new.key.pk == keys.key_id(keys.public_of(OTHER_SEED)) != old.key.pk
    assert Line("key", "holds", "retired") in lines(old)
    assert Line("key", "holds", "current") in lines(new)
    assert checks.holds(receipts.look(read_receipt(document)))


@pytest.mark.django_db
def test_a_leaked_key_holds_only_for_what_is_kept_here(settings: Settings) -> None:
    receipt = made()
    honest = file_of(receipt)
    stolen = settings.RECEIPT_KEY
    forged = json.loads(json.dumps(honest))
    forged["statement"]["model_answered"] = "a better model"
    forged["signature"] = keys.sign(stolen, canonical(forged["statement"]))
    receipt_keys.rotate(OTHER_SEED, leaked=True)
    found = receipts.look(read_receipt(json.dumps(honest).encode()))
    assert Line("key", "holds", "leaked_kept") in found
    assert checks.holds(found)
    found = receipts.look(read_receipt(json.dumps(forged).encode()))
    assert {Line("key", "fails", "leaked"), Line("kept", "fails", "other")} <= set(found)
    assert not checks.holds(found)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["staff", "superuser", "site_owner", "no"])
def test_it_says_when_the_author_runs_the_site(settings: Settings, how: str) -> None:
    author = factories.profile().user
    author.is_staff, author.is_superuser = how == "staff", how == "superuser"
    author.save()
    if how == "site_owner":
        settings.SITE_OWNER = author.profile.handle.upper()
    entry = factories.entry(author)
    assert entry.published is not None
    said = file_of(factories.receipt(entry.published))["statement"]
    assert said["author_is_operator"] is (how != "no")


@pytest.mark.django_db
def test_a_very_long_answer_does_not_make_the_file_unreadable() -> None:
    receipt = made(output="\U0001f600" * 200_000)
    assert set(file_of(receipt)) == {"statement", "signature"}
    assert checks.holds(lines(receipt))
