"""Names of variables in others' templates: Nunjucks, Jinja, Handlebars."""

import re
from collections.abc import Iterable
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
# Words of these languages, what their programs put beside the variables, and what every object of
# JavaScript has.
_WORDS: Final = """
and as block call caller class constructor context continue cycler dict elif else elseif env extends
extension false filter for from hasOwnProperty if import in include is isPrototypeOf joiner kwargs
lipsum loop macro namespace none not null or output prompt propertyIsEnumerable range raw self
sessionId set super switch toLocaleString toString true undefined valueOf varargs verbatim with
without False None True
"""
_TAKEN: Final = frozenset(_WORDS.split())


def names_in_templates(names: Iterable[str]) -> dict[str, str]:
    """Each name as the file has it: itself, unless a template has another use for it."""
    every = list(dict.fromkeys(names))
    found = {name: name for name in every if _NAME.fullmatch(name) and name not in _TAKEN}
    number = 1
    for name in every:
        if name not in found:
            while f"variable_{number}" in found.values():
                number += 1
            found[name] = f"variable_{number}"
    return found
