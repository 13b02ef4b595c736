"""The door of share links: who gets in until when, and what every answer under it has in common."""

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from prompts_app.models import ShareLink, User
from prompts_app.services import share_tokens
from tests import factories
from tests.clock import Clock
from tests.sharing import (
    Shared,
    address,
    addresses,
    places_in,
    shared_entry,
    text_of,
    with_cover,
    without_secrets,
)

pytestmark = pytest.mark.django_db

UNKNOWN = "A" * 22


def linked(**fields: Any) -> tuple[ShareLink, Shared]:
    shared = with_cover(shared_entry())
    return factories.share_link(shared.entry.owner, shared.entry, **fields), shared


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def statuses(client: Client, link: ShareLink, shared: Shared) -> dict[str, int]:
    found = {}
    for route, path in addresses(link, shared).items():
        response = client.get(path)
        text_of(response)
        found[route] = response.status_code
    return found


def test_it_opens_until_the_second_it_expires(client: Client) -> None:
    link, shared = linked()
    with Clock() as clock:
        link.expires_at = clock.now
        link.save()
        clock.move(timedelta(seconds=-1))
        assert set(statuses(client, link, shared).values()) == {200}
        for seconds in (1, 1):
            clock.move(timedelta(seconds=seconds))
            assert set(statuses(client, link, shared).values()) == {410}
        expired = text_of(client.get(address(link)))
        assert "This link has expired" in expired
        assert shared.entry.title not in expired


def test_an_expired_link_asks_for_no_password(client: Client) -> None:
    link, _shared = linked(expires_at=timezone.now() - timedelta(seconds=1))
    share_tokens.set_password(link, "anything")
    link.save()
    assert client.get(address(link)).status_code == 410
    assert client.post(address(link, "open/"), {"password": "anything"}).status_code == 410


@pytest.mark.parametrize(
    "end",
    [
        lambda link: ShareLink.objects.filter(pk=link.pk).update(revoked_at=timezone.now()),
        lambda link: User.objects.filter(pk=link.owner_id).update(is_active=False),
        lambda link: ShareLink.objects.filter(pk=link.pk).delete(),
    ],
    ids=["revoked", "owner gone", "deleted"],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_over_is_what_never_was(end: Callable[[ShareLink], object], language: str) -> None:
    link, shared = linked(language=language, expires_at=timezone.now() - timedelta(days=1))
    share_tokens.set_password(link, "anything")
    link.save()
    end(link)
    token = share_tokens.token_of(link)
    for path in (*addresses(link, shared).values(), address(link, "open/")):
        ended = Client().get(path)
        never = Client().get(path.replace(token, UNKNOWN))
        assert ended.status_code == never.status_code == 404
        assert without_secrets(ended).replace(token, UNKNOWN) == without_secrets(never)
        assert dict(ended.headers) == dict(never.headers)
        assert {*ended.cookies} == {*never.cookies} == set()


def test_a_revoked_link_takes_about_as_long_as_an_unknown_one(client: Client) -> None:
    link, _shared = linked(revoked_at=timezone.now())
    took: dict[str, list[float]] = {address(link): [], f"/s/{UNKNOWN}/": []}
    for _repeat in range(30):
        for path, times in took.items():
            start = time.perf_counter()
            client.get(path)
            times.append(time.perf_counter() - start)
    revoked, unknown = (median(times) for times in took.values())
    assert abs(revoked - unknown) < 0.005


@pytest.mark.parametrize(
    ("language", "said"), [("en", "This page was open too long"), ("fr", "restée ouverte trop")]
)
def test_a_form_without_its_token_gets_a_calm_page(language: str, said: str) -> None:
    link, shared = linked(language=language)
    client = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="de")
    for rest in (f"{shared.entry.slug}/try/", "contact/", "ask/", "open/"):
        response = client.post(address(link, rest), {"anything": "at all"})
        text = text_of(response)
        assert response.status_code == 403
        assert said in text
        assert f'<html lang="{language}"' in text
        assert response["Referrer-Policy"] == "same-origin"
        assert "no-store" in response["Cache-Control"]
        # The way back stays within the link.
        assert address(link, rest) in places_in(text)
        assert not places_in(text) & {"/", "/explore/", "/accounts/login/"}
    # Nobody learns from it which links there are.
    ShareLink.objects.filter(pk=link.pk).update(revoked_at=timezone.now())
    over = client.post(address(link, "contact/"))
    assert over.status_code == 404
    assert without_secrets(over) == without_secrets(client.post(f"/s/{UNKNOWN}/contact/"))


def test_a_locked_link_tells_no_more_without_a_token() -> None:
    link, shared = linked()
    share_tokens.set_password(link, "anything")
    link.save()
    response = Client(enforce_csrf_checks=True).post(address(link, "contact/"))
    assert response.status_code == 403
    assert "This link has a password" in text_of(response)
    assert shared.entry.owner.profile.name not in text_of(response)


def test_every_answer_is_for_this_reader_alone() -> None:
    link, shared = linked()
    lost, _lost = linked(expires_at=timezone.now() - timedelta(days=1))
    locked, _locked = linked()
    share_tokens.set_password(locked, "anything")
    locked.save()
    paths = [
        *addresses(link, shared).values(),
        address(link, "nothing-here/"),
        address(link, "runs/00000000-0000-0000-0000-000000000000/"),
        address(lost),
        address(locked),
        address(locked, "open/"),
        f"/s/{UNKNOWN}/",
    ]
    for client in (Client(), signed_in(shared.entry.owner)):
        for path in paths:
            for method in ("get", "head", "post", "put"):
                response = getattr(client, method)(path)
                text_of(response)
                where = (path, method, response.status_code)
                assert "noindex" in response["X-Robots-Tag"], where
                assert "no-store" in response["Cache-Control"], where
                assert "public" not in response["Cache-Control"], where
                assert response["Referrer-Policy"] == "same-origin", where
                assert "frame-ancestors 'none'" in response["Content-Security-Policy"], where
                assert response["X-Frame-Options"] == "DENY", where
                assert "X-Promptfolio-Keep" not in response, where


def test_nothing_under_it_sets_a_cookie_or_asks_for_a_session(client: Client) -> None:
    link, shared = linked()
    for path in addresses(link, shared).values():
        response = client.get(path)
        text_of(response)
        assert not response.cookies, path
        assert "Cookie" not in response.get("Vary", ""), path


def test_its_author_sees_it_whatever_has_become_of_it() -> None:
    link, shared = linked(revoked_at=timezone.now(), expires_at=timezone.now() - timedelta(days=1))
    share_tokens.set_password(link, "anything")
    link.save()
    assert set(statuses(signed_in(link.owner), link, shared).values()) == {200}
    stranger = signed_in(factories.profile().user)
    assert set(statuses(stranger, link, shared).values()) == {404}


def test_tokens_of_other_shapes_are_unknown(client: Client) -> None:
    link, _shared = linked()
    token = share_tokens.token_of(link)
    for other in (token[:-1], token.swapcase(), f"{token}A", "é" * 22, "%00", "x" * 500):
        assert client.get(f"/s/{other}/").status_code == 404


def test_robots_are_told_of_the_folder_alone(client: Client) -> None:
    link, _shared = linked()
    text = text_of(client.get("/robots.txt"))
    assert "Disallow: /s/\n" in text
    assert share_tokens.token_of(link) not in text
