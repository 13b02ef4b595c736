"""What keys of a sample's file hold, with errors that name file and key."""

from typing import Any


def only_keys(raw: object, allowed: tuple[str, ...], place: str, may: tuple[str, ...] = ()) -> None:
    """Raise ValueError unless `raw` has all of the keys `allowed`, and besides at most `may`."""
    if not isinstance(raw, dict):
        raise ValueError(f"{place.rstrip('.') or 'file'}: keys and values are expected")
    for key in raw:
        if key not in (*allowed, *may):
            raise ValueError(f"{place}{key}: unknown key")
    for key in allowed:
        if key not in raw:
            raise ValueError(f"{place}{key}: missing")


def text_of(raw: dict[str, Any], key: str, place: str = "") -> str:
    """Return the text under a key, without what surrounds it. Raises ValueError."""
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{place}{key}: text is expected")
    return value.strip()


def list_of(raw: dict[str, Any], key: str, place: str = "") -> list[Any]:
    """Return the list under a key, which holds something. Raises ValueError."""
    value = raw.get(key)
    if not isinstance(value, list) or not value:
        raise ValueError(f"{place}{key}: a list is expected")
    return value


def texts_of(raw: dict[str, Any], key: str, place: str = "") -> tuple[str, ...]:
    """Return the list of texts under a key. Raises ValueError."""
    values = list_of(raw, key, place)
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError(f"{place}{key}: a list of texts is expected")
    return tuple(value.strip() for value in values)
