"""`manage.py demo` as a person runs it: its three lines, its sentences, and nothing left behind."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portfolio.launch import free_port
from tests.postgres import settings_variables

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 90
LINES = re.compile(
    r"Open     (http://localhost:\d+/)\n"
    r"Sign in  (\S+@\S+)  (\S+)\n"
    r"Model    \(demo model: scripted rules\)\n"
)

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
    pytest.mark.skipif(
        os.environ.get("TEST_DATABASE") == "postgres", reason="the demo brings its own SQLite"
    ),
]


class Demo:
    """One `manage.py demo` with its data under `folder`."""

    def __init__(self, folder: Path, stdin: int = subprocess.DEVNULL, **environment: str) -> None:
        self.folder = folder
        clean = {k: v for k, v in os.environ.items() if k not in settings_variables()}
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "manage.py", "demo"],
            env={
                **clean,
                "VAR_DIR": str(folder),
                "PORT": str(free_port()),
                # Nothing answers there, whatever runs on the machine of the tests.
                "OLLAMA_URL": "http://127.0.0.1:9",
                **environment,
            },
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )

    def three_lines(self) -> re.Match[str]:
        """Return what the demo prints once it answers, taken apart."""
        text = self.first_lines()
        match = LINES.fullmatch(text)
        assert match, (text, *self.finish())
        return match

    def first_lines(self) -> str:
        """Return the first three lines, or fewer if the demo ends before."""
        assert self.process.stdout is not None
        text = b""
        while text.count(b"\n") < 3:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
            assert ready, "the demo printed nothing in time"
            more = self.process.stdout.read(4096)
            if not more:
                break
            text += more
        return text.decode()

    def finish(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal and return exit status, further output and errors."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        """Wait until the demo ends by itself; return exit status, output and errors."""
        output, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, output.decode(), errors.decode()

    def processes(self) -> dict[str, int]:
        """Return every process that runs on this demo's data: its command line and its id."""
        mark = f"VAR_DIR={self.folder}".encode()
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[command] = int(place.name)
            except OSError:
                continue  # it has ended meanwhile
        return found


def wait_for_end(pids: list[int]) -> None:
    """Return when none of the processes runs any more."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            ready, _, _ = select.select([handle], [], [], PATIENCE_SECONDS)
            assert ready, f"process {pid} still runs"
        finally:
            os.close(handle)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


@pytest.fixture(scope="module")
def first_password(folder: Path) -> str:
    """Start for the first time, look at everything, press Ctrl-C; return the password."""
    demo = Demo(folder)
    try:
        lines = demo.three_lines()
        with urllib.request.urlopen(lines[1], timeout=PATIENCE_SECONDS) as page:
            assert page.status == 200
        commands = " ".join(demo.processes())
        for part in ("uvicorn portfolio.asgi", "manage.py worker", "prompts_app.demo --port"):
            assert part in commands
        pids = list(demo.processes().values())
        assert (folder / "demo-password").stat().st_mode & 0o777 == 0o600
    finally:
        status, output, errors = demo.finish(signal.SIGINT)
    assert (status, output, errors) == (0, "", errors_about_samples(errors))
    wait_for_end(pids)
    assert not demo.processes()
    return lines[3]


def errors_about_samples(errors: str) -> str:
    """Return `errors` if it tells of nothing but progress."""
    assert not re.search(r"warning|error|traceback", errors, re.IGNORECASE), errors
    return errors


@pytest.fixture
def running(folder: Path, first_password: str) -> Iterator[Demo]:
    demo = Demo(folder)
    try:
        assert demo.three_lines()[3] == first_password
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.finish()


def test_a_killed_demo_takes_its_processes_along(running: Demo) -> None:
    pids = list(running.processes().values())
    assert len(pids) >= 4
    running.finish(signal.SIGKILL)
    wait_for_end(pids)


def test_one_dead_process_stops_the_others_with_a_sentence(running: Demo) -> None:
    pids = running.processes()
    os.kill(next(pid for command, pid in pids.items() if "worker" in command), signal.SIGKILL)
    status, _, errors = running.ended()
    assert status == 1
    assert errors == "The worker ended by itself (SIGKILL), so everything was stopped.\n"
    wait_for_end(list(pids.values()))


def test_a_closed_terminal_ends_the_demo(folder: Path, first_password: str) -> None:
    ours, theirs = os.openpty()
    demo = Demo(folder, stdin=theirs)
    os.close(theirs)
    try:
        assert demo.three_lines()[3] == first_password
    finally:
        os.close(ours)
    assert demo.ended() == (0, "", "")
    assert not demo.processes()


def test_a_changed_password_is_not_told(folder: Path, first_password: str) -> None:
    (folder / "demo-password").write_text("another")
    try:
        demo = Demo(folder)
        told = demo.first_lines()
        assert demo.finish(signal.SIGTERM) == (0, "", "")
    finally:
        (folder / "demo-password").write_text(first_password)
    assert "(your own password" in told
    assert first_password not in told
    assert not demo.processes()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PORT": "many"}, "PORT"),
        ({"HOST": "nowhere.invalid"}, "HOST"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({"VAR_DIR": "/proc/var"}, "VAR_DIR"),
        ({"SITE_URL": "https://portfolio.example"}, "SECRET_KEY"),
        ({"ACCOUNT_SIGNUP": "perhaps"}, "ACCOUNT_SIGNUP"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_gets_one_sentence(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    refused(Demo(tmp_path, subprocess.DEVNULL, **environment), sentence)


def test_a_busy_port_gets_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused(Demo(tmp_path, PORT=str(port)), f"Port {port} is in use")


def refused(demo: Demo, sentence: str) -> None:
    """Assert that the demo ended at once with one line that begins like this."""
    status, output, errors = demo.ended()
    assert status == 1
    assert output == ""
    assert sentence in errors
    assert errors.count("\n") == 1
    assert not demo.processes()
