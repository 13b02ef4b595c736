"""The file for promptfoo: YAML that holds what was meant, and templates that give nothing away."""

import json
import re
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text import variables
from prompts_app.transfer.promptfoo import Config, Provider, Test, Text, config, escaped

# What a template engine, YAML or promptfoo itself might read something into.
SIGNS = [
    *("{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "#", "\\", '"', "'", "\n", "\r", "\t", " "),
    *("{{ a }}", "{{ env.HOME }}", "{% endraw %}", "file://x", "package:x", "- ", ": ", "| "),
    *("é", "😀", "\x85", "\u2028", "\x7f", "yes", "1e3", "0o14", "*", "/", "x"),
]
texts = st.lists(st.sampled_from(SIGNS), max_size=30).map("".join)
_TAG = re.compile(r'\{\{ "(\{|#|)" \}\}|\{\{ (\w+)( \| load)? \}\}')


def pieces(text: str) -> list[Text]:
    return [Text(piece.text, piece.name) for piece in variables.pieces(text)]


def made(**fields: Any) -> str:
    values: dict[str, Any] = {
        "description": "Invoices, version 4",
        "label": "version 4",
        "messages": [("user", pieces("Read {{ a }}"))],
        "parameters": {},
        "providers": [Provider("model-a")],
        "tests": [Test("one", {"a": "x"})],
        "asserts": [],
    }
    return config(Config(**(values | fields)))


def read(**fields: Any) -> Any:
    return yaml.safe_load(made(**fields))


def filled(template: str, values: dict[str, str]) -> str:
    """Read a template as Nunjucks does, where only our own tags are left in it.

    Fails on every other sign that would open a tag or end a comment.
    """
    parts, end = [], 0
    for match in _TAG.finditer(template):
        between = template[end : match.start()]
        assert not re.search(r"\{[{%#]|#\}", between), between
        parts.append(between)
        if match[2]:
            value = values[match[2]]
            parts.append(json.loads(value) if match[3] else value)
        else:
            parts.append(match[1])
        end = match.end()
    assert not re.search(r"\{[{%#]|#\}", template[end:])
    return "".join([*parts, template[end:]])


@given(texts, texts, texts)
def test_a_prompt_is_sent_as_it_was_here(system: str, user: str, value: str) -> None:
    user = f"{user}{{{{ a }}}}"
    messages = [("system", pieces(system)), ("user", pieces(user))]
    # Signs may come together as other variables, of which a version has values, too.
    known = {piece.name: value for _role, some in messages for piece in some if piece.name}
    file = read(messages=messages, tests=[Test("one", known)])
    raw = file["prompts"][0]["raw"]
    assert "\n" in raw
    values = file["tests"][0].get("vars", {})
    sent = [(one["role"], filled(one["content"], values)) for one in json.loads(raw)]
    assert sent == [
        ("system", variables.render(system, known)),
        ("user", variables.render(user, known)),
    ]


@given(texts)
def test_no_value_is_a_template_or_loads_a_file(value: str) -> None:
    written = read(tests=[Test("one", {"a": value})])["tests"][0]["vars"]["a"]
    assert not re.search(r"\{[{%#]", written)
    assert not written.startswith(("file://", "package:"))
    assert not written.endswith("\n")


@given(texts)
def test_values_of_a_rule_are_plain_text(value: str) -> None:
    specs = [
        ("a", {"type": "contains", "value": value}),
        ("b", {"type": "contains-any", "value": [value, "x"]}),
        ("c", {"type": "is-json", "value": {"$ref": "#/x", "const": value}}),
    ]
    asserts = read(asserts=specs)["defaultTest"]["assert"]
    assert filled_rule(asserts[0]["value"]) == value
    assert [filled_rule(one) for one in asserts[1]["value"]] == [value, "x"]
    schema = asserts[2]["value"]
    assert isinstance(schema, str)
    assert yaml.safe_load(filled(schema, {})) == {"$ref": "#/x", "const": value}


def filled_rule(template: str) -> str:
    assert not template.startswith(("file://", "package:"))
    return filled(template, {})


@given(texts)
def test_what_is_only_shown_stands_on_its_line(text: str) -> None:
    file = read(description=text, label=text, tests=[Test(text, {})], remarks=[text], providers=[])
    for shown in (
        file["description"],
        file["prompts"][0]["label"],
        file["tests"][0]["description"],
    ):
        assert not re.search(r"\{[{%#]", shown)
        assert "\n" not in shown


def test_escaping_leaves_json_alone() -> None:
    assert escaped('{"a": {"b": 1}}') == '{"a": {"b": 1}}'
    assert escaped("{{ a }} #} {") == '{{ "{" }}{ a }} {{ "#" }}} {{ "{" }}'


def test_names_that_mean_something_else_are_renamed() -> None:
    text = "{{ env }} {{ größe }} {{ good }} {{ variable_1 }}"
    values = {"env": "E", "größe": "G", "good": "ok", "variable_1": "v"}
    shown = made(messages=[("user", pieces(text))], tests=[Test("one", values)])
    file = yaml.safe_load(shown)
    assert file["tests"][0]["vars"] == {
        "variable_2": "E",
        "variable_3": "G",
        "good": "ok",
        "variable_1": "v",
    }
    content = json.loads(file["prompts"][0]["raw"])[0]["content"]
    assert content == "{{ variable_2 }} {{ variable_3 }} {{ good }} {{ variable_1 }}"
    assert "# env is called variable_2 here." in shown


def test_a_key_goes_only_to_the_provider_it_belongs_to() -> None:
    file = read(
        providers=[
            Provider("gpt-x"),
            Provider("mistral-small", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        ],
        parameters={"temperature": 0.2, "max_tokens": 500, "response_format": "json_object"},
    )
    sent = {
        "omitDefaults": True,
        "temperature": 0.2,
        "max_tokens": 500,
        "response_format": {"type": "json_object"},
    }
    assert file["providers"] == [
        {"id": "openai:chat:gpt-x", "config": sent},
        {
            "id": "openai:chat:mistral-small",
            "config": sent
            | {"apiBaseUrl": "https://api.mistral.ai/v1", "apiKeyEnvar": "MISTRAL_API_KEY"},
        },
    ]


def test_a_rule_carries_its_constraint() -> None:
    spec = {"type": "word-count", "value": {"max": 120}}
    file = read(asserts=[("At most {{ n }} words", spec)])
    assert file["defaultTest"]["assert"] == [
        {**spec, "metric": 'At most {{ "{" }}{ n }} words'},
    ]


def test_without_cases_the_prompt_runs_once() -> None:
    assert read(tests=[])["tests"] == [{"description": ""}]


def test_long_values_can_be_read() -> None:
    value = "first line\n  second line\n\nlast: {x}"
    shown = made(tests=[Test("one", {"a": value})])
    assert "      a: |-\n        first line\n          second line\n\n        last: {x}\n" in shown
    assert yaml.safe_load(shown)["tests"][0]["vars"]["a"] == value
