"""Regular expressions as JavaScript has them."""

import re
from typing import Final

# Letters after a backslash that JavaScript takes for themselves, or not at all; groups, repeats
# and sets that it does not have.
_SIGNS: Final = re.compile(
    r"(?P<other>\\[ACE-RT-VX-Zaceg-mo-qyz]|\(\*|\(\?(?!:|<?[=!]|<[A-Za-z_])"
    r"|[*+?}]\+|\{(?:[a-z]|[^{}]*<)|\[\^?\]|\[\[:)|\\.",
    re.DOTALL,
)


def has_expression(pattern: str) -> bool:
    """Whether `pattern`, one of Python's `regex`, is of signs that JavaScript has, too.

    A few that it has are taken for others: what is left out does no harm, what is read otherwise
    does.
    """
    return not any(match["other"] for match in _SIGNS.finditer(pattern))
