"""One migrated, empty database a run, from which every other is copied: migrating takes long.

`python -m tests.migrated` makes it ahead, while the workers of a run still look for their tests.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
NAME = "promptfolio_migrated"


def copy_to(folder: Path, name: str | None = None) -> str:
    """Return DATABASE_URL of a migrated, empty database on the engine under test.

    SQLite's is the file `name` in `folder`; PostgreSQL's is called `name`, or anything.
    """
    original = _made()
    if original.startswith("sqlite"):
        place = folder / (name or "site.sqlite3")
        shutil.copyfile(original.removeprefix("sqlite:///"), place)
        # A site refuses a database that was used with keys that are gone.
        shutil.copytree(_folder() / "keys", folder / "keys", dirs_exist_ok=True)
        return f"sqlite:///{place}"
    name = name or f"site_{uuid.uuid4().hex}"
    # Nobody may be connected to what is copied: one copy at a time.
    with _alone(), psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {NAME}")
    return _beside(name)


def _beside(name: str) -> str:
    """Return the address of another database of the same PostgreSQL."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process of the run through at a time."""
    with (_folder() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _folder() -> Path:
    folder = Path(os.environ["VAR_DIR"]).parent / "migrated"
    folder.mkdir(exist_ok=True)
    return folder


def _made() -> str:
    """Return the address of the database that others are copied from; the first to ask makes it."""
    folder = _folder()
    done = folder / "done"
    sqlite = os.environ["DATABASE_URL"].startswith("sqlite")
    url = f"sqlite:///{folder / NAME}.sqlite3" if sqlite else _beside(NAME)
    with _alone():
        if not done.exists():
            if not sqlite:
                with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {NAME}")
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0"],
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": url, "VAR_DIR": str(folder)},
                check=True,
            )
            done.touch()
    return url


if __name__ == "__main__":
    _made()
