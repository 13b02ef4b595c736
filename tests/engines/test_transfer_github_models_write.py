"""What is written as GitHub Models' prompt file is read again, and says what it leaves out."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.transfer.document import EntryDocument
from prompts_app.transfer.github_models import read
from prompts_app.transfer.github_models_write import write
from prompts_app.transfer.promptfoo import Test
from tests.engines.test_transfer_prompty import (
    NAMES,
    line,
    messages,
    parameters,
    sent,
    sheet_of,
    values,
)

RULES = [
    ("Says so", {"type": "icontains", "value": "Yes"}),
    ("Is it", {"type": "equals", "value": "a\nb"}),
    ("Starts", {"type": "starts-with", "value": "{"}),
    ("Ends", {"type": "ends-with", "value": "End"}),
    ("Short", {"type": "word-count", "value": {"max": 3}}),
    ("Says it so", {"type": "contains", "value": "Yes"}),
    ("Is kind", None),
]


def has_braces(messages: list[tuple[str, list[Any]]]) -> bool:
    """Whether plain text looks like a variable there, or keeps a variable from being one."""
    joined = ("".join("\0" if isinstance(one, tuple) else one for one in m) for _r, m in messages)
    return any("{{" in one or "{\0" in one or "\\\0" in one or "\\{\0" in one for one in joined)


@given(messages, parameters, st.lists(values, max_size=3), line.filter(bool), line)
def test_what_is_written_is_read_again(
    messages: list[tuple[str, list[Any]]],
    parameters: dict[str, Any],
    tests: list[dict[str, str]],
    title: str,
    summary: str,
) -> None:
    if has_braces(messages):
        messages = [(role, ["plain", (NAMES[0],), "\n- {", *NAMES[1:]]) for role, _ in messages]
    sheet, contents = sheet_of(
        messages,
        parameters,
        title=title,
        summary=summary,
        tests=[(f"case {number}\n", one) for number, one in enumerate(tests)],
        constraints=RULES,
        model="openai/gpt-x",
    )
    written = write(sheet)
    assert yaml.safe_load(written)["name"] == title
    found = list(read(written.encode()))
    if not any(one["content"].strip() for one in contents):
        return
    (document,) = found
    assert isinstance(document, EntryDocument), document
    content = document.versions[0].content
    assert document.title == title[:120] or len(title) > 120
    assert document.versions[0].change_note == "openai/gpt-x"
    assert content["parameters"] == parameters
    assert [one["name"] for one in content["variables"]] == sheet.used
    assert [case.values for case in document.cases] == [dict(one.values) for one in sheet.tests]
    marks = {name: f"<{number}>" for number, name in enumerate(sheet.used)}
    told = [one for one in contents if one["content"].strip()]
    assert sent(content["messages"], marks) == sent(told, marks)
    assert [(one["text"], one["assertion"]) for one in content["constraints"]] == RULES[:4]
    for said in (
        "# Not tested here: Short\n",
        "# Not tested here: Says it so\n",
        "# Not tested here: Is kind\n",
        "# Capitals do not count in this test: Ends\n",
    ):
        assert said in written
    assert "in this test: Starts" not in written


@pytest.mark.parametrize(
    ("parts", "values", "said"),
    [
        (
            ["{{a}} ", ("a",)],
            {"a": "x"},
            "# Plain text in this prompt, though it looks like a variable: {{a}}",
        ),
        ([("a",), ("b",)], {"a": "{{b}}", "b": "x"}, "# A value below holds b in braces"),
        ([("a",)], {"a": "{{b}}"}, ""),
    ],
)
def test_what_would_be_filled_in_is_told(
    parts: list[Any], values: dict[str, str], said: str
) -> None:
    sheet, _contents = sheet_of([("user", parts)], {}, title="x", summary="", model="m")
    text = write(type(sheet)(**{**vars(sheet), "tests": [Test("one", values)]}))
    assert said in text
    assert ("braces" in text or "Plain text" in text) == bool(said)


def test_without_a_model_one_is_named_to_be_changed() -> None:
    sheet, _contents = sheet_of([("user", ["x"])], {}, title="x", summary="")
    assert write(sheet).startswith("# Put a model of yours in the place of this one.\n")
