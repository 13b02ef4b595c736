"""YAML from its parser's events, which come as they are read: nothing is built that is refused.

The rest of the parser's package is left out on purpose: it makes objects of tags, knows no bounds
and takes `no` for false.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from prompts_app.transfer.loaded import Builder, Loaded, Refused, broken_number, whole_number

MAX_ALIASES: Final = 100

_REFUSED: Final = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE: Final = re.compile(r"[-+]?[0-9]++")
_OTHER_BASE: Final = re.compile(r"0o[0-7]++|0x[0-9a-fA-F]++")
_BROKEN: Final = re.compile(r"[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?")
_NO_NUMBER: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MERGE: Final = "<<"


@dataclass
class _Frame:
    """An open container, or (`merges`) the list of what its mapping merges."""

    anchor: str | None
    is_mapping: bool
    merges: bool = False
    key_due: bool = True
    merging: bool = False


class YamlText:
    """A text whose line ends are LF and which starts on the line `first` of its file."""

    def __init__(self, text: str, first: int) -> None:
        self.text = text
        self.first = first
        self.builder = Builder()
        self.frames: list[_Frame] = []
        # What an anchor names: the value, how many values are in it, its height.
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.aliases = 0

    def loaded(self) -> Loaded:
        """Return the value; raises Refused."""
        if refused := _REFUSED.search(self.text):
            line = self.text.count("\n", 0, refused.start()) + self.first
            raise Refused(line, "control")
        try:
            self.read()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line, mark.column) if mark else (0, 0)
            raise Refused(line + self.first, "not_yaml", str(column + 1)) from None
        except yaml.YAMLError:
            raise Refused(self.first, "not_yaml", "1") from None
        return self.builder.loaded()

    def read(self) -> None:
        """Take every event."""
        documents = 0
        for event in yaml.parse(self.text, Loader=yaml.CSafeLoader):
            assert event.start_mark is not None
            line = event.start_mark.line + self.first
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        raise Refused(line, "documents")
                case yaml.AliasEvent():
                    self.alias(str(event.anchor), line)
                case yaml.ScalarEvent():
                    self.untagged(event, line)
                    self.scalar(event, line)
                case yaml.CollectionStartEvent():
                    self.untagged(event, line)
                    self.open(event, line)
                case yaml.CollectionEndEvent():
                    self.close()

    def untagged(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        """Refuse a tag."""
        if event.tag is not None:
            raise Refused(line, "tag", event.tag)

    def scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        """Take a scalar, which may be a key."""
        text, plain = event.value, event.implicit[0]
        if "\0" in text:
            raise Refused(line, "nul")
        frame = self.frames[-1] if self.frames else None
        if frame and frame.is_mapping and frame.key_due:
            if plain and text == _MERGE:
                frame.merging = True
            else:
                self.builder.key(text, line)
            frame.key_due = False
            return
        if frame and (frame.merging or frame.merges):
            raise Refused(line, "merge")
        value = _value(text, line) if plain else text
        self.builder.add(value, line)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1, 0)
        self.valued()

    def alias(self, name: str, line: int) -> None:
        """Take what an anchor named."""
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise Refused(line, "too_many_aliases", str(MAX_ALIASES))
        if name not in self.anchors:
            raise Refused(line, "alias", name)
        value, values, height = self.anchors[name]
        frame = self.frames[-1]
        if frame.is_mapping and frame.key_due:
            raise Refused(line, "key")
        if not frame.merging and not frame.merges:
            self.builder.add(value, line, values=values, height=height)
        elif isinstance(value, dict):
            self.builder.merge(value, line, values=values, height=height)
        else:
            raise Refused(line, "merge")
        self.valued()

    def open(self, event: yaml.CollectionStartEvent, line: int) -> None:
        """Take the start of a mapping or list."""
        frame = self.frames[-1] if self.frames else None
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if frame and frame.is_mapping and frame.key_due:
            raise Refused(line, "key")
        if frame and (frame.merges or (frame.merging and is_mapping)):
            raise Refused(line, "merge")
        if frame and frame.merging:
            self.frames.append(_Frame(None, is_mapping=False, merges=True))
            return
        self.builder.open({} if is_mapping else [], line)
        # An anchor used within what it names is known only once that has ended.
        self.anchors.pop(event.anchor or "", None)
        self.frames.append(_Frame(event.anchor, is_mapping))

    def close(self) -> None:
        """Take the end of a mapping or list."""
        frame = self.frames.pop()
        if not frame.merges:
            container = self.builder.stack[-1].container
            values, height = self.builder.close()
            if frame.anchor:
                self.anchors[frame.anchor] = (container, values, height)
        self.valued()

    def valued(self) -> None:
        """Expect a key next where a mapping has got its value."""
        if self.frames and self.frames[-1].is_mapping:
            self.frames[-1].key_due, self.frames[-1].merging = True, False


def _value(text: str, line: int) -> Any:
    """What a plain word is by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _WHOLE.fullmatch(text):
        return whole_number(text, line)
    if _BROKEN.fullmatch(text):
        return broken_number(text, line)
    if _OTHER_BASE.fullmatch(text):
        return whole_number(str(int(text, 0)) if len(text) <= 20 else text, line)
    if _NO_NUMBER.fullmatch(text):
        raise Refused(line, "not_a_number")
    return text
