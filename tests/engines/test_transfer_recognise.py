"""Which format data is in; and that every file others wrote becomes entries or says why not."""

import os
from pathlib import Path

import pytest

from prompts_app.text import clean
from prompts_app.text.variables import names
from prompts_app.transfer import document as limits
from prompts_app.transfer.document import EntryDocument, Problem
from prompts_app.transfer.recognise import FORMATS, broken_yaml, recognise


@pytest.mark.parametrize(
    ("data", "name", "key"),
    [
        (b"act,prompt,for_devs,type,contributor\n", "", "prompts_chat"),
        (b'\xef\xbb\xbf"act","prompt","for_devs","type","contributor"\r\n', "", "prompts_chat"),
        (b"a,b\n1,2", "x.CSV", "prompts_chat"),
        (b"prompts: [a]\ntests: []", "", "promptfoo"),
        (b"# head\n---\nproviders:\n- a\nprompts:\n- b", "promptfooconfig.yaml", "promptfoo"),
        (b'{"description": "[{", "prompts": ["x"], "tests": [', "x.json", "promptfoo"),
        (b"prompts:\n- a\nproviders: [", "x.yaml", "promptfoo"),
        (b"messages:\n- role: user\nmodel: x", "x.yml", "github_models"),
        (b"name: [", "x.prompt.yml", "github_models"),
        (b"User: a\nAssistant: b", "", "conversation"),
        (b"User: a\nAssistant: b", "chat.txt", "conversation"),
        (b"a prompt", "", "plain"),
        (b"a\xff", "x.md", "plain"),
        (b"", "", "plain"),
        (b"key: value", "x.yaml", ""),
        (b'{"key": 1}', "x.json", ""),
        (b"\0\1", "", ""),
        (b"User: a\nAssistant: b", "x.exe", ""),
    ],
)
def test_a_format_is_recognised(data: bytes, name: str, key: str) -> None:
    assert recognise(data, name) == key


@pytest.mark.parametrize(
    ("data", "name", "place"),
    [
        (b"name: x\nsteps:\n  - a: [1\n  b: 2\n", "", (4, "not_yaml")),
        (b"# mine\n---\nmodel: a\nturns:\n  - who: me\n  says: {\n", "", (6, "not_yaml")),
        (b"model: a\nparts:\n\t- x\n  - y: z\n", "", (3, "not_yaml")),
        (b"steps:\n  - name: a\n    name: b\n", "", (3, "duplicate_key")),
        (b"key: [", "x.yaml", (2, "not_yaml")),
        (b"\xef\xbb\xbfkey: 'a\r\nb: c", "x.YML", (2, "not_yaml")),
    ],
)
def test_what_looks_like_yaml_and_is_none_says_where(
    data: bytes, name: str, place: tuple[int, str]
) -> None:
    assert recognise(data, name) in ("", "plain")
    found = broken_yaml(data, name)
    assert found is not None
    assert (found.line, found.code) == place
    if found.code == "not_yaml":
        assert int(found.detail) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "Role: you are an editor.\nTask: mend {{ text }}: keep\n  - its meaning\n  - its tone: [\n",
        "You sum up.\n\nrules:\n- be short: always\n- no lists: [ever\n",
        "text: {{ text }}\nmake it shorter: please",
        "# Title\n\nContext:\n  one: [two\n",
        "name: x\nsteps:\n  - a: 1\n    b: 2\n",
        "- first\n- second: [\n",
        "",
        "a" * 100_000,
        "a:\n" * 30_000,
        " " * 60_000 + "a: [",
    ],
)
def test_prose_and_sound_yaml_are_left_alone(text: str) -> None:
    assert broken_yaml(text.encode()) is None or text.startswith("a:\n")


def test_every_file_of_others_is_read_or_says_why_not() -> None:
    folder = os.environ.get("PROMPT_SAMPLES")
    if not folder:
        pytest.skip("PROMPT_SAMPLES does not say where the sample files are")
    read = set()
    for path in sorted(Path(folder).rglob("*.*")):
        data = path.read_bytes()
        key = recognise(data, path.name)
        if key in ("", "plain"):
            continue
        read.add(key)
        for found in FORMATS[key].read(data):
            assert isinstance(found, EntryDocument) or path.name.startswith("error-"), path
            if isinstance(found, Problem):
                assert found.line >= 1
            else:
                sound(found)
    assert {"prompts_chat", "github_models"} <= read


def sound(document: EntryDocument) -> None:
    """Check that an entry keeps every limit a draft has."""
    assert 0 < len(document.title) <= limits.MAX_TITLE
    assert 0 < len(document.summary) <= limits.MAX_SUMMARY
    assert document.source_key
    for version in document.versions:
        content = version.content
        assert 0 < len(content["messages"]) <= limits.MAX_MESSAGES
        used = [name for one in content["messages"] for name in names(one["content"])]
        assert list(dict.fromkeys(used)) == [one["name"] for one in content["variables"]]
        for one in content["messages"]:
            assert len(one["content"]) <= limits.MAX_MESSAGE_CHARS
            assert clean.problem(one["content"], multiline=True) is None
            assert clean.normalise(one["content"]) == one["content"]
        for one in content["constraints"]:
            assert 0 < len(one["text"]) <= limits.MAX_CONSTRAINT
            assert not {"assertion", "foreign"} <= set(one)
    for case in document.cases:
        assert 0 < len(case.name) <= limits.MAX_CASE_NAME
        assert all(len(value) <= limits.MAX_VALUE for value in case.values.values())
