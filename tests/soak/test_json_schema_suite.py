"""is-json against the public JSON Schema test suite, which jsonschema's sources bring along."""

import fcntl
import json
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from prompts_app.assertions import registry
from prompts_app.assertions.base import Output
from tests.site import ROOT

FOLDER = ROOT / "build" / "json-schema-suite"
DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
# What drafts leave to the implementation and authors expect: here formats are asserted.
ANNOTATION = "is only an annotation by default"
# Remote references are never followed, so not every case can be decided; a wrong one never may be.
DECIDED = 0.9


def sources() -> Path:
    """Return the sources of jsonschema, fetched into `build/` once; skips without an index."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = f"jsonschema-{version('jsonschema')}"
    file = FOLDER / f"{name}.tar.gz"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"),
                    *("--no-binary", "jsonschema", "--dest", str(FOLDER)),
                    f"jsonschema=={version('jsonschema')}",
                ],
                capture_output=True,
                text=True,
                timeout=300,
            )
            if done.returncode:
                pytest.skip(f"the sources of jsonschema cannot be had: {done.stderr[-300:]}")
    return file


def cases(draft: str) -> Iterator[tuple[str, Any, Any, bool]]:
    """Yield name, schema, instance and whether the suite calls it valid."""
    with tarfile.open(sources()) as archive:
        for member in archive.getmembers():
            place = Path(member.name).parts
            # "optional" tests are about things implementations may do otherwise.
            if place[1:-1] != ("json", "tests", draft) or not member.name.endswith(".json"):
                continue
            content = archive.extractfile(member)
            assert content is not None
            for group in json.load(content):
                for test in group["tests"]:
                    if test["description"].endswith(ANNOTATION):
                        continue
                    name = f"{place[-1]}: {group['description']}: {test['description']}"
                    yield name, group["schema"], test["data"], test["valid"]


@pytest.mark.parametrize("draft", DRAFTS)
def test_no_verdict_is_wrong(draft: str, note: Callable[[object], None]) -> None:
    states: Counter[str] = Counter()
    wrong = []
    for name, schema, instance, valid in cases(draft):
        if isinstance(schema, dict):
            schema = {"$schema": DRAFTS[draft], **schema}
        spec = {"type": "is-json", "value": schema}
        verdict = registry.judge(spec, Output(text=json.dumps(instance)))
        opposite = registry.judge({**spec, "type": "not-is-json"}, Output(json.dumps(instance)))
        states[verdict.state] += 1
        if verdict.state == "untestable":
            assert opposite.state == "untestable", name
            continue
        assert {verdict.state, opposite.state} == {"passed", "failed"}, name
        if (verdict.state == "passed") != valid:
            wrong.append(name)
    assert not wrong
    decided = states["passed"] + states["failed"]
    assert decided >= DECIDED * states.total(), states
    note(f"{decided} of {states.total()} decided, none wrong")
