"""Pages as files: addresses are asked for anew, what needs a server goes, the rest stays."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.transfer.static_pages import as_file, relative

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40)


CANONICAL = '<link rel="canonical" href="https://a.example/b/">'


def nowhere(_address: str) -> None:
    return None


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<a class="x" href="/b/">b &amp; c</a>', '<a class="x" href="X/b/">b &amp; c</a>'),
        ('<img alt="é" src="/m.webp">', '<img alt="é" src="X/m.webp">'),
        ("<script>if (a < b) c()</script><p>d</p>", "<p>d</p>"),
        ("<form><p>a</p><form></form></form><p>b</p>", "<p>b</p>"),
        ("<noscript><b>shown</b></noscript>", "<b>shown</b>"),
        ("<!doctype html><p data-a='1'>&#233;&nbsp;", "<!doctype html><p data-a='1'>&#233;&nbsp;"),
        (CANONICAL, CANONICAL),
        ('<link rel="alternate" href="/feed.atom">', ""),
        ('<a data-live href="https://a.example/">a</a>', '<a data-live href="https://a.example/">a</a>'),
    ],
)  # fmt: skip
def test_what_stays_and_what_goes(page: str, expected: str) -> None:
    assert as_file(page, lambda address: f"X{address}") == expected


def test_what_leads_nowhere_becomes_text_or_goes() -> None:
    page = '<p><a class="x" href="/b/"><b>b</b></a> <img src="/c.png">d</p>'
    assert as_file(page, nowhere) == '<p><span class="x"><b>b</b></span> d</p>'


@given(text=TEXTS, address=TEXTS)
def test_texts_and_addresses_come_through_unharmed(text: str, address: str) -> None:
    found: list[str] = []
    page = f'<p title="{html.escape(text)}">{html.escape(text)}</p><a href="{html.escape(address)}">x</a>'  # noqa: E501

    def same(one: str) -> str:
        found.append(one)
        return one

    class Reader(HTMLParser):
        seen: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.seen += [value or "" for _name, value in attrs]

        def handle_data(self, data: str) -> None:
            self.seen.append(data)

    def read(source: str) -> str:
        reader = Reader()
        reader.seen = []
        reader.feed(source)
        reader.close()
        return "".join(reader.seen)

    assert read(as_file(page, same)) == read(page)
    assert found == [address]


def test_files_name_each_other_from_where_they_lie() -> None:
    assert relative("en/a/index.html", "en/b/c/index.html", "top") == "../../a/index.html#top"
    assert relative("en/a b.html", "index.html") == "en/a%20b.html"
