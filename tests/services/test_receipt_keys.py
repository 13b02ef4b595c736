"""The key that signs: made, kept, rotated, and never shown."""

import base64
import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from pytest_django import Settings

from portfolio.environment import Keys, fresh_seed
from prompts_app.models import Receipt, ReceiptKey, Run
from prompts_app.receipts import keys
from prompts_app.services import receipt_keys, receipts
from tests import factories
from tests.engines.receipts import as_bytes

OTHER_SEED = b"r" * 32


def command(name: str, *words: object) -> tuple[int, str]:
    """Run a command and return its exit status and what it printed."""
    out = StringIO()
    try:
        call_command(name, *map(str, words), stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


@pytest.fixture
def receipt(db: None) -> Receipt:
    entry = factories.entry(content=factories.content("Summarise: {{ text }}"))
    assert entry.published is not None
    made = factories.receipt(entry.published, output="An answer")
    kept = receipts.kept_receipt(str(made.pk))
    assert kept is not None
    return kept


@pytest.fixture
def file(receipt: Receipt, tmp_path: Path) -> Path:
    """The receipt as somebody saved it."""
    path = tmp_path / "receipt.json"
    path.write_bytes(as_bytes(receipts.document(receipt, receipt.run)))
    return path


@pytest.fixture
def key_file(receipt: Receipt, tmp_path: Path, settings: Settings) -> Path:
    """The site's keys as somebody saved them."""
    path = tmp_path / "keys.json"
    document = keys.keys_document(settings.SITE_URL, receipt_keys.public_keys())
    path.write_bytes(as_bytes(document))
    return path


def test_the_command_accepts_a_true_receipt(file: Path, key_file: Path, tmp_path: Path) -> None:
    status, out = command("verify_receipt", file)
    assert (status, "FAIL" in out) == (0, False)
    assert "The answer on this site is unchanged" in out
    answer = tmp_path / "answer.txt"
    answer.write_text("An answer")
    status, out = command("verify_receipt", file, "--keys", key_file, "--output", answer)
    assert (status, "this site keeps" in out) == (0, False)
    answer.write_text("Another")
    assert command("verify_receipt", file, "--keys", key_file, "--output", answer)[0] == 1


def test_the_command_rejects_a_changed_one(file: Path, key_file: Path) -> None:
    document = json.loads(file.read_bytes())
    document["statement"]["usage"]["prompt_tokens"] += 1
    file.write_bytes(as_bytes(document))
    for words in ((), ("--keys", key_file)):
        status, out = command("verify_receipt", file, *words)
        assert status == 1
        assert "FAIL" in out
        assert "The receipt does not hold." in out


def test_the_command_says_what_it_cannot_use(file: Path, key_file: Path, tmp_path: Path) -> None:
    assert command("verify_receipt", tmp_path / "none")[0] == 2
    assert command("verify_receipt", key_file) == (2, "This is JSON, but not a receipt.")
    status, said = command("verify_receipt", file, "--keys", file)
    assert (status, said) == (2, "This is not a file with the keys of a site.")
    file.write_bytes(b" " * 2_000_000)
    assert "larger than 1 MB" in command("verify_receipt", file)[1]


def test_the_script_and_the_command_agree_after_a_rotation(
    file: Path, receipt: Receipt, tmp_path: Path, settings: Settings
) -> None:
    receipt_keys.rotate(OTHER_SEED)
    path = tmp_path / "keys.json"
    path.write_bytes(as_bytes(keys.keys_document(settings.SITE_URL, receipt_keys.public_keys())))
    assert command("verify_receipt", file, "--keys", path)[0] == 0
    assert "replaced since" in command("verify_receipt", file)[1]


@pytest.mark.django_db
def test_a_database_keeps_to_its_key(settings: Settings) -> None:
    receipt_keys.check()
    receipt_keys.check()
    settings.RECEIPT_KEY = OTHER_SEED
    with pytest.raises(ImproperlyConfigured, match="rotate_receipt_key"):
        receipt_keys.check()
    assert ReceiptKey.objects.count() == 1


@pytest.mark.django_db
def test_one_key_signs_at_a_time() -> None:
    receipt_keys.check()
    with pytest.raises(IntegrityError):
        ReceiptKey.objects.create(id="0" * 16, public_key="00" * 32)


@pytest.mark.django_db
def test_a_local_site_makes_its_next_key(settings: Settings, tmp_path: Path) -> None:
    settings.RECEIPT_KEY_FILE = tmp_path / "keys" / "RECEIPT_KEY"
    receipt_keys.check()
    old = ReceiptKey.objects.get()
    status, out = command("rotate_receipt_key")
    assert status == 0
    made = settings.RECEIPT_KEY_FILE.read_text()
    assert stat.S_IMODE(settings.RECEIPT_KEY_FILE.stat().st_mode) == 0o600
    seed = base64.urlsafe_b64decode(made)
    new = ReceiptKey.objects.get(retired_at__isnull=True)
    assert new.public_key == keys.public_of(seed)
    old.refresh_from_db()
    assert old.retired_at is not None
    assert not old.leaked
    assert (old.pk in out, new.pk in out, made in out) == (True, True, False)
    assert [path.name for path in settings.RECEIPT_KEY_FILE.parent.iterdir()] == ["RECEIPT_KEY"]
    settings.RECEIPT_KEY = seed
    receipt_keys.check()


@pytest.mark.django_db
def test_a_public_site_is_given_its_next_key(settings: Settings) -> None:
    settings.RECEIPT_KEY_FILE = None
    first = settings.RECEIPT_KEY
    receipt_keys.check()
    status, said = command("rotate_receipt_key")
    assert (status, "Put a new one there" in said) == (1, True)
    settings.RECEIPT_KEY = OTHER_SEED
    assert command("rotate_receipt_key", "--leaked")[0] == 0
    assert ReceiptKey.objects.get(retired_at__isnull=False).leaked
    settings.RECEIPT_KEY = first
    status, said = command("rotate_receipt_key")
    assert (status, "never signs again" in said) == (1, True)


@pytest.mark.django_db
def test_no_key_changes_while_runs_are_under_way() -> None:
    entry = factories.entry()
    assert entry.published is not None
    factories.run(entry.published, state=Run.State.RUNNING)
    assert command("rotate_receipt_key") == (
        1,
        "Runs are under way. Stop the worker, then try again.",
    )
    assert not ReceiptKey.objects.exists()


def everything_kept() -> Iterator[str]:
    """Every value in the database, as text."""
    for model in apps.get_models():
        for row in model._default_manager.values_list():
            yield from map(repr, row)


def test_the_private_key_is_nowhere(
    receipt: Receipt,
    file: Path,
    key_file: Path,
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.RECEIPT_KEY_FILE = tmp_path / "keys" / "RECEIPT_KEY"
    first = settings.RECEIPT_KEY
    printed = [command("rotate_receipt_key")[1], command("verify_receipt", file)[1]]
    assert receipt_keys.signing_key() is None
    second = base64.urlsafe_b64decode(settings.RECEIPT_KEY_FILE.read_text())
    said = "\n".join(
        [*everything_kept(), *printed, caplog.text, file.read_text(), key_file.read_text()]
    )
    assert keys.public_of(second) in said
    for seed in (first, second):
        for shape in (
            seed.hex(),
            base64.urlsafe_b64encode(seed).decode().rstrip("="),
            base64.b64encode(seed).decode().rstrip("="),
            repr(seed)[2:-1],
        ):
            assert shape not in said


def key_ring(folder: Path, *, local: bool = True) -> Keys:
    """Return the keys of a site with SQLite in `folder`."""
    database = {"NAME": folder / "site.sqlite3", "ENGINE": "django.db.backends.sqlite3"}
    return Keys(folder, database, local=local)


def database(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "site.sqlite3")) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()


def test_a_local_site_makes_its_key_once(tmp_path: Path) -> None:
    made = key_ring(tmp_path).seed("RECEIPT_KEY", "")
    assert len(made) == 32
    assert key_ring(tmp_path).seed("RECEIPT_KEY", "") == made
    assert stat.S_IMODE((tmp_path / "keys" / "RECEIPT_KEY").stat().st_mode) == 0o600


def test_a_database_older_than_receipts_gets_a_key(tmp_path: Path) -> None:
    database(tmp_path, "CREATE TABLE prompts_app_keyfingerprint (name text)")
    assert len(key_ring(tmp_path).seed("RECEIPT_KEY", "")) == 32


def test_a_database_that_signed_is_given_no_other(tmp_path: Path) -> None:
    table = "CREATE TABLE prompts_app_receiptkey (id text)"
    database(tmp_path, table, "INSERT INTO prompts_app_receiptkey VALUES ('x')")
    with pytest.raises(ImproperlyConfigured, match="RECEIPT_KEY is missing"):
        key_ring(tmp_path).seed("RECEIPT_KEY", "")
    (tmp_path / "site.sqlite3").write_bytes(b"no database at all, yet not empty" * 100)
    with pytest.raises(ImproperlyConfigured, match="RECEIPT_KEY is missing"):
        key_ring(tmp_path).seed("RECEIPT_KEY", "")
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    "given", ["x" * 44, "é" * 40, "A" * 43 + "=AAAA", "A" * 40, "A" * 48, " " * 44]
)
def test_a_key_of_another_shape_is_refused(tmp_path: Path, given: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="RECEIPT_KEY must be 32 bytes"):
        key_ring(tmp_path, local=False).seed("RECEIPT_KEY", given)


def test_a_public_site_needs_its_key(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="RECEIPT_KEY is not set"):
        key_ring(tmp_path, local=False).seed("RECEIPT_KEY", "")
    given = fresh_seed()
    assert key_ring(tmp_path, local=False).seed("RECEIPT_KEY", given).hex()
