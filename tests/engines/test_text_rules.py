"""Refused characters, normal form, folding and slugs."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text.clean import normalise, problem
from prompts_app.text.fold import fold
from prompts_app.text.slug import MAX_SLUG, slugify

any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("plain, é, 名前, tab\t", None),
        ("👩‍💻 family, نمی‌خواهم", None),
        ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", None),
        ("a\x00", "nul"),
        ("\ud800", "surrogate"),
        ("a\u202eb", "bidi"),
        ("a\u2066b", "bidi"),
        ("\x1b[31m", "control"),
        ("\x85", "control"),
        ("hi\U000e0068\U000e0069", "invisible"),
        ("a\nb", "line_break"),
        ("a\r\nb", "line_break"),
        ("a\u2028b", "line_break"),
    ],
)
def test_what_is_refused(text: str, code: str | None) -> None:
    assert problem(text, multiline=False) == code
    assert problem(text, multiline=True) == (None if code == "line_break" else code)


@given(any_text)
def test_what_is_not_refused_can_be_stored(text: str) -> None:
    if problem(text, multiline=True) is None:
        kept = normalise(text)
        assert problem(kept, multiline=True) is None
        assert "\r" not in kept
        assert unicodedata.is_normalized("NFC", kept)
        assert normalise(kept) == kept
        assert kept.encode().decode() == kept


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Résumé", "resume"),
        ("Œuvre d’été", "oeuvre d'ete"),
        ("STRASSE Straße", "strasse strasse"),
        ("Łódź İstanbul ısı Ærø", "lodz istanbul isi aero"),
        ("ﬁn ２", "fin 2"),
        ("が か", "が か"),
        ("한국어 मराठी", fold("한국어 मराठी")),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(any_text)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=300))
def test_a_slug_is_always_an_address(text: str) -> None:
    slug = slugify(text)
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", slug)
    assert len(slug) <= MAX_SLUG
    assert slugify(slug) == slug


def test_slugs() -> None:
    assert slugify("Œuvres complètes : tome 2") == "oeuvres-completes-tome-2"
    assert slugify("提示词") == slugify("") == slugify("--") == "entry"
    assert slugify("word " * 40) == "-".join(["word"] * 16)
    assert slugify("x" * 200) == "x" * MAX_SLUG
