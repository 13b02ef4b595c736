"""XML, HTML and SQL, made right by construction and then broken."""

import sqlite3
from contextlib import closing
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.assertions.base import Output, Verdict
from prompts_app.assertions.registry import judge


def state(kind: str, text: str, **value: object) -> str:
    """The verdict's state, having checked that the negation's is the contrary."""
    spec = {"type": kind} | ({"value": value} if value else {})
    verdict = judge(spec, Output(text))
    contrary = judge({**spec, "type": f"not-{kind}"}, Output(text)).state
    opposite = {"passed": "failed", "failed": "passed", "untestable": "untestable"}
    assert contrary == opposite[verdict.state]
    return verdict.state


texts = st.text(st.sampled_from("ab <&>\"'é\n"), max_size=6)


def element(name: str, attribute: str, inside: str) -> str:
    """One element with one attribute."""
    return f"<{name} a={quoteattr(attribute)}>{inside}</{name}>"


def nested(names: list[str], lonely: str) -> st.SearchStrategy[str]:
    """Elements in elements, with texts between them and `lonely` tags."""
    return st.recursive(
        st.builds(element, st.sampled_from(names), texts, texts.map(escape)),
        lambda inner: st.builds(
            element,
            st.sampled_from(names),
            texts,
            st.lists(inner | texts.map(escape) | st.just(lonely), max_size=3).map("".join),
        ),
        max_leaves=6,
    )


@given(nested(["a", "b-c", "é"], "<!-- x -->"), st.data())
def test_xml_by_construction(text: str, data: st.DataObject) -> None:
    assert state("is-xml", f"\n{text}\n") == "passed"
    assert state("is-xml", f'<?xml version="1.0" encoding="latin-1"?>{text}') == "passed"
    assert state("is-xml", text + text) == "failed"
    assert state("is-xml", "text" + text) == "failed"
    end = data.draw(
        st.sampled_from([place for place in range(len(text)) if text.startswith("</", place)])
    )
    assert state("is-xml", text[:end] + text[end + 1 :]) == "failed"


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("a", True), ("a.b", True), ("a.b.c", True), ("a.c", False), ("b", False), ("a.d.c", True),
        ("a.b.e", True), ("a.d.e", False), ("a.b.c.c", False), ("", False),
    ],
)  # fmt: skip
def test_elements_of_xml(path: str, there: bool) -> None:
    text = "<a><b><c/></b><d><c/></d><b><e>x</e></b></a>"
    found = judge({"type": "is-xml", "value": {"requiredElements": [path or "x"]}}, Output(text))
    assert found.state == ("passed" if there else "failed")
    if not there:
        assert found.values == {"element": path or "x"}


BOMB = (
    "<!DOCTYPE a [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 12))
    + "]><a>&a11;</a>"
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        "<!DOCTYPE a []><a/>",
    ],
)
def test_entities_are_not_read(text: str) -> None:
    assert judge({"type": "is-xml"}, Output(text)) == Verdict("untestable", "entities")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("<!DOCTYPE a SYSTEM 'https://example.org/a.dtd'><a/>", "passed"),
        ("<a>&nbsp;</a>", "failed"),
        ("<a b=1/>", "failed"),
        ("<a><b></a></b>", "failed"),
        ("", "failed"),
        ("<a>\x00</a>", "failed"),
        ("<a>\ud800</a>", "failed"),
        ("<a>" * 100_000 + "</a>" * 100_000, "passed"),
    ],
)
def test_xml_by_example(text: str, verdict: str) -> None:
    assert state("is-xml", text) == verdict


@given(nested(["div", "span", "em", "my-tag", "section"], "<br>"), st.data())
def test_html_by_construction(text: str, data: st.DataObject) -> None:
    assert state("is-html", f"\n{text}\n{text}") == "passed"
    assert state("contains-html", f"Here: <i>{text}</i> it is.") == "passed"
    assert state("is-html", f"Here: {text}") == "failed"
    assert state("is-html", f"{text} it is.") == "failed"
    ends = [place for place in range(len(text)) if text.startswith("</", place)]
    end = data.draw(st.sampled_from(ends))
    assert state("is-html", text[:end] + text[text.index(">", end) + 1 :]) == "failed"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "<!DOCTYPE html><html><head><title>a < b</title><body><p>One<p>Two<ul><li>x<li>y</ul>",
            "html",
        ),
        ("<table><tr><td>1<td>2<tr><td>3</table>", "html"),
        ("<script>if (a < b) { x = '</p>' }</script>", "html"),
        ("<!-- a comment --><img src=a.png alt=''/>", "html"),
        ("<svg viewBox='0 0 1 1'><path d='M0 0'/><foo></foo></svg>", "html"),
        ("<a href=https://example.org/>here</a>", "html"),
        ("<P CLASS='x'>y</p>", "html"),
        ("", "no_html"),
        ("<!-- nothing else -->", "no_html"),
        ("<?xml version='1.0'?><p>x</p>", "html_is_xml"),
        ("Just text", "text_outside"),
        ("a < b", "text_outside"),
        ("<div>x</div> and", "text_outside"),
        ("<div>x", "element_not_closed_at_end"),
        ("<div><em>x</div></em>", "element_not_open"),
        ("<div/>", "element_not_closed"),
        ("<answer>x</answer>", "unknown_element"),
        ("<div title='x>y</div>", "tag_cut"),
        ("<!-- x", "tag_cut"),
        ("</br>", "element_not_open"),
    ],
)
def test_html_by_example(text: str, code: str) -> None:
    verdict = judge({"type": "is-html"}, Output(text))
    assert verdict.code == code
    assert verdict.state == ("passed" if code == "html" else "failed")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write <b>this</b>.", True),
        ("A line<br>another", True),
        ("```html\n<input type='text'>\n```", True),
        ("<!doctype html>", True),
        ("if a <b and c> d", False),
        ("1 < 2 and 3 > 2", False),
        ("<answer>42</answer> <name@example.org>", False),
        ("Tom &amp; Jerry", False),
    ],
)
def test_html_inside(text: str, found: bool) -> None:
    assert (state("contains-html", text) == "passed") == found


column = st.sampled_from(["a", "b", "t.a", "COUNT(*)", "1", "'x'", "a + 1", "MAX(b) AS m"])
condition = st.sampled_from(
    ["a = 1", "b > 'x'", "a IN (1, 2)", "b IS NULL", "a = 1 AND b LIKE 'x%'"]
)
source = st.sampled_from(["t", "t JOIN u ON t.a = u.c", "(SELECT a, b FROM t) AS t"])
select = st.builds(
    lambda columns, table, where, end: f"SELECT {', '.join(columns)} FROM {table}{where}{end}",
    st.lists(column, min_size=1, max_size=3),
    source,
    st.just("") | condition.map(" WHERE {}".format),
    st.sampled_from(["", " ORDER BY 1", " GROUP BY t.a", " LIMIT 5", ";"]),
)
statement = select | st.sampled_from(
    ["INSERT INTO t (a, b) VALUES (1, 'x')", "UPDATE t SET a = 2 WHERE b = 'x'", "DELETE FROM t",
     "CREATE TABLE v (a INTEGER PRIMARY KEY)", "WITH x AS (SELECT 1 AS y) SELECT y FROM x"]
)  # fmt: skip


def prepared(text: str) -> bool:
    """Whether SQLite's own parser takes it; nothing is run."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript("CREATE TABLE t (a, b); CREATE TABLE u (c)")
        try:
            database.execute(f"EXPLAIN {text}")
        except (sqlite3.Error, sqlite3.Warning):
            return False
    return True


@given(statement)
def test_sql_by_construction(text: str) -> None:
    assert prepared(text)
    for database in ("Sqlite", "PostgresQL", "MySQL", "TransactSQL"):
        if not (database == "TransactSQL" and "LIMIT" in text):
            assert state("is-sql", text, databaseType=database) == "passed"
    assert state("is-sql", f"Here it is: {text}", databaseType="Sqlite") == "failed"
    assert state("is-sql", f"```sql\n{text}\n```") == "failed"


@given(select, st.data())
def test_what_sqlite_takes_is_sql(text: str, data: st.DataObject) -> None:
    words = text.split(" ")
    del words[data.draw(st.integers(0, len(words) - 1))]
    broken = " ".join(words)
    if prepared(broken):
        assert state("is-sql", broken, databaseType="Sqlite") != "failed"


@pytest.mark.parametrize(
    "text",
    ["", "hello world", "This is nice", "Delete it", "SELECT", "SELECT FROM t",
     "SELECT a,, b FROM t", "SELECT * FROM a JOIN b ON", "SELECT * FROM t GROUP BY",
     "SELECT * FROM t WHERE", "SELEC * FROM t", "SELECT a, FROM t", "SELECT (1", "SELECT 'x",
     "INSERT INTO t VALUES (1,"],
)  # fmt: skip
def test_what_is_no_sql(text: str) -> None:
    assert state("is-sql", text) == "failed"


def test_sql_that_the_parser_does_not_know_is_not_testable() -> None:
    assert judge({"type": "is-sql"}, Output("Create a plan")).code == "sql_not_understood"
