r"""promptfoo's templates as messages of ours.

`{{ name }}` becomes a variable; `{{ name | load }}` too, with values that are JSON texts, as the
writer has them; `{{ "{" }}` becomes the text it gives. Every other tag stays as it is, as text, and
is reported; so does a variable right after `\` or `\{`, where one of ours would read as escaped.
Losses: "template" (detail: the tag's beginning).
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from prompts_app.transfer.loaded import Path
from prompts_app.transfer.notes import Notes
from prompts_app.transfer.texts import escaped

_TAG: Final = re.compile(
    r"\{\{\s*+(?:(?P<name>[A-Za-z_]\w{0,63}+)\s*+(?P<load>\|\s*+load\b\s*+)?"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.){0,200}+\"|'[^'\\\n]{0,200}+')\s*+)\}\}"
    r"|(?P<other>\{[{%#])"
)


@dataclass
class Templates:
    """Reads the templates of one entry; `variables` are those found, in order, and whether every
    use of one loads JSON. `literal` are names that stay text, for they stand for something else."""

    notes: Notes
    literal: Collection[str] = ()
    variables: dict[str, bool] = field(default_factory=dict)

    def translated(self, text: str, path: Path) -> str:
        """Return a template as a message of ours."""
        parts: list[str] = []
        plain = ""
        end = 0
        for match in _TAG.finditer(text):
            plain += text[end : match.start()]
            end = match.end()
            name = match["name"]
            if match["string"]:
                plain += _string(match["string"])
            elif name and name not in self.literal and not plain.endswith(("\\", "\\{")):
                parts += [escaped(plain), f"{{{{ {name} }}}}"]
                plain = ""
                self.variables[name] = self.variables.get(name, True) and bool(match["load"])
            else:
                self.notes.lost(path, "template", text[match.start() : match.start() + 40])
                plain += match[0]
        return "".join((*parts, escaped(plain + text[end:])))


def constant(text: str) -> str | None:
    """The text a template always gives; None where that depends on something."""
    parts, end = [], 0
    for match in _TAG.finditer(text):
        if not match["string"]:
            return None
        parts += [text[end : match.start()], _string(match["string"])]
        end = match.end()
    return "".join((*parts, text[end:]))


def _string(quoted: str) -> str:
    if quoted[0] == "'":
        return quoted[1:-1]
    try:
        return str(json.loads(quoted))
    except ValueError:
        # Nunjucks knows fewer escapes than JSON: a backslash before anything else stands for that.
        return re.sub(r"\\(.)", r"\1", quoted[1:-1])
