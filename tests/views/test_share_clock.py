"""The last second of a share link, at every address under it and of what came of it.

The addresses are read from the site's own routes: a new one under a link is asked too.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prompts_app.models import PreviewCard, Profile, ShareLink
from prompts_app.services import cards, share_tokens, shares
from tests import factories
from tests.clock import Clock
from tests.sharing import Shared, shared_entry, with_cover
from tests.walking import routes

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
UNDER = "s/<str:token>/"
PARAMETER = re.compile(r"<\w+:(\w+)>")
# Whoever holds an expired link may ask for another; nothing of the link is told there.
ASKING = "share_ask"


@pytest.fixture(autouse=True)
def own_place(settings: Settings, tmp_path: Path) -> None:
    """Keep pictures and cards in the test's own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands."""
    with Clock() as found:
        yield found


def linked(clock: Clock) -> tuple[ShareLink, Shared]:
    """A link for one day that shows an entry, of an author who takes messages."""
    shared = with_cover(shared_entry())
    owner = shared.entry.owner
    Profile.objects.filter(user=owner).update(contact_mode=Profile.Contact.FORM)
    factories.site_model(shared.entry)
    link = factories.share_link(owner, shared.entry, expires_at=clock.now + timedelta(days=1))
    return link, shared


def under(link: ShareLink, shared: Shared) -> dict[str, str]:
    """Return route → its address, for every route under a link."""
    assert shared.entry.cover is not None
    values: dict[str, Any] = {
        "token": share_tokens.token_of(link),
        "slug": shared.entry.slug,
        "run_id": shared.after.pk,
        "picture_id": shared.entry.cover.pk,
        "suffix": "png",
    }
    return {
        route.name: "/" + PARAMETER.sub(lambda found: str(values[found[1]]), route.pattern)
        for route in routes()
        if route.pattern.startswith(UNDER)
    }


def beside(link: ShareLink, shared: Shared) -> dict[str, str]:
    """Return route → its address, for what stands elsewhere and goes with the link."""
    attempt = factories.attempt(shared.entry, link=link)
    picture = factories.picture(shared.entry.owner, attempt=attempt)
    cards.Rounds().make_due()
    return {
        **{name: reverse(name, args=[attempt.pk]) for name in ("trial", "trial_run")},
        "picture": reverse("picture", args=[picture.pk, "png"]),
        "picture_small": reverse("picture_small", args=[picture.pk]),
        "card": reverse("card", args=[PreviewCard.objects.get(link=link).key]),
        # Last: it deletes what the others show.
        "trial_delete": reverse("trial_delete", args=[attempt.pk]),
    }


@pytest.fixture(autouse=True)
def strangers_sign_up(settings: Settings) -> None:
    """Only then there is a form for reports."""
    settings.ACCOUNT_SIGNUP = "open"


def statuses(addresses: dict[str, str]) -> dict[tuple[str, str], int]:
    """Return what anyone is told, by route and method, where the method is one of the route's."""
    found = {}
    for route, path in addresses.items():
        for method in ("GET", "HEAD", "POST"):
            response: Any = Client().generic(method, path)
            if response.streaming:
                b"".join(response.streaming_content)
            if response.status_code != 405:
                found[route, method] = response.status_code
    return found


def opened(told: dict[tuple[str, str], int], asked: dict[str, str]) -> None:
    """Every route answered by some method, and nothing was refused."""
    assert {route for route, _method in told} == set(asked)
    assert set(told.values()) <= {200, 204, 302, 303, 422}, told


def test_everything_opens_until_the_second_it_expires(clock: Clock) -> None:
    link, shared = linked(clock)
    paths, others = under(link, shared), beside(link, shared)
    assert {"share", "share_entry", "share_try", "share_run", "share_dossier"} <= set(paths)
    clock.move(timedelta(days=1) - SECOND)
    opened(statuses(paths), paths)
    del others["trial_delete"]
    opened(statuses(others), others)
    others = beside(link, shared)
    for _second in range(2):
        clock.move(SECOND)
        for (route, method), status in statuses(paths).items():
            assert status == (410 if route != ASKING else 422 if method == "POST" else 200), route
        assert set(statuses(others).values()) == {404}


def test_nothing_opens_from_the_second_it_is_revoked(clock: Clock) -> None:
    link, shared = linked(clock)
    paths, others = under(link, shared), beside(link, shared)
    kept = {name: path for name, path in others.items() if name != "trial_delete"}
    clock.move(-SECOND)
    opened(statuses(paths), paths)
    opened(statuses(kept), kept)
    clock.move(SECOND)
    shares.revoke(link)
    for _second in range(2):
        assert set(statuses(paths).values()) == {404}
        assert set(statuses(others).values()) == {404}
        clock.move(SECOND)
    # Undone at once, all of it is there again.
    link.refresh_from_db()
    shares.give_again(link)
    opened(statuses(paths), paths)
    opened(statuses(kept), kept)
