"""Bringing a database up to date, once, however many processes start at the same time."""

import asyncio
import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from prompts_app.llm.ollama import local_ollama
from prompts_app.models import KeyFingerprint
from prompts_app.services import keys, providers, receipt_keys, site_texts

log = logging.getLogger("promptfolio.setup")

# Any number, as long as every process of this site asks for the same one.
_LOCK = 7_071_823


def prepare_database(verbosity: int = 0) -> None:
    """Migrate, make the cache table, check the keys and enter the site's provider.

    Raises ImproperlyConfigured when the database was used with another key.
    """
    with _alone():
        call_command("migrate", interactive=False, verbosity=verbosity)
        call_command("createcachetable", verbosity=verbosity)
        _check_key("FIELD_KEY", keys.fingerprint())
        receipt_keys.check()
        uses_own = settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL
        ollama = [] if uses_own else asyncio.run(local_ollama(settings.OLLAMA_URL))
        providers.sync_site_provider(ollama)
        warn_of_missing_texts()


def warn_of_missing_texts() -> None:
    """Log what a site where strangers sign up does not say yet."""
    for kind in site_texts.missing():
        log.warning("sign-up is open, and the site has no text of the kind “%s”", kind)


def _check_key(name: str, fingerprint: str) -> None:
    known, _created = KeyFingerprint.objects.get_or_create(
        name=name, defaults={"fingerprint": fingerprint}
    )
    if known.fingerprint != fingerprint:
        raise ImproperlyConfigured(
            f"{name} is not the key this database was used with: "
            "stored API keys could not be read. Put the old key back."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time through: a lock of the database's, or a file beside it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
        return
    path = Path(str(connection.settings_dict["NAME"])).with_suffix(".lock")
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
