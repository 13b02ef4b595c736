"""The page of one version, also of one that was withdrawn."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry
from prompts_app.services import versions
from tests import factories

pytestmark = pytest.mark.django_db


def address(entry: Entry, number: int | str) -> str:
    return f"/@{entry.owner.profile.handle}/{entry.slug}/v{number}/"


def page(client: Client, entry: Entry, number: int) -> str:
    response = client.get(address(entry, number))
    assert response.status_code == 200
    return response.content.decode()


def test_an_older_version_says_that_it_is_one(client: Client) -> None:
    entry = factories.entry(content=factories.content("Naive.", constraints=[{"text": "Short"}]))
    first = entry.published
    assert first is not None
    factories.run(first, output="what the naive one said")
    factories.version(entry, factories.content("Engineered."), "Better")
    shown = page(client, entry, 1)
    for text in ("Naive.", "Short", "what the naive one said", first.content_hash):
        assert text in shown
    assert "This is not the version the author shows. That is version 2." in shown
    assert "compare/?from=1&amp;to=2" in shown
    assert f'href="{address(entry, 2)}"' in shown
    assert "not the version" not in page(client, entry, 2)


def test_a_withdrawn_version_keeps_number_and_hash_only(client: Client) -> None:
    entry = factories.entry(content=factories.content("The secret is 1234."))
    first = entry.published
    assert first is not None
    run = factories.run(first, output="1234, as you said")
    factories.version(entry)
    first.entry = entry
    versions.withdraw_version(first)
    shown = page(client, entry, 1)
    assert "1234" not in shown.replace(first.content_hash, "")
    assert first.content_hash in shown
    assert "The author withdrew this version" in shown
    assert client.get(f"/runs/{run.pk}/").status_code == 404


@pytest.mark.parametrize("number", ["0", "9", "99999999999999999999999", "x", "-1"])
def test_a_number_that_never_was_is_not_found(client: Client, number: str) -> None:
    assert client.get(address(factories.entry(), number)).status_code == 404


def test_versions_of_a_draft_are_its_owners(client: Client) -> None:
    entry = factories.entry(visibility=Entry.Visibility.DRAFT)
    assert client.get(address(entry, 1)).status_code == 404
    client.force_login(factories.user())
    assert client.get(address(entry, 1)).status_code == 404
    client.force_login(entry.owner)
    assert client.get(address(entry, 1)).status_code == 200


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post(address(factories.entry(), 1)).status_code == 405


def test_the_page_speaks_french(client: Client) -> None:
    response = client.get(address(factories.entry(), 1), headers={"accept-language": "fr"})
    assert '<html lang="fr">' in response.content.decode()


@pytest.mark.parametrize("number", [3, 30])
def test_queries_stay_the_same(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    entry = factories.entry(tags=("one",))
    assert entry.published is not None
    factories.versions_of(entry, number)
    for _turn in range(number):
        factories.run(entry.published, factories.case(entry))
    page(client, entry, 1)
    with django_assert_max_num_queries(8):
        page(client, entry, 1)
