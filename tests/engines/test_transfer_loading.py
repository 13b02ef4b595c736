"""JSON and YAML of others: plain values with their lines, and a reason for whatever is refused."""

import itertools
import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.transfer.document import Problem
from prompts_app.transfer.loaded import MAX_DEPTH, MAX_VALUES, Loaded, path_text
from prompts_app.transfer.loading import json_of, structured_of, yaml_of
from prompts_app.transfer.loading_yaml import MAX_ALIASES

# Characters that both formats take as they are.
texts = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x85\u2028\u2029\ufeff"),
    max_size=8,
)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def value(found: Loaded | Problem) -> Any:
    assert isinstance(found, Loaded), found
    return found.value


@given(plain, st.sampled_from((None, 0, 2)))
def test_json_is_read_as_the_standard_library_reads_it(wanted: Any, indent: int | None) -> None:
    data = json.dumps(wanted, indent=indent).encode()
    assert value(json_of(data)) == json.loads(data) == wanted
    if isinstance(wanted, dict | list):
        assert value(structured_of(data)) == wanted


@given(plain)
def test_yaml_is_read_as_it_was_written(wanted: Any) -> None:
    data = yaml.safe_dump(wanted, allow_unicode=True).encode()
    assert value(yaml_of(data)) == wanted


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]":,-? &*!|>\n#ab1.', max_size=60).map(str.encode)
)
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    for read in (json_of, yaml_of, structured_of):
        found = read(data)
        if isinstance(found, Problem):
            assert found.line >= 1
            assert found.code


def test_lines_are_those_of_the_text() -> None:
    as_yaml = (
        b"\xef\xbb\xbf# head\r\na:\r\n  - x\r\n  - b: |\r\n      one\r\n      two\r\n    c: 3\r\n"
    )
    as_json = b'\n{\n"a": [\n  "x",\n  {"b": "one",\n   "c": 3}\n]}'
    for found, lines in ((yaml_of(as_yaml), (2, 3, 7)), (json_of(as_json), (3, 4, 6))):
        assert isinstance(found, Loaded)
        assert found.line(("a",)) == lines[0]
        assert found.line(("a", 0)) == lines[1]
        assert found.line(("a", 1, "c")) == lines[2]
        assert found.line(("a", 0, "missing", 3)) == lines[1]
    assert path_text(("tests", 3, "assert", 0)) == "tests[3].assert[0]"


def test_plain_words_are_those_of_the_core_schema() -> None:
    text = "[no, on, 12:30, 2024-01-01, 1_000, 0o17, 0x1F, -3, .5, 1e3, ~, null, True, 'true', 012]"
    assert value(yaml_of(text.encode())) == [
        *("no", "on", "12:30", "2024-01-01", "1_000", 15, 31, -3, 0.5, 1000.0, None, None, True),
        *("true", 12),
    ]


def test_aliases_and_merges_stand_for_what_they_name() -> None:
    text = b"a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: [*x]\nf: {<<: [*x, *x]}\n'<<': 1\n"
    assert value(yaml_of(text)) == {
        "a": {"b": 1, "c": 2},
        "d": {"b": 1, "c": 3},
        "e": [{"b": 1, "c": 2}],
        "f": {"b": 1, "c": 2},
        "<<": 1,
    }


def bomb() -> bytes:
    names = "abcdefghi"
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for before, name in itertools.pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"x" * 8_000_001, "too_large", 1),
        (b"a\nb\xff", "encoding", 2),
        ("a: 1".encode("utf-16"), "encoding", 1),
        (b"a\n\0", "nul", 2),
        (b'["\\u0000"]', "nul", 1),
        (b'a: "\\0"', "nul", 1),
        (b'[1,\n"\\ud800"]', "surrogate", 2),
        (b"a: 1\nb: \x07", "control", 2),
        (b'{"a": 1,\n"a": 2}', "duplicate_key", 2),
        (b"a: 1\n'a': 2", "duplicate_key", 2),
        (b"1: 1\n'1': 2", "duplicate_key", 2),
        (b"[\nNaN]", "not_a_number", 2),
        (b"[-Infinity]", "not_a_number", 1),
        (b"a: .nan", "not_a_number", 1),
        (b"a: -.INF", "not_a_number", 1),
        (b"[" + b"9" * 5_000 + b"]", "big_number", 1),
        (b"a:\n  " + b"9" * 5_000, "big_number", 2),
        (b"[1e999]", "big_number", 1),
        (b"[9223372036854775808]", "big_number", 1),
        (b"[" * 1_000 + b"]" * 1_000, "too_deep", 1),
        (b"- " * 1_000, "too_deep", 1),
        (b"[" + b"0," * MAX_VALUES + b"0]", "too_many_values", 1),
        (bomb(), "too_many_values", 6),
        (b"a: &a 1\nb: [" + b"*a," * (MAX_ALIASES + 1) + b"]", "too_many_aliases", 2),
        (b"a: &x [*x]", "alias", 1),
        (b"a: *x", "alias", 1),
        (b"a: !!python/object:os.system x", "tag", 1),
        (b"a: 1\nb: !include file", "tag", 2),
        (b"? [a]\n: b", "key", 1),
        (b"<<: 1", "merge", 1),
        (b"a: 1\n---\nb: 2", "documents", 2),
        (b'{"a": [1,\n2,,]}', "not_json", 2),
        (b'{"a": "b', "not_json", 1),
        (b"a: b: c", "not_yaml", 1),
        (b"a: 1\n\tb: 2", "not_yaml", 2),
    ],
)
def test_what_is_refused_is_told_with_its_line(data: bytes, code: str, line: int) -> None:
    started = time.process_time()
    found = structured_of(data)
    assert time.process_time() - started < 2
    assert isinstance(found, Problem)
    assert (found.code, found.line) == (code, line)


def test_containers_stand_as_deep_as_they_may() -> None:
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert isinstance(json_of(data), Loaded)
    assert isinstance(yaml_of(data), Loaded)
    assert isinstance(json_of(b"[" + data + b"]"), Problem)
    # What an alias names counts where it stands.
    deep = f"a: &a {'[' * 60}{']' * 60}\nb: {'[' * 60}*a{']' * 60}"
    found = yaml_of(deep.encode())
    assert isinstance(found, Problem)
    assert (found.code, found.line) == ("too_deep", 2)
