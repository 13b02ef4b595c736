"""A dossier says everything it was given, exactly, and nothing a person wrote is ever markup."""

import re
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompts_app.typeset.contents import (
    Constraint,
    DossierProfile,
    Failure,
    Link,
    Message,
    ModelEvidence,
    Part,
)
from prompts_app.typeset.pages import MARK, MAX_CHARACTERS, TooLong, dossier
from prompts_app.typeset.rich import paragraphs
from tests.engines.typeset import PACKAGED, WORDS, bare, contents, entry, read, said

MARKUP = (
    '#panic("no") #include "x.typ" #sys.inputs $x^2$ $ *bold* _it_ `raw` ```rust fn``` = Heading '
    "\\u{41} \\ \\\\ <label> @ref // comment /* comment */ ~ -- --- ... \"straight\" 'quotes' [x] "
    '{y} #{1 + 1} #(1) %{z} {{ name }} \\{{ \\# &amp; <b>html</b> #set text(red) #"" \\" ]}) ${'
)
# What the packages' fonts have. No combining marks: the reader used here tells the text of a glyph,
# and takes every "e" for "ẹ" where one has a dot below.
LETTERS = st.one_of(
    st.characters(max_codepoint=0x17F, exclude_categories=["Cc", "Cf"]),
    st.sampled_from("ΑΓΔΞΣΩαβγδςωБЖЩЯбжщяІЄў–—“”„«»…€→✓½"),
)


def made(**changes: Any) -> str:
    return said(dossier(contents(**changes), fonts=PACKAGED))


def test_everything_given_is_said() -> None:
    text = made()
    expected = [
        "Ada Example", "Prompt engineer", "Available from January", "ada@example.org",
        "For Acme Logistics · 22 November 2026", "prompts.example.org/s/token/",
        "Your posting asks for extraction. Here is some.", "Rate €620 a day", "At a glance",
        "→ Keeps 9 of 10 constraints on 3 models, last run 12 May 2026",
        "Extraction · English · version 4", "This is the one I would start with.",
        "Task Turns any supplier invoice into schema-valid JSON.", "Result Keeps 9 of 10",
        "Context Columns run together. 1. One",
        "Prompt System Answer with JSON. Do not guess. User Invoice: {{ invoice }}",
        "Sent as it stands here.", "JSON and nothing else 28 2", "Reads well to a clerk not tested",
        "Cost per 1,000 runs Median seconds", "model-small 29 / 30 $0.42 1.8",
        "model-local 26 / 30 – 6.4", "10 test cases, captured here.",
        "Where it still fails Case 7: two currencies It adds both totals.",
        "In the team Wrote and tested the prompt.", "Receipts 7F3K-9QWD A2M4-XX81",
        "About Eight years of accounts software.",
        "Structured extraction – Invoice text to clean JSON",
        "Data Quality – University, June 2025", "French – native", "Code – code.example.org/ada",
    ]  # fmt: skip
    for part in expected:
        assert bare(part) in text, part
    assert bare(MARK) not in text
    assert bare(WORDS.unprintable) not in text


def test_it_is_an_archival_tagged_document() -> None:
    reader = read(dossier(contents(language="fr"), fonts=PACKAGED))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert b"<pdfaid:part>2</pdfaid:part>" in root["/Metadata"].get_data()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == "Ada Example"
    for number, page in enumerate(reader.pages, 1):
        assert f"page {number} of {len(reader.pages)}" in page.extract_text()
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]


def test_the_contents_page_names_the_right_pages() -> None:
    several = tuple(entry(title=f"Entry number {number}") for number in range(8))
    pages = [page.extract_text() for page in read(dossier(contents(entries=several))).pages]
    first = [
        next(i for i, text in enumerate(pages) if f"Entry number {n}\nExtr" in text)
        for n in range(8)
    ]
    assert [int(found) for found in re.findall(r"12 May 2026\n(\d+)$", pages[0], re.M)] == [
        number + 1 for number in first
    ]


def addresses(pdf: bytes) -> set[str]:
    found = set()
    for page in read(pdf).pages:
        for note in page.get("/Annots", []):
            found.add(note.get_object().get("/A", {}).get("/URI", ""))
    return found - {""}


def test_links_lead_to_addresses_only() -> None:
    bad = ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//x.example", "x" * 9]
    bad += ["https://x.example/" + "y" * 3000, "https://x.example/a b", "https://[x", ""]
    good = ["https://x.example/œ?q=\"<>#'", "HTTP://X.example", "mailto:ada@example.org"]
    links = tuple(Link(f"to {number}", url) for number, url in enumerate(bad + good))
    pdf = dossier(contents(profile=DossierProfile(links=links)), fonts=PACKAGED)
    own = {"https://prompts.example.org/s/token/", entry().url}
    assert addresses(pdf) - own == {good[0].replace("œ", "%C5%93"), good[1], good[2]}
    for link in links:
        assert bare(link.text) in said(pdf)


@pytest.mark.parametrize("address", ["", "prompts.example.org/s/x", "javascript:alert(1)"])
def test_a_dossier_needs_its_address(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        dossier(contents(address=address), fonts=PACKAGED)


@example(MARKUP)
@example("a\r\nb\rc\td\n\n    e")
@example("x" * 500 + " " + "https://example.org/" + "a1" * 300)
@given(st.text(st.one_of(LETTERS, st.sampled_from("#$*_`\\\"'<>@=/[]{}~-+%&\n\t ")), max_size=400))
def test_text_is_data(text: str) -> None:
    """Set anywhere, `text` comes back letter by letter."""
    marks = [f"({number})" for number in range(12)]
    own = [f"{mark}{text}({mark}" for mark in marks]
    pdf = dossier(
        contents(
            availability=own[0],
            recipient=own[1],
            note=paragraphs(own[2]),
            entries=(
                entry(
                    task=own[3],
                    facts=own[4],
                    sentence=own[5],
                    messages=(Message(own[6], (Part(own[7]), Part(own[8], variable=True))),),
                    constraints=(Constraint(own[9], 1, 2),),
                    evidence=(ModelEvidence(own[10], 1, 2),),
                    failures=(Failure("Case", own[11]),),
                ),
            ),
        ),
        fonts=PACKAGED,
    )
    found = said(pdf)
    for mark in marks:
        assert f"{mark}{bare(text)}({mark}" in found


@example(
    "字\u0301 1\ufe0f\u20e3 👨\u200d👩\u200d👧 🇫🇷 \U000e0041 \ufeff"
    "\u202e\u2067\x00\ud800\ufffe\U0010ffff"
)
@example("\u0301\u200d\ufe0f\u0378\ue000\u2028\u2029\x85")
@example("\r\r\r\r\r\x85\u05ec")
@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_any_text_at_all_can_be_set(text: str) -> None:
    """Setting it as PDF/A is the proof that no empty box is drawn."""
    pdf = dossier(
        contents(
            name=text,
            headline=text,
            note=paragraphs(text),
            entries=(entry(title=text, messages=(Message(text, (Part(text),)),)),),
        ),
        fonts=PACKAGED,
    )
    # A name of many lines takes more.
    assert len(read(pdf).pages) >= 2


def test_what_no_font_has_is_marked_and_said() -> None:
    prompt = Message("System", (Part("Read 请阅读简历, 谢谢 carefully 😀👨‍👩‍👧 1️⃣ (𐏉)."),))
    text = made(entries=(entry(messages=(prompt,)),))
    assert bare(f"Read {MARK} carefully") in text
    assert bare(WORDS.unprintable) in text
    # A keycap's digit is in every font, its cap in none: the digit stays, here and elsewhere.
    assert bare("1 (") in text
    assert bare("JSON and nothing else 28 2") in text
    assert bare("last run 12 May 2026") in text


def test_a_text_that_typst_fails_on_is_set_more_plainly() -> None:
    """Found by chance: typst 0.15 panics where it breaks this into lines, in a table's column."""
    tangle = (
        "\U0001f82c\u4e76\u3188\u0a3f\ue05a\U0001d7b6\uaced1\U0001d40b\U0001f1ed\u3173\U0001f9eb\u0666"
        "\U0001f1f6\u219f\U0001d7eb\u05a3\u25a4\u2713\u1784\uff2c\U0001f65c\u2223\u06ca\u0121\U0001d47d"
        "\u2764\uffa4\u326d\u17b8\U0001d7b2\u1020\U000e00b5\u3223\u4eda\ufc38\U0001d474\u0d3et\u4e33"
        '\u317c\ufc38\U0001d557\u0cc9\u0197\u0cee\u23504\U0001f8ff"\u010d\U0001f44d\u0247\ufef3\u17c5'
        "\ufca0\u0639\u20e3\u200d\u1067\u016c"
    )
    constraints = (Constraint(tangle, 28, 30), Constraint("The next one", 1, 2))
    text = made(entries=(entry(constraints=constraints),))
    assert bare(MARK) in text
    assert bare("28 2 The next one 1 1") in text


def test_a_mark_the_author_wrote_is_no_mark_of_ours() -> None:
    assert bare(WORDS.unprintable) not in made(availability=f"Available {MARK}")


def test_letters_of_other_scripts_come_from_another_font() -> None:
    text = made(availability="שלום ☃ ⇒ ½")
    assert bare("☃⇒½") in text
    assert bare(MARK) not in text


def test_long_prompts_stay_whole_over_pages() -> None:
    lines = [f"line {number}: {'word ' * (number % 30)}end" for number in range(1500)]
    pdf = dossier(
        contents(entries=(entry(messages=(Message("System", (Part("\n".join(lines)),)),)),)),
        fonts=PACKAGED,
    )
    assert len(read(pdf).pages) > 20
    assert bare("".join(lines)) in said(pdf)


def test_a_prompt_keeps_its_lines_and_indentation() -> None:
    pdf = dossier(contents(), fonts=PACKAGED)
    text = "".join(page.extract_text() for page in read(pdf).pages)
    assert "Answer with JSON.\n    Do not guess.\n" in text


def test_hidden_prompts_leave_a_sentence() -> None:
    text = made(entries=(entry(messages=(), prompt_note="The prompt is not shown."),))
    assert bare("Prompt The prompt is not shown. Constraints") in text


def test_an_empty_dossier_is_a_document() -> None:
    pdf = dossier(
        contents(
            name="", headline="", availability="", recipient="", contact=(), terms=(), note=(),
            entries=(), profile=DossierProfile(),
        ),
        fonts=PACKAGED,
    )  # fmt: skip
    assert said(pdf) == bare("Promptfolio 22 November 2026 prompts.example.org/s/token/")


def test_its_size_is_bounded() -> None:
    long = Message("System", (Part("word " * (MAX_CHARACTERS // 5)),))
    with pytest.raises(TooLong):
        dossier(contents(entries=(entry(messages=(long,)),)), fonts=PACKAGED)


def test_the_moment_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        contents(made=datetime(2026, 11, 22))


def test_the_same_contents_give_the_same_bytes_in_every_thread() -> None:
    wanted = [dossier(contents(name=name), fonts=PACKAGED) for name in ("Ada", "Grace")]
    made: dict[int, bytes] = {}

    def make(number: int) -> None:
        name = ("Ada", "Grace")[number % 2]
        made[number] = dossier(replace(contents(), name=name), fonts=PACKAGED)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [made[number] for number in range(6)] == wanted * 3
