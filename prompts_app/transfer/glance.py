"""A first look at data, cheap and without judging: enough to tell what format it may be in."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

# What stands at the beginning tells a format; keys are looked for farther on, for JSON's may stand
# behind a long value.
_HEAD: Final = 65_536
_FAR: Final = 2_000_000
_MOST_TOKENS: Final = 100_000
_TOKEN: Final = re.compile(r'"(?P<text>(?:[^"\\\n]|\\.)*+)"(?P<key>\s*+:)?|[{}\[\]]')
_YAML_KEY: Final = re.compile(r"""^(?:- |)["']?([^\W\d][\w$.-]{0,80}+)["']?[ \t]*:(?=\s|$)""", re.M)
# What YAML's structure looks like and prose does not: names of programs, with something under them.
_YAML_NAME: Final = re.compile(r"^[ ]*+(?:- )*+[a-z_][\w.-]{0,80}+:(?=\s|$)", re.M)
_YAML_UNDER: Final = re.compile(
    r"^(?P<in>[ ]*+)(?:- )?[a-z_][\w.-]{0,80}+:[ ]*+(?:[|>][-+\d]{0,2}+)?[ ]*+\n"
    r"\s*?(?P=in)(?:[ ]+\S|- )",
    re.M,
)


@dataclass(frozen=True)
class Glance:
    """Data with the name of its file, "" where it was pasted."""

    data: bytes
    name: str = ""

    def named(self, *endings: str) -> bool:
        """Whether the file's name ends so, in whatever case."""
        return self.name.lower().endswith(endings)

    @cached_property
    def head(self) -> str:
        """The beginning as text with LF, without a byte order mark; "�" for what is no UTF-8."""
        text = self.data[:_HEAD].decode("utf-8", "replace").removeprefix("\ufeff")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def is_json(self) -> bool:
        """Whether it begins like JSON: an object or a list, not braces of a template."""
        return re.match(r'\s*(?:\{\s*(?:"|\}|\Z)|\[\s*(?:[\[{"\]\d]|\Z))', self.head) is not None

    @cached_property
    def keys(self) -> frozenset[str]:
        """Keys of the outermost mapping, or of the first one in an outermost list, where it is JSON
        or YAML in block style, even if cut off or broken."""
        if self.is_json:
            return self._json_keys()
        return frozenset(_YAML_KEY.findall(self.head))

    @cached_property
    def looks_like_yaml(self) -> bool:
        """Whether it is laid out as YAML in block style is, be it sound or not.

        Lines such as “Role: an editor” are prose: a name that a program could have, in small
        letters, has to stand first, another one elsewhere, and something under one of them.
        """
        text = re.sub(r"\A(?:\s*(?:#[^\n]*|---[ \t]*)\n)*\s*", "", self.head)
        return (
            _YAML_NAME.match(text) is not None
            and len(_YAML_NAME.findall(text)) > 1
            and _YAML_UNDER.search(text) is not None
        )

    def _json_keys(self) -> frozenset[str]:
        text = self.data[:_FAR].decode("utf-8", "replace")
        wanted = 2 if text.lstrip("\ufeff \t\r\n")[:1] == "[" else 1
        found, depth = set(), 0
        for number, token in enumerate(_TOKEN.finditer(text)):
            sign = token[0]
            if sign in ("{", "["):
                depth += 1
            elif sign in ("}", "]"):
                depth -= 1
                if depth < wanted:
                    break
            elif token["key"] and depth == wanted:
                found.add(token["text"][:80])
            if number == _MOST_TOKENS:
                break
        return frozenset(found)
