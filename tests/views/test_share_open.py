"""The password of a share link: asked for once, by POST, only so often, and bound to the link."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from prompts_app.models import ShareLink
from prompts_app.services import share_passwords, share_tokens
from tests import factories
from tests.clock import Clock
from tests.sharing import Shared, address, addresses, open_with, shared_entry, text_of, with_cover

pytestmark = pytest.mark.django_db

RIGHT = "four beds of foxglove"


def locked(**fields: Any) -> tuple[ShareLink, Shared]:
    shared = with_cover(shared_entry())
    link = factories.share_link(shared.entry.owner, shared.entry, **fields)
    share_tokens.set_password(link, RIGHT)
    link.save()
    return link, shared


def test_every_address_asks_for_the_password_and_tells_nothing(client: Client) -> None:
    link, shared = locked()
    for path in addresses(link, shared).values():
        response = client.get(path)
        assert response.status_code == 403
        text = text_of(response)
        assert 'type="password"' in text
        for said in (shared.entry.title, shared.entry.owner.profile.name):
            assert said not in text
    assert not client.cookies.get(share_tokens.cookie_name(link))


def test_the_right_one_opens_this_browser_and_leads_back(client: Client) -> None:
    link, shared = locked()
    wanted = address(link, f"{shared.entry.slug}/")
    response = open_with(client, link, f" {RIGHT} ", next=wanted)
    assert (response.status_code, response["Location"]) == (303, wanted)
    cookie = response.cookies[share_tokens.cookie_name(link)]
    assert cookie["path"] == address(link)
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == share_tokens.OPEN_FOR
    assert RIGHT not in cookie.value
    for path in addresses(link, shared).values():
        response = client.get(path)
        assert response.status_code == 200
        text_of(response)
    assert Client().get(address(link)).status_code == 403


def test_its_cookie_is_for_https_alone_where_the_site_is(
    client: Client, settings: Settings
) -> None:
    link, _shared = locked()
    name = share_tokens.cookie_name(link)
    assert not open_with(client, link, RIGHT).cookies[name]["secure"]
    settings.SESSION_COOKIE_SECURE = True
    assert open_with(Client(), link, RIGHT).cookies[name]["secure"]


def test_a_wrong_one_is_said_to_be_wrong(client: Client) -> None:
    link, _shared = locked()
    for given in ("four beds", "", RIGHT.upper(), "x" * 200, "\x00"):
        response = open_with(client, link, given)
        assert response.status_code == 422
        text = text_of(response)
        assert 'aria-invalid="true"' in text
        assert " autofocus" in response.text
        assert f'value="{given}"' not in text or not given
        assert share_tokens.cookie_name(link) not in response.cookies
    # Nobody has seen the link yet: there is nothing to count.
    assert "visit-nonce" not in response.text


def test_it_leads_back_to_the_link_alone(client: Client) -> None:
    link, _shared = locked()
    other = factories.share_link(link.owner)
    for wanted in (
        "",
        "/",
        "//evil.example/",
        "https://evil.example/",
        address(other),
        address(link, "../../accounts/logout/"),
        address(link, "%2e%2e/%2e%2e/accounts/logout/"),
        address(link, "\\evil"),
        address(link, "a/\r\nSet-Cookie: x=y"),
    ):
        response = open_with(client, link, RIGHT, next=wanted)
        assert (response.status_code, response["Location"]) == (303, address(link)), wanted


def test_what_opened_one_link_opens_no_other_and_no_later_password(client: Client) -> None:
    link, shared = locked()
    other = factories.share_link(link.owner, shared.entry)
    share_tokens.set_password(other, RIGHT)
    other.save()
    open_with(client, link, RIGHT)
    kept = client.cookies[share_tokens.cookie_name(link)].value
    client.cookies[share_tokens.cookie_name(other)] = kept
    assert client.get(address(other)).status_code == 403
    assert client.get(address(link)).status_code == 200
    share_tokens.set_password(link, RIGHT)
    link.save()
    assert client.get(address(link)).status_code == 403
    share_tokens.set_password(link, "")
    link.save()
    assert Client().get(address(link)).status_code == 200


def test_it_is_posted_with_the_forms_own_token() -> None:
    link, _shared = locked()
    client = Client(enforce_csrf_checks=True)
    assert open_with(client, link, RIGHT).status_code == 403
    page = text_of(client.get(address(link)))
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    response = open_with(client, link, RIGHT, csrfmiddlewaretoken=token)
    assert response.status_code == 303


def test_its_own_address_leads_to_the_page_and_takes_nothing_by_get(client: Client) -> None:
    link, _shared = locked()
    response = client.get(address(link, "open/"), {"password": RIGHT})
    assert (response.status_code, response["Location"]) == (303, address(link))
    assert not response.cookies
    assert client.put(address(link, "open/")).status_code == 405


def guess(link: ShareLink, number: int, caller: str = "198.51.100.7") -> list[int]:
    client = Client(REMOTE_ADDR=caller)
    return [open_with(client, link, f"guess {one}").status_code for one in range(number)]


def test_one_visitor_guesses_ten_times_an_hour() -> None:
    link, _shared = locked()
    with Clock() as clock:
        assert guess(link, 10) == [422] * 10
        client = Client(REMOTE_ADDR="198.51.100.7")
        clock.move(timedelta(minutes=20))
        refused = open_with(client, link, RIGHT)
        assert refused.status_code == 429
        assert refused["Retry-After"] == str(40 * 60)
        assert "in 40 minutes" in text_of(refused)
        assert share_tokens.cookie_name(link) not in refused.cookies
        # Neither another visitor nor another link is concerned.
        assert open_with(Client(REMOTE_ADDR="198.51.100.8"), link, RIGHT).status_code == 303
        other, _other = locked()
        assert open_with(client, other, RIGHT).status_code == 303
        clock.move(timedelta(minutes=40, seconds=-1))
        assert open_with(client, link, RIGHT).status_code == 429
        clock.move(timedelta(seconds=1))
        assert open_with(client, link, RIGHT).status_code == 303


def test_all_visitors_together_guess_fifty_times_an_hour() -> None:
    link, _shared = locked()
    with Clock() as clock:
        for caller in range(5):
            assert guess(link, 10, f"198.51.100.{caller}") == [422] * 10
        assert guess(link, 1, "203.0.113.1") == [429]
        clock.move(share_passwords.WITHIN)
        assert guess(link, 1, "203.0.113.1") == [422]


def test_who_knows_it_uses_up_nothing() -> None:
    link, _shared = locked()
    client = Client()
    for _colleague in range(share_passwords.PER_VISITOR + 2):
        client.cookies.clear()
        assert open_with(client, link, RIGHT).status_code == 303


def test_it_is_kept_hashed() -> None:
    link, _shared = locked()
    link.refresh_from_db()
    assert RIGHT not in link.password
    assert "$" in link.password
