"""The offline script, as a reader runs it: a process of its own, and two files."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engines import receipts
from tests.engines.receipts import KEY, OUTPUT, SIGNED_AT, as_bytes

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "verify.py"
Verify = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Run the script far from the project, on files made of the given bytes."""

    def run(
        receipt: bytes, known: bytes | None = None, answer: bytes | None = None
    ) -> subprocess.CompletedProcess[str]:
        words = []
        for name, data in (
            ("receipt.json", receipt),
            ("keys.json", known or receipts.key_file()),
            ("answer.txt", answer),
        ):
            if data is not None:
                (tmp_path / name).write_bytes(data)
                words.append(name)
        return subprocess.run(
            [sys.executable, "-I", SCRIPT, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_it_needs_two_packages_and_no_more() -> None:
    imported = {
        line.split()[1].split(".")[0]
        for line in SCRIPT.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported - sys.stdlib_module_names == {"cryptography", "rfc8785"}


def test_a_true_receipt_is_accepted(verify: Verify) -> None:
    done = verify(as_bytes(receipts.receipt()), answer=OUTPUT.encode())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("The receipt holds.\n")
    assert "FAIL" not in done.stdout
    assert "the author runs the site" in done.stdout


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("statement", "model_answered"), "model-b"),
        (("statement", "usage"), {"prompt_tokens": 121, "completion_tokens": None}),
        (("statement", "parameters"), {"temperature": 0.70001}),
        (("signature",), "00" * 64),
        (("messages",), []),
        (("output",), OUTPUT + " "),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_changed_receipt_is_rejected(verify: Verify, place: tuple[str, ...], value: Any) -> None:
    document = receipts.receipt()
    target = document
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    done = verify(as_bytes(document))
    assert done.returncode == 1, done.stderr
    assert "FAIL" in done.stdout
    assert done.stdout.endswith("The receipt does not hold.\n")


def test_another_answer_is_rejected(verify: Verify) -> None:
    assert verify(as_bytes(receipts.receipt()), answer=b"Another").returncode == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"retired_at": SIGNED_AT + timedelta(days=1)}, 0),
        ({"retired_at": SIGNED_AT - timedelta(days=1)}, 1),
        ({"active_from": SIGNED_AT + timedelta(days=1)}, 1),
        ({"leaked": True}, 1),
    ],
)
def test_keys_hold_in_their_time(verify: Verify, change: dict[str, Any], status: int) -> None:
    known = receipts.key_file(replace(KEY, **change))
    assert verify(as_bytes(receipts.receipt()), known).returncode == status


def test_an_unknown_key_is_rejected(verify: Verify) -> None:
    document = json.loads(receipts.key_file())
    document["keys"] = []
    assert verify(as_bytes(receipts.receipt()), as_bytes(document)).returncode == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b" " * 1_048_577,
        b"1" * 5000,
        b"\xff",
        as_bytes(receipts.receipt()).replace(b"120", b"NaN"),
        as_bytes(receipts.receipt()).replace(b"120", b"9" * 400),
        as_bytes(receipts.receipt()).replace(b'"usage"', b'"site": "x", "usage"'),
        as_bytes(receipts.receipt()).replace(b'"signature"', b'"note": "x", "signature"'),
        as_bytes(receipts.receipt() | {"signature": 5}),
        as_bytes(receipts.receipt() | {"statement": receipts.stated(times=None)}),
    ],
    ids=range(13),
)
def test_garbage_is_unusable_and_no_traceback(verify: Verify, data: bytes) -> None:
    done = verify(data)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "The receipt holds" not in done.stdout


def test_without_files_it_says_how_it_is_used(verify: Verify) -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "python verify.py receipt.json" in done.stderr
