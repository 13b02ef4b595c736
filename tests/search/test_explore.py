"""The door of the search: what is found, in which order, a page at a time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.seed import seed
from prompts_app import search
from prompts_app.models import Entry, User
from prompts_app.search import Filters, matches
from prompts_app.search.words import words, words_of_query
from tests import factories

pytestmark = pytest.mark.django_db


def titles(query: str = "", filters: Filters = search.NO_FILTERS) -> list[str]:
    return [entry.title for entry in search.explore(query, filters).entries]


def dated(title: str, days: int, **fields: object) -> Entry:
    """Return a listed entry published so many days ago."""
    entry = factories.entry(title=title, **fields)  # type: ignore[arg-type]
    entry.published_at = timezone.now() - timedelta(days=days)
    entry.save()
    return entry


def walk(query: str = "", filters: Filters = search.NO_FILTERS) -> list[int]:
    """Read every page from the first to the last; each must lead back to the one before."""
    page = search.explore(query, filters)
    assert page.newer is None
    ids = [entry.pk for entry in page.entries]
    while page.older is not None:
        last, page = page, search.explore(query, filters, after=page.older)
        back = search.explore(query, filters, before=page.newer)
        assert [entry.pk for entry in back.entries] == [entry.pk for entry in last.entries]
        assert (back.newer is None) == (last.newer is None)
        assert not set(ids) & {entry.pk for entry in page.entries}
        ids += [entry.pk for entry in page.entries]
    return ids


@pytest.mark.parametrize(
    "query", ["resume", "RÉSUMÉ", "resu", "oeuvre", "Œuvre", "œuvre résumé", "l'oeuvre"]
)
def test_accents_case_and_ligatures_do_not_matter(query: str) -> None:
    factories.entry(title="Résumé de l’œuvre")
    factories.entry(title="Something else")
    assert titles(query) == ["Résumé de l’œuvre"]


@pytest.mark.parametrize("query", ["yaml", "json yaml", "example", "org", "3 json"])
def test_words_that_punctuation_joins_are_found(query: str) -> None:
    factories.entry(title="JSON/YAML for example.org, in 3-5 lines")
    assert len(titles(query)) == 1


def test_all_words_must_match() -> None:
    factories.entry(title="Invoice to JSON")
    factories.entry(title="Invoice to text")
    assert titles("json invoice") == ["Invoice to JSON"]
    assert titles("json invoice nowhere") == []


def test_the_best_come_first_and_then_the_newest() -> None:
    dated("Old invoice", 9)
    dated("New invoice", 1)
    dated("Invoices", 0)
    dated("Letters", 0, summary="Answers an invoice.")
    dated("Notes", 0, use_case="When an invoice comes.")
    assert titles("invoice") == ["New invoice", "Old invoice", "Invoices", "Letters", "Notes"]


def test_a_query_without_words_shows_all() -> None:
    factories.entry()
    assert search.explore("?!").total == 1


def test_filters_narrow_with_and_without_words() -> None:
    text = factories.entry(title="One thing", tags=("Extraction", "Été"), language="fr")
    picture = factories.entry(
        title="Other thing", tags=("Extraction",), content=factories.content(kind="image")
    )
    assert text.published is not None
    factories.run(text.published, model_asked="model-x")
    factories.run(text.published, model_asked="model-hidden", hidden=True)
    factories.run(text.published, model_asked="model-failed", state="failed")
    for query in ("", "thing"):
        for filters, expected in (
            (Filters(tag="ete"), [text]),
            (Filters(tag="extraction"), [text, picture]),
            (Filters(language="fr"), [text]),
            (Filters(kind="image"), [picture]),
            (Filters(model="model-x"), [text]),
            (Filters(model="model-hidden"), []),
            (Filters(model="model-failed"), []),
            (Filters(tag="extraction", language="en", kind="image"), [picture]),
            (Filters(tag="nothing"), []),
        ):
            page = search.explore(query, filters)
            assert {entry.pk for entry in page.entries} == {entry.pk for entry in expected}
            assert page.total == len(expected)


def test_a_former_version_proves_nothing_of_the_published_one() -> None:
    entry = factories.entry()
    assert entry.published is not None
    factories.run(entry.published, model_asked="model-x")
    factories.version(entry)
    assert search.explore().facets.models == []
    assert search.explore("", Filters(model="model-x")).total == 0


def test_facets_count_the_matches() -> None:
    for number in range(3):
        entry = factories.entry(title=f"Thing {number}", tags=("a", f"t{number}"))
        assert entry.published is not None
        factories.run(entry.published, model_asked="model-x")
        factories.run(entry.published, model_asked="model-x")
        last = entry.published
    factories.run(last, model_asked="demo", is_demo=True)
    factories.entry(title="Other", language="fr")
    facets = search.explore("thing").facets
    assert [(c.value, c.count) for c in facets.tags] == [("a", 3), ("t0", 1), ("t1", 1), ("t2", 1)]
    assert [(c.value, c.count, c.is_demo) for c in facets.models] == [
        ("model-x", 3, False),
        ("demo", 1, True),
    ]
    assert [(c.value, c.count) for c in facets.languages] == [("en", 3)]
    assert [(c.value, c.count) for c in search.explore().facets.languages] == [("en", 3), ("fr", 1)]


@pytest.mark.parametrize("query", ["", "number"])
def test_every_page_once_in_order_and_back(query: str) -> None:
    seed(2 * search.PAGE_SIZE + 3, words=5)
    # Several of one moment: the id decides.
    moment = timezone.now()
    Entry.objects.filter(pk__in=Entry.objects.values("pk")[:30]).update(published_at=moment)
    expected = list(Entry.objects.order_by("-published_at", "-id").values_list("pk", flat=True))
    assert walk(query) == expected
    assert len(walk(query, Filters(tag="triage"))) == 6


def test_pages_stay_true_while_entries_come_and_go() -> None:
    seed(60, words=5)
    first = search.explore()
    factories.entry(title="Newcomer")
    Entry.objects.filter(pk=first.entries[-1].pk).update(visibility=Entry.Visibility.DRAFT)
    second = search.explore(after=first.older)
    assert not {entry.pk for entry in first.entries} & {entry.pk for entry in second.entries}
    assert len(second.entries) == search.PAGE_SIZE


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "1",
        "-",
        "1-",
        "-1-2",
        "9" * 17 + "-" + "9" * 18,
        "1-" + "9" * 19,
        "0-0",
        "١-٢",
        "1-2-3",
    ],
)
@pytest.mark.parametrize("query", ["", "number"])
def test_nonsense_for_a_place_gives_a_page(token: str, query: str) -> None:
    seed(25, words=5)
    assert len(search.explore(query, after=token).entries) == search.PAGE_SIZE
    assert len(search.explore(query, before=token).entries) == search.PAGE_SIZE


def test_counts_stop_at_a_thousand_and_pages_do_not() -> None:
    seed(matches.LIMIT + 30, words=2)
    for query in ("", "number"):
        page = search.explore(query)
        assert (page.total, page.total_is_capped) == (1000, True)
        assert sum(choice.count for choice in page.facets.languages) == 1000
    assert len(walk()) == matches.LIMIT + 30
    assert len(walk("number")) == matches.LIMIT
    # The oldest is no longer among the newest thousand that have the word, but has its own.
    assert search.explore(f"number {matches.LIMIT + 30}").total == 1


def test_the_same_number_of_queries_however_many_entries() -> None:
    def queries(**wanted: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            search.explore(wanted.pop("query", ""), Filters(tag="triage"), **wanted)
        return len(captured)

    seed(30, runs=2, words=5)
    few = queries(), queries(query="number"), queries(after="0-0"), queries(after="9-9")
    seed(1500, runs=2, words=5, first=31)
    many = queries(), queries(query="number"), queries(after="0-0"), queries(after="9-9")
    assert few == many
    assert max(many) <= 6


def test_listed_only() -> None:
    factories.entry(title="Thing listed")
    factories.entry(title="Thing unlisted", visibility=Entry.Visibility.UNLISTED)
    factories.entry(title="Thing draft", published=False)
    gone = factories.entry(title="Thing of someone suspended")
    User.objects.filter(pk=gone.owner_id).update(is_active=False)
    assert titles() == ["Thing listed"]
    assert titles("thing") == ["Thing listed"]


ODD = [
    "'",
    '"',
    "\\",
    "AND",
    "NEAR(",
    "a:*",
    "NOT",
    "^a",
    "{x}",
    "-",
    "a & b",
    "a | !b",
    "<->",
    "%s",
]


@pytest.mark.parametrize("query", ODD)
def test_syntax_of_the_engines_means_nothing(query: str) -> None:
    factories.entry(title="Not and near: a, b, x, s")
    assert search.explore(query).total == 1


@given(st.text() | st.sampled_from(ODD), st.text(max_size=20))
@example("\0", "\0")
@example("\ud800", "")
@example("a'; DROP TABLE prompts_app_entry; --", "")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_fails(query: str, tag: str) -> None:
    page = search.explore(
        query, Filters(tag=tag.replace("\0", "").encode(errors="ignore").decode())
    )
    assert page.total == 0


ALPHABET = st.text(st.sampled_from("abcéœ'-. /«»1日か"), max_size=12)


@given(st.lists(ALPHABET, max_size=5), ALPHABET)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_matches_are_those_whose_words_begin_like_the_query(texts: list[str], query: str) -> None:
    Entry.objects.update(purge_at=timezone.now())
    Entry.objects.all().delete()
    owner = User.objects.first() or factories.profile().user
    made = [
        factories.entry(owner, title="x", summary="", content=factories.content(f"x {text}"))
        for text in texts
    ]
    wanted = words_of_query(query)
    expected = {
        entry.pk
        for entry, text in zip(made, texts, strict=True)
        if all(any(own.startswith(word) for own in words(f"x {text}")) for word in wanted)
    }
    assert {entry.pk for entry in search.explore(query).entries} == expected


def test_strong_entries_have_proof_and_different_authors() -> None:
    busy = factories.profile().user
    proven = [factories.entry(busy, title=f"Proven {number}") for number in range(3)]
    for entry in proven:
        assert entry.published is not None
        factories.run(entry.published)
    other, demo, plain = (factories.entry(title=title) for title in ("Pasted", "Demo", "Plain"))
    assert other.published is not None
    assert demo.published is not None
    factories.run(other.published, origin="pasted")
    factories.run(demo.published, is_demo=True)
    found = [entry.title for entry in search.strong(6)]
    assert found == ["Proven 2", "Demo", "Pasted", "Plain", "Proven 1", "Proven 0"]
    assert [entry.title for entry in search.strong(1)] == ["Proven 2"]
    assert plain.title in found
