"""What other tools keep: completions, flows, prompts with versions, templates."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prompts_app.transfer import chainforge, dotprompt, langfuse, openai, prompty
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.recognise import recognise

Found = list[EntryDocument | Problem]

REQUEST = {
    "model": "gpt-x",
    "messages": [
        {"role": "developer", "content": "Be {{ x }}"},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
    ],
    "temperature": 0.5,
    "max_completion_tokens": 9,
    "seed": 1,
    "stream": True,
    "response_format": {"type": "json_schema", "json_schema": {}},
}
RESPONSE = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "gpt-x-2026",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Yo {{ y }}"},
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}


def found(read: Callable[[bytes], Iterator[EntryDocument | Problem]], value: Any) -> Found:
    data = value if isinstance(value, str) else json.dumps(value, indent=1)
    return list(read(data.encode()))


def entry(read: Callable[[bytes], Iterator[EntryDocument | Problem]], value: Any) -> EntryDocument:
    (document,) = found(read, value)
    assert isinstance(document, EntryDocument), document
    return document


def told(document: EntryDocument) -> list[tuple[str, str, str]]:
    return [(loss.path, loss.code, loss.detail) for loss in document.losses]


@pytest.mark.parametrize(
    "value",
    [
        {"request": REQUEST, "response": RESPONSE},
        [{"request": REQUEST, "response": RESPONSE}],
        {**RESPONSE, **REQUEST, "model": "gpt-x-2026"},
        json.dumps({"custom_id": "1", "url": "/v1/chat/completions", "body": REQUEST})
        + "\n\n"
        + json.dumps({"custom_id": "1", "response": {"status_code": 200, "body": RESPONSE}}),
    ],
)
def test_a_request_and_its_response_are_an_entry_with_a_run(value: Any) -> None:
    document = entry(openai.read, value)
    content = document.versions[0].content
    assert content["messages"] == [
        {"role": "system", "content": r"Be \{{ x }}"},
        {"role": "user", "content": "Hi"},
    ]
    assert content["parameters"] == {
        "temperature": 0.5,
        "max_tokens": 9,
        "response_format": "json_object",
    }
    (run,) = document.runs
    assert (run.output, run.model, run.raw) == ("Yo {{ y }}", "gpt-x-2026", RESPONSE)
    assert (run.input_tokens, run.output_tokens, run.finish_reason) == (3, 2, "stop")
    assert run.made_at == "2023-11-14T22:13:20+00:00"
    assert {"key", "json_schema", "models"} == {code for _path, code, _detail in told(document)}


def test_every_answer_to_the_same_request_is_a_run() -> None:
    line = json.dumps({"request": REQUEST, "response": RESPONSE})
    two = {**RESPONSE, "choices": [*RESPONSE["choices"], *RESPONSE["choices"]]}  # type: ignore[misc]
    other = json.dumps({"request": REQUEST, "response": two})
    document = entry(openai.read, f"{line}\n{line}\n{other}")
    assert [run.output_tokens for run in document.runs] == [2, 2, None, None]


def test_a_request_alone_and_a_training_line_are_entries() -> None:
    alone = entry(openai.read, REQUEST["messages"])
    assert alone.runs == ()
    line = entry(
        openai.read,
        {
            "messages": [
                {"role": "user", "content": "q"},
                {"role": "assistant", "content": "{{ a }}"},
            ]
        },
    )
    assert [one["content"] for one in line.versions[0].content["messages"]] == ["q"]
    assert [(run.output, run.raw) for run in line.runs] == [("{{ a }}", None)]


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        (RESPONSE, [(1, "only_response")]),
        ([], [(1, "not_openai")]),
        ({"messages": []}, [(2, "no_messages")]),
        ([{"x": 1}, 3], [(2, "not_openai"), (5, "not_openai")]),
        ('{"messages": [{"role": "user", "content": "a"}]}\n{bad\n', [(2, "not_json")]),
        ("", [(1, "not_json")]),
    ],
)
def test_what_is_no_request_is_told(value: Any, problems: list[tuple[int, str]]) -> None:
    given = [one for one in found(openai.read, value) if isinstance(one, Problem)]
    assert [(one.line, one.code) for one in given] == problems


def test_answers_that_are_no_text_are_told() -> None:
    choices = [
        {"message": {"content": None, "tool_calls": [{}]}},
        {"message": {"content": None, "refusal": "No."}},
        {"message": {"content": "x" * 200_001}},
        {"message": {"content": "a\u202eb"}},
        7,
    ]
    response = {**RESPONSE, "choices": choices, "usage": {"prompt_tokens": -1}, "created": "now"}
    document = entry(
        openai.read, {"request": {"messages": REQUEST["messages"]}, "response": response}
    )
    assert [(run.output, run.input_tokens, run.made_at) for run in document.runs] == [
        ("No.", None, "")
    ]
    assert [code for _path, code, _detail in told(document)] == [
        *("part", "output_too_long", "bidi", "part"),
    ]


PROMPTS = [
    {
        "name": "critic",
        "type": "chat",
        "version": 3,
        "labels": ["latest"],
        "tags": ["film", 1],
        "commitMessage": "Shorter",
        "config": {"model": "gpt", "temperature": 0.5, "k": 1},
        "prompt": [
            {"role": "system", "content": "Be {{ level }}."},
            {"type": "placeholder", "name": "turns"},
            {
                "type": "chatmessage",
                "role": "user",
                "content": r"{{film}} {%x%} \{{y}} @@@langfusePrompt:name=z@@@",
            },
        ],
        "other": 1,
    },
    {"name": "critic", "version": 1, "labels": ["production"], "prompt": "Do you like {{film}}?"},
    {"name": "greeting", "prompt": "Hello"},
    {"name": "no prompt"},
]


@pytest.mark.parametrize("value", [PROMPTS, {"data": PROMPTS, "meta": {}}])
def test_prompts_of_langfuse_keep_their_versions(value: Any) -> None:
    critic, greeting, problem = found(langfuse.read, value)
    assert isinstance(critic, EntryDocument)
    assert isinstance(greeting, EntryDocument)
    assert isinstance(problem, Problem)
    assert problem.code == "not_langfuse"
    assert (critic.title, critic.tags, greeting.title) == ("critic", ("film",), "greeting")
    old, new = critic.versions
    assert (old.change_note, new.change_note) == (
        "version 1 · production",
        "version 3 · Shorter · gpt",
    )
    assert old.content["messages"] == [{"role": "user", "content": "Do you like {{ film }}?"}]
    assert new.content["messages"][1]["content"] == (
        r"{{ film }} {%x%} \\{{y}} @@@langfusePrompt:name=z@@@"
    )
    assert [one["name"] for one in new.content["variables"]] == ["level", "film"]
    assert new.content["parameters"] == {"temperature": 0.5}
    codes = {(code, detail) for _path, code, detail in told(critic)}
    assert {
        ("part", "placeholder turns"),
        ("template", "@@@langfusePrompt:name=z@@@"),
        ("in_production", "1"),
        ("key", "k"),
        ("key", "other"),
        ("models", "gpt"),
    } <= codes


def flow(prompt: str, **cache: Any) -> dict[str, Any]:
    """Return a flow of one prompt with two models and the texts that lead to it."""
    llms = [
        {"name": "A", "model": "gpt-a", "settings": {"system_msg": "Be kind.", "temperature": 1}},
        {"name": "B", "model": "b", "settings": {"temperature": 1, "top_p": 0.5}},
    ]
    nodes = [
        {"id": "p", "type": "prompt", "data": {"prompt": prompt, "llms": llms, "n": 1}},
        {"id": "t", "type": "textfields", "data": {"fields": {"f0": "fox", "f1": "cat"}}},
        {"id": "e", "type": "evaluator", "data": {"code": "process.exit()"}},
    ]
    edges = [{"source": "t", "target": "p", "targetHandle": "animal"}]
    return {"flow": {"nodes": nodes, "edges": edges}, "cache": cache}


def answer(prompt: str, raw: Any, **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "responses": ["Said"], "raw_response": raw, **more}


def test_a_flow_becomes_a_prompt_with_its_answers() -> None:
    template = r"Tell of a {animal}: \{json\} {{ x }}"
    filled = "Tell of a fox: {json} {{ x }}"
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": filled}]
    files = {
        "p_0.json": {
            filled: [
                answer(filled, RESPONSE, vars={"animal": "fox"}, query={"messages": messages})
            ],
            "Tell of it": answer("Tell of it", RESPONSE, info={"animal": "fox"}),
        },
        "p_1.json": {
            filled: answer(filled, [{"completion": " Said", "model": "b-2"}], uid="u"),
            "x": answer(filled.replace("fox", "cat"), None, info={"animal": {"text": "cat"}}),
        },
        "p.json": {
            "cache_files": {"p_0.json": {"model": "gpt-a"}, "p_1.json": "b"},
            "responses_last_run": [
                {"uid": "u", "prompt": filled, "responses": ["Said"], "vars": {"animal": "fox"}},
                {"uid": [], "prompt": filled, "responses": [3], "vars": {"animal": "fox"}},
            ],
        },
    }
    document = entry(chainforge.read, flow(template, **files))
    assert [version.content["messages"] for version in document.versions] == [
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": r"Tell of a {{ animal }}: {json} \{{ x }}"},
        ],
        [{"role": "user", "content": r"Tell of a {{ animal }}: {json} \{{ x }}"}],
    ]
    assert document.versions[0].content["parameters"] == {"temperature": 1.0}
    assert [case.values for case in document.cases] == [{"animal": "fox"}, {"animal": "cat"}]
    assert [
        (run.version, run.case, run.model, run.raw is None, run.output_tokens)
        for run in document.runs
    ] == [(0, 0, "gpt-x-2026", False, 2), (1, 0, "b-2", False, None), (1, 1, "b", True, None)]
    assert {(code, detail) for _path, code, detail in told(document)} >= {
        ("other_wording", "1"),
        ("node", "evaluator"),
        ("models", "gpt-a, b"),
        ("parameters", "top_p"),
        ("part", "3"),
    }


def test_a_flow_without_answers_has_the_texts_as_cases() -> None:
    document = entry(chainforge.read, flow("{=system_msg}\n{=temperature} About {animal}"))
    (version,) = document.versions
    assert version.content["messages"] == [
        {"role": "system", "content": "{{ system_msg }}"},
        {"role": "user", "content": "{=temperature} About {{ animal }}"},
    ]
    assert [case.values for case in document.cases] == [{"animal": "fox"}, {"animal": "cat"}]
    assert ("flow.nodes[0].data.prompt", "template", "{=temperature}") in told(document)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], "not_chainforge"),
        ({"flow": {"nodes": 3}}, "not_chainforge"),
        ({"flow": {"nodes": [3, {"type": "prompt", "data": {"prompt": " "}}]}}, "no_prompt"),
    ],
)
def test_what_is_no_flow_is_told(value: Any, code: str) -> None:
    (problem,) = found(chainforge.read, value)
    assert isinstance(problem, Problem)
    assert problem.code == code


TEMPLATE = r"""# A licence

---
model: google/gemini
config: {temperature: 0.5, topP: 0.9, maxOutputTokens: 30, topK: 4}
input:
  default: {tone: kind}
  schema:
    topic: string, what of
    tone?: "kind" | "short"
    size?(enum, how long): [long, brief]
    words: integer
    items(array): string
output: {format: json, schema: {a: string}}
---
{{! a remark }}
{{role "system"}}
Be {{tone}}, {{ size }}. {{#if topic}}On {{{topic}}}{{else}}-{{/if}}
{{role 'model'}}
{{#each items}}{{name}}{{/each}} \{{words}} {{words}} {{this}} {{a.b}} {{>part}} {% x %}
{{~words~}} {{!-- }} --}}{{unclosed
"""


def test_a_template_keeps_what_it_cannot_say_as_text() -> None:
    document = entry(dotprompt.read, TEMPLATE)
    content = document.versions[0].content
    assert content["messages"] == [
        {
            "role": "system",
            "content": r"Be {{ tone }}, {{ size }}. {{#if topic}}On {{ topic }}\{{else}}-{{/if}}",
        },
        {
            "role": "assistant",
            "content": r"{{#each items}}\{{name}}{{/each}} \{{words}} {{ words }} \{{this}}"
            " {{a.b}} {{>part}} {% x %}\n{{~words~}} {{unclosed",
        },
    ]
    assert [(one["name"], one["type"], one["label"]) for one in content["variables"]] == [
        ("tone", "choice", "tone"),
        ("size", "choice", "how long"),
        ("topic", "text", "what of"),
        ("words", "number", "words"),
    ]
    assert content["variables"][0]["default"] == "kind"
    assert content["parameters"] == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 30,
        "response_format": "json_object",
    }
    codes = [(code, detail) for _path, code, detail in told(document)]
    assert ("comment", "a remark") in codes
    assert ("unused", "items") in codes
    assert [detail for code, detail in codes if code == "template"] == [
        *("{{#if topic}}", "{{else}}", "{{/if}}"),
        *("{{#each items}}", "{{name}}", "{{/each}}", "{{this}}", "{{a.b}}", "{{>part}}"),
        "{{~words~}}",
    ]


def test_json_schema_says_what_variables_are() -> None:
    schema = "{type: object, properties: {a: {type: string, enum: [x, y], description: A letter}}}"
    document = entry(dotprompt.read, f"---\ninput: {{schema: {schema}}}\n---\n{{{{a}}}}")
    (one,) = document.versions[0].content["variables"]
    assert (one["type"], one["choices"], one["label"]) == ("choice", ["x", "y"], "A letter")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("---\nmodel: x\n", (1, "not_dotprompt")),
        ("---\n- x\n---\nHi", (2, "not_dotprompt")),
        ("# x\n---\nmodel: [\n---\nHi", (4, "not_yaml")),
        ("---\nmodel: x\n---\n{{! only }}", (4, "no_messages")),
    ],
)
def test_what_is_no_template_is_told(text: str, problem: tuple[int, str]) -> None:
    (given,) = found(dotprompt.read, text)
    assert isinstance(given, Problem)
    assert (given.line, given.code) == problem


@pytest.mark.parametrize(
    ("data", "name", "key"),
    [
        (json.dumps(REQUEST), "", "openai"),
        (json.dumps(RESPONSE), "x.json", "openai"),
        (json.dumps({"request": {}, "response": {}}), "", "openai"),
        (json.dumps({"custom_id": "1", "body": {}}) + "\n{", "x.jsonl", "openai"),
        (json.dumps(PROMPTS), "", "langfuse"),
        (json.dumps(PROMPTS[0]), "x.json", "langfuse"),
        (json.dumps(flow("x")), "", "chainforge"),
        ("{", "x.cforge", "chainforge"),
        ("---\nmodel: x\n---\nuser:\nHi {{a}}", "", "prompty"),
        ("nothing", "x.prompty", "prompty"),
        (TEMPLATE, "", "dotprompt"),
        ("User: {{a}}\nAssistant: b", "x.prompt", "dotprompt"),
        ("---\ntitle: A page\n---\nHi", "x.md", "plain"),
    ],
)
def test_each_is_recognised(data: str, name: str, key: str) -> None:
    assert recognise(data.encode(), name) == key


def test_files_of_others_come_in() -> None:
    folder = os.environ.get("PROMPT_SAMPLES")
    if not folder:
        pytest.skip("PROMPT_SAMPLES does not say where the sample files are")
    readers = {
        ".prompty": prompty.read,
        ".prompt": dotprompt.read,
        ".cforge": chainforge.read,
    }
    runs = 0
    for path in sorted(Path(folder).rglob("*.*")):
        if path.suffix in readers and not path.name.startswith("error-"):
            data = path.read_bytes()
            assert recognise(data) in ("prompty", "dotprompt", "chainforge"), path
            documents = list(readers[path.suffix](data))
            assert documents, path
            assert all(isinstance(one, EntryDocument) for one in documents), path
            runs += sum(
                run.raw is not None
                for one in documents
                if isinstance(one, EntryDocument)
                for run in one.runs
            )
    assert runs > 150
