"""What the project promises of its own code, held by tests."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("portfolio", "prompts_app", "tests")
LOCKS = ("requirements.lock", "requirements-dev.lock")


def modules() -> list[Path]:
    """Return every Python module of the project, migrations apart."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


@pytest.mark.django_db
def test_no_migration_is_pending() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_imports_run_downward_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [sys.executable, program, "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_stay_small() -> None:
    product = [path for path in modules() if "tests" not in path.relative_to(ROOT).parts]
    lines = {str(path): len(path.read_text().splitlines()) for path in product}
    assert not {path: count for path, count in lines.items() if count > 320}


def test_nothing_is_called_utils() -> None:
    assert not [path for path in modules() if path.stem in ("utils", "helpers", "misc")]


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    listed = tomllib.loads(text)
    wanted = listed["project"]["dependencies"] + listed["dependency-groups"]["dev"]
    for requirement in wanted:
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert re.search(r"# \w.{4,}", line), f"{requirement} has no reason beside it"


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(
        r"https?:|file:|^-|--(extra-)?index|--find-links|\.(org|com|net)\b", text, re.M
    )
    pins = re.findall(r"^([a-z0-9._-]+)==(\S+)([^#]*)", text, re.M)
    assert pins
    assert all("--hash=sha256:" in rest for _, _, rest in pins)


def test_locks_hold_what_the_project_asks_for() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime, development = (pinned(ROOT / lock) for lock in LOCKS)
    for requirement in listed["project"]["dependencies"]:
        assert bare_name(requirement) in runtime
    for requirement in listed["dependency-groups"]["dev"]:
        assert bare_name(requirement) in development
    assert runtime.items() <= development.items()


def pinned(lock: Path) -> dict[str, str]:
    """Return the version of each package in a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(), re.M))


def bare_name(requirement: str) -> str:
    """Return the normal form of a requirement's name (PEP 503)."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()
