"""What an author may want to mend before a prompt is published.

Only what looks like a key or password is in the way, until the author says that it is none.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.models import Entry, TestCase
from prompts_app.text.scan import Find, scan

# Characters of one entry that are looked at before its author has waited long enough.
MAX_LOOKED_AT: Final = 1_000_000
MAX_TOLD: Final = 40

_MAKERS: Final = {
    "anthropic": "Anthropic",
    "openrouter": "OpenRouter",
    "langfuse": "Langfuse",
    "openai": "OpenAI",
    "groq": "Groq",
    "xai": "xAI",
    "perplexity": "Perplexity",
    "hugging_face": "Hugging Face",
    "replicate": "Replicate",
    "google": "Google",
    "aws": "AWS",
    "azure": "Azure",
    "github": "GitHub",
    "gitlab": "GitLab",
    "slack": "Slack",
    "discord": "Discord",
    "telegram": "Telegram",
    "stripe": "Stripe",
    "sendgrid": "SendGrid",
    "npm": "npm",
    "pypi": "PyPI",
    "digitalocean": "DigitalOcean",
    "shopify": "Shopify",
    "databricks": "Databricks",
    "notion": "Notion",
    "linear": "Linear",
}
_FOUND: Final = {
    "private_key": gettext_lazy("A private key"),
    "putty_key": gettext_lazy("A private key"),
    "age_key": gettext_lazy("A private key"),
    "jwt": gettext_lazy("A signed token (JWT)"),
    "url_password": gettext_lazy("An address with a password in it"),
    "bearer": gettext_lazy("An access token"),
    "named": gettext_lazy("What looks like a key or password"),
    "email": gettext_lazy("An e-mail address"),
    "phone": gettext_lazy("A phone number"),
    "zero_width": gettext_lazy("Characters without width"),
    "bidi": gettext_lazy("Characters that turn the direction of reading"),
    "tags": gettext_lazy("Letters that nobody sees"),
    "selectors": gettext_lazy("Invisible characters that choose how others are drawn"),
}
_MEND: Final = {
    "secret": gettext_lazy(
        "Take it out, and revoke it where it was issued: whoever read it can use it."
    ),
    "email": gettext_lazy(
        "If it is somebody’s, write a made-up one instead, such as name@example.org, or a variable."
    ),
    "phone": gettext_lazy(
        "If it is somebody’s, write a made-up one instead, such as 555-0123, or a variable."
    ),
    "hidden": gettext_lazy(
        "People do not see them, models read them. Delete the word around them and type it again."
    ),
    "no_baseline": gettext_lazy(
        "Publish the naive one-liner first, or write it under Evidence once this is published."
    ),
    "no_cases": gettext_lazy(
        "Add an ordinary input and a difficult one: visitors try the prompt with them."
    ),
    "no_rules": gettext_lazy("Give at least one constraint a rule: then every answer is tested."),
    "long": gettext_lazy("Look through the end of it yourself."),
}
_MISSING: Final = {
    "no_baseline": gettext_lazy("There is no baseline: nothing shows what your prompt adds."),
    "no_cases": gettext_lazy("There are no test cases."),
    "no_rules": gettext_lazy("No constraint is tested by a rule."),
    "long": gettext_lazy("There is too much text here to look at all of it."),
}
_STORY: Final = {
    "title": gettext_lazy("Title"),
    "summary": gettext_lazy("Summary"),
    "use_case": gettext_lazy("Use case"),
    "credit": gettext_lazy("Credit"),
    "role_in_team": gettext_lazy("Role in the team"),
    "used_where": gettext_lazy("Where it is used"),
    "outcome": gettext_lazy("Outcome"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where to mend something: a `page` of the studio, the field there, in words.

    `page` is "draft", "case" (`case` is its id), "cases", "settings", "translation", "evidence" or
    "note" (the form it stands on).
    """

    page: str
    name: str = ""
    field: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to mend: what it is, `shown` as far as it may be, where, and how."""

    kind: str
    what: str
    shown: str
    place: Place
    line: int
    mend: str


Text = tuple[Place, str]


def checks_of(
    entry: Entry, content: dict[str, Any], cases: Sequence[TestCase], note: str = ""
) -> list[Check]:
    """Return what to mend before `content` becomes a version of the entry, the worst first."""
    texts = [*_of_note(note), *_of_content(content), *_of_entry(entry), *_of_cases(cases)]
    found, left = [], MAX_LOOKED_AT
    for place, text in texts:
        told = {(find.shape, find.shown): find for find in reversed(scan(text[: max(left, 0)]))}
        # What stands there several times is told once, at the first of them.
        found += [_found(find, place) for find in sorted(told.values(), key=lambda one: one.start)]
        left -= len(text)
    order = ("secret", "hidden", "email", "phone")
    found.sort(key=lambda one: order.index(one.kind))
    missing = [
        ("no_baseline", Place("evidence"), entry.baseline_id is None),
        ("no_cases", Place("cases"), not cases),
        (
            "no_rules",
            Place("draft", field="constraints"),
            not any(one.get("assertion") for one in content["constraints"]),
        ),
        ("long", Place("draft"), left < 0),
    ]
    return found[:MAX_TOLD] + [
        Check("missing", str(_MISSING[code]), "", place, 0, str(_MEND[code]))
        for code, place, is_so in missing
        if is_so
    ]


def secrets_mark(checks: Sequence[Check]) -> str:
    """Return what stands for exactly the secrets among `checks`: "" for none, else SHA-256 in hex.

    Another secret, or another place of one, is another mark. It is made of what is shown alone.
    """
    found = [
        (one.shown, one.place.page, one.place.field, one.place.case)
        for one in checks
        if one.kind == "secret"
    ]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest() if found else ""


def in_note(note: str) -> bool:
    """Whether the note on a version holds something that should not be public."""
    return bool(scan(note))


def _found(find: Find, place: Place) -> Check:
    maker = _MAKERS.get(find.shape)
    what = _("A key of %(maker)s") % {"maker": maker} if maker else str(_FOUND[find.shape])
    return Check(find.kind, what, find.shown, place, find.line, str(_MEND[find.kind]))


def _of_note(note: str) -> Iterator[Text]:
    yield Place("note", _("What changed"), "id_change_note"), note


def _of_content(content: dict[str, Any]) -> Iterator[Text]:
    for n, message in enumerate(content["messages"]):
        name = _("Message %(number)s") % {"number": n + 1}
        yield Place("draft", name, f"id_messages-{n}-content"), message["content"]
    for n, variable in enumerate(content["variables"]):
        name = _("Variable %(name)s") % {"name": variable["name"]}
        for part in ("label", "default"):
            yield Place("draft", name, f"id_variables-{n}-{part}"), variable[part]
        place = Place("draft", name, f"id_variables-{n}-choices")
        yield place, "\n".join(variable["choices"])
    yield Place("draft", _("Context"), "id_context"), content["context"]
    for n, constraint in enumerate(content["constraints"]):
        name = _("Constraint %(number)s") % {"number": n + 1}
        rule = {key: value for key, value in constraint.items() if key != "text"}
        yield Place("draft", name, f"id_constraints-{n}-text"), constraint["text"]
        yield Place("draft", name, f"id_constraints-{n}-rule"), "\n".join(_strings(rule))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _of_entry(entry: Entry) -> Iterator[Text]:
    for field, name in _STORY.items():
        yield Place("settings", str(name), f"id_{field}"), getattr(entry, field)
    yield Place("translation", _("The translation")), "\n".join(entry.second_words.values())


def _of_cases(cases: Sequence[TestCase]) -> Iterator[Text]:
    for case in cases:
        name = _("Test case “%(name)s”") % {"name": case.name}
        place = Place("case", name, case=str(case.pk))
        yield place, "\n".join((case.name, case.watch_for))
        for variable, text in case.values.items():
            at = Place("case", f"{name}, {variable}", f"id_value-{variable}", str(case.pk))
            yield at, text
