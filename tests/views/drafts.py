"""The editor's form as a browser sends it."""

from collections.abc import Sequence
from typing import Any

from prompts_app.forms.content import DraftForm


def sent(
    revision: int = 1,
    *,
    messages: Sequence[tuple[str, str]] = (("user", "Hello"),),
    variables: Sequence[dict[str, str]] = (),
    constraints: Sequence[str | dict[str, str]] = (),
    **fields: str,
) -> dict[str, str]:
    """Return the fields a browser sends for these rows; a text alone is an untested constraint."""
    data = {"revision": str(revision), "context": "", **fields}
    data |= _rows("messages", [{"role": role, "content": text} for role, text in messages])
    data |= _rows("variables", [{"type": "text"} | one for one in variables])
    data |= _rows(
        "constraints", [{"text": one} if isinstance(one, str) else one for one in constraints]
    )
    return data


def rows(form: DraftForm) -> dict[str, str]:
    """Return what a browser sends when a page is saved as it came."""
    raw = form.raw()
    data = {name: _text(value) for name, value in raw["fields"].items()}
    for name in ("messages", "variables", "constraints"):
        data |= _rows(name, [{key: _text(v) for key, v in one.items()} for one in raw[name]])
    return data


def _rows(prefix: str, found: Sequence[dict[str, str]]) -> dict[str, str]:
    data = {f"{prefix}-TOTAL_FORMS": str(len(found))}
    for number, one in enumerate(found):
        data |= {f"{prefix}-{number}-{key}": value for key, value in one.items()}
        data[f"{prefix}-{number}-ORDER"] = str(number)
    return data


def _text(value: Any) -> str:
    # Browsers send line ends as CRLF.
    return "" if value is None else str(value).replace("\n", "\r\n")
