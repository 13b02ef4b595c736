"""One version of an entry, or its draft, as a file of others' formats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from prompts_app.llm.presets import PRESETS
from prompts_app.models import Entry, TestCase, Version
from prompts_app.services import versions
from prompts_app.services.cases import live_cases, values_for
from prompts_app.services.groups import Column
from prompts_app.services.matrix import matrix_for
from prompts_app.services.promptfoo_file import messages_of, promptfoo_file, tests_of
from prompts_app.transfer import github_models_write, prompty_write, snippets
from prompts_app.transfer.sheet import Sheet, Unwritable

_ANY_MODEL: Final = "MODEL"
_ANY_ADDRESS: Final = "https://api.openai.com/v1"
_PUBLIC: Final = {
    urlsplit(one.base_url).hostname: one for one in PRESETS if one.base_url and not one.is_local
}
# How GitHub calls whoever makes a model, by the preset of their own endpoint.
_MAKERS: Final = {"openai": "openai", "mistral": "mistral-ai"}
_HOST_OF_GITHUB: Final = "models.github.ai"


def draft_of(entry: Entry) -> Version:
    """Return the draft as a version that is not kept; its number is 0."""
    return Version(entry=entry, number=0, content=entry.draft.content)


@dataclass(frozen=True)
class Sent:
    """What is taken along: a version, not withdrawn, or the draft as one.

    `bare` is without test cases and models: enough to see whether a format can say the prompt.
    """

    version: Version
    bare: bool = False

    @cached_property
    def cases(self) -> list[TestCase]:
        """The entry's test cases in the author's order."""
        return [] if self.bare else live_cases(self.version.entry)

    @cached_property
    def case(self) -> TestCase | None:
        """The case whose values stand where there is room for those of one."""
        featured = self.version.entry.featured_case_id
        first = next(iter(self.cases), None)
        return next((one for one in self.cases if one.pk == featured), first)

    @cached_property
    def columns(self) -> Sequence[Column]:
        """The models that were asked; with the draft, those of the published version."""
        if self.bare:
            return []
        asked = self.version if self.version.number else self.version.entry.published
        return matrix_for(asked).columns if asked is not None else []

    @cached_property
    def model(self) -> tuple[str, str, str]:
        """A model others can call: its name, the slug of its preset, its base address; or ""."""
        for column in self.columns:
            known = _PUBLIC.get(column.host)
            if known is not None and not column.demo:
                return column.model, known.slug, known.base_url
        return "", "", ""

    @property
    def label(self) -> str:
        """The version in a file's name."""
        return f"v{self.version.number}" if self.version.number else "draft"

    @property
    def source(self) -> str:
        """The address of the page it is from."""
        entry = self.version.entry
        names = [entry.owner.profile.handle, entry.slug]
        return settings.SITE_URL + reverse("entry", args=names)


@dataclass(frozen=True)
class File:
    """A file to download."""

    name: str
    content_type: str
    text: str


def written(kind: str, sent: Sent) -> File:
    """Return the file of a kind of `KINDS`.

    Raises Unwritable: "empty" (there is no prompt), "picture" (the format knows texts only), and
    what the format's writer raises.
    """
    content = sent.version.content
    make, name, content_type, pictures = KINDS[kind]
    if not any(one["content"].strip() for one in content["messages"]):
        raise Unwritable("empty")
    if content["kind"] != Entry.Kind.TEXT and not pictures:
        raise Unwritable("picture")
    name = name % f"{sent.version.entry.slug}-{sent.label}" if "%" in name else name
    return File(name, f"{content_type}; charset=utf-8", make(sent))


def for_visitors(version: Version) -> list[str]:
    """Return the kinds of `OF_ONE_PROMPT` that can say a version, whoever reads its page.

    What their files hold of it stands on its pages, too: prompt, constraints and live test cases,
    and the models that answered. Makes no query where the entry's tags are known.
    """
    return [kind for kind in OF_ONE_PROMPT if _can_say(kind, Sent(version, bare=True))]


def _can_say(kind: str, sent: Sent) -> bool:
    try:
        written(kind, sent)
    except Unwritable:
        return False
    return True


def _promptfoo(sent: Sent) -> str:
    return promptfoo_file(sent.version, sent.cases, sent.columns, sent.source)


def _prompty(sent: Sent) -> str:
    model, slug, address = sent.model
    cases = [sent.case] if sent.case is not None else []
    known = {
        "model": model,
        "address": "" if slug == "openai" else address,
        "key_variable": f"{slug.upper()}_API_KEY" if slug else "",
    }
    return prompty_write.write(_sheet(sent, cases, one_case=True, **known))


def _github_models(sent: Sent) -> str:
    model, slug, _address = sent.model
    on_github = [one.model for one in sent.columns if one.host == _HOST_OF_GITHUB]
    maker = _MAKERS.get(slug)
    name = next(iter(on_github), f"{maker}/{model}" if maker else "")
    return github_models_write.write(_sheet(sent, sent.cases, model=name))


def _sheet(sent: Sent, cases: Sequence[TestCase], *, one_case: bool = False, **known: str) -> Sheet:
    version = sent.version
    entry = version.entry
    content = version.content
    hashed = [f"Content hash of the version: {version.content_hash}"] if version.number else []
    said = f"version {version.number}" if version.number else "draft"
    return Sheet(
        title=entry.title,
        summary=entry.summary,
        messages=messages_of(version),
        variables=content["variables"],
        parameters=content["parameters"],
        tests=tests_of([version], cases) if cases or not one_case else [],
        constraints=[(one["text"], one.get("assertion")) for one in content["constraints"]],
        author=entry.owner.profile.name,
        tags=[tag.name for tag in entry.tags.all()],
        source=sent.source,
        remarks=[f"From {sent.source} ({said})", *hashed],
        **known,
    )


def _python(sent: Sent) -> str:
    return snippets.python_snippet(*_request(sent))


def _curl(sent: Sent) -> str:
    return f"#!/bin/sh\n{snippets.curl_snippet(*_request(sent))}\n"


def _request(sent: Sent) -> tuple[dict[str, object], str, str]:
    content = sent.version.content
    values = values_for(sent.version, sent.case)
    filled = content | {"messages": versions.messages_with(content, values)}
    model, _slug, address = sent.model
    return filled, model or _ANY_MODEL, address or _ANY_ADDRESS


# For each kind its writer, the file's name, its type, and whether it knows pictures.
KINDS: Final[dict[str, tuple[Callable[[Sent], str], str, str, bool]]] = {
    "promptfoo": (_promptfoo, "promptfooconfig.yaml", "application/yaml", False),
    "prompty": (_prompty, "%s.prompty", "text/plain", False),
    "github-models": (_github_models, "%s.prompt.yml", "application/yaml", False),
    "python": (_python, "%s.py", "text/x-python", True),
    "curl": (_curl, "%s.sh", "text/x-shellscript", True),
}
# promptfoo's own file for visitors stands with the evidence: it has the baseline beside the prompt.
OF_ONE_PROMPT: Final = ("prompty", "github-models")
