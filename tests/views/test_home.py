"""The home page: for anyone, and as the profile of the site's owner."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from prompts_app.models import Entry
from tests import factories

pytestmark = pytest.mark.django_db


def cards(client: Client) -> list[str]:
    """Return the titles on the page's cards."""
    page = client.get("/").content.decode()
    return re.findall(r'class="card__title" lang="\w+"><a href="[^"]+">([^<]+)<', page)


def test_an_empty_site_says_so(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert "Nothing is published yet" in response.content.decode()


def test_six_entries_and_a_search_field(client: Client) -> None:
    for number in range(8):
        factories.entry(title=f"Number {number}")
    factories.entry(title="Unlisted", visibility=Entry.Visibility.UNLISTED)
    assert cards(client) == [f"Number {number}" for number in (7, 6, 5, 4, 3, 2)]
    page = client.get("/").content.decode()
    assert '<form class="search" role="search" method="get" action="/explore/">' in page
    assert f'<link rel="canonical" href="{settings.SITE_URL}/">' in page


def test_entries_with_proof_come_first(client: Client) -> None:
    proven = factories.entry(title="Proven")
    assert proven.published is not None
    factories.run(proven.published)
    factories.judged(proven)
    factories.entry(title="Newer")
    assert cards(client) == ["Proven", "Newer"]
    assert "1 run captured here" in client.get("/").content.decode()


def test_the_owners_profile_is_the_home_page(client: Client, settings: Settings) -> None:
    profile = factories.profile(handle="ada", name="Ada Example")
    factories.entry(profile.user, title="Hers")
    factories.entry(title="Another's")
    settings.SITE_OWNER = "Ada"
    page = client.get("/").content.decode()
    assert "Ada Example" in page
    assert "Hers" in page
    assert "Another&#x27;s" not in page


@pytest.mark.parametrize("handle", ["nobody", "ada"])
def test_an_owner_with_nothing_to_show_leaves_the_usual_page(
    client: Client, settings: Settings, handle: str
) -> None:
    factories.profile(handle="ada")
    settings.SITE_OWNER = handle
    response = client.get("/")
    assert response.status_code == 200
    assert 'role="search"' in response.content.decode()


def test_strangers_leave_no_trace_and_get_a_kept_page(client: Client) -> None:
    factories.entry()
    response = client.get("/")
    assert response["X-Promptfolio-Keep"] == "1"
    assert not response.cookies
    assert "csrf" not in response.content.decode()


def test_who_is_signed_in_gets_a_page_of_their_own(client: Client) -> None:
    client.force_login(factories.profile().user)
    response = client.get("/")
    assert "X-Promptfolio-Keep" not in response
    assert response["Cache-Control"] == "private, no-store"


def test_only_reading(client: Client) -> None:
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405


def test_french(client: Client) -> None:
    factories.entry()
    page = client.get("/", headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="fr">' in page


def test_the_same_number_of_queries_however_many_entries(client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/").status_code == 200
        return len(captured)

    factories.run(factories.version(factories.entry(tags=("a",))))
    few = queries()
    for _ in range(12):
        factories.run(factories.version(factories.entry(tags=("a", "b"))))
    assert queries() == few <= 8
