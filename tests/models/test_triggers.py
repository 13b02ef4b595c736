"""A published version never changes, whoever asks the database."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from prompts_app.models import Entry, Version, triggers
from prompts_app.services import entries, versions
from tests import factories

pytestmark = pytest.mark.django_db


def refused(work: object) -> bool:
    try:
        with transaction.atomic():
            work()  # type: ignore[operator]
    except DatabaseError as error:
        return triggers.REFUSAL in str(error)
    return False


@pytest.mark.parametrize(
    "change",
    [
        {"content": {"kind": "text"}},
        {"number": 9},
        {"content_hash": "0" * 64},
        {"change_note": "another"},
        {"created_at": timezone.now()},
        {"withdrawn_at": timezone.now()},
    ],
)
def test_update_is_refused(change: dict[str, object]) -> None:
    version = factories.version(factories.entry(), note="a note")
    assert refused(lambda: Version.objects.filter(pk=version.pk).update(**change))
    version.refresh_from_db()
    assert version.change_note == "a note"


def test_update_by_sql_is_refused() -> None:
    version = factories.version(factories.entry())

    def by_hand() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE prompts_app_version SET change_note = 'x' WHERE id = %s", [version.pk]
            )

    assert refused(by_hand)


def test_delete_is_refused_unless_the_entry_goes() -> None:
    entry = factories.entry()
    version = factories.version(entry)
    assert refused(lambda: Version.objects.filter(pk=version.pk).delete())
    assert refused(lambda: Entry.objects.filter(pk=entry.pk).delete())
    entries.delete_entry(entry)
    assert not Version.objects.filter(pk=version.pk).exists()


def test_withdrawing_erases_content_and_nothing_else() -> None:
    entry = factories.entry()
    version = factories.version(entry, note="says a secret")
    factories.run(version)
    before = (version.number, version.content_hash, version.created_at)
    versions.withdraw_version(version)
    version.refresh_from_db()
    assert (version.number, version.content_hash, version.created_at) == before
    assert version.content == {}
    assert version.change_note == ""
    run = version.runs.get()
    assert (run.output, run.raw_response, run.hidden) == ("", None, True)
    entry.refresh_from_db()
    assert entry.published is not None
    assert entry.published.number == 1
    # Once withdrawn, it can be neither filled again nor withdrawn again.
    assert refused(lambda: Version.objects.filter(pk=version.pk).update(content={"a": 1}))


def test_migrating_puts_triggers_back() -> None:
    version = factories.version(factories.entry())
    with connection.cursor() as cursor:
        where = " ON prompts_app_version" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER version_keeps_content{where}")
    triggers.install()
    assert refused(lambda: Version.objects.filter(pk=version.pk).update(change_note="x"))
