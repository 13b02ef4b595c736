"""The site as it runs: real processes, real HTTP, a database of its own. For tests and benches."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from portfolio.launch import answers, free_port, web_command

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


# For one visitor who tries more than any limit of a site would let them.
ROOMY = {
    "TRIES_PER_VISITOR_PER_DAY": "10000",
    "TRIES_PER_ENTRY_PER_DAY": "100000",
    "TRIES_PER_AUTHOR_PER_DAY": "100000",
    "TRIES_AT_ONCE_PER_VISITOR": "10000",
    "TRIES_AT_ONCE_PER_AUTHOR": "10000",
    "TRIES_AT_ONCE_PER_ENTRY": "10000",
    "SITE_TRIES_PER_ADDRESS_PER_DAY": "100000",
    "SITE_TRIES_AT_ONCE_PER_ADDRESS": "10000",
    "SITE_TRIES_PER_DAY": "100000",
    "SITE_TRIES_AT_ONCE": "10000",
    "SITE_DAILY_BUDGET_USD": "100000",
}

# Reads one JSON string of code a line, answers one JSON object a line.
SHELL = """
import contextlib, io, json, sys, traceback
import django
django.setup()
from django.db import connection
for line in sys.stdin:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {})
        answer = {"printed": printed.getvalue()}
    except Exception:
        answer = {"error": traceback.format_exc()}
    connection.close()
    print(json.dumps(answer), flush=True)
"""


class RunningSite:
    """Web server, and on demand a worker, over one database under `folder`.

    Loads the sample portfolio with `samples`; `environment` goes on top of the site's own.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        samples: bool = False,
        worker: bool = False,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._samples, self._worker = samples, worker
        self._stack = contextlib.ExitStack()
        self._shell: subprocess.Popen[str] | None = None
        inherited = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TMPDIR")
            if name in os.environ
        }
        self.environment = {
            **inherited,
            "PYTHON_DOTENV_DISABLED": "1",
            "DJANGO_SETTINGS_MODULE": "portfolio.settings",
            "VAR_DIR": str(folder),
            "PORT": str(self.port),
            # An Ollama on the machine of whoever runs the tests is none of their business.
            "OLLAMA_URL": "http://127.0.0.1:9",
            **(environment or {}),
        }

    def __enter__(self) -> "RunningSite":
        if self._samples:
            demo_port = free_port()
            self.environment.setdefault("DEMO_MODEL_URL", f"http://127.0.0.1:{demo_port}/v1")
            self._start(sys.executable, "-m", "prompts_app.demo", "--port", str(demo_port))
        self.manage("collectstatic", "--noinput", "-v0")
        self.manage("prepare", "-v0")
        if self._samples:
            self.manage("load_demo")
        self.web = self._start(*web_command("localhost", self.port))
        self._until_ready()
        if self._worker:
            self.start_worker()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def start_worker(self) -> None:
        """Start a worker as `self.worker`; the one before may have been killed."""
        self.worker = self._start(sys.executable, "manage.py", "worker")

    @property
    def password(self) -> str:
        """The sample author's password."""
        return (self.folder / "demo-password").read_text()

    def manage(self, *words: str) -> str:
        """Run a management command and return what it prints; raises if it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def python(self, code: str) -> str:
        """Run Python code among the site's models and return what it prints.

        One helper process does it for the site's whole life: starting Django anew takes a second.
        """
        if self._shell is None:
            self._shell = subprocess.Popen(
                [sys.executable, "-c", SHELL],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._stack.callback(_end, self._shell)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(json.dumps(code) + "\n")
        self._shell.stdin.flush()
        answer = json.loads(self._shell.stdout.readline() or '{"error": "the shell ended"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return str(answer["printed"]).strip()

    def log(self) -> str:
        """Everything the processes wrote."""
        return "".join(file.read_text() for file in sorted(self.folder.glob("process-*.log")))

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        number = len(list(self.folder.glob("process-*.log")))
        log = self._stack.enter_context((self.folder / f"process-{number}.log").open("wb"))
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT
        )
        self._stack.callback(_end, process)
        return process

    def _until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers("localhost", self.port, "/readyz"):
            if time.monotonic() > deadline or self.web.poll() is not None:
                raise RuntimeError(f"The site did not start: {self.log()}")
            time.sleep(0.1)


def _end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
