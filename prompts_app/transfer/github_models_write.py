"""Writer of GitHub Models' prompt files (`.prompt.yml`).

Sources: GitHub's "Storing prompts in GitHub repositories" and its command `gh models eval`, which
fills in each `{{name}}`, written without blanks, that test data have a value for. So:

- Names stay as they are: any text is one there.
- A value that holds `{{name}}` of another variable would be filled in as well, and a text that only
  looks like a variable cannot be told from one: remarks at the head say so.
- Rules with an equal are evaluators: `equals`, `icontains`, and `starts-with` and `ends-with`,
  where capitals do not count there. All others are remarks.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prompts_app.transfer.promptfoo import Test
from prompts_app.transfer.sheet import Sheet
from prompts_app.transfer.yaml_text import block, comment, json_text, quoted

# Stands where no model is known that others can call.
ANY_MODEL: Final = "openai/gpt-4o-mini"

_PARAMETERS: Final = (
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("max_tokens", "maxTokens"),
)
_LIKE_A_VARIABLE: Final = re.compile(r"\{\{[ \t]*+\w[\w .-]{0,62}\}\}")
_RULES: Final = {
    "equals": "equals",
    "icontains": "contains",
    "starts-with": "startsWith",
    "ends-with": "endsWith",
}


def write(sheet: Sheet) -> str:
    """Return the file."""
    rules = [(text, _evaluator(spec)) for text, spec in sheet.constraints]
    remarks = [*sheet.remarks, *_remarks(sheet), *_unsaid(sheet)]
    lines = [
        *(f"# {comment(remark)}" for remark in remarks),
        f"name: {quoted(sheet.title)}",
        f"description: {quoted(sheet.summary)}",
        f"model: {quoted(sheet.model or ANY_MODEL)}",
        *_parameters(sheet.parameters),
        "messages:",
    ]
    for role, pieces in sheet.messages:
        text = "".join(f"{{{{{piece.name}}}}}" if piece.name else piece.text for piece in pieces)
        lines += [f"  - role: {role}", f"    content: {block(text, 6)}"]
    if sheet.tests:
        lines.append("testData:")
        for test in sheet.tests:
            lines += _test(test)
    evaluators = [(text, spec) for text, spec in rules if spec is not None]
    if evaluators:
        lines.append("evaluators:")
        for text, (key, value) in evaluators:
            lines += [f"  - name: {quoted(text)}", "    string:", f"      {key}: {quoted(value)}"]
    return "\n".join(lines) + "\n"


def _parameters(given: Mapping[str, Any]) -> Iterator[str]:
    found = [(key, given[name]) for name, key in _PARAMETERS if given.get(name) is not None]
    if found:
        yield "modelParameters:"
    for key, value in found:
        yield f"  {key}: {json_text(value)}"
    if given.get("response_format") is not None:
        yield f"responseFormat: {given['response_format']}"


def _test(test: Test) -> Iterator[str]:
    if not test.values:
        yield "  - {}"
    if test.name and test.values:
        yield f"  # {comment(test.name)}"
    sign = "-"
    for name, value in test.values.items():
        yield f"  {sign} {quoted(name)}: {block(value, 6)}"
        sign = " "


def _evaluator(spec: Mapping[str, Any] | None) -> tuple[str, str] | None:
    key = _RULES.get(str(spec["type"])) if spec else None
    return (key, spec["value"]) if key and spec and spec.get("value") else None


def _remarks(sheet: Sheet) -> Iterator[str]:
    plain = (one for _role, pieces in sheet.messages for one in pieces if not one.name)
    texts = "\n".join(piece.text for piece in plain)
    for found in dict.fromkeys(match[0] for match in _LIKE_A_VARIABLE.finditer(texts)):
        yield f"Plain text in this prompt, though it looks like a variable: {found}"
    for name in sheet.used:
        sign = f"{{{{{name}}}}}"
        if any(sign in value for test in sheet.tests for value in test.values.values()):
            yield f"A value below holds {name} in braces, which may be filled in there as well."
    if not sheet.model:
        yield "Put a model of yours in the place of this one."


def _unsaid(sheet: Sheet) -> Iterator[str]:
    for text, spec in sheet.constraints:
        found = _evaluator(spec)
        if found is None:
            yield f"Not tested here: {text}"
        elif found[0] in ("startsWith", "endsWith") and found[1].lower() != found[1].upper():
            yield f"Capitals do not count in this test: {text}"
