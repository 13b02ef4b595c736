"""Links to visit, and browsers that visit them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.test import Client

from prompts_app.models import Entry, ShareItem, ShareLink
from prompts_app.services import share_tokens, visitors
from tests import factories

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SLACK = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "HeadlessChrome/140.0.0.0 Safari/537.36"
)


@pytest.fixture(autouse=True)
def own_salts() -> Iterator[None]:
    """Let no process remember a salt that another test's database held."""
    visitors._salt_of.cache_clear()
    yield
    visitors._salt_of.cache_clear()


def link_with(entries: Sequence[Entry] = (), **fields: Any) -> ShareLink:
    """Return a link of an author with a profile, showing `entries` in order."""
    owner = entries[0].owner if entries else factories.profile().user
    link = ShareLink(**({"owner": owner, "label": "Acme, first round"} | fields))
    share_tokens.mint(link)
    link.save()
    for position, entry in enumerate(entries):
        ShareItem.objects.create(link=link, entry=entry, position=position)
    return link


def browser(agent: str = CHROME, address: str = "198.51.100.7", **headers: str) -> Client:
    """Return a browser; `headers` as in `HTTP_SEC_GPC`."""
    return Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address, **headers)  # type: ignore[arg-type]


def address(link: ShareLink, rest: str = "") -> str:
    """Return an address under a link's own."""
    return f"/s/{share_tokens.token_of(link)}/{rest}"


def nonce_in(text: str) -> str:
    """Return the nonce a page carries, "" where it has none."""
    found = re.search(r'<meta name="visit-nonce" content="([^"]+)"', text)
    return found[1] if found else ""


def opened(link: ShareLink, client: Client) -> str:
    """Open a link's page as a browser does, and return its nonce."""
    response = client.get(address(link))
    assert response.status_code == 200
    return nonce_in(response.content.decode())


def tell(
    link: ShareLink, client: Client, nonce: str, *events: str, entry: Sequence[str] = ()
) -> int:
    """Report as static/js/visit.js does; return the status."""
    body = {"nonce": nonce, "event": events or ("open",), "entry": entry}
    return client.post(address(link, "visit/"), body).status_code
