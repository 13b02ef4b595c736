"""Beginning an entry: from nothing, from a prompt one has already, or from a template."""

from typing import Any

from django.db import transaction

from prompts_app.demo import starters
from prompts_app.demo.starters import Starter
from prompts_app.models import Entry, TestCase, User
from prompts_app.services import entries
from prompts_app.text import variables
from prompts_app.transfer.document import MAX_VARIABLES


def templates(language: str) -> dict[str, Starter]:
    """Return the templates of a language by key, in their order."""
    return starters.load(language)


def from_template(owner: User, starter: Starter, **fields: Any) -> Entry:
    """Make an entry of a template, with its test cases; what `fields` leave out is its own."""
    own: dict[str, Any] = {name: getattr(starter, name) for name in ("title", "summary", "tags")}
    own |= {name: value for name, value in fields.items() if value}
    own |= {"language": starter.language, "content": starters.content_of(starter)}
    with transaction.atomic():
        entry = entries.create_entry(owner, **own)
        TestCase.objects.bulk_create(
            TestCase(
                entry=entry,
                name=case.name,
                values=case.values,
                watch_for=case.watch_for,
                position=position,
            )
            for position, case in enumerate(starter.cases)
        )
    return entry


def content_from(prompt: str, kind: str) -> dict[str, Any]:
    """Return the content of a draft that holds `prompt` ("" for none), its variables found."""
    names = list(dict.fromkeys(variables.names(prompt)))[:MAX_VARIABLES]
    return entries.EMPTY_CONTENT | {
        "kind": kind,
        "messages": [{"role": "user", "content": prompt}],
        "variables": [
            {
                "name": name,
                "type": "long_text",
                "label": "",
                "default": "",
                "choices": [],
                "min": None,
                "max": None,
                "max_length": None,
            }
            for name in names
        ],
    }
