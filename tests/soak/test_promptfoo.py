"""What is written for promptfoo, before promptfoo itself: see `.ci/promptfoo`."""

import json
import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompts_app.assertions import registry
from prompts_app.assertions.base import Output
from prompts_app.assertions.promptfoo import exported
from prompts_app.demo import portfolio
from prompts_app.models import Entry, TestCase, Version
from prompts_app.services import versions
from prompts_app.services.cases import values_for
from prompts_app.services.groups import Column
from prompts_app.services.import_reading import Rules, ready
from prompts_app.services.promptfoo_file import promptfoo_file
from prompts_app.text import variables
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.promptfoo_read import read
from tests import factories
from tests.engines import rules
from tests.engines.test_transfer_promptfoo_read import CONFIG, FOREIGN, storable, texts, words
from tests.soak.promptfoo import KEY, Echo, Promptfoo

ADDRESS = "https://portfolio.example/@ana/invoices/"
DOCUMENTS = 60
# Nobody listens there either; the names are those of well-known providers.
COLUMNS = [
    [],
    [Column("gpt-4o-mini", "api.openai.com", demo=False)],
    [
        Column("mistral-small", "api.mistral.ai", demo=False),
        Column("of my own", "models.example", demo=False),
        Column("demo-small", "", demo=True),
    ],
]


@pytest.fixture(scope="module")
def promptfoo(tmp_path_factory: pytest.TempPathFactory) -> Promptfoo:
    place = os.environ.get("PROMPTFOO", "")
    if not place:
        pytest.skip("PROMPTFOO names no place of promptfoo: .ci/promptfoo installs it with npm")
    if shutil.which("node") is None:
        pytest.skip("node is not on this machine")
    return Promptfoo(Path(place).resolve(), tmp_path_factory.mktemp("promptfoo"))


@pytest.fixture(scope="module")
def accepted(promptfoo: Promptfoo) -> Callable[[Sequence[str]], None]:
    """Check that files pass the published schema and promptfoo's own check."""
    schema = promptfoo.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    def check(files: Sequence[str]) -> None:
        paths = []
        for number, text in enumerate(files):
            errors = [f"{one.json_path}: {one.message}" for one in errors_of(validator, text)]
            assert not errors, f"{errors[:3]}\n{text}"
            paths.append(promptfoo.home / f"config{number}.yaml")
            paths[-1].write_text(text)
        assert promptfoo.refused(*paths) == ""

    return check


def errors_of(validator: jsonschema.Draft202012Validator, text: str) -> Any:
    return validator.iter_errors(yaml.safe_load(text))


def written(
    title: str,
    contents: Sequence[dict[str, Any]],
    cases: Sequence[tuple[str, dict[str, str]]],
    columns: Sequence[Column] = (),
) -> str:
    """The file of the last version, with the first beside it where there are several."""
    entry = Entry(title=title)
    made = [
        Version(entry=entry, number=number, content=content, content_hash="0" * 64)
        for number, content in enumerate(contents, start=1)
    ]
    return promptfoo_file(
        made[-1],
        [TestCase(entry=entry, name=name, values=values) for name, values in cases],
        columns,
        ADDRESS,
        made[0] if len(made) > 1 else None,
    )


def again(text: str) -> str:
    """A file read as an import reads it, and written again."""
    (document,) = read(text.encode())
    assert isinstance(document, EntryDocument), document
    kept = ready(document, Rules())
    assert not isinstance(kept, Problem), kept
    document = kept.document
    return written(
        document.title,
        [version.content for version in document.versions],
        [(case.name, case.values) for case in document.cases],
    )


def test_samples_are_accepted_and_so_is_what_is_read_of_them(
    accepted: Callable[[Sequence[str]], None],
) -> None:
    files = [
        written(
            sample.title,
            [version.content for version in sample.versions],
            [(case.name, case.values) for case in sample.cases],
        )
        for sample in portfolio.load().entries
        if sample.kind == "text"
    ]
    assert len(files) >= 5
    accepted(files)
    accepted([again(text) for text in files])


def rule(seed: int) -> dict[str, Any] | None:
    """Return a rule by chance that a draft may hold; None where chance made another."""
    spec = rules.specification(random.Random(seed))
    return None if registry.check(spec) or not storable(spec) else spec


KEPT: list[dict[str, Any]] = [one for one in FOREIGN if one["type"] not in ("brand-new", "length")]


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], list[Any], list[Column]]:
    """A title, the contents of one or two versions, cases, and the models asked."""
    names = ["a", "env", "größe"]
    made: list[dict[str, Any]] = [
        *({"assertion": one} for one in map(rule, draw(st.lists(st.integers(0), max_size=8)))
          if one is not None),
        *({"foreign": one} for one in draw(st.lists(st.sampled_from(KEPT), max_size=3))),
        *({} for _ in range(draw(st.integers(0, 1)))),
    ]  # fmt: skip
    constraints = [{"text": draw(words)[:300], **one} for one in made]
    contents = []
    for _version in range(draw(st.integers(1, 2))):
        messages = [
            {"role": role, "content": f"{draw(texts)} {{{{ {draw(st.sampled_from(names))} }}}}"}
            for role in draw(st.sampled_from([["user"], ["system", "user"], ["user", "assistant"]]))
        ]
        used = {one for each in messages for one in variables.names(each["content"])}
        contents.append(
            factories.content(
                messages=messages,
                variables=[factories.variable(one, default=draw(texts)) for one in sorted(used)],
                constraints=constraints,
                parameters=draw(
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "temperature": st.floats(0, 2),
                            "top_p": st.integers(0, 1),
                            "max_tokens": st.integers(1, 100_000),
                            "response_format": st.just("json_object"),
                        },
                    )
                ),
            )
        )
    known = {one["name"] for content in contents for one in content["variables"]}
    cases = [
        (draw(texts)[:120], {name: draw(texts) for name in sorted(known)})
        for _ in range(draw(st.integers(0, 3)))
    ]
    return draw(words), contents, cases, draw(st.sampled_from(COLUMNS))


def test_drawn_documents_are_accepted_and_so_is_what_is_read_of_them(
    accepted: Callable[[Sequence[str]], None],
) -> None:
    files: list[str] = []

    @settings(
        max_examples=DOCUMENTS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents())
    def collect(document: tuple[str, list[dict[str, Any]], list[Any], list[Column]]) -> None:
        files.append(written(*document))

    collect()
    assert len(files) >= DOCUMENTS
    accepted(files)
    accepted([again(text) for text in files])


def test_a_configuration_of_others_is_accepted_when_it_goes_out_again(
    accepted: Callable[[Sequence[str]], None],
) -> None:
    # It has keys that are no longer promptfoo's: what they say is not kept.
    accepted([again(CONFIG)])
    foreign = {"prompts": ["Read {{ a }}"], "defaultTest": {"assert": KEPT}}
    accepted([again(json.dumps(foreign))])


def test_a_mistake_is_found(promptfoo: Promptfoo) -> None:
    validator = jsonschema.Draft202012Validator(promptfoo.schema())
    good = written("Sums", [factories.content()], [("one", {"text": "x"})])
    assert not list(errors_of(validator, good))
    assert list(errors_of(validator, good.replace("prompts:", "prompt:", 1)))
    assert list(errors_of(validator, good + 'colour: "red"\n'))
    path = promptfoo.home / "wrong.yaml"
    path.write_text(good.replace("tests:", "tests: 3\nscenarios:", 1))
    assert "wrong.yaml" in promptfoo.refused(path)


SYSTEM = "Say it again: {brace} \\{{ text }} {% raw %} {# no #} {{ other"
OUTPUTS = [
    *("", " ", "yes", "Yes, it is.", "YES\n", "  padded  ", "a\nb\n", "a,b", "3.0", "12", "null"),
    *("true", '"x"', "[1, 2]", '{"a": 1}', ' {"a": "x"} ', '```json\n{"a": 1}\n```', "{'a': 1}"),
    *('{"a": 1} and {"b": 2}', '{"a": {"c": []}, "b": "2024-01-01"}', "[1,]", "[" * 30 + "]" * 30),
    *("The cat sat on the mat.", "the CAT sat", "one two three four five", "a\u00a0b\u2003c"),
    *("naïve 名前 😀", "İstanbul", "ß", "Straße", "I can’t 😀 can't", "x" * 3_000, "yes " * 700),
    *("<p>Hello <b>you</b></p>", "<p>Hello", "text <b>x</b>", "<br>", "1 < 2 > 1", "<x-y>a</x-y>"),
    *("<a><b>1</b></a>", "<root><child/></root>", "<!DOCTYPE html><html><body>x</body></html>"),
    *("SELECT 1 FROM t", "SELECT * FROM t WHERE a = 'x';", "DELETE FRM t", "SELECT a b c FROM t"),
    *("I'm sorry, but I can't help with that.", "I cannot assist with that.", "Sorry!", "I can."),
    "Je suis désolé, je ne peux pas vous aider.",
    *("{{ text }}", "{% if %}", "{# x #}", "file://x", "package:x:y", "\\n", '\\"', "${x}"),
]
SCHEMAS: list[Any] = [
    {},
    True,
    False,
    {"type": "object", "required": ["a"]},
    {"properties": {"a": {"type": "integer", "minimum": 1}}, "additionalProperties": False},
    {"type": "array", "items": {"type": "number"}, "minItems": 2},
    {"$defs": {"t": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/t"}}},
    {"properties": {"b": {"type": "string", "format": "date"}}, "required": ["b"]},
    {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
    {"enum": [{"a": 1}, True]},
    {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": "x", "type": "object"},
    {"x-note": 1, "properties": {"a": {"type": "string", "pattern": "^[a-z-]{1,3}$"}}},
    {"properties": {"a": {"format": "made up"}, "b": {"not": {"type": "string"}}}},
]
PATTERNS = (
    *(r"\bcat\b", r"^yes$", r"\d+", r"[A-Z]\w+", r"^\s*\{", "a.b", r"(?:a|b){2,}", r"(a)\1"),
    *(r"(?<!s)at", r"(?<word>yes)", r"[^\n]+é|😀", r"\{\{", "x{3}"),
)


def specifications() -> list[dict[str, Any]]:
    """Each rule that promptfoo tests without a model, and its opposite."""
    one_text = (
        "yes",
        "a",
        "The cat",
        "<b>",
        "{",
        "{{ text }}",
        "😀",
        "can't",
        "ï",
        "İ",
        "file://x",
    )
    lists = (["yes", "{% if %}"], ["the", "cat"], ["file://x", "😀"], ["a, b", "SS", "ß"])
    made: list[dict[str, Any]] = [
        *({"type": kind, "value": value}
          for kind in ("contains", "icontains", "equals", "starts-with", "ends-with")
          for value in one_text),
        *({"type": kind, "value": value}
          for kind in ("contains-any", "contains-all", "icontains-any", "icontains-all")
          for value in lists),
        *({"type": "regex", "value": value} for value in PATTERNS),
        *({"type": kind, "value": value}
          for kind in ("word-count", "length") for value in ({"min": 2, "max": 5}, {"max": 0}, 5)),
        *({"type": "levenshtein", "value": value, **more}
          for value in ("yes", "the cat sat on the mat") for more in ({}, {"threshold": 2})),
        *({"type": "rouge-n", "value": value, **more}
          for value in ("Yes, it is!", "The cat sat on a mat.", "I can't")
          for more in ({}, {"threshold": 0.4})),
        *({"type": kind, **more}
          for kind in ("is-json", "contains-json")
          for more in ({}, *({"value": schema} for schema in SCHEMAS))),
        *({"type": "is-xml", **more}
          for more in ({}, {"value": {"requiredElements": ["root.child"]}})),
        *({"type": "is-sql", "value": {"databaseType": kind}} for kind in ("MySQL", "PostgresQL")),
        *({"type": kind} for kind in ("is-html", "contains-html", "is-refusal")),
        *({"type": "finish-reason", "value": value} for value in ("stop", "length")),
        *({"type": kind, "threshold": value}
          for kind, value in (("latency", 0), ("latency", 600_000), ("cost", 0), ("cost", 1))),
    ]  # fmt: skip
    return [
        {**one, "type": f"{negation}{one['type']}"} for one in made for negation in ("", "not-")
    ]


# What is judged otherwise there, by rule: see "All of them" in docs/assertions.md.
OTHERWISE = {
    "contains-json": {"[1, 2]", "[" * 30 + "]" * 30, "{'a': 1}", "{{ text }}", "${x}"},
    "contains-html": {"<x-y>a</x-y>", "<root><child/></root>"},
    "is-refusal": {"Sorry!", "Je suis désolé, je ne peux pas vous aider."},
    "rouge-n": {
        *("I can’t 😀 can't", "I'm sorry, but I can't help with that.", "I can."),
    },
}


def end_of(text: str) -> str:
    """Why the answer ended, as the server says it."""
    return "length" if len(text) > 1_000 else "stop"


def test_promptfoo_judges_as_we_do(promptfoo: Promptfoo, note: Callable[[object], None]) -> None:
    specs = specifications()
    content = factories.content(
        messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": "{{ text }}"}],
        variables=[factories.variable("text")],
        constraints=[{"text": str(n), "assertion": spec} for n, spec in enumerate(specs)],
    )
    assert [one for one in specs if registry.check(one) or exported(one) is None] == []

    def answer(messages: Sequence[dict[str, str]]) -> tuple[str, str]:
        text = messages[-1]["content"]
        return text, end_of(text)

    cases = [(str(n), {"text": text}) for n, text in enumerate(OUTPUTS)]
    with Echo(answer) as server:
        file = written("Echo", [content], cases, COLUMNS[1]).replace(
            "omitDefaults: true",
            f"omitDefaults: true\n      apiBaseUrl: {server.base_url}\n      apiKeyEnvar: {KEY}",
        )
        config = promptfoo.home / "promptfooconfig.yaml"
        config.write_text(file)
        results = promptfoo.evaluate(config)
        # What is sent is what this site sends.
        sent = [
            versions.messages_with(content, values_for(Version(content=content), case))
            for case in (TestCase(values=values) for _name, values in cases)
        ]
        key = json.dumps
        assert sorted(map(key, (one["messages"] for one in server.requests))) == sorted(
            map(key, sent)
        )
    assert len(results) == len(OUTPUTS)
    agreed, unsure = 0, 0
    otherwise: dict[str, set[str]] = {}
    for result in results:
        assert not result.error, result
        assert result.output in OUTPUTS
        ours = Output(result.output, end_of(result.output), latency_ms=100, cost_microusd=100_000)
        for spec, passed in result.verdicts:
            mine = specs[int(spec["metric"])]
            verdict = registry.judge(mine, ours)
            if verdict.state == "untestable":
                unsure += 1
            elif (verdict.state == "passed") != passed:
                otherwise.setdefault(mine["type"].removeprefix("not-"), set()).add(result.output)
            else:
                agreed += 1
    note({"agreed": agreed, "not testable here": unsure})
    assert otherwise == OTHERWISE
    assert not unsure
