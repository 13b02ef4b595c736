"""Ten thousand rules and outputs by chance, and JSON Schema's public test suite."""

import json
import os
import random
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from prompts_app.assertions import bounded
from prompts_app.assertions.base import Output
from prompts_app.assertions.registry import check, judge
from tests.engines.rules import HANG, output, specification
from tests.engines.test_assertions_registry import slowest_verdict
from tests.site import ROOT

PAIRS = 10_000
SECOND = 1.0

FOLDER = ROOT / "build" / "json-schema"
# jsonschema's source package brings the suite (json-schema-org/JSON-Schema-Test-Suite).
PACKAGE = "jsonschema==4.26.0"
DRAFTS = ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12")
DIALECTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
# "format" is asserted here, which the suite's main part wants it not to be; remote schemas are
# never fetched; the others are about what the specification leaves to a setting.
OTHERWISE = {"format.json", "refRemote.json", "vocabulary.json"}


def test_any_rule_and_output_give_a_verdict_within_a_second() -> None:
    bounded.warm()
    # What other work does to the clock is no fault of a rule.
    alone = os.getloadavg()[0] < (os.cpu_count() or 1)
    seconds: list[tuple[float, int]] = []
    for seed in range(PAIRS):
        chance = random.Random(seed)
        seconds.append((slowest_verdict(specification(chance), output(chance)), seed))
    seconds.sort()
    slowest, seed = seconds[-1]
    over = sum(took >= SECOND for took, _ in seconds)
    usual, rare = (1000 * seconds[int(PAIRS * share)][0] for share in (0.5, 0.99))
    print(
        f"{PAIRS} pairs; half within {usual:.1f} ms, 99 % within {rare:.0f} ms; "
        f"slowest {slowest:.2f} s; over a second: {over}; machine alone: {alone}"
    )
    assert slowest < (SECOND if alone else HANG), f"pair {seed}: {slowest:.2f} s"


@pytest.fixture(scope="module")
def suite() -> Path:
    """The folder of the suite's tests, unpacked."""
    tests = FOLDER / "tests"
    if not tests.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        done = subprocess.run(
            [sys.executable, *command, "--dest", FOLDER, PACKAGE], capture_output=True, text=True
        )
        archives = list(FOLDER.glob("*.tar.gz"))
        if done.returncode or not archives:
            pytest.skip(f"no package registry brings {PACKAGE}: {done.stderr[-300:]}")
        unpack(archives[0], tests)
    return tests


def unpack(archive: Path, folder: Path) -> None:
    """Write the suite's files out of the package."""
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            _, found, rest = member.name.partition("/json/tests/")
            file = package.extractfile(member) if found and rest.endswith(".json") else None
            if file is not None and ".." not in rest:
                target = folder / rest
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read())


def cases(folder: Path) -> Iterator[tuple[str, Any, Any, bool]]:
    """Each test: its name, schema, instance and whether that is valid."""
    for path in sorted(chain(folder.glob("*.json"))):
        if path.name not in OTHERWISE:
            for group in json.loads(path.read_text()):
                for test in group["tests"]:
                    name = f"{path.name}: {group['description']}: {test['description']}"
                    yield name, group["schema"], test["data"], test["valid"]


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_public_suite(suite: Path, draft: str) -> None:
    """Every test of the suite: the verdict it wants, or none where its schema lies elsewhere."""
    counts: Counter[str] = Counter()
    wrong = []
    for name, schema, instance, valid in cases(suite / draft):
        value = {"$schema": DIALECTS[draft], **schema} if isinstance(schema, dict) else schema
        spec = {"type": "is-json", "value": value}
        refused = [problem.code for problem in check(spec)]
        verdict = judge(spec, Output(json.dumps(instance)))
        if refused:
            counts[f"refused: {refused[0]}"] += 1
        elif verdict.state == "untestable":
            counts[f"untestable: {verdict.code}"] += 1
        elif verdict.state == ("passed" if valid else "failed"):
            counts["right"] += 1
        else:
            wrong.append(name)
    print(draft, dict(counts), wrong)
    assert not wrong
    assert counts["right"] > 0.95 * counts.total()
