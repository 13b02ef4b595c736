"""Everybody who may knock at the site, everything they may knock at, and what they are told."""

import re
import uuid
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from prompts_app.models import ContactMessage, Entry, Evaluation, Import, ShareLink
from prompts_app.services import share_tokens
from tests import factories
from tests.sharing import Shared, open_with, shared_entry, with_cover

ROLES = ("anonymous", "other author", "link holder", "expired link holder", "owner")
METHODS = ("GET", "HEAD", "POST")
_PASSWORD = "four beds of foxglove"
_GUESSED = "A" * 22
# A regular expression, as the administration has one for whatever else is asked of it.
_REST = re.compile(r"\^?\(\?P<.*$")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern of the site's addresses; `name` with its namespace."""

    name: str
    pattern: str
    parameters: tuple[str, ...]
    is_regex: bool


def routes() -> list[Route]:
    """Return every route of the site."""
    return list(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: Any, prefix: str, namespace: str) -> Iterator[Route]:
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _walk(one.url_patterns, prefix + str(one.pattern), inner)
        elif isinstance(one, URLPattern):
            yield Route(
                namespace + (one.name or ""),
                prefix + str(one.pattern),
                tuple(one.pattern.converters) or tuple(one.pattern.regex.groupindex),
                "(?P<" in str(one.pattern),
            )


class Walk:
    """An author with an entry, a link that shows it, and everybody who comes by.

    Both holders have opened their link with its password; then the one of them expired.
    """

    def __init__(self, visibility: Entry.Visibility = Entry.Visibility.LINKS) -> None:
        self.shared = with_cover(shared_entry(visibility=visibility))
        owner, entry = self.shared.entry.owner, self.shared.entry
        live, expired = (self._locked(entry) for _one in range(2))
        self.tokens = dict.fromkeys(ROLES, _GUESSED) | {
            "link holder": share_tokens.token_of(live),
            "expired link holder": share_tokens.token_of(expired),
            "owner": share_tokens.token_of(live),
        }
        self.clients = {role: Client() for role in ROLES}
        self.clients["other author"].force_login(factories.profile().user)
        self.clients["owner"].force_login(owner)
        for role, link in (("link holder", live), ("expired link holder", expired)):
            assert open_with(self.clients[role], link, _PASSWORD).status_code == 303
        ShareLink.objects.filter(pk=expired.pk).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )
        self.values = values_of(self.shared, live)

    def _locked(self, entry: Entry) -> ShareLink:
        link = factories.share_link(entry.owner, entry)
        share_tokens.set_password(link, _PASSWORD)
        link.save()
        return link

    def path(self, route: Route, role: str) -> str:
        """Return the address at which somebody knocks."""
        values = {
            **self.values,
            "token": self.tokens[role],
            **_OWN_VALUES.get(route.name, {}),
        }
        if route.is_regex and route.name and ":" not in route.name:
            return reverse(route.name, kwargs={name: values[name] for name in route.parameters})
        pattern = _REST.sub("", route.pattern) if route.is_regex else route.pattern
        path = _PARAMETER.sub(lambda found: str(values[found[1]]), pattern)
        return f"/{path}"

    def knock(self, route: Route, role: str, method: str) -> int:
        """Return what somebody is told, and leave everything as it was."""
        # A copy: whoever is signed out by what they asked for is back for the next.
        client = Client()
        client.cookies = deepcopy(self.clients[role].cookies)
        with transaction.atomic():
            response: Any = client.generic(method, self.path(route, role))
            if response.streaming:
                b"".join(response.streaming_content)
            transaction.set_rollback(True)
        return int(response.status_code)


_OWN_VALUES: Mapping[str, Mapping[str, Any]] = {
    # Not a version's number.
    "sitemap_part": {"number": 0},
    "prompt_file": {"name": "prompt.prompty"},
}


def values_of(shared: Shared, link: ShareLink) -> dict[str, Any]:
    """Return parameter → its value, for every parameter of the site's addresses."""
    entry = shared.entry
    owner = entry.owner
    assert entry.cover is not None
    provider = factories.provider(owner)
    message = ContactMessage.objects.create(owner=owner, name="A visitor")
    evaluation = Evaluation.objects.create(entry=entry, total=1, repeats=1, bound=0)
    return {
        "handle": owner.profile.handle,
        "slug": entry.slug,
        "number": shared.version.number,
        "run_id": shared.after.pk,
        "picture_id": entry.cover.pk,
        "suffix": "png",
        "case_id": shared.after.case_id,
        "evaluation_id": evaluation.pk,
        "pk": provider.pk,
        "trial_id": factories.attempt(entry).pk,
        "link_id": link.pk,
        "message_id": message.pk,
        "import_id": Import.objects.create(owner=owner, size=0, source=b"").pk,
        "code": "no-invitation",
        "part": "entries",
        "kind": "prompty",
        "key": uuid.uuid4(),
        "uidb36": "1",
        "object_id": "1",
        "content_type_id": "1",
        "app_label": "prompts_app",
    }
