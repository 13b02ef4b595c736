"""Broken and hostile files for every reader, in a process of its own that is measured.

`python -m tests.soak.import_storm SEED COUNT` prints one line of JSON: {"read": how many,
"entries", "problems", "slowest": [seconds of processor time, what], "largest": [megabytes that
reading took beside the file, what], "failures": [what went wrong]}.
"""

import json
import random
import re
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from prompts_app.receipts.canonical import content_hash
from prompts_app.text import clean
from prompts_app.transfer import document as limits
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.recognise import FORMATS, recognise

MOST_SECONDS: Final = 2.0
Chance = random.Random

_CHAT: Final = (
    '[{"role": "system", "content": "Be kind, {{ name }}."},'
    ' {"role": "user", "content": "Héllo {{ name }} {% if x %} \\"é\\" 😀"}]'
)
_TESTS: Final = """
defaultTest:
  vars: {name: Ana, other: [1, 2]}
  assert:
    - {type: contains, value: "{{ name }}"}
    - {type: javascript, value: "output.length < 5", weight: 0}
    - {type: is-json, value: {type: object, properties: {a: {type: string}}}}
    - {type: word-count, value: {min: 1, max: 5}, metric: Short}
tests:
  - description: one
    vars: {name: &a [x, y, z], other: *a}
    assert: [{type: cost, threshold: 0.1}, {type: webhook, value: "https://example.org"}]
  - vars: {name: file://secret.txt}
"""
# A small file of each format, by its name.
SEEDS: Final[dict[str, str]] = {
    "prompts.csv": "act,prompt,for_devs,type,contributor\r\n"
    'Poet,"Write about ${topic:rain}\n{{ x }} ""now""",FALSE,TEXT,ana\r\n'
    'Fox,"{""a"": 1}",TRUE,STRUCTURED,"b,c"\r\nRed,A fox,FALSE,IMAGE,\r\n',
    "promptfooconfig.yaml": "description: Ünder test\nprompts:\n  - 'Hi {{ name }}'\n"
    f"  - label: chat\n    raw: |\n      {_CHAT}\nproviders:\n  - openai:gpt\n"
    f"  - id: x\n    config: {{temperature: 0.5, max_tokens: 9}}\n{_TESTS}",
    "promptfooconfig.json": json.dumps(
        {
            "prompts": [_CHAT, {"raw": "Hi {{ name }}", "label": "version 2"}],
            "providers": [{"id": "a", "config": {"temperature": 1}}],
            "tests": [{"vars": {"name": [1, None]}, "assert": [{"type": "regex", "value": "a+"}]}],
        },
        indent=1,
    ),
    "x.prompt.yml": "name: Sums\nmodel: gpt\nmodelParameters: {temperature: 0.1, maxTokens: 5}\n"
    "messages:\n- role: system\n  content: Be {{ name }}\n- role: user\n  content: |\n"
    "    {{input}}\n    é\ntestData:\n- {input: a, name: 1, expected: x}\nevaluators:\n"
    "- name: starts\n  string: {startsWith: 'x'}\n- name: llm\n  llm: {modelId: m, prompt: p}\n",
    "chat.txt": "My chat\nYou said:\nWhat is é?\n```\nUser: no\n```\nChatGPT said:\nA letter.\n"
    "Copy\nVous avez dit :\nEt ß ?\nClaude a répondu :\nAutre {{ x }}.\n",
    "prompt.md": "# Title\n\nWhy so.\n\n```prompt\nWrite {{ name }} to {{ other }}.\n```\n\n"
    "*more*\n",
    "x.prompty": "---\nname: basic\nmodel:\n  id: gpt\n  options: {temperature: 0.7}\n"
    "inputs:\n  q: {kind: string, default: why}\n---\nsystem:\nBe kind.\n\nuser:\n{{q}}\n",
    "x.prompt": "---\nmodel: google/gemini\ninput:\n  schema:\n    topic: string, what of\n---\n"
    '{{role "system"}}\nBe kind.\n{{role "user"}}\nOn {{topic}} {{#if x}}y{{/if}}\n',
    "openai.json": '{"model": "gpt", "messages": ' + _CHAT + ', "temperature": 1, "choices":'
    ' [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],'
    ' "usage": {"prompt_tokens": 3, "completion_tokens": 1}}',
    "langfuse.json": '{"name": "n", "version": 2, "type": "chat", "labels": ["production"],'
    ' "prompt": ' + _CHAT + ', "config": {"model": "gpt", "temperature": 0}}',
    "x.cforge": '{"flow": {"nodes": [{"id": "p", "type": "prompt", "data": {"prompt": "Hi {x}"}}],'
    ' "edges": []}, "cache": {"p.json": {"cache_files": {"a.json": {"params": {}}}}}}',
    "promptfolio.json": '{"format": "promptfolio", "version": 1, "entries": []}',
}


def mutated(chance: Chance) -> tuple[str, bytes, str]:
    """A file's name, its data, and what was done to it."""
    name = chance.choice(list(SEEDS))
    data = SEEDS[name].encode()
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutation = chance.choice(MUTATIONS)
        data = mutation(chance, data)
        done.append(mutation.__name__)
    if chance.random() < 0.03:
        data = huge(chance, data)
        done.append(f"{len(data)} bytes")
    if chance.random() < 0.2:
        name = chance.choice(("", "x.json", "x.yaml", "x.txt", "x.bin", *SEEDS))
    return name, data, f"{name}: {', '.join(done)}"


def wrong_encoding(chance: Chance, data: bytes) -> bytes:
    """The text in another encoding."""
    encoding = chance.choice(("utf-16", "utf-32", "utf-16-be", "cp1252", "utf-7", "utf-8-sig"))
    return data.decode("utf-8", "replace").encode(encoding, "replace")


def line_ends(chance: Chance, data: bytes) -> bytes:
    """Line ends of other systems."""
    return data.replace(b"\n", chance.choice((b"\r\n", b"\r", "\u2028".encode(), b"\x85", b"")))


def cut_off(chance: Chance, data: bytes) -> bytes:
    """A download that broke."""
    return data[: chance.randrange(len(data) + 1)]


def put_in(chance: Chance, data: bytes) -> bytes:
    """What must not stand in a text, at any place."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(BAD) + data[at:]


def other_value(chance: Chance, data: bytes) -> bytes:
    """A value of another kind, or one that no program takes."""
    values = [*re.finditer(rb'(?<=: )[^\n,{}\[\]]+|"[^"\n]*"|\d+', data)]
    if not values:
        return data
    match = chance.choice(values)
    return data[: match.start()] + chance.choice(VALUES) + data[match.end() :]


def twice(chance: Chance, data: bytes) -> bytes:
    """A line or a part that stands there twice, or many times."""
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.choice((1, 10, 60, 400)))
    if chance.random() < 0.5:
        start, end = data.rfind(b"\n", 0, start) + 1, data.find(b"\n", end) + 1 or len(data)
    times = chance.choice((2, 2, 2, 30, 3_000))
    return data[:start] + data[start:end] * times + data[end:]


def without(chance: Chance, data: bytes) -> bytes:
    """A part that is missing."""
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 2, 20, 200)) :]


def spliced(chance: Chance, data: bytes) -> bytes:
    """Half of one file and half of another."""
    other = SEEDS[chance.choice(list(SEEDS))].encode()
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def bombed(chance: Chance, data: bytes) -> bytes:
    """Aliases that stand for more and more."""
    wide = chance.choice((2, 9, 40))
    lines = ["b0: &b0 [x, x]"]
    lines += [
        f"b{n + 1}: &b{n + 1} [{', '.join([f'*b{n}'] * wide)}]"
        for n in range(chance.choice((3, 10, 40)))
    ]
    text = "\n".join(lines).encode()
    return text + b"\n" + data if chance.random() < 0.5 else data + b"\n" + text


def flipped(chance: Chance, data: bytes) -> bytes:
    """Bytes that changed on the way."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 5, 50)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def huge(chance: Chance, data: bytes) -> bytes:
    """A file of up to 100 MB."""
    size = chance.choice((100_000, 100_000, 1_900_000, 7_900_000, 100_000_000))
    filling = chance.choice(
        (data, b" ", b"\n", b"[", b"{{", b"- ", b"a: ", b'"', b"User: ", b"```")
    )
    return (data + filling * (size // len(filling)))[:size]


BAD: Final = (
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", "\u202e".encode(), "\U000e0041".encode(),
    b"\x1b[0m", b"\x07", "\ufeff".encode(), b"\t", b"'", b'"', b"{", b"}}", b"{{", b"{%", b"]",
    b"&", b"*x", b"!!python/object:os.system ", b"<<: ", b"---\n", b"? ", b"|", b"%YAML 9\n",
    b"```",
)  # fmt: skip
VALUES: Final = (
    b"NaN", b"-Infinity", b".nan", b"1e999", b"9" * 5_000, b"-" + b"9" * 40, b"0." + b"1" * 5_000,
    b"[" * 1_000 + b"]" * 1_000, b'{"a":' * 1_000 + b"1" + b"}" * 1_000, b"- " * 1_000,
    b"null", b"true", b"[]", b"{}", b"[[1]]", b'{"a": {"b": [1]}}', b"0", b"-1.5", b'""', b"''",
    b"~", b'"\\ud800"', b'"\\u0000"', b"file:///etc/passwd", b"${env:HOME}", b"!!binary aGk=",
    b"*nothing",
    b'"' + b"x" * 70_000 + b'"', b"[" + b"1," * 200 + b"1]", b'{"role": "user", "content": 3}',
)  # fmt: skip
MUTATIONS: Final[tuple[Callable[[Chance, bytes], bytes], ...]] = (
    wrong_encoding, line_ends, cut_off, put_in, put_in, other_value, other_value, other_value,
    twice, without, spliced, bombed, flipped,
)  # fmt: skip


def sound(found: Any) -> None:
    """Check that what a reader gave can be kept or told."""
    if isinstance(found, Problem):
        assert found.line >= 1
        assert re.fullmatch(r"[a-z][a-z0-9_]*", found.code)
        assert len(found.detail) <= 200
        assert clean.problem(found.detail + found.path, multiline=False) is None
        return
    assert isinstance(found, EntryDocument)
    assert 0 < len(found.title) <= limits.MAX_TITLE
    assert len(found.summary) <= limits.MAX_SUMMARY
    assert clean.problem(found.title + found.summary, multiline=False) is None
    assert found.source_key
    assert found.versions
    for version in found.versions:
        content = version.content
        content_hash(content)
        assert 0 < len(content["messages"]) <= limits.MAX_MESSAGES
        assert len(content["variables"]) <= limits.MAX_VARIABLES
        assert len(content["constraints"]) <= limits.MAX_CONSTRAINTS
        assert len(version.change_note) <= limits.MAX_CHANGE_NOTE
        for message in content["messages"]:
            text = message["content"]
            assert len(text) <= limits.MAX_MESSAGE_CHARS
            assert clean.problem(text, multiline=True) is None
            assert clean.normalise(text) == text
        for constraint in content["constraints"]:
            assert 0 < len(constraint["text"]) <= limits.MAX_CONSTRAINT
            assert clean.problem(constraint["text"], multiline=False) is None
    assert len(found.cases) <= limits.MAX_CASES
    for case in found.cases:
        assert 0 < len(case.name) <= limits.MAX_CASE_NAME
        assert len(case.watch_for) <= limits.MAX_WATCH_FOR
        for text in (case.name, case.watch_for, *case.values.values()):
            assert clean.problem(text, multiline=True) is None
    for run in found.runs:
        assert 0 <= run.version < len(found.versions)
        assert clean.problem(run.output, multiline=True) is None
    for loss in found.losses:
        assert loss.line >= 0
        assert clean.problem(loss.detail + loss.path, multiline=False) is None
        assert re.fullmatch(r"[a-z][a-z0-9_]*", loss.code)


def storm(seed: int, count: int) -> dict[str, Any]:
    """Read `count` files, each as what it is taken for and as one other format."""
    chance = random.Random(seed)
    told: dict[str, Any] = {"read": 0, "entries": 0, "problems": 0}
    told |= {"slowest": [0, ""], "largest": [0, ""]}
    failures: list[str] = []
    for _ in range(count):
        name, data, what = mutated(chance)
        keys = {chance.choice(list(FORMATS))}
        before = memory("VmRSS")
        started = time.process_time()
        keys.add(recognise(data, name))
        for key in keys - {""}:
            try:
                for found in FORMATS[key].read(data):
                    sound(found)
                    told["problems" if isinstance(found, Problem) else "entries"] += 1
            except Exception:
                failures.append(f"{key}, {what}: {data[:300]!r}\n{traceback.format_exc(limit=-4)}")
            seconds = time.process_time() - started
            told["slowest"] = max(told["slowest"], [round(seconds, 2), f"{key}, {what}"])
            started = time.process_time()
            told["read"] += 1
        taken = (memory("VmHWM") - before) // 1024
        told["largest"] = max(told["largest"], [taken, what])
    return told | {"failures": failures[:5]}


def memory(what: str) -> int:
    """The kilobytes this process has ("VmRSS"; "VmHWM": has had at most since asked for that)."""
    if what == "VmRSS":
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0])


if __name__ == "__main__":
    print(json.dumps(storm(int(sys.argv[1]), int(sys.argv[2]))))
