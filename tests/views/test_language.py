"""The language switch, and which language a page speaks."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db

SWITCH = reverse("language")
PAGE = reverse("account_login")


def speaks(client: Client, language: str, **headers: str) -> bool:
    """Say whether a page comes in that language."""
    return f'<html lang="{language}">' in client.get(PAGE, headers=headers).content.decode()


def test_a_visitor_gets_a_cookie_and_their_page_back(client: Client) -> None:
    response = client.post(SWITCH, {"language": "fr", "next": "/explore/?q=a&tag=b"})
    assert (response.status_code, response["Location"]) == (302, "/explore/?q=a&tag=b")
    assert response.cookies["language"].value == "fr"
    assert set(response.cookies) == {"language"}
    assert speaks(client, "fr")
    assert speaks(client, "fr", accept_language="en")
    client.post(SWITCH, {"language": "en"})
    assert speaks(client, "en", accept_language="fr")


def test_the_browser_decides_without_a_cookie(client: Client) -> None:
    assert speaks(client, "fr", accept_language="fr-CH, fr;q=0.9, en;q=0.8")
    assert speaks(client, "en", accept_language="xx, *")
    assert speaks(client, "en", accept_language="\x00;;;q=,")


def test_an_account_remembers_its_language_on_every_device(client: Client) -> None:
    owner = factories.profile().user
    client.force_login(owner)
    client.post(SWITCH, {"language": "fr", "next": reverse("studio_profile")})
    owner.refresh_from_db()
    assert owner.language == "fr"
    elsewhere = Client()
    elsewhere.force_login(owner)
    elsewhere.cookies["language"] = "en"
    assert '<html lang="fr">' in elsewhere.get(reverse("studio_profile")).content.decode()


@pytest.mark.parametrize("language", ["", "de", "fr\x00", "../fr", "x" * 5000])
def test_unknown_languages_change_nothing(client: Client, language: str) -> None:
    owner = factories.user()
    client.force_login(owner)
    response = client.post(SWITCH, {"language": language})
    assert response.status_code == 302
    assert "language" not in response.cookies
    owner.refresh_from_db()
    assert owner.language == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "\x00//evil.example",
        "https://testserver@evil.example/",
    ],
)
def test_nobody_is_led_away_from_the_site(client: Client, address: str) -> None:
    response = client.post(SWITCH, {"language": "fr", "next": address})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_odd_addresses_of_this_site_are_no_error(client: Client) -> None:
    for address in ("/\u202e", "/a\r\nSet-Cookie: x=y", "/" + "é" * 50):
        response = client.post(SWITCH, {"language": "fr", "next": address})
        assert response.status_code == 302
        assert "\n" not in response["Location"]
        assert set(response.cookies) == {"language"}


def test_only_a_post_switches(client: Client) -> None:
    assert client.get(SWITCH).status_code == 405


def test_the_switch_needs_no_token(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(SWITCH, {"language": "fr"}).status_code == 302
