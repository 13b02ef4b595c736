"""`manage.py demo`: the whole site on this machine, with its sample portfolio."""

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
from prompts_app.models import Provider
from prompts_app.services import samples

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
        demo_port = free_port()
        # Where the demo model will listen if preparing finds no other model to use.
        settings.DEMO_MODEL_URL = f"http://127.0.0.1:{demo_port}/v1"
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("prepare", verbosity=0)
        # Progress goes where it cannot mix with the three lines.
        call_command("load_demo", stdout=sys.stderr)
        provider = Provider.objects.get(owner=None, active=True)
        sign_in, model = sign_in_line(), model_line(provider)
        close_connections()

        added = {}
        if provider.is_demo:
            added["DEMO_MODEL_URL"] = settings.DEMO_MODEL_URL
            program = [sys.executable, "-m", "prompts_app.demo", "--port", str(demo_port)]
            processes.start("demo model", program, added)
        processes.start("web server", web_command(host, settings.PORT), added)
        manage = str(settings.BASE_DIR / "manage.py")
        processes.start("worker", [sys.executable, manage, "worker"], added)
        processes.wait_until_answers(host, settings.PORT, "/readyz", START_SECONDS)
        self.stdout.write(f"Open     {settings.SITE_URL}/")
        self.stdout.write(f"Sign in  {sign_in}")
        self.stdout.write(f"Model    {model}")
        self.stdout.flush()
        processes.wait()


def close_connections() -> None:
    """Close the database with its pool, whose threads must not be there when processes start."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        getattr(connection, "close_pool", connection.close)()


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


def sign_in_line() -> str:
    """Return the sample author's e-mail address and password; that only while it is right."""
    author = samples.sample_author()
    if author is None:
        raise LaunchError("The sample portfolio could not be loaded.")
    file = settings.VAR_DIR / "demo-password"
    kept = file.read_text().strip() if file.exists() else ""
    if kept and author.check_password(kept):
        return f"{author.email}  {kept}"
    return f"{author.email}  (your own password; “manage.py changepassword” sets another)"


def model_line(provider: Provider) -> str:
    """Return the name of the site's model and what kind of model it is."""
    if provider.is_demo:
        return "(demo model: scripted rules)"
    served = provider.served.filter(enabled=True).order_by("id").first()
    return f"{served.name if served else provider.name} (live)"
