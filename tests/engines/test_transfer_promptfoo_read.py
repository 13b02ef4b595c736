"""promptfoo's configurations read: what was written comes back, what is foreign is kept or told."""

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.assertions import registry
from prompts_app.assertions.promptfoo import exported
from prompts_app.text import clean, variables
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.promptfoo import Config, Kept, Provider, Test, Text, config
from prompts_app.transfer.promptfoo_asserts import foreign_of
from prompts_app.transfer.promptfoo_read import read
from tests.engines import rules as made
from tests.engines.test_transfer_promptfoo import SIGNS

# What drafts may hold, in the one spelling they are kept in.
texts = (
    st.lists(st.sampled_from(SIGNS), max_size=20)
    .map("".join)
    .map(clean.normalise)
    .filter(lambda text: clean.problem(text, multiline=True) is None)
)
words = texts.filter(str.strip)


def pieces(text: str) -> list[Text]:
    return [Text(piece.text, piece.name) for piece in variables.pieces(text)]


def sent(text: str) -> list[tuple[str, str]]:
    return [(piece.kind, piece.name or piece.text) for piece in variables.pieces(text)]


def entry(data: str | bytes) -> EntryDocument:
    (found,) = read(data.encode() if isinstance(data, str) else data)
    assert isinstance(found, EntryDocument), found
    return found


def written(**fields: Any) -> str:
    values: dict[str, Any] = {
        "description": "Invoices, version 4",
        "label": "version 4",
        "messages": [("user", pieces("Read {{ a }}"))],
        "parameters": {},
        "providers": [Provider("model-a")],
        "tests": [],
        "asserts": [],
    }
    return config(Config(**(values | fields)))


@given(words, words, st.lists(st.tuples(texts, texts), max_size=3))
def test_messages_and_cases_come_back(
    system: str, user: str, values: list[tuple[str, str]]
) -> None:
    user += " {{ a }} {{ b }}"
    tests = [Test(f"case {n}", {"a": a, "b": b}) for n, (a, b) in enumerate(values)]
    document = entry(
        written(messages=[("system", pieces(system)), ("user", pieces(user))], tests=tests)
    )
    content = document.versions[0].content
    roles = [one["role"] for one in content["messages"]]
    assert roles == ["system", "user"]
    # What is sent is the same; how an escape or a variable was spelled may differ.
    for one, before in zip(content["messages"], (system, user), strict=True):
        assert sent(one["content"]) == sent(before)
    assert [(case.name, case.values) for case in document.cases] == [
        (test.name, dict(test.values)) for test in tests
    ]
    assert {loss.code for loss in document.losses} <= {"models"}
    assert document.title == "Invoices"


def normal(spec: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    return spec["type"], registry.given(spec)


def test_every_rule_promptfoo_has_comes_back() -> None:
    chance = random.Random(11)
    wanted: dict[str, list[dict[str, Any]]] = {}
    while len(wanted) < 2 * (len(registry.ASSERTIONS) - 1):
        spec = made.specification(chance)
        kind = str(spec.get("type"))
        if registry.check(spec) or exported(spec) is None or not storable(spec):
            continue
        wanted.setdefault(kind, [])
        if len(wanted[kind]) < 3:
            wanted[kind].append(spec)
    for specs in wanted.values():
        asserts = [(f"Sentence {n}.", exported(spec)) for n, spec in enumerate(specs)]
        constraints = entry(written(asserts=asserts)).versions[0].content["constraints"]
        assert [one["text"] for one in constraints] == [text for text, _spec in asserts]
        for one, spec in zip(constraints, specs, strict=True):
            assert normal(one["assertion"]) == normal(spec)


def storable(spec: Mapping[str, Any]) -> bool:
    """Whether its texts are such as people may write; hidden characters are none."""
    return clean.problem(json.dumps(spec, ensure_ascii=False), multiline=True) is None


@given(words)
def test_texts_of_rules_come_back(text: str) -> None:
    spec = {"type": "not-contains-any", "value": [text, "x"]}
    (one,) = entry(written(asserts=[(text, spec)])).versions[0].content["constraints"]
    assert one["assertion"] == spec
    assert one["text"] == " ".join(text.split())


FOREIGN: list[dict[str, Any]] = [
    {"type": "javascript", "value": "output.length < 100 && `${context.vars.a}`"},
    {"type": "python", "value": "file://check.py:test"},
    {"type": "ruby", "value": "output.size > 1"},
    {"type": "webhook", "value": "https://example.org/check", "weight": 2},
    {"type": "not-similar", "value": "{{ a }}", "threshold": 0.8, "metric": "Near"},
    {"type": "brand-new", "config": {"deep": [1, None, {"x": "é\n{% raw %}"}]}},
    {"type": "equals", "value": {"a": 1}},
    {"type": "contains", "value": "{{ a }}"},
    {"type": "icontains", "value": "x", "transform": "output.trim()"},
    {"type": "is-json", "value": "file://schema.json"},
    {"type": "contains", "value": "x", "weight": 0},
    {"type": "llm-rubric", "value": "is kind", "rubricPrompt": "Judge {{ output }}"},
    {"type": "assert-set", "assert": [{"type": "contains", "value": "x"}], "threshold": 0.5},
    {"type": "length", "value": {"max": 3}},
]


@pytest.mark.parametrize("spec", FOREIGN, ids=lambda spec: str(spec["type"]))
def test_what_is_not_run_here_is_kept_and_written_unchanged(spec: dict[str, Any]) -> None:
    data = json.dumps({"prompts": ["Read {{ a }}"], "defaultTest": {"assert": [spec]}})
    document = entry(data)
    (one,) = document.versions[0].content["constraints"]
    assert set(one) == {"text", "foreign"}
    assert one["foreign"] == spec
    assert [(loss.code, loss.detail, loss.path) for loss in document.losses] == [
        ("not_run_here", spec["type"], "defaultTest.assert[0]")
    ]
    again = entry(written(asserts=[(one["text"], Kept(one["foreign"]))]))
    assert again.versions[0].content["constraints"][0]["foreign"] == spec


def test_a_refused_assertion_stays_the_text_it_was() -> None:
    spec = {"type": "regex", "value": "{{ a }}({%"}
    document = entry(written(asserts=[("Says so.", Kept(foreign_of(spec)))]))
    (one,) = document.versions[0].content["constraints"]
    assert one["assertion"] == spec


CONFIG = r"""
description: Support answers
env: {KEY: secret}
prompts:
  - "Answer {{ question }} in {{ tone | upper }}. {{ env.KEY }}"
  - label: as a chat
    raw: |
      [{"role": "system", "content": "Be kind."},
       {"role": "user", "content": [{"type": "text", "text": "{{question}}"}, {"type": "file"}]}]
  - "- role: user\n  content: From YAML {{ question }}"
  - file://more.txt
providers:
  - openai:gpt-4o-mini
  - id: anthropic:messages:claude
    config: {temperature: 0.5, max_tokens: 10, tools: file://tools.json}
defaultTest:
  vars: {question: "What?"}
  assert:
    - {type: icontains, value: hello, metric: Greets}
    - {type: word-count, value: 5}
    - {type: contains-all, value: "a, b"}
    - {type: is-json, value: {type: object}}
tests:
  - vars: {question: [one, two], expected: 4}
    assert:
      - {type: contains, value: x}
      - {type: javascript, value: "true"}
  - description: second
    vars: {question: "file://question.txt"}
    assert:
      - {type: contains, value: x}
      - {type: contains, value: only here}
  - file://more.csv
scenarios: []
"""


def test_a_configuration_is_one_entry() -> None:
    document = entry(CONFIG)
    assert document.title == "Support answers"
    plain, chat, yaml_chat, file = (one.content for one in document.versions)
    assert plain["messages"] == [
        {
            "role": "user",
            "content": "Answer {{ question }} in {{ tone | upper }}. {{ env.KEY }}",
        }
    ]
    assert [one["name"] for one in plain["variables"]] == ["question"]
    assert plain["variables"][0]["default"] == "What?"
    assert [one["role"] for one in chat["messages"]] == ["system", "user"]
    assert yaml_chat["messages"] == [{"role": "user", "content": "From YAML {{ question }}"}]
    assert file["messages"][0]["content"] == "file://more.txt"
    assert document.versions[1].change_note == (
        "as a chat · openai:gpt-4o-mini, anthropic:messages:claude"
    )
    assert [one["assertion"] for one in plain["constraints"] if "assertion" in one] == [
        {"type": "icontains", "value": "hello"},
        {"type": "word-count", "value": {"min": 5, "max": 5}},
        {"type": "contains-all", "value": ["a", "b"]},
        {"type": "is-json", "value": {"type": "object"}},
        {"type": "contains", "value": "x"},
    ]
    assert [one["foreign"]["type"] for one in plain["constraints"] if "foreign" in one] == [
        "javascript"
    ]
    assert [(case.name, case.values, case.watch_for) for case in document.cases] == [
        ("one", {"question": "one"}, "expected: 4"),
        ("two", {"question": "two"}, "expected: 4"),
        ("second", {"question": "file://question.txt"}, "contains: only here"),
    ]


def test_every_loss_has_its_line_and_path() -> None:
    lines = CONFIG.split("\n")
    losses = {(loss.path, loss.code): loss for loss in entry(CONFIG).losses}
    for path, code, sign in (
        ("env", "key", "env:"),
        ("scenarios", "key", "scenarios:"),
        ("prompts[0]", "template", "{{ env.KEY }}"),
        ("prompts[3]", "file", "file://more.txt"),
        ("providers[1].config.tools", "key", "tools:"),
        ("tests[1].vars.question", "file", "question.txt"),
        ("tests[1].assert[1]", "only_one_test", "only here"),
        ("tests[0].assert[1]", "for_all_tests", "javascript"),
        ("tests[2]", "file", "more.csv"),
    ):
        assert sign in lines[losses[path, code].line - 1], path
    assert ("providers", "parameters") in losses


def test_parameters_are_those_all_models_share() -> None:
    shared = {"temperature": 0.5, "max_tokens": 20, "response_format": {"type": "json_object"}}
    both = [{"id": "a", "config": shared}, {"id": "b", "config": {**shared, "top_p": 0.9}}]
    document = entry(json.dumps({"prompts": ["x"], "providers": both}))
    assert document.versions[0].content["parameters"] == {
        "temperature": 0.5,
        "max_tokens": 20,
        "response_format": "json_object",
    }


def test_versions_of_the_writer_are_in_their_order_with_the_baseline_first() -> None:
    document = entry(written(others=[("version 1", [("user", pieces("Just read {{ a }}"))])]))
    assert [one.content["messages"][0]["content"] for one in document.versions] == [
        "Just read {{ a }}",
        "Read {{ a }}",
    ]
    assert document.baseline == 0


def test_the_same_source_has_the_same_key() -> None:
    keys = [entry(data).source_key for data in (CONFIG, CONFIG.replace("\n", "\r\n"))]
    assert keys[0] == keys[1]
    assert entry(CONFIG.replace("kind", "nice")).source_key != keys[0]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"tests: []", ("not_promptfoo", "")),
        (b"[]", ("not_promptfoo", "")),
        (b"prompts: [1, {label: x}]", ("not_promptfoo", "prompts")),
        (b"prompts: ['" + b"x" * 60_001 + b"']", ("message_too_long", "prompts[0]")),
        ("prompts: ['a\u202eb']".encode(), ("bidi", "prompts[0]")),
        (b"prompts: [a, b", ("not_yaml", "")),
        (
            ("prompts: ['" + " ".join(f"{{{{ v{n} }}}}" for n in range(31)) + "']").encode(),
            ("too_many_variables", "prompts"),
        ),
    ],
)
def test_what_keeps_a_configuration_out_is_told(data: bytes, problem: tuple[str, str]) -> None:
    (found,) = read(data)
    assert isinstance(found, Problem)
    assert (found.code, found.path) == problem
