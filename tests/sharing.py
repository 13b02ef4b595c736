"""A share link with something to show, for tests of its pages."""

import re
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from prompts_app.models import Entry, Run, ShareLink, User, Version
from prompts_app.services import share_tokens, versions
from tests import factories

# Words of prompts, of rules and of answers, each found nowhere else.
PROMPT = "Plumbago-instructions"
BASELINE = "Marigold-oneliner"
RULE = "Larkspur-rule"
NAIVE_ANSWER = "Foxglove-naive"
ANSWER = "Delphinium-answer"
LATER = "Hellebore-later"


@dataclass(frozen=True, slots=True)
class Shared:
    """An entry with a baseline, a version measured against it, and runs of both."""

    entry: Entry
    baseline: Version
    version: Version
    before: Run
    after: Run


def shared_entry(owner: User | None = None, **fields: Any) -> Shared:
    """Return an entry whose second version keeps one of two tested constraints."""
    entry = factories.entry(
        owner, content=factories.content(f"{BASELINE}: {{{{ text }}}}"), **fields
    )
    baseline = entry.versions.get()
    constraints = [
        {"text": "Names flowers", "assertion": {"type": "contains", "value": "Delphinium"}},
        {"text": "Knows the rule", "assertion": {"type": "contains", "value": RULE}},
        {"text": "Reads well"},
    ]
    version = factories.version(
        entry, factories.content(f"{PROMPT}: {{{{ text }}}}", constraints=constraints)
    )
    case = factories.case(entry, "Twelve beds", watch_for="Counts them twice")
    Entry.objects.filter(pk=entry.pk).update(baseline=baseline, featured_case=case)
    before = factories.receipt(baseline, case, output=NAIVE_ANSWER).run
    after = factories.receipt(version, case, output=ANSWER).run
    factories.judged(entry)
    entry.refresh_from_db()
    return Shared(entry, baseline, version, before, after)


def address(link: ShareLink, rest: str = "") -> str:
    """Return an address under a link."""
    return reverse("share", args=[share_tokens.token_of(link)]) + rest


def addresses(link: ShareLink, shared: Shared) -> dict[str, str]:
    """Return route → an address of it under a link that shows `shared`, whose entry has a cover."""
    token = share_tokens.token_of(link)
    cover = shared.entry.cover
    assert cover is not None
    return {
        "share": reverse("share", args=[token]),
        "share_entry": reverse("share_entry", args=[token, shared.entry.slug]),
        "share_run": reverse("share_run", args=[token, shared.after.pk]),
        "share_check": reverse("share_check", args=[token, shared.after.pk]),
        "share_receipt": reverse("share_receipt", args=[token, shared.after.pk]),
        "share_picture": reverse("share_picture", args=[token, cover.pk, "png"]),
        "share_picture_small": reverse("share_picture_small", args=[token, cover.pk]),
    }


def with_cover(shared: Shared) -> Shared:
    """Give the entry a cover."""
    shared.entry.cover = factories.picture(shared.entry.owner, entry=shared.entry)
    shared.entry.save()
    return shared


def text_of(response: Any) -> str:
    """Return what a response says; read to its end, a file is closed again."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode(errors="replace")


def without_secrets(response: Any) -> str:
    """Return a page without what differs each time: its CSRF tokens."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text_of(response))


def places_in(text: str) -> set[str]:
    """Return everywhere a page leads to or takes something from."""
    return set(re.findall(r'(?:href|src|action)="([^"]*)"', text))


def open_with(client: Client, link: ShareLink, password: str, **fields: str) -> Any:
    """Give a link's password as its form does."""
    return client.post(address(link, "open/"), {"password": password, **fields})


def publish(entry: Entry) -> Version:
    """Publish a further version, with words of its own."""
    return versions.add_version(entry, factories.content(f"{LATER}: {{{{ text }}}}"), "Later")
