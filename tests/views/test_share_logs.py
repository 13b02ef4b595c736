"""What the site writes down of share links: never their tokens."""

import logging
import logging.config
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from portfolio.logs import RedactingFormatter
from prompts_app.services import share_tokens
from tests import factories

TOKEN = "c2hhcmUtdG9rZW4tMTIzNA"


@pytest.fixture
def written() -> Iterator[StringIO]:
    """Everything that the site's own handler writes."""
    stream = StringIO()
    config: Any = site_settings.LOGGING
    wanted: dict[str, Any] = config["formatters"]["plain"]
    handler = logging.StreamHandler(stream)
    made = logging.config.DictConfigurator({"version": 1}).configure_formatter(dict(wanted))
    handler.setFormatter(made)
    names = ("django", "django.request", "promptfolio")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield stream
    for name in names:
        logging.getLogger(name).removeHandler(handler)


def fails(request: HttpRequest, token: str) -> HttpResponse:
    """Fail with the token in the message alone, not in an address."""
    reverse("nowhere", args=[token])
    raise AssertionError


urlpatterns = [path("s/<str:token>/", fails)]


@override_settings(ROOT_URLCONF=__name__)
def test_a_page_that_fails_is_written_down_without_its_token(written: StringIO) -> None:
    response = Client(raise_request_exception=False).get(f"/s/{TOKEN}/")
    assert response.status_code == 500
    assert "Internal Server Error: /s/[token]/" in written.getvalue()
    assert "NoReverseMatch" in written.getvalue()
    assert TOKEN not in written.getvalue()


@pytest.mark.django_db
def test_refusals_are_written_down_without_it(written: StringIO) -> None:
    link = factories.share_link(factories.profile().user)
    token = share_tokens.token_of(link)
    logging.getLogger("django.request").setLevel("DEBUG")
    try:
        client = Client(enforce_csrf_checks=True)
        assert client.post(f"/s/{token}/open/", {"password": "secret words"}).status_code == 403
        assert client.get(f"/s/{token}/nothing/").status_code == 404
        assert Client().put(f"/s/{token}/").status_code == 405
    finally:
        logging.getLogger("django.request").setLevel("ERROR")
    lines = written.getvalue()
    assert lines.count("/s/[token]/") >= 3
    assert token not in lines
    assert "secret words" not in lines


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"GET /s/{TOKEN}/", "GET /s/[token]/"),
        (f"'/s/{TOKEN}'", "'/s/[token]'"),
        (f"https://example.org/s/{TOKEN}/runs/1/?a=b", "https://example.org/s/[token]/runs/1/?a=b"),
        (f"/s/{TOKEN}/ and {TOKEN}", "/s/[token]/ and [token]"),
        ("/studio/links/", "/studio/links/"),
        ("s/he", "s/he"),
    ],
)
def test_only_tokens_are_hidden(said: str, shown: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (said,), None)
    assert RedactingFormatter("%(message)s").format(record) == shown


def test_every_handler_of_the_site_hides_them() -> None:
    config: Any = site_settings.LOGGING
    for handler in config["handlers"].values():
        formatter = config["formatters"][handler["formatter"]]
        assert formatter["()"] == f"{RedactingFormatter.__module__}.RedactingFormatter"
