"""`manage.py demo`: the whole site on this machine, with its sample portfolio."""

import asyncio
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from portfolio.launch import (
    LaunchError,
    Processes,
    Stopped,
    free_port,
    listening_host,
    web_command,
)
from prompts_app.demo.portfolio import load
from prompts_app.llm.ollama import local_ollama
from prompts_app.models import Provider, User

START_SECONDS = 60.0


class Command(BaseCommand):
    """Starts the web server, the worker and, without any other model, the demo model."""

    help = "Prepare everything, start the site with its sample portfolio, print where it is."
    # The demo says what is wrong in a sentence of its own.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped: exits 0 then, and 1 with one sentence when something is wrong."""
        try:
            with Processes() as processes:
                self._run(processes)
        except Stopped:
            return
        except LaunchError as error:
            sys.exit(str(error))
        except DatabaseError as error:
            sys.exit(f"DATABASE_URL: the database cannot be used: {str(error).strip()}")

    def _run(self, processes: Processes) -> None:
        require_writable(settings.VAR_DIR)
        host = listening_host(settings.HOST, settings.PORT)
        demo_port = None if has_provider() else free_port()
        added = {}
        if demo_port is not None:
            settings.DEMO_MODEL_URL = f"http://127.0.0.1:{demo_port}/v1"
            added["DEMO_MODEL_URL"] = settings.DEMO_MODEL_URL
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("prepare", verbosity=0)
        email, password = sample_author()
        model = model_line()
        connections.close_all()

        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        if demo_port is not None:
            program = [sys.executable, "-m", "prompts_app.demo", "--port", str(demo_port)]
            processes.start("demo model", program, added)
        processes.start("web server", web_command(host, settings.PORT), added)
        processes.start("worker", [*manage, "worker"], added)
        processes.wait_until_answers(host, settings.PORT, "/readyz", START_SECONDS)
        self.stdout.write(f"Open     {settings.SITE_URL}/")
        self.stdout.write(f"Sign in  {email}  {password}")
        self.stdout.write(f"Model    {model}")
        self.stdout.flush()
        processes.wait()


def require_writable(folder: Path) -> None:
    """Raise LaunchError unless files can be made in `folder`, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise LaunchError(
            f"VAR_DIR: {folder} must be a folder that this user can write to ({error.strerror})."
        ) from error


def has_provider() -> bool:
    """Say whether a real model can be used: one the operator set, or an Ollama here."""
    if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL:
        return True
    return bool(asyncio.run(local_ollama(settings.OLLAMA_URL)))


def sample_author() -> tuple[str, str]:
    """Return the sample author's e-mail address and what to say of the password.

    The sample portfolio is loaded if its author is absent. The password is made once and kept in
    `demo-password` in VAR_DIR, readable by its owner alone; it is told only while it is right.
    """
    email = load().author.email
    if not User.objects.filter(email=email).exists():
        call_command("load_demo", verbosity=0)
    user = User.objects.get(email=email)
    file = settings.VAR_DIR / "demo-password"
    if not user.has_usable_password():
        password = secrets.token_urlsafe(9)
        keep_secret(file, password)
        user.set_password(password)
        user.save(update_fields=["password"])
        return email, password
    kept = file.read_text().strip() if file.exists() else ""
    if kept and user.check_password(kept):
        return email, kept
    return email, f"(your own password; “manage.py changepassword {email}” sets another)"


def keep_secret(file: Path, text: str) -> None:
    """Write `text` to `file`, which only its owner may read; whole or not at all."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w") as out:
        out.write(text + "\n")
    Path(draft).replace(file)


def model_line() -> str:
    """Return the name of the site's model and what kind of model it is."""
    provider = Provider.objects.filter(owner=None, active=True).first()
    if provider is None or provider.is_demo:
        return "(demo model: scripted rules)"
    served = provider.served.filter(enabled=True).order_by("id").first()
    return f"{served.name if served else provider.name} (live)"
