"""Prepared queries do what Django's own would, again and again, in every thread."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet

from prompts_app import access
from prompts_app.models import BudgetDay, Entry, Reservation, Try
from prompts_app.models.prepared import Insert, Param, Select, Update
from prompts_app.services import days, tryit
from tests import factories

pytestmark = pytest.mark.django_db


def by_slug(slug: str | Param) -> QuerySet[Entry]:
    return (
        Entry.objects.select_related("owner__profile", "published")
        .only("slug", "owner__profile__handle", "published__content")
        .filter(slug=slug)
        .order_by("pk")
    )


def test_rows_are_those_of_the_query_set() -> None:
    entries = [
        factories.entry(slug="one"),
        factories.entry(slug="two"),
        factories.entry(slug="one"),
    ]
    prepared = Select(Entry, lambda: by_slug(Param("slug")))
    for slug in ("one", "two", "none", "one"):
        ours, plain = prepared.rows(slug=slug), list(by_slug(slug))
        assert ours == plain
        assert [one.get_deferred_fields() for one in ours] == [
            one.get_deferred_fields() for one in plain
        ]
        for one, other in zip(ours, plain, strict=True):
            assert one.published is not None
            assert other.published is not None
            assert one.published.content == other.published.content
            assert one.owner.profile.handle == other.owner.profile.handle
            assert one.owner.profile.get_deferred_fields() == (
                other.owner.profile.get_deferred_fields()
            )
    assert len(entries) == 3


@pytest.mark.django_db(transaction=True)
def test_threads_do_not_disturb_each_other() -> None:
    slugs = [factories.entry(slug=f"entry-{number}").slug for number in range(8)]
    prepared = Select(Entry, lambda: by_slug(Param("slug")))

    def found(slug: str) -> list[str]:
        try:
            return [one.slug for one in prepared.rows(slug=slug) for _ in range(3)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(found, slugs * 5)) == [[slug] * 3 for slug in slugs * 5]


def test_an_update_changes_what_it_names_and_counts_it() -> None:
    owner = factories.user()
    rows = [
        BudgetDay.objects.create(owner=owner, purse=purse, day=days.today(), limit=limit)
        for purse, limit in (("own", 10), ("site", 20))
    ]
    prepared = Update(
        lambda: (
            BudgetDay.objects.filter(owner=Param("owner"), limit__gt=Param("above")),
            {"spent": F("spent") + Param("amount")},
        )
    )
    assert prepared.run(owner=owner.pk, above=15, amount=3) == 1
    assert prepared.run(owner=owner.pk, above=5, amount=2) == 2
    assert prepared.run(owner=owner.pk, above=50, amount=9) == 0
    for row, spent in zip(rows, (2, 5), strict=True):
        row.refresh_from_db()
        assert row.spent == spent


def test_what_is_inserted_is_kept_whole() -> None:
    entry = factories.entry()
    version = entry.versions.get()
    day = BudgetDay.objects.create(owner=entry.owner, day=days.today(), limit=10)
    (reservation,) = Insert(Reservation).run(
        [Reservation(budget_day=day, amount=7, lease_until=days.start(days.today()))]
    )
    made = [
        Try(
            entry=entry,
            version=version,
            column=number,
            values={"text": "é œ Ω \u2028 \"'"},
            visitor="v",
            reservation=reservation if number == 0 else None,
        )
        for number in range(3)
    ]
    insert = Insert(Try)
    insert.run(made)
    for one in made:
        kept = Try.objects.get(pk=one.pk)
        for field in Try._meta.concrete_fields:
            assert getattr(kept, field.attname) == getattr(one, field.attname), field
    made[0].state = Try.State.DONE
    # It is an object like any other from here on.
    made[0].save(update_fields=["state"])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert.run([made[1]])


def test_the_try_page_opens_whatever_the_case_of_the_handle() -> None:
    entry = factories.entry(factories.profile(handle="Ada_B").user, slug="one")
    for handle in ("Ada_B", "ada_b", "ADA_B"):
        assert access.entry_to_try(handle, "one", None) == entry
    entry.tryable.add(factories.model(factories.provider(entry.owner)))
    assert [model.kind for model in tryit.models_for(entry)] == [entry.kind]
