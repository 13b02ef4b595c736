"""A version with its test cases as promptfoo's configuration, for a reader's own key."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from prompts_app.assertions.promptfoo import exported
from prompts_app.llm.presets import PRESETS
from prompts_app.models import Entry, TestCase, Version
from prompts_app.services import versions
from prompts_app.services.cases import values_for
from prompts_app.services.groups import Column
from prompts_app.text import variables
from prompts_app.transfer import promptfoo

# Stands where no model of a provider that others can call has answered.
_ANY_MODEL = "MODEL"
_KEY_OF_OPENAI = "OPENAI_API_KEY"
_PUBLIC = {
    urlsplit(one.base_url).hostname: one for one in PRESETS if one.base_url and not one.is_local
}


def promptfoo_file(
    version: Version,
    cases: Sequence[TestCase],
    columns: Iterable[Column],
    address: str,
    baseline: Version | None = None,
) -> str:
    """Return the file's text. `address` is the page it belongs to; `columns` the models asked;
    `baseline` what the version is measured against, to be run beside it.

    The version is a text prompt and not withdrawn; one of number 0 is a draft. The remarks are in
    English, like the file's keywords: it is read by a program, and by people who know that program.
    """
    content = version.content
    providers, remarks = _providers(columns)
    others = (
        [baseline] if baseline is not None and baseline.content["kind"] == Entry.Kind.TEXT else []
    )
    for other in others:
        if other.content["parameters"] != content["parameters"]:
            remarks.append(
                f"Version {other.number} has parameters of its own; here it gets those of version "
                f"{version.number}."
            )
    asserts: list[tuple[str, Mapping[str, Any] | promptfoo.Kept]] = []
    unsaid = []
    kept = {}
    for one in content["constraints"]:
        if foreign := one.get("foreign"):
            asserts.append((one["text"], promptfoo.Kept(foreign)))
            kept[foreign["type"]] = True
            continue
        spec = exported(one["assertion"]) if one.get("assertion") else None
        if spec is not None:
            asserts.append((one["text"], spec))
        else:
            unsaid.append(one)
    return promptfoo.config(
        promptfoo.Config(
            description=f"{version.entry.title}, {_label(version)}",
            label=_label(version),
            messages=messages_of(version),
            others=[(_label(one), messages_of(one)) for one in others],
            parameters=content["parameters"],
            providers=providers,
            tests=tests_of([version, *others], cases),
            asserts=asserts,
            remarks=(
                f"From {address}",
                *(
                    [f"Content hash of the version: {version.content_hash}"]
                    if version.number
                    else []
                ),
                "Run it with your own key: npx promptfoo@latest eval --no-cache "
                "(add --repeat 5 for repeats).",
                *remarks,
                *_warnings(kept),
                *(f"Not tested here: {one['text']}" for one in unsaid),
            ),
        )
    )


def _warnings(kept: Iterable[str]) -> Iterable[str]:
    """What to know before running asserts that came with an imported prompt."""
    if types := ", ".join(kept):
        yield (
            f"These came with the prompt and were never run here: {types}. Read them before you "
            "run them: such asserts may be programs, or send answers to others."
        )


def _label(version: Version) -> str:
    return f"version {version.number}" if version.number else "draft"


def messages_of(version: Version) -> list[tuple[str, list[promptfoo.Text]]]:
    """Return the messages cut into plain text and variables, as writers take them."""
    return [
        (
            message["role"],
            [
                promptfoo.Text(piece.text, piece.name)
                for piece in variables.pieces(message["content"])
            ],
        )
        for message in version.content["messages"]
    ]


def _providers(columns: Iterable[Column]) -> tuple[list[promptfoo.Provider], list[str]]:
    """The models to ask, and what a reader has to know of them."""
    found: dict[str, promptfoo.Provider] = {}
    remarks = []
    for column in columns:
        if column.demo:
            continue
        known = _PUBLIC.get(column.host)
        if known is None:
            remarks.append(
                f"{column.model} answered here from another address than OpenAI's: "
                "set apiBaseUrl and apiKeyEnvar to where you call it."
            )
        if known is None or known.slug == "openai":
            made = promptfoo.Provider(column.model)
        else:
            key = f"{known.slug.upper()}_API_KEY"
            made = promptfoo.Provider(column.model, known.base_url, key)
        found.setdefault(f"{column.model} {made.address}", made)
    if not found:
        found[""] = promptfoo.Provider(_ANY_MODEL)
        remarks.append(f"Put a model of yours in the place of {_ANY_MODEL}.")
    keys = dict.fromkeys(one.key_variable or _KEY_OF_OPENAI for one in found.values())
    remarks.append(f"Keys are read from the environment: {', '.join(keys)}.")
    return list(found.values()), remarks


def tests_of(sent: Sequence[Version], cases: Sequence[TestCase]) -> list[promptfoo.Test]:
    """The cases with the values that were sent; without any, the variables' defaults."""
    wanted: list[TestCase | None] = [*cases] or [None]
    return [
        promptfoo.Test(
            case.name if case else "defaults",
            # Where two prompts have a default each, the first one's counts.
            {name: value for one in reversed(sent) for name, value in _values(one, case).items()},
        )
        for case in wanted
        if case is not None or any(one.content["variables"] for one in sent)
    ]


def _values(version: Version, case: TestCase | None) -> dict[str, str]:
    known = versions.filled(version.content, values_for(version, case))
    used = [
        name
        for message in version.content["messages"]
        for name in variables.names(message["content"])
    ]
    return {name: known[name] for name in dict.fromkeys(used)}
