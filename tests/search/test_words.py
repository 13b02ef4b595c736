"""Words are the same whoever cuts them."""

import unicodedata

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompts_app.search.words import MAX_WORDS, score, words, words_of_query
from prompts_app.text.fold import fold

# What may stand in a text that is kept: forms refuse the rest.
KEPT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L’œuvre d’été", ["l", "oeuvre", "d", "ete"]),
        ("JSON/YAML, example.org", ["json", "yaml", "example", "org"]),
        ("C++ & snake_case v2.5", ["c", "snake", "case", "v2", "5"]),
        ("« Résumé » — 10 %…", ["resume", "10"]),
        ("{{ invoice }} → 🙂", ["invoice"]),
        ("日本語、かな", ["日本語", "かな"]),
        ("هل؟ نعم", ["هل", "نعم"]),
        ("", []),
        ("!?'\"\\ %:*|&()<->", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_query_is_short() -> None:
    assert len(words_of_query(" ".join(f"w{number}" for number in range(50)))) == MAX_WORDS
    assert words_of_query("one One ONE") == ["one"]
    assert words_of_query("x" * 5000) == ["x" * 60]


def test_score_prefers_what_a_reader_sees() -> None:
    assert score(["invoice"], "Invoice to JSON", "") == 4
    assert score(["inv"], "Invoice to JSON", "") == 3
    assert score(["resume"], "Long texts", "Un résumé en dix lignes") == 1
    assert score(["voice"], "Invoice to JSON", "Invoices") == 0
    assert score(["invoice", "json"], "Invoice to JSON", "") == 8


@given(st.text())
def test_any_text_has_plain_words(text: str) -> None:
    for word in words(text):
        assert 0 < len(word) <= 60
        assert not set(word) & set("'\"\\&|!:*() \0")
        assert not any(unicodedata.category(character) == "Cs" for character in word)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="FTS5 cuts words by itself")
@given(KEPT)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_postgresql_cuts_the_same_words(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(prompts_app_search_words(%s))", [fold(text)])
        assert set(cursor.fetchone()[0]) == set(words(text))
