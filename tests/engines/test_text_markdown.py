"""Markdown: what a reader sees, what can never come out, and that it never takes long."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text.code import CLASSES
from prompts_app.text.markdown import MAX_CHARS, to_html
from prompts_app.text.markdown_lines import LinePass

ALLOWED = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "div": {"class"},
    "span": {"class"},
    "pre": {"tabindex"},
    **{tag: set() for tag in ("blockquote", "br", "code", "em", "hr", "li", "p", "strong")},
    **{tag: set() for tag in ("table", "tbody", "thead", "tr", "ul", "h3", "h4", "h5", "h6")},
}


class Strict(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert name in ALLOWED[tag], (tag, name)
            value = value or ""
            if name == "href":
                # Browsers drop tabs, line breaks and leading controls; a blank ends a scheme.
                bare = re.sub(r"[\t\r\n]|^[\x00-\x20]+", "", value)
                scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", bare)
                assert not scheme or scheme[1].lower() in ("http", "https", "mailto"), value
            if name == "src":
                assert value.startswith("/media/")
                assert ".." not in value
            if name == "rel":
                assert value == "nofollow noopener ugc"
            if name == "class":
                assert value == "code" if tag == "div" else set(value.split()) <= CLASSES

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("an instruction")


def assert_safe(html: str) -> None:
    parser = Strict()
    parser.feed(html)
    parser.close()


fragments = st.sampled_from(
    [
        *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<style>*{}</style>", "<b"),
        *("![p](/media/a.png)", "![p](https://evil.example/a.png)", "![p](/media/../x)", "\n\n"),
        *("![p](javascript:alert(1))", "[l](javascript:alert(1))", "[l](JaVa\tScript:alert(1))"),
        *("[l](data:text/html,x)", '[l](http://a "t\' onclick=x")', "<javascript:alert(1)>", "\n"),
        *("[r]: javascript:x\n", "[r]", "![r]", '[r]: /media/a.png "t"\n', "&#106;avascript:", ">"),
        *("```html\n<script>\n```\n", "```py onload=x\n", "~~~\n", "# h {#id onclick=x}\n", "- "),
        *("| a | b |\n|:-|-:|\n| c | d |\n", "1. ", "    ", "`", "**", "_", "\\", "<!--", "-->"),
        *("\x02wzxhzdk:0\x03", "\x00", "\ud800", "<a href='//x' style='x'>", "<svg/onload=x>"),
    ]
)
hostile = st.lists(fragments | st.text(max_size=8), max_size=14).map("".join)


@given(hostile)
def test_whatever_goes_in_only_harmless_html_comes_out(text: str) -> None:
    html = to_html(text)
    assert_safe(html)
    assert to_html(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A\n## B\n##### C", "<h3>A</h3>\n<h4>B</h4>\n<h6>C</h6>"),
        ("a **b** *c* `d`", "<p>a <strong>b</strong> <em>c</em> <code>d</code></p>"),
        ("<b>x</b> & <!-- y -->", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;!-- y --&gt;</p>"),
        ("![x](/media/p/1.png)", '<p><img alt="x" src="/media/p/1.png"></p>'),
        (
            "![x](https://e.example/1.png)",
            '<p><a href="https://e.example/1.png" rel="nofollow noopener ugc">'
            "https://e.example/1.png</a></p>",
        ),
        ("![x](/media/../accounts/)", "<p><span>/media/../accounts/</span></p>"),
        ("Here:\n- a\n- b", "<p>Here:</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("- a\n  - b", "<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
        ("1) a\n   - b", "<ol>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ol>"),
        ("Born in\n1984. Moved.", "<p>Born in\n1984. Moved.</p>"),
        ("3. c\n4. d", '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>'),
        ("a\n***\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        (
            "x\n```\n<a>\n\n# no\n```\ny",
            '<p>x</p>\n<div class="code"><pre tabindex="0"><code>&lt;a&gt;\n\n# no'
            "</code></pre></div>"
            "\n<p>y</p>",
        ),
        (
            "```json\n[1",
            '<div class="code"><pre tabindex="0"><code><span class="p">[</span>'
            '<span class="mi">1</span>'
            "</code></pre></div>",
        ),
        (
            "- a\n  ```\n  x\n    y\n  ```\n- b",
            '<ul>\n<li>a\n    <div class="code"><pre tabindex="0"><code>x\n  y'
            "</code></pre></div></li>\n"
            "<li>b</li>\n</ul>",
        ),
        ("", ""),
    ],
)
def test_what_is_shown(text: str, html: str) -> None:
    assert to_html(text) == html


def test_tables_carry_alignment_without_style() -> None:
    html = to_html("| a | b |\n|:--|--:|\n| 1 | `x|y` |")
    assert '<td align="left">1</td>' in html
    assert '<td align="right"><code>x|y</code></td>' in html


def test_a_code_block_keeps_its_lines_exactly() -> None:
    code = "  two\n\n\n    four\n\ttab"
    kept: list[str] = []

    def stash(block: str, language: str) -> str:
        kept.append(block)
        return "X"

    LinePass(stash).run(f"```\n{code}\n```".split("\n"))
    assert kept == [code]


UNITS = [
    *(">", "> ", "[", "![", "*", "* ", "_", "**a", "***a", "`", "`a``", "<", "<a ", "<!--", "&"),
    *("[a](", "[a][", "[a]: b\n", "- ", "1. ", "- a\n  ", "# a\n", "a\n\n", "|", "|`", "`**"),
    *(
        ":```|](",
        "`'*|> ]",
        "1\t\n",
        "    ```\n\n",
        "```\n",
        "~~~a\n",
        "\\",
        "a_b*c",
        "*a _b ",
        "(((",
    ),
]


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_text_is_bounded(unit: str) -> None:
    started = time.process_time()
    for length in (2_000, 200_000):
        assert_safe(to_html(unit * (length // len(unit))))
    assert time.process_time() - started < 4  # at most about 1 on an idle core


def test_a_long_item_with_many_lines_is_bounded() -> None:
    started = time.process_time()
    assert_safe(to_html("1. " * 33_000 + "[a]: b\n> " * 11_000))
    assert time.process_time() - started < 4


def test_a_table_is_not_blown_up() -> None:
    wide = "|" * 20_000 + "\n" + "|-" * 20_000 + "|\n" + "|a\n" * 20_000
    assert len(to_html(wide)) < 3 * len(wide)


def test_nested_lists_and_quotes_come_to_an_end() -> None:
    nested = "\n".join("  " * i + "- a" for i in range(400))
    assert to_html(nested).count("<ul>") <= 8
    assert to_html(">" * 3000 + "a").count("<blockquote>") <= 8


def test_beyond_the_limit_text_stays_text() -> None:
    assert to_html("*a* " * (MAX_CHARS // 4 + 1)).startswith('<pre tabindex="0">*a* *a*')
    assert "<em>" in to_html("*a*\n\n" * 2000)


@pytest.mark.parametrize("language", ["python", "json", "html", "bash", "sql", "yaml", "js", "css"])
@pytest.mark.parametrize("unit", ["{", "<", '"', "'a", "/*", "$(", "a=", "-- ", "\\", "{{ a }}"])
def test_colouring_hostile_code_is_bounded(language: str, unit: str) -> None:
    started = time.process_time()
    assert_safe(to_html(f"```{language}\n{unit * (12_000 // len(unit))}\n```"))
    assert time.process_time() - started < 3
