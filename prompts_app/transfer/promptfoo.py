r"""Writer of promptfoo's configuration: prompts × models × tests, for a reader's own key.

Sources: promptfoo's configuration guide and its behaviour, as of version 0.121. What matters here:

- Texts are Nunjucks templates, and `{{ env.NAME }}` gives the reader's secrets away. So every brace
  that would open a tag is written as `{{ "{" }}`, and nothing but our variables is left to read.
- A chat prompt is JSON; variables inside its strings are filled in after it was parsed. A prompt of
  one line may be taken for the name of a file; JSON over several lines is not.
- Values of variables are not templates, yet `{{ other }}` in them is filled in, `file://` and
  `package:` load what they name, and a line break at the end is lost. A variable with such a value
  anywhere is written as a JSON text for promptfoo's filter `load`, which gives it back unharmed.
- `$ref` anywhere is followed when the file is read: JSON Schemas are written as texts.

The file is YAML whose texts are JSON strings, which YAML 1.1 and 1.2 read alike; longer ones are
literal blocks where that is safe.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prompts_app.transfer.template_names import names_in_templates
from prompts_app.transfer.yaml_text import block, comment, json_text, quoted

# What opens a tag, a brace at the end, since a tag may follow it, and what ends a comment: all of
# these mean something even where nothing was opened before.
_SIGN: Final = re.compile(r"\{(?=[{%#])|\{\Z|#(?=\})")
_RISKY_VALUE: Final = re.compile(r"\{[{%#]|\Afile://|\Apackage:|\n\Z")
_SCHEMA_TYPES: Final = ("is-json", "contains-json")


@dataclass(frozen=True)
class Text:
    """A piece of a message: plain text, or the value of the variable `name`."""

    text: str
    name: str = ""


@dataclass(frozen=True)
class Provider:
    """A model to ask. `address` is a base address other than OpenAI's own, with the environment
    variable that holds its key; both "" where the model is OpenAI's or its address not public."""

    model: str
    address: str = ""
    key_variable: str = ""


@dataclass(frozen=True)
class Test:
    """A test case: a value for each variable by name."""

    __test__ = False  # pytest would take the class for tests

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Kept:
    """An assert that came from such a file, to be written as it stood there."""

    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Config:
    """What the file holds. `messages` are (role, pieces); `asserts` (constraint, assertion as
    promptfoo takes it, its texts plain, or Kept); `parameters` a version's own; `remarks` stand at
    the head of the file; `others` are further prompts on the same tests, each a label and
    messages."""

    description: str
    label: str
    messages: Sequence[tuple[str, Sequence[Text]]]
    parameters: Mapping[str, Any]
    providers: Sequence[Provider]
    tests: Sequence[Test]
    asserts: Sequence[tuple[str, Mapping[str, Any] | Kept]]
    remarks: Sequence[str] = field(default=())
    others: Sequence[tuple[str, Sequence[tuple[str, Sequence[Text]]]]] = field(default=())


def config(wanted: Config) -> str:
    """Return the file. Variables promptfoo cannot take are renamed, which a remark says."""
    names = _names(wanted)
    guarded = {
        name for test in wanted.tests for name, value in test.values.items()
        if _RISKY_VALUE.search(value)
    }  # fmt: skip
    renamed = [f"{old} is called {new} here." for old, new in names.items() if old != new]
    lines = [
        "# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json",
        *(f"# {comment(remark)}" for remark in (*wanted.remarks, *renamed)),
        f"description: {_plain(wanted.description)}",
        "prompts:",
        *(
            line
            for label, messages in _prompts(wanted)
            for line in (
                f"  - label: {_plain(label)}",
                f"    raw: {block(_prompt(messages, names, guarded), 6)}",
            )
        ),
        "providers:",
        *_providers(wanted.providers, wanted.parameters),
    ]
    if wanted.asserts:
        lines += ["defaultTest:", "  assert:"]
        for constraint, spec in wanted.asserts:
            lines += _assert(constraint, spec)
    lines.append("tests:")
    for test in wanted.tests or [Test("", {})]:
        lines += _test(test, names, guarded)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return plain text as a template that gives it back."""
    return _SIGN.sub(lambda match: f'{{{{ "{match[0]}" }}}}', text)


def _prompts(wanted: Config) -> list[tuple[str, Sequence[tuple[str, Sequence[Text]]]]]:
    return [(wanted.label, wanted.messages), *wanted.others]


def _prompt(
    messages: Iterable[tuple[str, Sequence[Text]]], names: Mapping[str, str], guarded: set[str]
) -> str:
    chat = [
        {
            "role": role,
            "content": "".join(
                _variable(names[piece.name], piece.name in guarded)
                if piece.name
                else escaped(piece.text)
                for piece in pieces
            ),
        }
        for role, pieces in messages
    ]
    return json_text(chat, indent=2)


def _variable(name: str, guarded: bool) -> str:
    return f"{{{{ {name} | load }}}}" if guarded else f"{{{{ {name} }}}}"


def _names(wanted: Config) -> dict[str, str]:
    """Each variable's name in the file: its own, unless promptfoo has another use for that."""
    used = [
        piece.name
        for _label, messages in _prompts(wanted)
        for _role, pieces in messages
        for piece in pieces
        if piece.name
    ]
    return names_in_templates([*used, *(name for test in wanted.tests for name in test.values)])


def _providers(providers: Iterable[Provider], parameters: Mapping[str, Any]) -> Iterator[str]:
    for provider in providers:
        yield f"  - id: {_plain(f'openai:chat:{provider.model}')}"
        yield "    config:"
        # Without it promptfoo sends a temperature and a limit of its own.
        yield "      omitDefaults: true"
        if provider.address:
            yield f"      apiBaseUrl: {_plain(provider.address)}"
            yield f"      apiKeyEnvar: {_plain(provider.key_variable)}"
        for name in ("temperature", "top_p", "max_tokens"):
            if parameters.get(name) is not None:
                yield f"      {name}: {json_text(parameters[name])}"
        if parameters.get("response_format") == "json_object":
            yield '      response_format: {"type": "json_object"}'


def _assert(constraint: str, spec: Mapping[str, Any] | Kept) -> Iterator[str]:
    if isinstance(spec, Kept):
        yield f"    # {comment(constraint)}"
        yield f"    - {json_text(spec.spec)}"
        return
    kind = str(spec["type"])
    yield f"    - type: {_plain(kind)}"
    for key, value in spec.items():
        if key == "value" and kind.removeprefix("not-") in _SCHEMA_TYPES:
            yield f"      value: {block(escaped(json_text(value, indent=2)), 8)}"
        elif key != "type":
            yield f"      {key}: {_template(value)}"
    yield f"      metric: {quoted(escaped(constraint))}"


def _template(value: Any) -> str:
    """A value of an assertion; texts, alone or in a list, are templates."""
    if isinstance(value, str):
        return quoted(_unloaded(escaped(value)))
    if isinstance(value, list):
        return json_text(
            [_unloaded(escaped(one)) if isinstance(one, str) else one for one in value]
        )
    return json_text(value)


def _unloaded(text: str) -> str:
    """A text that names no file or package to load."""
    return f'{{{{ "" }}}}{text}' if text.startswith(("file://", "package:")) else text


def _test(test: Test, names: Mapping[str, str], guarded: set[str]) -> Iterator[str]:
    yield f"  - description: {_plain(test.name)}"
    if test.values:
        yield "    vars:"
    for name, value in test.values.items():
        if name in guarded:
            written = quoted(json_text(value).replace("{", "\\u007b"))
        else:
            written = block(value, 8)
        yield f"      {names[name]}: {written}"


def _plain(text: str) -> str:
    """A text that is shown and never a template: no brace opens a tag."""
    return quoted(re.sub(r"\{(?=[{%#])", "{ ", comment(text)))
