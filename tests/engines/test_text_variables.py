"""Variables in prompts: the grammar, its escape, and values that are never read again."""

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text.variables import (
    MissingValue,
    Piece,
    escape,
    filled_pieces,
    is_name,
    names,
    pieces,
    rename,
    render,
)

tricky = st.text(alphabet="{} \\\t\nab_1é²", max_size=40)
some_names = st.from_regex(r"[a-zé_][a-z0-9_é]{0,12}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ a }} {{b}} {{\tc\t}} {{ a }}", ["a", "b", "c"]),
        ("{{ prénom }}{{ 名前 }}{{ _x1 }}", ["prénom", "名前", "_x1"]),
        ("{{}} {{ 1a }} {{ a b }} {{ a-b }} {{ a.b }} {% a %} {a} ${a} {{ a }", []),
        ("{{ ²a }}{{\na }}", []),
        ('{"a": {"b": {{ x }}}}', ["x"]),
        ("{{{ x }}}", ["x"]),
        (r"\{{ x }}", []),
        (r"\\{{ x }}", []),
        ("{{ " + "a" * 64 + " }}{{ " + "b" * 65 + " }}", ["a" * 64]),
    ],
)
def test_what_is_a_variable(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_the_grammar_means_the_same_as_the_editors() -> None:
    # The editor's pattern says \p{L}, \p{N} and underscore; so must every character here.
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        kind = unicodedata.category(char)[0]
        normal = unicodedata.normalize("NFC", char)
        if normal == char:
            assert is_name(char) == (kind == "L" or char == "_"), hex(code)
            assert is_name("a" + char) == (kind in "LN" or char == "_") or (
                unicodedata.normalize("NFC", "a" + char) != "a" + char
            ), hex(code)


def test_names_are_brought_to_nfc() -> None:
    angstrom, ring = "\u212b", "\u00c5"
    assert names(f"{{{{ {angstrom} }}}} {{{{ {ring} }}}}") == [ring]
    assert render(f"{{{{ {angstrom} }}}}", {ring: "1"}) == "1"
    assert render(f"{{{{ {ring} }}}}", {angstrom: "1"}) == "1"


def test_the_escape_loses_its_backslash_and_nothing_else_does() -> None:
    assert render(r"\{{ a }} {{ a }} \n {x} \\", {"a": "v"}) == r"{{ a }} v \n {x} \\"


def test_a_missing_value_is_named() -> None:
    with pytest.raises(MissingValue) as caught:
        render("{{ a }}{{ b }}", {"a": ""})
    assert caught.value.name == "b"


@given(tricky)
def test_escaped_text_renders_as_itself(text: str) -> None:
    assert names(escape(text)) == []
    assert render(escape(text), {}) == text


@given(tricky, some_names, tricky)
def test_a_value_is_never_read_again(before: str, name: str, value: str) -> None:
    # Right after a backslash, or one and a brace, it would be escaped.
    before += " " if before.endswith(("\\", "\\{")) else ""
    assert render(escape(before) + f"{{{{ {name} }}}}", {name: value}) == before + value


@given(tricky, st.dictionaries(some_names, tricky))
def test_pieces_agree_with_render(text: str, values: dict[str, str]) -> None:
    values = {name: values.get(name, "v") for name in names(text)} | values
    filled = filled_pieces(text, values)
    assert "".join(piece.text for piece in filled) == render(text, values)
    marked = pieces(text)
    assert [p.name for p in marked if p.kind == "variable"] == [
        p.name for p in filled if p.kind == "variable"
    ]
    put_together = "".join(values[p.name] if p.kind == "variable" else p.text for p in marked)
    assert put_together == render(text, values)
    assert all(p.text for p in marked)
    kinds = [p.kind for p in marked]
    assert all(pair != ("text", "text") for pair in pairwise(kinds))


def test_pieces_keep_a_variables_source() -> None:
    assert pieces(r"a \{{ {{x }} b") == [
        Piece("text", "a {{ "),
        Piece("variable", "{{x }}", "x"),
        Piece("text", " b"),
    ]


@given(tricky, some_names)
def test_renaming_changes_only_the_name(text: str, new: str) -> None:
    if new in names(text):
        return
    for old in names(text):
        renamed = rename(text, old, new)
        assert names(renamed) == [new if name == old else name for name in names(text)]
        if is_name(old):
            assert rename(renamed, new, old) == text
    assert rename(text, "absent_name", new) == text


def test_renaming_to_what_is_no_name_is_refused() -> None:
    for bad in ("", "a b", "1", "a}}", "a" * 65):
        with pytest.raises(ValueError):
            rename("{{ a }}", "a", bad)
