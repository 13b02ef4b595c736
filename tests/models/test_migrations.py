"""Migrations lead back as well as on, and versions stay as they were published all the way."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from prompts_app.models import triggers
from prompts_app.services import endings
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_database_can_be_migrated_back_and_on() -> None:
    version = factories.version(factories.entry())
    attempt = factories.attempt(version.entry)
    day = attempt.day
    author = version.entry.owner
    taken = [factories.entry(author, slug=slug) for slug in ("ask-2", "ask", "contact")]
    away = factories.entry(author, visibility="unlisted")
    endings.archive(away)
    try:
        call_command("migrate", "prompts_app", "0006", verbosity=0)
        change = "UPDATE prompts_app_version SET number = 9 WHERE id = %s"
        with pytest.raises(DatabaseError, match=triggers.REFUSAL), transaction.atomic():
            connection.cursor().execute(change, [version.pk])
    finally:
        call_command("migrate", verbosity=0)
    attempt.refresh_from_db()
    away.refresh_from_db()
    # What older code has no archive for is seen again by whoever saw it.
    assert away.visibility == "unlisted"
    assert attempt.day == day
    slugs = []
    for entry in taken:
        entry.refresh_from_db()
        slugs.append(entry.slug)
    assert slugs == ["ask-2", "ask-3", "contact-2"]
