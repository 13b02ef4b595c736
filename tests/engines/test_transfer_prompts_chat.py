"""prompts.chat's CSV: variables, braces, keys, languages, and rows that are wrong."""

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text.clean import normalise, problem
from prompts_app.text.variables import escape, is_name, names, render
from prompts_app.transfer.csv_rows import Row, Unreadable, rows
from prompts_app.transfer.document import (
    MAX_LABEL,
    MAX_MESSAGE_CHARS,
    MAX_SUMMARY,
    MAX_TITLE,
    EntryDocument,
    Problem,
)
from prompts_app.transfer.prompts_chat import HEADER, read

FIRST = ",".join(HEADER).encode() + b"\n"


def one(prompt: str, **cells: str) -> EntryDocument:
    row = {"act": "Title", "for_devs": "FALSE", "type": "TEXT", "contributor": "me"} | cells
    out = io.StringIO()
    csv.writer(out).writerow([row.get(name, prompt) for name in HEADER])
    (found,) = read(FIRST + out.getvalue().encode())
    assert isinstance(found, EntryDocument), found
    return found


def sent(entry: EntryDocument, **values: str) -> str:
    content = entry.versions[0].content
    defaults = {v["name"]: v["default"] for v in content["variables"]}
    return render(content["messages"][0]["content"], defaults | values)


def problems(data: bytes) -> list[Problem]:
    return [found for found in read(data) if isinstance(found, Problem)]


def test_the_real_file_becomes_entries_whole() -> None:
    folder = os.environ.get("PROMPT_SAMPLES")
    if not folder:
        pytest.skip("PROMPT_SAMPLES does not say where the sample files are")
    data = next(Path(folder).rglob("prompts.csv")).read_bytes()
    found = list(read(data))
    entries = [entry for entry in found if isinstance(entry, EntryDocument)]
    assert len(found) == len(entries) == 274
    assert len({entry.source_key for entry in entries}) == 274
    assert list(read(data)) == found
    for entry in entries:
        content = entry.versions[0].content
        message = content["messages"][0]["content"]
        assert names(message) == [v["name"] for v in content["variables"]]
        assert 0 < len(entry.title) <= MAX_TITLE
        assert 0 < len(entry.summary) <= MAX_SUMMARY
        for text in (entry.title, entry.summary, entry.credit):
            assert problem(text, multiline=False) is None
        assert problem(message, multiline=True) is None
        assert normalise(message) == message
    kinds = [entry.versions[0].content["kind"] for entry in entries]
    assert kinds.count("image") == 4
    assert sum("structured" in entry.tags for entry in entries) == 48
    assert sum("development" in entry.tags for entry in entries) == 22


def test_placeholders_become_variables() -> None:
    entry = one("Write to ${type de client} in ${language:English}, ${language}, ${language:x}.")
    assert sent(entry, type_de_client="Bob") == "Write to Bob in English, English, English."
    first, second = entry.versions[0].content["variables"]
    assert (first["name"], first["label"], first["default"]) == (
        "type_de_client",
        "type de client",
        "",
    )
    assert (second["name"], second["default"], second["type"]) == ("language", "English", "text")
    assert one("${who: A poet} writes ${what}. Then more.").summary == "A poet writes what."


def test_names_that_would_meet_stay_apart() -> None:
    entry = one("${a b}|${a-b}|${a_b}|${1st}|${prénom}|${名 前}")
    found = entry.versions[0].content["variables"]
    assert [v["name"] for v in found] == ["a_b", "a_b_2", "a_b_3", "_1st", "prénom", "名_前"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ x }}",
        r"\{{ x }} \${x} \{${x}",
        '{"a": {"b": 1}} {x} {{#1.y#}} ${} ${-} $x',
        "{% if a %}{{ a.b }}{% endif %}",
    ],
)
def test_other_braces_stay_text(text: str) -> None:
    entry = one(text)
    assert entry.versions[0].content["variables"] == []
    assert sent(entry) == text


@given(st.text(alphabet="{}\\ x_$:1", min_size=1, max_size=30).filter(str.strip))
def test_escaping_agrees_with_the_grammar(text: str) -> None:
    if "${" not in text:
        assert one(text).versions[0].content["messages"][0]["content"] == escape(text)


@given(
    st.lists(
        st.one_of(
            st.text(alphabet="{}\\ ab$\n", max_size=8),
            st.tuples(
                st.text(min_size=1, max_size=90).filter(
                    lambda name: not set("{}:\r\n") & set(name) and normalise(name) == name
                )
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_name_becomes_an_identifier(parts: list[str | tuple[str]]) -> None:
    prompt = "x" + "".join(p if isinstance(p, str) else f"${{{p[0]}}}" for p in parts)
    if problem(prompt, multiline=True):
        return
    content = one(prompt).versions[0].content
    found = content["variables"]
    assert names(content["messages"][0]["content"]) == [v["name"] for v in found]
    assert all(is_name(v["name"]) and 0 < len(v["label"]) <= MAX_LABEL for v in found)


def test_types_tags_credit_and_language() -> None:
    image = one("A red fox.", type="IMAGE", for_devs="TRUE", contributor=" ana,bob ")
    assert image.versions[0].content["kind"] == "image"
    assert (image.tags, image.credit, image.language) == (("development",), "ana,bob", "en")
    json_prompt = '{"name": "x", "description": "Describe a \\"red\\" fox in the deep snow. Now."}'
    structured = one(json_prompt, type="STRUCTURED")
    assert structured.tags == ("structured",)
    assert sent(structured) == json_prompt
    assert structured.summary == 'Describe a "red" fox in the deep snow.'
    french = one("Rédige un message pour le client dans une langue claire, avec les dates.")
    assert french.language == "fr"
    assert one("请根据我提供的商品名称").language == "zh"
    assert one("x" * 9).language == "en"


def test_a_summary_is_cut_at_a_word() -> None:
    summary = one("word, " * 100).summary
    assert len(summary) <= MAX_SUMMARY
    assert summary.endswith("word…")


def test_equal_rows_have_keys_of_their_own_and_others_keep_theirs() -> None:
    row = b"a,b,FALSE,TEXT,c\n"
    first, second = (e for e in read(FIRST + row + row) if isinstance(e, EntryDocument))
    assert second.source_key == first.source_key + "-2"
    (windows,) = read(b"\xef\xbb\xbf" + (FIRST + row).replace(b"\n", b"\r\n"))
    assert isinstance(windows, EntryDocument)
    assert windows.source_key == first.source_key


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"a,b,FALSE,TEXT\n", "columns"),
        (b"a,b,FALSE,TEXT,c,d\n", "columns"),
        (b" ,b,FALSE,TEXT,c\n", "empty_act"),
        (b'a," \n",FALSE,TEXT,c\n', "empty_prompt"),
        (b"a,b,FALSE,VIDEO,c\n", "unknown_type"),
        (b"a,b,maybe,TEXT,c\n", "unknown_for_devs"),
        (b"a,b\0,FALSE,TEXT,c\n", "nul"),
        (b"a,b\xff,FALSE,TEXT,c\n", "encoding"),
        (b"a,b\xed\xa0\x80,FALSE,TEXT,c\n", "encoding"),
        ("a,b\u202e,FALSE,TEXT,c\n".encode(), "bidi"),
        (b'"a"b,c,FALSE,TEXT,c\n', "quoting"),
        (b"a" * (MAX_TITLE + 1) + b",b,FALSE,TEXT,c\n", "act_too_long"),
        (b"a," + b"b" * (MAX_MESSAGE_CHARS + 1) + b",FALSE,TEXT,c\n", "prompt_too_long"),
        (b"a," + b"b" * 500_000 + b",FALSE,TEXT,c\n", "prompt_too_long"),
        (b"a," + b"".join(b"${v%d}" % i for i in range(31)) + b",,TEXT,c\n", "unknown_for_devs"),
        (
            b"a," + b"".join(b"${v%d}" % i for i in range(31)) + b",TRUE,TEXT,c\n",
            "too_many_variables",
        ),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_the_rest_is_read(row: bytes, code: str) -> None:
    good = b'x,"two\nlines",FALSE,TEXT,c\n'
    found = list(read(FIRST + good + row + good))
    assert isinstance(found[0], EntryDocument)
    assert isinstance(found[1], Problem)
    assert (found[1].line, found[1].code) == (4, code)
    assert isinstance(found[2], EntryDocument)


def test_an_unclosed_quote_ends_the_file() -> None:
    assert problems(FIRST + b'a,"b,FALSE,TEXT,c\nd,e,FALSE,TEXT,f\n') == [
        Problem(2, "unclosed_quote")
    ]


@pytest.mark.parametrize("data", [b"", b"\n", b"prompt,act\n", b"\xff\xfe", b'"act', FIRST[3:]])
def test_without_the_header_nothing_is_read(data: bytes) -> None:
    assert [(p.line, p.code) for p in problems(data)] == [(1, "header")]


@given(
    st.lists(
        st.lists(st.text(alphabet='a,"\n\r é', max_size=8), min_size=2, max_size=5), max_size=5
    )
)
def test_rows_are_those_of_the_standard_library(table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    text = out.getvalue()
    found = list(rows(text))
    assert [list(row.fields) for row in found if isinstance(row, Row)] == table
    assert not any(isinstance(row, Unreadable) for row in found)
