"""JSON and YAML of others as plain values, bounded, with the line on which each value starts.

Nothing is resolved: no tags, no references to files, environment or addresses. YAML's plain words
are read as YAML 1.2's core schema reads them, so that `no`, `12:30` and dates stay texts.

Codes of problems: "too_large" (detail: the most bytes), "encoding" (not UTF-8), "nul", "control"
(a control character where YAML takes none), "surrogate" (half of a UTF-16 pair), "not_json",
"not_yaml" (detail of these: the column, from 1), "too_deep", "too_many_values",
"too_many_aliases" (detail of these: the most there may be), "tag" (detail: the tag), "alias" (of
nothing that stands whole before it; detail: its name), "duplicate_key" (detail: the key), "key"
(one that is no text), "merge" (of what is no mapping), "not_a_number" (NaN and infinities),
"big_number", "documents" (more than one).
"""

from typing import Final

from prompts_app.transfer.document import Problem
from prompts_app.transfer.loaded import Loaded, Refused
from prompts_app.transfer.loading_json import JsonText
from prompts_app.transfer.loading_yaml import YamlText

MAX_BYTES: Final = 8_000_000


def text_of(data: bytes, most: int = MAX_BYTES) -> str | Problem:
    """`data` as text: UTF-8, a byte order mark left out, line ends as LF."""
    if len(data) > most:
        return Problem(1, "too_large", str(most))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Problem(data.count(b"\n", 0, error.start) + 1, "encoding")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        return Problem(text.count("\n", 0, text.index("\0")) + 1, "nul")
    return text


def json_of(data: bytes) -> Loaded | Problem:
    """The value of a JSON text (RFC 8259)."""
    text = text_of(data)
    return text if isinstance(text, Problem) else json_of_text(text)


def json_of_text(text: str, first: int = 1) -> Loaded | Problem:
    """As `json_of`, of a text whose line ends are LF, which starts on the line `first`."""
    try:
        return JsonText(text, first).loaded()
    except Refused as refused:
        return refused.problem


def yaml_of(data: bytes) -> Loaded | Problem:
    """The value of a YAML text of at most one document; None where there is none."""
    text = text_of(data)
    return text if isinstance(text, Problem) else yaml_of_text(text)


def yaml_of_text(text: str, first: int = 1) -> Loaded | Problem:
    """As `yaml_of`, of a text whose line ends are LF, which starts on the line `first`."""
    try:
        return YamlText(text, first).loaded()
    except Refused as refused:
        return refused.problem


def structured_of(data: bytes) -> Loaded | Problem:
    """The value of JSON where the text begins like it, of YAML otherwise."""
    text = text_of(data)
    if isinstance(text, Problem):
        return text
    if text.lstrip()[:1] not in ("{", "["):
        return yaml_of_text(text)
    found = json_of_text(text)
    if isinstance(found, Problem) and found.code == "not_json":
        # YAML's flow style begins alike; a text that is neither is told of as JSON.
        flow = yaml_of_text(text)
        return flow if isinstance(flow, Loaded) else found
    return found
