"""Markdown's HTML becomes blocks; no text is lost, whatever the tags."""

from html import escape

from hypothesis import given
from hypothesis import strategies as st

from prompts_app.typeset.contents import Block, Span
from prompts_app.typeset.rich import from_html, paragraphs
from tests.engines.typeset import bare


def test_plain_text_is_parted_at_empty_lines() -> None:
    assert paragraphs("one\ntwo\r\n\r\n \t\n\nthree\n") == (
        Block("paragraph", (Span("one\ntwo"),)),
        Block("paragraph", (Span("three"),)),
    )
    assert paragraphs(" \n\n ") == ()


def test_looks_and_links() -> None:
    assert from_html(
        '<p>A <strong>b <em>c</em></strong>\n<code>d  e</code> <a href="/x">f</a><br />g</p>'
    ) == (
        Block(
            "paragraph",
            (
                Span("A "),
                Span("b ", bold=True),
                Span("c", bold=True, italic=True),
                Span(" "),
                Span("d e", code=True),
                Span(" "),
                Span("f", url="/x"),
                Span("\n"),
                Span("g"),
            ),
        ),
    )


def test_lists_count_and_nest() -> None:
    html = "<ol start='3'><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ol><p>e</p>"
    assert [
        (block.kind, block.depth, block.marker, block.spans[0].text) for block in from_html(html)
    ] == [
        ("item", 0, "3.", "a"),
        ("item", 1, "•", "b"),
        ("item", 0, "4.", "c"),
        ("item", 0, "", "d"),
        ("paragraph", 0, "", "e"),
    ]


def test_code_keeps_its_lines() -> None:
    found = from_html("<pre><code>def f():\n    return <span>1</span>\n\n</code></pre><p>x</p>")
    assert [block.kind for block in found] == ["code", "paragraph"]
    assert "".join(span.text for span in found[0].spans) == "def f():\n    return 1"


def test_headings_quotes_tables_and_pictures() -> None:
    found = from_html(
        "<h2>H</h2><blockquote><p>Q</p></blockquote>"
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
        '<p><img src="x" alt="a cat"></p><hr><script>no()</script><style>no</style>'
    )
    assert [(block.kind, "".join(span.text for span in block.spans)) for block in found] == [
        ("heading", "H"),
        ("quote", "Q"),
        ("paragraph", "a · b"),
        ("paragraph", "1 · 2"),
        ("paragraph", "a cat"),
    ]


TAGS = st.sampled_from(
    ["p", "em", "code", "pre", "ul", "ol", "li", "blockquote", "h1", "a", "table", "tr", "td", "br"]
)


@given(
    st.lists(
        st.one_of(
            TAGS.map(lambda tag: (f"<{tag}>", "")),
            TAGS.map(lambda tag: (f"</{tag}>", "")),
            st.text(max_size=20).map(lambda text: (escape(text), text)),
        ),
        max_size=30,
    )
)
def test_no_text_is_lost_in_any_tangle(pieces: list[tuple[str, str]]) -> None:
    blocks = from_html("".join(html for html, _ in pieces))
    found = "".join(span.text for block in blocks for span in block.spans)
    wanted = "".join(text for _, text in pieces)
    assert bare(found).replace("·", "") == bare(wanted).replace("·", "")
    assert all(block.depth <= 5 for block in blocks)
