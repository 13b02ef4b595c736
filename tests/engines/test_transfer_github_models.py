"""GitHub Models' prompt files: messages, test data and evaluators become an entry."""

import pytest

from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.github_models import read

FILE = r"""
name: Summaries
description: Sums up what came in. Briefly.
model: openai/gpt-4o-mini
modelParameters: {temperature: 0.5, maxTokens: 300, seed: 1, topP: 7}
responseFormat: json_object
messages:
  - role: system
    content: Keep {{braces}} and \{{escaped}} and ${name} and {% if x %}.
  - role: user
    content: |
      Sum up: {{ input }}, for {{the reader}}.
testData:
  - input: A fox jumped.
    the reader: children
    expected: A fox.
  - input: {a: 1}
  - nothing
evaluators:
  - name: Starts as it should
    string: {startsWith: 'Summary -'}
  - name: Says fox
    string: {contains: Fox}
  - name: Like the expected one
    uses: github/similarity
  - string: {equals: x}
"""


def entry(text: str) -> EntryDocument:
    (found,) = read(text.encode())
    assert isinstance(found, EntryDocument), found
    return found


def test_a_file_becomes_an_entry() -> None:
    document = entry(FILE)
    assert (document.title, document.summary) == ("Summaries", "Sums up what came in.")
    content = document.versions[0].content
    assert document.versions[0].change_note == "openai/gpt-4o-mini"
    assert content["messages"] == [
        {
            "role": "system",
            "content": r"Keep {{ braces }} and \\{{escaped}} and ${name} and {% if x %}.",
        },
        {"role": "user", "content": "Sum up: {{ input }}, for {{ the_reader }}.\n"},
    ]
    assert [(one["name"], one["label"]) for one in content["variables"]] == [
        ("braces", "braces"),
        ("input", "input"),
        ("the_reader", "the reader"),
    ]
    assert content["parameters"] == {
        "temperature": 0.5,
        "max_tokens": 300,
        "response_format": "json_object",
    }
    assert content["constraints"] == [
        {
            "text": "Starts as it should",
            "assertion": {"type": "starts-with", "value": "Summary -"},
        },
        {"text": "Says fox", "assertion": {"type": "icontains", "value": "Fox"}},
        {"text": "Like the expected one"},
        {"text": "equals: x", "assertion": {"type": "equals", "value": "x"}},
    ]
    assert [(case.values, case.watch_for) for case in document.cases] == [
        ({"input": "A fox jumped.", "the_reader": "children"}, "expected: A fox."),
        ({"input": '{"a": 1}'}, ""),
    ]
    assert [(loss.line, loss.path, loss.code) for loss in document.losses] == [
        (4, "model", "models"),
        (5, "modelParameters.seed", "key"),
        (5, "modelParameters.topP", "parameters"),
        (18, "testData[2]", "test"),
        (21, "evaluators[0].string.startsWith", "case_sensitive"),
        (24, "evaluators[2]", "evaluator"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: x", (1, "not_github_models", "")),
        ("- 1", (1, "not_github_models", "")),
        ("messages: x", (1, "messages", "messages")),
        ("messages:\n- content: x", (2, "role", "messages[0]")),
        ("messages:\n- {role: user, content: 'a'}\n- 3", (3, "messages", "messages[1]")),
        ("messages:\n- {role: user, content: {}}", (2, "content", "messages[0].content")),
        ("messages:\n- {role: user, content: ' '}", (1, "no_messages", "messages")),
        (
            "messages:\n" + "- {role: user, content: a}\n" * 21,
            (22, "too_many_messages", "messages[20]"),
        ),
    ],
)
def test_what_keeps_a_file_out_is_told(text: str, problem: tuple[int, str, str]) -> None:
    (found,) = read(text.encode())
    assert isinstance(found, Problem)
    assert (found.line, found.code, found.path) == problem


def test_hidden_characters_are_neither_kept_nor_repeated() -> None:
    document = entry(
        "messages: [{role: user, content: a}]\ntestData:\n- {\U000e0041x: b}\n- {y: c}"
    )
    assert [case.watch_for for case in document.cases] == ["y: c"]
    (loss,) = document.losses
    assert (loss.line, loss.code, loss.detail) == (3, "invisible", "\ufffdx")
