r"""Writer of Prompty, version 2: front matter, and a body of messages after lines like `user:`.

Sources: Prompty's specification and the behaviour of its Python package, as of version 2.1. What
matters here:

- The body is a Jinja template: every brace that would open a tag is written as `{{ "{" }}`.
- It is cut into messages after it was filled in, and no sign keeps a line from being such a mark:
  a prompt that has one as text is `Unwritable`. Blank lines around a message are not kept.
- The front matter ends at the first three hyphens (or plus signs), wherever they stand: inside
  texts, the third is written as an escape.
- Any text that starts with `${` and ends with `}` there may name the reader's environment or files,
  and no sign keeps it from being looked up: such a text is left out, which a remark says.
- The values of the first test case are the inputs' examples; there is no place for more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prompts_app.transfer.promptfoo import Text, escaped
from prompts_app.transfer.sheet import Sheet, Unwritable
from prompts_app.transfer.template_names import names_in_templates
from prompts_app.transfer.yaml_text import comment, json_text, quoted

# Stands where no model is known that others can call.
ANY_MODEL: Final = "gpt-4o-mini"
KEY_OF_OPENAI: Final = "OPENAI_API_KEY"

# As version 1 and 2 have it; what Python and others count as line ends is one here.
MARK: Final = re.compile(
    r"(?im)^[^\S\n]*+#?[^\S\n]*+(?P<role>system|user|assistant|developer|function)"
    r"(?P<told>\[[^\]=\n]*+=[^\]\n]*+\])?[^\S\n]*+:[^\S\n]*+$"
)
REFERENCE: Final = re.compile(r"\s*+\$\{.*\}\s*+", re.DOTALL)
_OPTIONS: Final = (
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("max_tokens", "maxOutputTokens"),
)
_KINDS: Final = {"number": "float"}
_END: Final = re.compile(r"-{3,}+|\+{3,}+")
_LINE_ENDS: Final = re.compile("[\u2028\u2029]")


def write(sheet: Sheet) -> str:
    """Return the file. Raises Unwritable: "role_line" (detail: the line), "empty_message"."""
    names = names_in_templates([*sheet.used, *(one["name"] for one in sheet.variables)])
    body = "\n\n".join(
        role + ":\n" + _template(pieces, names).strip("\n") for role, pieces in sheet.messages
    )
    _check(sheet)
    remarks = (f"# {comment(remark)}" for remark in _remarks(sheet, names))
    front = [*remarks, *_head(sheet), *_model(sheet), *_inputs(sheet, names)]
    lines = [
        "---",
        *(_ended(line) for line in front),
        "template:",
        "  format: {kind: jinja2}",
        "  parser: {kind: prompty}",
        "---",
        body,
    ]
    return "\n".join(lines) + "\n"


def _template(pieces: Iterable[Text], names: Mapping[str, str]) -> str:
    return "".join(
        f"{{{{ {names[piece.name]} }}}}" if piece.name else escaped(piece.text) for piece in pieces
    )


def _check(sheet: Sheet) -> None:
    for _role, pieces in sheet.messages:
        # A value that is not known yet may be anything: only what stands there can be looked at.
        text = _LINE_ENDS.sub("\n", "".join(_shown(piece) for piece in pieces))
        if found := MARK.search(text):
            raise Unwritable("role_line", found[0].strip())
        if not text.strip():
            raise Unwritable("empty_message")


def _shown(piece: Text) -> str:
    return f"<{piece.name}>" if piece.name else piece.text


def _head(sheet: Sheet) -> Iterator[str]:
    yield f"name: {_kept(sheet.title)}"
    if sheet.summary:
        yield f"description: {_kept(sheet.summary)}"
    lists = {"authors": [sheet.author] if sheet.author else [], "tags": sheet.tags}
    if sheet.source or any(lists.values()):
        yield "metadata:"
    for key, texts in lists.items():
        if texts:
            yield f"  {key}: {_list(texts)}"
    if sheet.source:
        yield f"  source: {_kept(sheet.source)}"


def _model(sheet: Sheet) -> Iterator[str]:
    yield "model:"
    yield f"  id: {_kept(sheet.model or ANY_MODEL)}"
    # All others are asked in the same way, at their own addresses.
    yield "  provider: openai"
    yield "  apiType: chat"
    yield "  connection:"
    yield "    kind: key"
    if sheet.address:
        yield f"    endpoint: {quoted(sheet.address)}"
    yield f'    apiKey: "${{env:{sheet.key_variable or KEY_OF_OPENAI}}}"'
    given = sheet.parameters
    found = [(key, given[name]) for name, key in _OPTIONS if given.get(name) is not None]
    wanted = given.get("response_format") is not None
    if found or wanted:
        yield "  options:"
    for key, value in found:
        yield f"    {key}: {json_text(value)}"
    if wanted:
        yield "    additionalProperties:"
        yield f"      response_format: {json_text({'type': given['response_format']})}"


def _inputs(sheet: Sheet, names: Mapping[str, str]) -> Iterator[str]:
    example = sheet.tests[0].values if sheet.tests else {}
    if sheet.variables:
        yield "inputs:"
    for one in sheet.variables:
        name = one["name"]
        yield f"  - name: {names[name]}"
        yield f"    kind: {_KINDS.get(one['type'], 'string')}"
        if one["label"] and one["label"] != name:
            yield f"    description: {_kept(one['label'])}"
        if one["default"] and not REFERENCE.fullmatch(one["default"]):
            yield f"    default: {quoted(one['default'])}"
        if example.get(name) and not REFERENCE.fullmatch(example[name]):
            yield f"    example: {quoted(example[name])}"
        if one["choices"]:
            yield f"    enumValues: {_list(one['choices'])}"


def _remarks(sheet: Sheet, names: Mapping[str, str]) -> Iterator[str]:
    yield from sheet.remarks
    yield from (f"{old} is called {new} here." for old, new in names.items() if old != new)
    for one in sheet.variables:
        example = sheet.tests[0].values.get(one["name"], "") if sheet.tests else ""
        for key, value in (("default", one["default"]), ("example", example)):
            if REFERENCE.fullmatch(value):
                yield f"The {key} of {one['name']} is left out: it would be looked up."
    if not sheet.model:
        yield "Put a model of yours in the place of this one."


def _list(texts: Iterable[str]) -> str:
    return json_text([text for text in texts if not REFERENCE.fullmatch(text)])


def _kept(text: str) -> str:
    return '""' if REFERENCE.fullmatch(text) else quoted(text)


def _ended(line: str) -> str:
    """A line of the front matter, in which nothing looks like the end of it."""
    if line.startswith("#"):
        return _END.sub("--", line)
    # Such signs stand in texts alone, and these in quotes.
    return line.replace("---", "--\\u002d").replace("+++", "++\\u002b")
