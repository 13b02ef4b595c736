"""What machines read: only what is listed, and well-formed."""

from xml.etree import ElementTree

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry
from prompts_app.views import feeds
from tests import factories

pytestmark = pytest.mark.django_db

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "http://localhost:8000"


def read(client: Client, path: str) -> ElementTree.Element:
    response = client.get(path)
    assert response.status_code == 200
    assert not response.cookies
    return ElementTree.fromstring(response.content)


def addresses(tree: ElementTree.Element) -> list[str]:
    return [(one.text or "").removeprefix(SITE) for one in tree.iter(f"{SITEMAP}loc")]


def path_of(entry: Entry) -> str:
    return f"/@{entry.owner.profile.handle}/{entry.slug}/"


def test_robots_names_the_site_map(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    text = response.content.decode()
    assert f"Sitemap: {SITE}/sitemap.xml" in text
    assert "Disallow: /studio/" in text
    assert "Disallow: /\n" not in text


def test_the_site_map_holds_what_is_listed(client: Client) -> None:
    entry = factories.entry()
    unlisted = factories.entry(visibility=Entry.Visibility.UNLISTED)
    draft = factories.entry(published=False)
    found = addresses(read(client, "/sitemap.xml"))
    assert found == ["/", "/explore/", f"/@{entry.owner.profile.handle}/", path_of(entry)]
    assert path_of(unlisted) not in found
    assert path_of(draft) not in found


def test_a_large_site_map_is_a_list_of_files(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = factories.profile().user
    entries = [factories.entry(owner) for _turn in range(7)]
    monkeypatch.setattr(feeds, "SITEMAP_ADDRESSES", 5)
    parts = addresses(read(client, "/sitemap.xml"))
    held = [addresses(read(client, part)) for part in parts]
    assert all(len(one) <= 5 for one in held)
    assert sorted(path for one in held for path in one) == sorted(
        [f"/@{owner.profile.handle}/", *map(path_of, entries)]
    )


@pytest.mark.parametrize("part", ["entries-x", "users-0", "entries-9999999", "entries--1"])
def test_files_that_never_were_are_not_found(client: Client, part: str) -> None:
    assert client.get(f"/sitemap-{part}.xml").status_code == 404


def test_a_file_far_out_is_empty(client: Client) -> None:
    assert addresses(read(client, "/sitemap-entries-999999.xml")) == []


def test_the_feed_has_the_newest_listed_entries(client: Client) -> None:
    owner = factories.profile(name="Anna & Co").user
    made = [factories.entry(owner, title=f"<E{number}>") for number in range(32)]
    factories.entry(owner, title="Hidden", visibility=Entry.Visibility.UNLISTED)
    tree = read(client, "/feed.atom")
    found = [one.findtext(f"{ATOM}title") for one in tree.iter(f"{ATOM}entry")]
    assert found == [one.title for one in reversed(made)][:30]
    first = next(tree.iter(f"{ATOM}entry"))
    link = first.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == SITE + path_of(made[-1])
    assert first.findtext(f"{ATOM}author/{ATOM}name") == "Anna & Co"


def test_an_empty_site_has_files_too(client: Client) -> None:
    assert addresses(read(client, "/sitemap.xml")) == ["/", "/explore/"]
    assert not list(read(client, "/feed.atom").iter(f"{ATOM}entry"))


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml", "/feed.atom"])
def test_only_reading_is_allowed(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
    assert client.get(path, headers={"accept-language": "fr"}).status_code == 200


@pytest.mark.parametrize("number", [3, 30])
def test_queries_stay_the_same(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    for _turn in range(number):
        factories.entry(tags=("one", "two"))
    for path in ("/sitemap.xml", "/feed.atom"):
        with django_assert_max_num_queries(3):
            client.get(path)
