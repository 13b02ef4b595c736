"""JSON, one pass and no recursion: the standard library's reader knows no lines and no bounds."""

import json
import re
from typing import Any, Final

from prompts_app.transfer.loaded import Builder, Loaded, Refused, broken_number, whole_number

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BLANK: Final = re.compile(r"[ \t\n]*+")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(?P<broken>(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)")
_WORD: Final = re.compile(r"[A-Za-z]++|-Infinity")
_WORDS: Final = {"true": True, "false": False, "null": None}
_STRINGS: Final = json.JSONDecoder()


class JsonText:
    """A text whose line ends are LF and which starts on the line `first` of its file."""

    def __init__(self, text: str, first: int = 1) -> None:
        self.text = text
        self.first = first
        # A place reached and the line breaks before it: places only ever grow by a little.
        self.reached, self.breaks = 0, 0
        self.builder = Builder()

    def loaded(self) -> Loaded:
        """Return the value; raises Refused."""
        text, builder = self.text, self.builder
        place = self.blank(0)
        while True:
            sign = text[place : place + 1]
            if sign == "{":
                builder.open({}, self.line(place))
                place = self.blank(place + 1)
                if text[place : place + 1] != "}":
                    place = self.key(place)
                    continue
            elif sign == "[":
                builder.open([], self.line(place))
                place = self.blank(place + 1)
                if text[place : place + 1] != "]":
                    continue
            else:
                place = self.blank(self.scalar(place))
            while builder.stack:
                a_dict = isinstance(builder.stack[-1].container, dict)
                sign = text[place : place + 1]
                if sign == ",":
                    place = self.blank(place + 1)
                    place = self.key(place) if a_dict else place
                    break
                if sign != ("}" if a_dict else "]"):
                    raise self.wrong(place)
                builder.close()
                place = self.blank(place + 1)
            else:
                if place < len(text):
                    raise self.wrong(place)
                return builder.loaded()

    def blank(self, place: int) -> int:
        """Return where the blanks at `place` end."""
        match = _BLANK.match(self.text, place)
        assert match is not None
        return match.end()

    def line(self, place: int) -> int:
        """Return the line of a place."""
        if place < self.reached:
            return self.breaks + self.first - self.text.count("\n", place, self.reached)
        self.breaks += self.text.count("\n", self.reached, place)
        self.reached = place
        return self.breaks + self.first

    def wrong(self, place: int) -> Refused:
        """Return the refusal of what stands at `place`."""
        started = self.text.rfind("\n", 0, place)
        return Refused(self.line(place), "not_json", str(place - started))

    def key(self, place: int) -> int:
        """Take a key; return where its value starts."""
        key, end = self.string(place)
        end = self.blank(end)
        if self.text[end : end + 1] != ":":
            raise self.wrong(end)
        self.builder.key(key, self.line(place))
        return self.blank(end + 1)

    def string(self, place: int) -> tuple[str, int]:
        """Return the text in quotes at `place` and where it ends."""
        if self.text[place : place + 1] != '"':
            raise self.wrong(place)
        try:
            found, end = _STRINGS.raw_decode(self.text, place)
        except json.JSONDecodeError as error:
            raise self.wrong(min(error.pos, len(self.text))) from None
        if "\0" in found:
            raise Refused(self.line(place), "nul")
        if not found.isascii() and _SURROGATE.search(found):
            raise Refused(self.line(place), "surrogate")
        return str(found), end

    def scalar(self, place: int) -> int:
        """Take a value that is no container; return where it ends."""
        line = self.line(place)
        value: Any
        if self.text[place : place + 1] == '"':
            value, end = self.string(place)
        elif number := _NUMBER.match(self.text, place):
            value = (broken_number if number["broken"] else whole_number)(number[0], line)
            end = number.end()
        else:
            word = _WORD.match(self.text, place)
            if word and word[0] in ("NaN", "Infinity", "-Infinity"):
                raise Refused(line, "not_a_number")
            if not word or word[0] not in _WORDS:
                raise self.wrong(place)
            value, end = _WORDS[word[0]], word.end()
        self.builder.add(value, line)
        return end
