"""Parameters of others as a content keeps them."""

from typing import Any, Final

_BOUNDS: Final = {"temperature": (0, 2), "top_p": (0, 1), "max_tokens": (1, 128_000)}


def parameter(name: str, value: Any) -> Any:
    """The value of a parameter of ours, or None where `value` is none that it takes.

    `response_format` may be a word, or an object with that word as its type.
    """
    if name == "response_format":
        word = value.get("type") if isinstance(value, dict) else value
        return word if word in ("text", "json_object") else None
    least, most = _BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not least <= value <= most:
        return None
    if name == "max_tokens":
        return int(value) if value == int(value) else None
    return float(value)
