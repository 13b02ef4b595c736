"""What the editor's buttons ask for besides saving: rows that change, and variables' new names.

They serve whoever has no scripts: nothing is saved by them, and nothing that was typed is lost.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from prompts_app.forms.rows import as_count
from prompts_app.text import variables

Renames = list[tuple[str, str]]

# More than anybody renames before the page saves by itself.
MAX_RENAMES: Final = 60
_WISHES: Final = ("rename", "test_rule", "find_variables", "show_fields", "preview")
_CHANGES: Final = ("add_", "remove_", "move_")


class RenamesField(forms.CharField):
    """The variables that were renamed since the draft was saved, in turn: JSON `[[old, new], …]`.

    The page writes it. Whatever is none of it counts as nothing renamed.
    """

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, max_length=MAX_RENAMES * 200, strip=True)

    def to_python(self, value: Any) -> Any:
        """Return the pairs, as many as are pairs of names."""
        return renames_of(super().to_python(value))

    def run_validators(self, value: Any) -> None:
        """Leave the pairs as they are: the validators here are for texts."""


def renames_of(typed: Any) -> Renames:
    """Return the pairs of old and new names in what the page wrote."""
    text = str(typed or "")
    if len(text) > MAX_RENAMES * 200:
        return []
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    pairs = found if isinstance(found, list) else []
    return [(one[0], one[1]) for one in pairs[:MAX_RENAMES] if _is_rename(one)]


def _is_rename(pair: Any) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(name, str) and variables.is_name(name) for name in pair)
    )


def asked_for(data: QueryDict) -> str:
    """Return the submit button that changes rows or looks at the draft, without saving; or ""."""
    return next((key for key in data if key in _WISHES or key.startswith(_CHANGES)), "")


def changed(raw: dict[str, Any], wish: str) -> dict[str, Any]:
    """Return `raw` after the wish of a submit button, such as "move_up-2"; nonsense is ignored."""
    verb, _dash, number = wish.partition("-")
    place = as_count(number, -1)
    messages, constraints = raw["messages"], raw["constraints"]
    match verb:
        case "add_message":
            messages.append({"role": "user", "content": ""})
        case "add_constraint":
            constraints.append({"text": ""})
        case "remove_message" if 0 <= place < len(messages):
            del messages[place]
        case "remove_constraint" if 0 <= place < len(constraints):
            del constraints[place]
        case "move_up" | "move_down":
            _move(messages, place, verb)
        case "move_constraint_up" | "move_constraint_down":
            _move(constraints, place, verb)
    return raw


def _move(rows: list[Any], place: int, verb: str) -> None:
    other = place + (1 if verb.endswith("down") else -1)
    if min(place, other) >= 0 and max(place, other) < len(rows):
        rows[place], rows[other] = rows[other], rows[place]


def renamed(raw: dict[str, Any], row: Mapping[str, Any]) -> str:
    """Give the variable of `row`, one of raw's, the name typed beside it, wherever `raw` says it.

    Return why that cannot be, as a sentence; "" once it is done.
    """
    old = unicodedata.normalize("NFC", row["name"] or "")
    new = unicodedata.normalize("NFC", (row.get("new_name") or "").strip())
    if problem := refusal(old, new, [one["name"] or "" for one in raw["variables"]]):
        return problem
    for one in raw["messages"]:
        one["content"] = variables.rename(one["content"] or "", old, new)
    raw["fields"]["context"] = variables.rename(raw["fields"]["context"] or "", old, new)
    for one in raw["constraints"]:
        for key, value in one.items():
            if isinstance(value, str):
                one[key] = variables.rename(value, old, new)
    for one in raw["variables"]:
        if one["name"] == old:
            one |= {"name": new, "new_name": ""}
    pairs = [*renames_of(raw["fields"].get("renames")), (old, new)]
    raw["fields"]["renames"] = json.dumps(pairs[-MAX_RENAMES:], ensure_ascii=False)
    return ""


def refusal(old: str, new: str, taken: Sequence[str]) -> str:
    """Return why a variable cannot be called `new`, as a sentence, or ""."""
    if not variables.is_name(new):
        return _(
            "“%(name)s” cannot be a name: a letter comes first, then letters, digits, underscores."
        ) % {"name": new[:80]}
    if new != old and new in taken:
        return _("There is a variable %(name)s already.") % {"name": new}
    return ""
