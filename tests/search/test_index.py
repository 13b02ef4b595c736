"""The full-text index follows the entries, whoever changes them."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from prompts_app.models import Entry, User, Version, search_index, triggers
from prompts_app.search import Filters, matches
from prompts_app.services import entries, versions
from tests import factories

TRIGGERS = {"entry_search_insert", "entry_search_update", "entry_search_delete"}


def found(*words: str) -> list[int]:
    """Return the ids that match, without a look at anything but the index and the rows."""
    return sorted(match.entry for match in matches.with_words(list(words), Filters())[0])


def indexed() -> set[int]:
    """Return the ids of the entries that stand in the index."""
    position = "rowid" if connection.vendor == "sqlite" else "position"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {position} & {search_index.ID_MASK} FROM prompts_app_search")
        return {row[0] for row in cursor.fetchall()}


def triggers_there() -> set[str]:
    """Return the names of all triggers of ours."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.django_db
def test_triggers_are_there() -> None:
    wanted = TRIGGERS | {"version_keeps_content", "version_stays"}
    if connection.vendor == "postgresql":
        wanted |= {"entry_search_truncate"}
    assert triggers_there() >= wanted


@pytest.mark.django_db
def test_publishing_changing_and_hiding() -> None:
    entry = factories.entry(title="Facture en Œuvre")
    assert found("oeuvre") == [entry.pk]
    entries.update_entry(entry, tags=(), title="Quittance")
    assert found("oeuvre") == []
    assert found("quitt") == [entry.pk]
    for hidden in (Entry.Visibility.UNLISTED, Entry.Visibility.DRAFT):
        entries.update_entry(entry, tags=(), visibility=hidden)
        assert found("quittance") == []
        assert indexed() == set()
        entries.update_entry(entry, tags=(), visibility=Entry.Visibility.LISTED)
        assert found("quittance") == [entry.pk]
    entry.published_at = timezone.now() + timedelta(days=1)
    entry.save()
    assert found("quittance") == [entry.pk]
    entries.delete_entry(entry)
    assert indexed() == set()


@pytest.mark.django_db
def test_withdrawing_the_last_version_takes_the_words_away() -> None:
    entry = factories.entry(content=factories.content("A secret called marmalade"))
    assert found("marmalade") == [entry.pk]
    version = entry.published
    assert version is not None
    versions.withdraw_version(version)
    assert found("marmalade") == []
    assert indexed() == set()


@pytest.mark.django_db
def test_drafts_and_suspended_authors_are_not_found() -> None:
    draft = factories.entry(title="Marmalade", published=False)
    draft.search_text = "marmalade"
    draft.save()
    assert found("marmalade") == []
    shown = factories.entry(title="Marmalade")
    assert found("marmalade") == [shown.pk]
    User.objects.filter(pk=shown.owner_id).update(is_active=False)
    assert found("marmalade") == []


@pytest.mark.django_db
def test_changes_in_bulk_are_followed() -> None:
    made = [factories.entry(title=f"Bulk {number}") for number in range(3)]
    Entry.objects.update(search_text="new words")
    assert found("new") == [entry.pk for entry in made]
    Entry.objects.update(purge_at=timezone.now())
    assert indexed() == set()
    Entry.objects.all().delete()
    assert indexed() == set()


@pytest.mark.django_db
def test_what_changed_without_triggers_is_found_after_the_next_migration() -> None:
    entry = factories.entry(title="Before")
    triggers.remove()
    assert not triggers_there() & TRIGGERS
    Entry.objects.filter(pk=entry.pk).update(search_text="afterwards")
    assert found("afterwards") == []
    triggers.install()
    assert triggers_there() >= TRIGGERS
    assert found("afterwards") == [entry.pk]
    assert found("before") == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_may_rebuild_the_tables() -> None:
    entry = factories.entry(title="Marmalade")
    pk = entry.pk
    field = Entry._meta.get_field("visibility")
    wider = field.clone()
    wider.max_length = 30
    wider.set_attributes_from_name("visibility")
    wider.model = Entry
    triggers.remove(plan=[object()])
    try:
        with connection.schema_editor() as editor:
            editor.alter_field(Entry, field, wider)
            if connection.vendor == "sqlite":
                editor._remake_table(Version)  # type: ignore[attr-defined]
    finally:
        triggers.install()
    assert found("marmalade") == [pk]
    entries.update_entry(entry, tags=(), title="Quince")
    assert found("quince") == [pk]
    assert triggers_there() >= TRIGGERS | {"version_stays"}
    triggers.remove(plan=[object()])
    with connection.schema_editor() as editor:
        editor.alter_field(Entry, wider, field)
    triggers.install()
    entries.delete_entry(entry)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite empties tables row by row")
def test_emptying_the_database_empties_the_index() -> None:
    factories.entry(title="Marmalade")
    call_command("flush", verbosity=0, interactive=False)
    assert indexed() == set()


@pytest.mark.django_db
def test_a_migration_with_nothing_to_do_leaves_the_triggers_in_place() -> None:
    triggers.remove(plan=[])
    assert triggers_there() >= TRIGGERS


@pytest.mark.django_db
def test_two_entries_of_one_moment_are_two() -> None:
    moment = timezone.now()
    made = [factories.entry(title="Twin") for _ in range(2)]
    with transaction.atomic():
        Entry.objects.update(published_at=moment)
    assert found("twin") == [entry.pk for entry in made]
    assert indexed() == {entry.pk for entry in made}


@pytest.mark.django_db
def test_very_long_words_and_texts_are_kept() -> None:
    entry = factories.entry(title="Long", content=factories.content("é" * 5000 + " tail " * 20_000))
    assert found("tail") == [entry.pk]
    assert found("e" * 60) == [entry.pk]
