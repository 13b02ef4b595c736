"""Prompty, both ways: what is written is read again, and what others wrote is read or refused."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text import clean, variables
from prompts_app.text.variables import pieces
from prompts_app.transfer import prompty_write
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.promptfoo import Test, Text
from prompts_app.transfer.prompty import read
from prompts_app.transfer.prompty_write import MARK
from prompts_app.transfer.sheet import Sheet, Unwritable

FIRST = """
---
name: Basic
description: Answers. Kindly.
authors: [ana, bo]
tags: [a, ""]
model:
  api: chat
  configuration: {type: azure_openai, azure_deployment: gpt-35, azure_endpoint: "${env:HOST}"}
  parameters: {temperature: 0.2, max_tokens: 30, seed: 1, top_p: 9}
  response: first
sample:
  firstName: Jane
  other: ${file:other.json}
inputs:
  firstName: {type: string, description: First name, default: Al}
  age: {type: number, sample: 3}
  unused: x
template: jinja2
---
Be kind.

 # User:
{{firstName}} is {{ age }}. {% if age %}!{% endif %} {{ age | round }}

assistant[name="x"]:
Hi {{other}}.

tool: is no mark
"""


def entry(text: str) -> EntryDocument:
    (found,) = read(text.encode())
    assert isinstance(found, EntryDocument), found
    return found


def test_the_first_version_is_read() -> None:
    document = entry(FIRST)
    assert (document.title, document.summary, document.credit) == ("Basic", "Answers.", "ana, bo")
    assert document.tags == ("a",)
    content = document.versions[0].content
    assert document.versions[0].change_note == "gpt-35"
    assert content["messages"] == [
        {"role": "system", "content": "Be kind."},
        {
            "role": "user",
            "content": "{{ firstName }} is {{ age }}. {% if age %}!{% endif %} {{ age | round }}",
        },
        {"role": "assistant", "content": "Hi {{ other }}.\n\ntool: is no mark"},
    ]
    assert [(v["name"], v["type"], v["label"], v["default"]) for v in content["variables"]] == [
        ("firstName", "text", "First name", "Al"),
        ("age", "number", "age", ""),
        ("other", "text", "other", ""),
    ]
    assert content["parameters"] == {"temperature": 0.2, "max_tokens": 30}
    (case,) = document.cases
    assert case.values == {"firstName": "Jane", "age": "3", "other": "${file:other.json}"}
    assert [(loss.line, loss.path, loss.code, loss.detail) for loss in document.losses] == [
        (7, "model", "models", "gpt-35"),
        (9, "model.configuration.azure_endpoint", "environment", "${env:HOST}"),
        (10, "model.parameters.seed", "key", "seed"),
        (10, "model.parameters.top_p", "parameters", "top_p"),
        (11, "model.response", "key", "response"),
        (14, "sample.other", "file", "${file:other.json}"),
        (18, "inputs.unused", "unused", "unused"),
        (23, "messages[1]", "template", "{% if age %}!{% endif %} {{ age | round"),
        (23, "messages[1]", "template", "{% endif %} {{ age | round }}"),
        (23, "messages[1]", "template", "{{ age | round }}"),
        (26, "messages[2]", "message_key", '[name="x"]'),
    ]


SECOND = """---
name: x
model:
  id: gpt
  options: {maxOutputTokens: 9, additionalProperties: {response_format: {type: text}}}
inputs:
  - {name: style, kind: string, enumValues: [formal, casual], default: formal, example: casual}
  - {name: turns, kind: thread}
  - {name: n, kind: integer, default: 4}
outputs: [{name: a, kind: string}]
---
user:
{{turns}} {{style}} {{n}}"""


def test_the_second_version_is_read() -> None:
    document = entry(SECOND)
    content = document.versions[0].content
    assert content["messages"] == [{"role": "user", "content": r"\{{turns}} {{ style }} {{ n }}"}]
    style, number = content["variables"]
    assert (style["type"], style["choices"], style["default"]) == (
        "choice",
        ["formal", "casual"],
        "formal",
    )
    assert (number["type"], number["default"]) == ("number", "4")
    assert content["parameters"] == {"max_tokens": 9, "response_format": "json_object"}
    assert document.cases[0].values == {"style": "casual"}
    assert [loss.code for loss in document.losses] == ["models", "json_schema", "template"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", (1, "not_prompty")),
        ("user:\nHi", (1, "not_prompty")),
        ("---\nname: x\nuser:\nHi", (1, "not_prompty")),
        ("---\n- 1\n---\nuser:\nHi", (2, "not_prompty")),
        ("---\nname: [\n---\nuser:\nHi", (3, "not_yaml")),
        ("---\nname: x\n---\n\nuser:\n\n", (4, "no_messages")),
        ("---\nname: x\n---\nuser:\nHi\0", (5, "nul")),
        ("---\nname: x\n---\n" + "user:\nHi\n" * 21, (44, "too_many_messages")),
    ],
)
def test_what_keeps_a_file_out_is_told(text: str, problem: tuple[int, str]) -> None:
    (found,) = read(text.encode())
    assert isinstance(found, Problem)
    assert (found.line, found.code) == problem


NAMES = ("a", "for", "été", "_x", "constructor", "a_b1", "None")
text = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="{}%#\\a \n-+$:'\"é\u2028", max_size=30),
    st.sampled_from(["user:", "# system :", "${env:HOME}", "---", "{{ a }}", "{% raw %}", "+++"]),
).map(clean.normalise)
kept = text.filter(lambda one: clean.problem(one, multiline=True) is None)
line = kept.map(lambda one: " ".join(one.split()))
messages = st.lists(
    st.tuples(
        st.sampled_from(["user", "assistant"]),
        st.lists(st.one_of(kept, st.sampled_from(NAMES).map(lambda n: (n,))), max_size=5),
    ),
    min_size=1,
    max_size=3,
)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "max_tokens": st.integers(1, 10_000),
        "response_format": st.sampled_from(["text", "json_object"]),
    },
)
values = st.fixed_dictionaries(dict.fromkeys(NAMES, kept))


def sheet_of(
    messages: list[tuple[str, list[Any]]], parameters: dict[str, Any], **more: Any
) -> tuple[Sheet, list[dict[str, str]]]:
    """Return what a writer takes, and the messages as a content has them."""
    contents = [
        {
            "role": role,
            "content": "".join(
                f"{{{{ {one[0]} }}}}" if isinstance(one, tuple) else variables.escape(one)
                for one in parts
            ),
        }
        for role, parts in messages
    ]
    cut = [
        (one["role"], [Text(piece.text, piece.name) for piece in pieces(one["content"])])
        for one in contents
    ]
    used = dict.fromkeys(piece.name for _role, parts in cut for piece in parts if piece.name)
    defaults = more.pop("defaults", {})
    declared = [
        {
            "name": name,
            "type": "text",
            "label": "",
            "default": defaults.get(name, ""),
            "choices": [],
        }
        for name in used
    ]
    tests = [Test(name, {n: of[n] for n in used}) for name, of in more.pop("tests", [])]
    return Sheet(
        messages=cut, variables=declared, parameters=parameters, tests=tests, **more
    ), contents


def plain_of(sheet: Sheet) -> list[str]:
    """Return the messages, each variable a word and each line end one."""
    return [
        re.sub("[\u2028\u2029]", "\n", "".join((one.name and "<x>") or one.text for one in parts))
        for _role, parts in sheet.messages
    ]


def sent(content: list[dict[str, str]], values: dict[str, str]) -> list[tuple[str, str]]:
    """Return what reaches a model."""
    return [(one["role"], variables.render(one["content"], values)) for one in content]


@given(messages, parameters, values, values, line, line)
def test_what_is_written_is_read_again(
    messages: list[tuple[str, list[Any]]],
    parameters: dict[str, Any],
    defaults: dict[str, str],
    example: dict[str, str],
    title: str,
    summary: str,
) -> None:
    sheet, contents = sheet_of(
        messages,
        parameters,
        title=title,
        summary=summary,
        defaults=defaults,
        tests=[("one", example)],
        remarks=["a --- remark +++"],
    )
    blank = any(not one["content"].strip() for one in contents)
    if blank or any(MARK.search(text) for text in plain_of(sheet)):
        with pytest.raises(Unwritable):
            prompty_write.write(sheet)
        return
    (document,) = read(prompty_write.write(sheet).encode())
    assert isinstance(document, EntryDocument), document
    got = document.versions[0].content
    assert got["parameters"] == parameters
    renamed = dict(
        zip(dict.fromkeys(sheet.used), [one["name"] for one in got["variables"]], strict=True)
    )
    for name in sheet.used:
        (declared,) = [one for one in got["variables"] if one["name"] == renamed[name]]
        if not prompty_write.REFERENCE.fullmatch(defaults[name]):
            assert declared["default"] == defaults[name]
        if example[name] and not prompty_write.REFERENCE.fullmatch(example[name]):
            assert document.cases[0].values[renamed[name]] == example[name]
    marks = {name: f"<{number}>" for number, name in enumerate(sheet.used)}
    before = [(role, one.strip("\n")) for role, one in sent(contents, marks)]
    after = sent(got["messages"], {renamed[name]: mark for name, mark in marks.items()})
    assert after == before
