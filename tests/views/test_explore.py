"""Explore: search, filters and pages, all of it in the address."""

import html
import re
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.seed import seed
from prompts_app.http import PAGE_ARGUMENTS
from tests import factories

pytestmark = pytest.mark.django_db


def get(client: Client, **arguments: str) -> str:
    """Return the page of these arguments."""
    response = client.get(f"/explore/?{urlencode(arguments)}")
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    found = re.findall(r'class="result__title" lang="\w+"><a href="[^"]+">([^<]+)<', page)
    return [html.unescape(title) for title in found]


def links(page: str) -> list[str]:
    """Return the addresses within Explore that the page offers."""
    return [html.unescape(link) for link in re.findall(r'<a [^>]*href="(/explore/[^"]*)"', page)]


def link(page: str, words: str) -> str:
    """Return the address of the link whose tag holds `words`."""
    found = re.search(
        rf'<a [^>]*{words}[^>]*href="([^"]+)"|<a [^>]*href="([^"]+)"[^>]*{words}', page
    )
    assert found, words
    return html.unescape(found[1] or found[2])


def test_rows_show_title_line_author_proof_and_tags(client: Client) -> None:
    author = factories.profile(name="Ada Example", handle="ada")
    entry = factories.entry(
        author.user, title="Facture", summary="En <b>JSON</b>.", tags=("Extraction",), language="fr"
    )
    assert entry.published is not None
    factories.run(entry.published)
    factories.judged(entry)
    page = get(client)
    row = page[page.index('<article class="result') : page.index("</article>")]
    for part in (
        f'<a href="/@ada/{entry.slug}/">Facture</a>',
        "En &lt;b&gt;JSON&lt;/b&gt;.",
        '<a href="/@ada/">Ada Example</a>',
        "1 run captured here",
        "French",
        '<a class="tag" href="/explore/?tag=extraction">Extraction</a>',
    ):
        assert part in row


def test_runs_of_the_demo_model_are_called_that(client: Client) -> None:
    entry = factories.entry()
    other = factories.entry()
    assert entry.published is not None
    factories.run(entry.published, is_demo=True, model_asked="demo-small")
    factories.judged(entry)
    page = get(client)
    assert "demo-small (demo model: scripted rules, not a language model)" in page
    assert "1 run of the demo model" in page
    assert titles(get(client, model="demo-small")) == [entry.title]
    assert other.title in page


def test_search_keeps_the_filters_and_shows_the_words(client: Client) -> None:
    factories.entry(title="Résumé", tags=("Texte",))
    page = get(client, q="resume <b>", tag="texte")
    assert 'value="resume &lt;b&gt;"' in page
    assert '<input type="hidden" name="tag" value="texte">' in page
    assert "<b>" not in page
    assert titles(get(client, q="resume", tag="texte")) == ["Résumé"]


def test_filters_are_links_with_counts_that_can_be_taken_off(client: Client) -> None:
    factories.entry(title="One", tags=("Texte",), language="fr")
    factories.entry(title="Two", tags=("Texte", "Autre"))
    page = get(client)
    assert "/explore/?tag=autre" in links(page)
    assert "/explore/?language=fr" in links(page)
    assert "<h2>Makes</h2>" not in page  # all are text: nothing to choose
    assert re.search(r"<span>Texte</span> <span class=\"count\">2</span>", page)
    page = get(client, tag="texte", language="fr")
    assert titles(page) == ["One"]
    assert page.count('aria-current="true"') == 2
    assert "/explore/?language=fr" in links(page)  # without the tag
    assert "/explore/?tag=texte" in links(page)  # without the language
    assert "/explore/" in links(page)  # without any


@pytest.mark.parametrize("arguments", [{"q": "nowhere"}, {"tag": "nowhere"}, {"language": "xx"}])
def test_nothing_found_offers_a_way_on(client: Client, arguments: dict[str, str]) -> None:
    factories.entry()
    page = get(client, **arguments)
    assert titles(page) == []
    assert '<div class="empty">' in page
    assert "/explore/" in links(page)


def test_a_filter_without_matches_keeps_the_words(client: Client) -> None:
    factories.entry(title="Thing")
    page = get(client, q="thing", tag="nowhere")
    assert "/explore/?q=thing" in links(page)


def test_an_empty_site_says_so(client: Client) -> None:
    assert "Nothing is published yet" in get(client)


@pytest.mark.parametrize("query", ["", "number"])
def test_pages_forth_and_back(client: Client, query: str) -> None:
    seed(45, words=3)
    first = get(client, q=query)
    assert 'rel="prev"' not in first
    seen = [titles(first)]
    page = first
    for _ in range(2):
        page = client.get(link(page, 'rel="next"')).content.decode()
        seen.append(titles(page))
    assert 'rel="next"' not in page
    assert [len(rows) for rows in seen] == [20, 20, 5]
    assert len({title for rows in seen for title in rows}) == 45
    page = client.get(link(page, 'rel="prev"')).content.decode()
    assert titles(page) == seen[1]
    page = client.get(link(page, 'rel="prev"')).content.decode()
    assert titles(page) == seen[0]
    assert 'rel="prev"' not in page


def test_every_argument_read_is_one_that_kept_pages_know(client: Client) -> None:
    seed(25, words=3)
    page = get(client)
    for address in links(page):
        names = {part.split("=")[0] for part in address.partition("?")[2].split("&") if part}
        assert names <= PAGE_ARGUMENTS


def test_one_address_for_one_state(client: Client) -> None:
    factories.entry(title="Thing", tags=("a",))
    expected = f'<link rel="canonical" href="{settings.SITE_URL}/explore/?q=thing&amp;tag=a">'
    assert expected in get(client, tag="a", q=" thing ", utm_source="x", kind="nonsense")
    assert f'<link rel="canonical" href="{settings.SITE_URL}/explore/">' in get(client)


@pytest.mark.parametrize("name", ["q", "tag", "language", "model", "kind", "after", "before"])
@pytest.mark.parametrize(
    "value",
    ["\0", "%00", "\u202e", "'", '"', "%", "\\", "x" * 9000, "-1", "9" * 40, "\ud83d", "🙂"],
)
def test_nonsense_in_the_address(client: Client, name: str, value: str) -> None:
    factories.entry()
    address = f"/explore/?{urlencode({name: value}, errors='surrogatepass')}"
    response = client.get(address)
    assert response.status_code == 200
    assert len(response.content) < 40_000


def test_raw_bytes_in_the_address(client: Client) -> None:
    factories.entry()
    for raw in ("%ff%fe", "%00", "%c3", "[]=", "&&&", "q=1&q=2"):
        assert client.get(f"/explore/?q={raw}").status_code == 200


def test_strangers_leave_no_trace_and_get_a_kept_page(client: Client) -> None:
    response = client.get("/explore/?q=a")
    assert response["X-Promptfolio-Keep"] == "1"
    assert not response.cookies
    assert "csrf" not in response.content.decode()


def test_who_is_signed_in_gets_a_page_of_their_own(client: Client) -> None:
    client.force_login(factories.profile().user)
    response = client.get("/explore/")
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


def test_only_reading(client: Client) -> None:
    assert client.head("/explore/").status_code == 200
    assert client.post("/explore/").status_code == 405


def test_french(client: Client) -> None:
    factories.entry(language="fr")
    page = client.get("/explore/", headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="fr">' in page


def test_the_same_number_of_queries_however_many_entries(client: Client) -> None:
    asked = ("", "?q=number", "?tag=triage&q=number", "?after=0-0")

    def queries(words: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/explore/{words}").status_code == 200
        return len(captured)

    seed(30, runs=1, words=3)
    few = {words: queries(words) for words in asked}
    seed(1200, runs=1, words=3, first=31)
    assert {words: queries(words) for words in asked} == few
    assert max(few.values()) <= 8, few
