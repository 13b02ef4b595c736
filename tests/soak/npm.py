"""Packages of npm that tests look at: installed into `build/`, never part of the project."""

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.site import ROOT


def installed(package: str) -> Path:
    """Return the folder of `package` ("name@version"), installed once; skips without npm.

    No script of any package is run.
    """
    npm = shutil.which("npm")
    name, version = package.rsplit("@", 1)
    if npm is None or shutil.which("node") is None:
        pytest.skip(f"npm and node are not on this machine: nothing brings {name}")
    place = ROOT / "build" / name.rsplit("/", 1)[-1]
    place.mkdir(parents=True, exist_ok=True)
    folder = place / "node_modules" / name
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        about = folder / "package.json"
        if not about.exists() or json.loads(about.read_text())["version"] != version:
            done = subprocess.run(
                [
                    *(npm, "install", "--prefix", str(place), "--no-save", "--ignore-scripts"),
                    *("--no-audit", "--no-fund", package),
                ],
                cwd=place,
                capture_output=True,
                text=True,
                timeout=180,
            )
            if done.returncode:
                pytest.skip(f"npm could not install {package}: {done.stderr[-300:]}")
    return folder
