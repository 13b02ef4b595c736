"""Promptfolio's own format: its schema, its files, and what no schema says (docs/archive.md)."""

import json
import re
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from prompts_app.transfer.shapes import Shapes, Wrong

VERSION: Final = 1
ARCHIVE: Final = "promptfolio-archive"
ENTRY: Final = "promptfolio-entry"
SEALED: Final = "promptfolio-seal"

MANIFEST: Final = "promptfolio.json"
SEAL: Final = "seal.json"
PROFILE: Final = "profile.json"

SCHEMA_FILE: Final = Path(__file__).with_name("promptfolio-1.json")

# What the readers of JSON take: a larger raw response is left out when it is written.
MAX_PART: Final = 8_000_000
_MAX_RAW: Final = 4_000_000
_MAX_RAW_VALUES: Final = 50_000
_MAX_RAW_DEPTH: Final = 60
# Whole numbers of other sizes are written as broken ones: not every reader takes them.
_MAX_WHOLE: Final = 2**63 - 1
_PICTURE: Final = re.compile(r"pictures/([0-9a-f]{64})\.(png|jpeg|webp)\Z")


@cache
def schema_text() -> str:
    """Return the published schema as it is served."""
    return SCHEMA_FILE.read_text(encoding="utf-8")


@cache
def shapes() -> Shapes:
    """Return the schema, ready to check values."""
    return Shapes(json.loads(schema_text()))


def entry_file(slug: str) -> str:
    """Return where an archive has an entry."""
    return f"entries/{slug}.json"


def runs_file(slug: str) -> str:
    """Return where an archive has the runs of an entry, one on each line."""
    return f"entries/{slug}.runs.ndjson"


def keys_file(number: int) -> str:
    """Return where an archive has the public keys of a site whose receipts it has."""
    return f"keys/{number}.json"


def picture_file(digest: str, suffix: str) -> str:
    """Return where an archive has a picture, by the SHA-256 of its bytes."""
    return f"pictures/{digest}.{suffix}"


def digest_of(path: str) -> str:
    """Return the SHA-256 that a picture's path names; "" for other paths."""
    found = _PICTURE.match(path)
    return found[1] if found else ""


def plain(value: Any) -> Any:
    """Return a JSON value with every number in the one form that all databases give back.

    One of them keeps 100.0 and 1e22 as they were written, another gives back 100.0 and
    10000000000000000000000: here both become 100 and 1e+22.
    """
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MAX_WHOLE:
        return float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _MAX_WHOLE:
        # By its digits: 1.2345678901234567e17 is not the whole number that is nearest to it.
        return int(Decimal(repr(value)))
    return value


def written(value: Any, *, indent: int | None = None) -> bytes:
    """Return a value as this format writes it: UTF-8, keys sorted, numbers as `plain` has them."""
    text = json.dumps(
        plain(value),
        ensure_ascii=False,
        sort_keys=True,
        indent=indent,
        separators=(",", ":") if indent is None else (",", ": "),
        allow_nan=False,
    )
    return text.encode()


def fits(raw: Any) -> bool:
    """Say whether a raw response can be read back: neither too large, too deep nor too many."""
    level, values = [raw], 0
    for _ in range(_MAX_RAW_DEPTH):
        values += len(level)
        if values > _MAX_RAW_VALUES:
            return False
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return len(json.dumps(raw, ensure_ascii=False)) <= _MAX_RAW
    return False


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def check_entry(entry: dict[str, Any]) -> None:
    """Say nothing if an entry is whole and what it names is there. Raises Wrong.

    Keywords besides those of the schema: "reference" (what is named is not there), "order"
    (version numbers must grow), "public" (there must be a published version).
    """
    shapes().check("entry", entry)
    numbers = [one["number"] for one in entry["versions"]]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise Wrong("order", "versions")
    live = {one["number"] for one in entry["versions"] if one["withdrawn_at"] is None}
    for name in ("published", "baseline"):
        if entry[name] is not None and entry[name] not in live:
            raise Wrong("reference", name)
    if (entry["published"] is None) != (entry["published_at"] is None) and not numbers:
        raise Wrong("public", "published_at")
    featured = entry["featured_case"]
    if featured is not None and not 0 <= featured < len(entry["cases"]):
        raise Wrong("reference", "featured_case")


class RunsOf:
    """What the runs of an entry, one that passed `check_entry`, may name."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self._versions = {one["number"] for one in entry["versions"]}
        self._most = {"case": len(entry["cases"]), "evaluation": len(entry["evaluations"])}

    def check(self, run: dict[str, Any]) -> None:
        """Say nothing if a run is whole and of this entry. Raises Wrong as `check_entry` does."""
        shapes().check("run", run)
        if run["version"] not in self._versions:
            raise Wrong("reference", "version")
        for name, most in self._most.items():
            if run[name] is not None and run[name] >= most:
                raise Wrong("reference", name)
        if run["receipt"] is not None and run["origin"] != "captured":
            raise Wrong("reference", "receipt")
