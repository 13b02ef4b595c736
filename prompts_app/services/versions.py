"""Publishing and withdrawing versions."""

import unicodedata
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts_app.models import Draft, Entry, Try, Version
from prompts_app.receipts.canonical import content_hash
from prompts_app.services import entries, judging, rendering, second_language, tries
from prompts_app.text import variables


class NotPublishable(Exception):  # noqa: N818 - it reads as the condition it is
    """The prompt cannot become a version.

    `code` is "empty", "unchanged", "stale"; of a baseline also "same" (it sends what the published
    version does) or "unknown_variable" (`name`).
    """

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.name = name


def publish_version(entry: Entry, change_note: str, *, revision: int | None = None) -> Version:
    """Snapshot the draft as the entry's next version and show it to visitors.

    With `revision`, only that revision of the draft is published. Raises NotPublishable.
    """
    with transaction.atomic():
        # Holding the draft's row makes the numbers of two publishing tabs follow each other.
        draft = Draft.objects.select_for_update().get(entry=entry)
        if revision is not None and draft.revision != revision:
            raise NotPublishable("stale")
        return add_version(entry, draft.content, change_note)


def add_version(entry: Entry, content: dict[str, Any], change_note: str) -> Version:
    """Make `content` the next version, published at once. Raises NotPublishable."""
    with transaction.atomic():
        shown = _locked(entry).published
        if shown is not None and shown.content_hash == content_hash(content):
            raise NotPublishable("unchanged")
        version = _next_version(entry, content, change_note)
        # The caller may have read the entry before another tab published its first version.
        entry.refresh_from_db(fields=["baseline"])
        entry.published = version
        entry.published_at = version.created_at
        entry.kind = content["kind"]
        if entry.baseline_id is None:
            entry.baseline = version
        entry.save(update_fields=["published", "published_at", "kind", "baseline", "updated_at"])
        entries.index(entry)
        judging.judge_again(entry)
    return version


def add_baseline(entry: Entry, prompt: str) -> Version:
    """Make the naive prompt a version that is never the published one, and measure against it.

    `prompt` may hold the variables of the published version, which it takes over with the
    parameters; without any, the first variable's value follows it, so that both get the same input.
    Raises NotPublishable.
    """
    assert entry.published is not None
    content = entry.published.content
    known = {one["name"] for one in content["variables"]}
    used = variables.names(prompt)
    for name in used:
        if name not in known:
            raise NotPublishable("unknown_variable", name)
    if not used and content["variables"] and prompt.strip():
        used = [content["variables"][0]["name"]]
        prompt = f"{prompt}\n\n{{{{ {used[0]} }}}}"
    naive = {
        "kind": content["kind"],
        "messages": [{"role": "user", "content": prompt}],
        "variables": [one for one in content["variables"] if one["name"] in used],
        "context": "",
        "constraints": [],
        "parameters": content["parameters"],
    }
    with transaction.atomic():
        if prompt_hash(naive) == entry.published.prompt_hash:
            raise NotPublishable("same")
        _locked(entry)
        same = entry.versions.filter(
            content_hash=content_hash(naive), withdrawn_at__isnull=True
        ).first()
        version = same or _next_version(entry, naive, "", naive=True)
        set_baseline(entry, version)
    return version


def set_baseline(entry: Entry, version: Version) -> None:
    """Measure the entry against `version` from now on."""
    with transaction.atomic():
        entry.baseline = version
        entry.save(update_fields=["baseline", "updated_at"])
        judging.judge_again(entry)


def prompt_hash(content: dict[str, Any]) -> str:
    """Return the SHA-256, in hex, of what reaches the model (RFC 8785): neither the constraints
    nor the context do.
    """
    return content_hash(
        {
            "kind": content["kind"],
            "messages": content["messages"],
            "defaults": {one["name"]: one["default"] for one in content["variables"]},
            "parameters": content["parameters"],
        }
    )


def successor(version: Version) -> Version | None:
    """Return what visitors see if the published `version` is withdrawn; None: nothing.

    Never a version that was made to be measured against.
    """
    left = Version.objects.filter(
        entry=version.entry_id, withdrawn_at__isnull=True, naive=False
    ).exclude(pk=version.pk)
    return left.order_by("-number").first()


def _locked(entry: Entry) -> Entry:
    # Holding the entry's row makes the numbers of two writers follow each other.
    rows = Entry.objects.select_for_update(of=("self",)).select_related("published")
    return rows.get(pk=entry.pk)


def _next_version(
    entry: Entry, content: dict[str, Any], change_note: str, *, naive: bool = False
) -> Version:
    if not any(message["content"].strip() for message in content["messages"]):
        raise NotPublishable("empty")
    latest = Version.objects.filter(entry=entry).order_by("-number").first()
    return Version.objects.create(
        entry=entry,
        number=latest.number + 1 if latest else 1,
        content=content,
        content_hash=content_hash(content),
        prompt_hash=prompt_hash(content),
        change_note=change_note,
        naive=naive,
    )


def withdraw_version(version: Version) -> None:
    """Erase a version's content for good; its number and hash stay.

    If it was the published one, the newest version left takes its place; with none left the
    entry is no longer public. Outputs of the version go with its content: they may repeat it.
    """
    with transaction.atomic():
        withdrawn = Version.objects.filter(pk=version.pk, withdrawn_at__isnull=True).update(
            content={}, change_note="", withdrawn_at=timezone.now()
        )
        if not withdrawn:
            return
        rendering.forget(
            [version.content["context"], *version.runs.values_list("output", flat=True)]
        )
        version.runs.update(output="", raw_response=None, values={}, hidden=True)
        judging.forget_findings(version)
        for attempt in version.trys.filter(state=Try.State.WAITING):
            tries.take_back(attempt)
        version.trys.all().delete()
        entry = Entry.objects.get(pk=version.entry_id)
        if entry.published_id == version.pk:
            entry.published = successor(version)
        if entry.baseline_id == version.pk:
            left = entry.versions.filter(withdrawn_at__isnull=True)
            entry.baseline = left.order_by("number").first()
        entry.search_text = ""
        entry.save(update_fields=["published", "baseline", "search_text", "updated_at"])
        second_language.forget_what_is_gone(entry)
        entries.index(entry)
        judging.judge_again(entry)


def filled(
    content: dict[str, Any], values: dict[str, str], *, keep_empty: bool = False
) -> dict[str, str]:
    """Return what stands in the place of each variable: its value, else its default.

    One without either keeps its braces; with `keep_empty` so does one whose value and default are
    empty. Names are in NFC.
    """
    given = {one["name"]: one["default"] for one in content["variables"]} | values
    braces = {
        name: f"{{{{ {name} }}}}"
        for message in content["messages"]
        for name in variables.names(message["content"])
    }
    return braces | {
        unicodedata.normalize("NFC", name): value
        for name, value in given.items()
        if value or not keep_empty
    }


def messages_with(content: dict[str, Any], values: dict[str, str]) -> list[dict[str, str]]:
    """Return the messages of a version's content with `values` in place of its variables."""
    known = filled(content, values)
    return [
        {"role": message["role"], "content": variables.render(message["content"], known)}
        for message in content["messages"]
    ]


def picture_prompt(messages: list[dict[str, str]]) -> str:
    """Return the one text that a picture model gets of several messages."""
    return "\n\n".join(message["content"] for message in messages)
