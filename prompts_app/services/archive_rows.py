"""Which columns an archive has: rows as plain values, and plain values as fields of rows.

`LEFT_OUT` names every other column of these tables with its reason; a test holds it complete.
"""

from datetime import date, datetime
from typing import Any, Final

from django.db.models import DateField, DateTimeField, Model

from prompts_app.models import (
    Draft,
    Entry,
    Evaluation,
    Picture,
    Profile,
    Run,
    TestCase,
    Version,
)
from prompts_app.receipts.statement import read_time, time_text

# Written as they stand, under their own names.
PLAIN: Final[dict[type[Model], tuple[str, ...]]] = {
    Profile: (
        *("handle", "name", "headline", "bio", "availability", "accent", "skills", "languages"),
        *("links", "contact_mode", "contact_email", "pronouns", "location", "available_from"),
        *("work_modes", "contracts", "experience", "is_indexed", "shares_resume"),
    ),
    Entry: (
        *("slug", "title", "summary", "use_case", "language", "kind", "visibility", "credit"),
        *("role_in_team", "used_where", "outcome", "source_key"),
        *("second_language", "second_words"),
        *("archived_from", "pinned", "place"),
        *("published_at", "created_at", "updated_at"),
    ),
    Draft: (),
    Version: (
        *("number", "content", "content_hash", "prompt_hash", "naive", "change_note"),
        *("created_at", "withdrawn_at"),
    ),
    TestCase: ("name", "values", "watch_for", "comment", "position", "withdrawn_at"),
    Evaluation: ("total", "repeats", "bound", "created_at", "stopped_at"),
    Run: (
        *("repeat", "state", "attempts", "hidden", "is_demo", "model_asked", "model_answered"),
        *("provider_host", "values", "parameters_sent", "parameters_left_out", "output"),
        *("finish_reason", "labels", "prompt_tokens", "completion_tokens", "cost"),
        *("earlier_cost", "judge_cost", "first_token_ms", "latency_ms", "error_code"),
        *("error_detail", "created_at", "finished_at"),
    ),
    Picture: (),
}

# Written as well, each in a way of its own.
TOLD: Final[dict[type[Model], tuple[str, ...]]] = {
    Profile: ("avatar", "certifications"),
    Entry: ("tags", "cover", "published", "baseline", "featured_case"),
    Draft: ("content",),
    Version: (),
    TestCase: (),
    Evaluation: (),
    Run: (
        *("id", "origin", "version", "case", "evaluation", "picture", "verdicts"),
        "raw_response",
    ),
    Picture: ("file",),
}

_KEY = "a key of this database"
_OWNER = "whoever reads the archive"
_WORK = "how far the work on it is: only runs that are over are written"
LEFT_OUT: Final[dict[type[Model], dict[str, str]]] = {
    Profile: {"id": _KEY, "user": _OWNER, "is_sample": "true of the demo's author alone"},
    Entry: {
        "id": _KEY,
        "owner": _OWNER,
        "tryable": "models belong to providers, and those to keys",
        "search_text": "made anew",
        "proof": "counted anew",
        "imported_by": "an import is taken back where it was made",
        "purge_at": "what is being deleted is not written",
    },
    Draft: {
        "entry": "told by its place",
        "revision": "tells two open tabs apart",
        "updated_at": "that of the entry says as much",
    },
    Version: {"id": _KEY, "entry": "told by its place"},
    TestCase: {"id": _KEY, "entry": "told by its place"},
    Evaluation: {"id": _KEY, "entry": "told by its place"},
    Run: {
        "model": "its name and its host are written",
        "judge": _WORK,
        "judge_due": _WORK,
        "lease_until": _WORK,
        "not_before": _WORK,
        "reservation": "the ledger is the site's",
    },
    Picture: {
        "id": _KEY,
        "owner": _OWNER,
        "entry": "told by its place",
        "attempt": "visitors' pictures are not the author's",
        "draft_run": "gone within a day",
        "small": "made anew",
        "created_at": "that of what shows it says as much",
        **dict.fromkeys(("width", "height", "small_width", "small_height"), "measured anew"),
    },
}


def values_of(row: Model) -> dict[str, Any]:
    """Return the plain columns of a row, times as texts."""
    return {name: _value(getattr(row, name)) for name in PLAIN[type(row)]}


def fields_of(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a row that `values_of` wrote. Raises ValueError for a false time."""
    return {name: _read(model._meta.get_field(name), values[name]) for name in PLAIN[model]}


def _read(field: Any, value: Any) -> Any:
    if value is not None and isinstance(field, DateTimeField):
        return read_time(value)
    if value is not None and isinstance(field, DateField):
        return date.fromisoformat(value)
    return value


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_text(value)
    return value.isoformat() if isinstance(value, date) else value
