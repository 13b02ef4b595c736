"""Templates that know `{{ name }}` and nothing else, as messages of ours."""

import re
from typing import Final

from prompts_app.transfer.texts import escaped, identifier

_PLACEHOLDER: Final = re.compile(r"(?<!\\)(?<!\\\{)\{\{[ \t]*+([^\W_][\w .-]{0,63}|_\w{0,63})\}\}")


def translated(text: str, names: dict[str, str], pattern: re.Pattern[str] = _PLACEHOLDER) -> str:
    """`text` with variables of ours; `names` gets each one's name here by its name there.

    `pattern` finds a variable, its name in the first group.
    """
    parts, end = [], 0
    for match in pattern.finditer(text):
        label = match[1].strip()
        if label not in names:
            names[label] = identifier(label, names.values())
        parts += [escaped(text[end : match.start()]), f"{{{{ {names[label]} }}}}"]
        end = match.end()
    return "".join((*parts, escaped(text[end:])))
