"""Pages for what went wrong: the right status, a way on, and no cookie."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import translation
from pytest_django import Settings

from portfolio.urls import urlpatterns as site
from prompts_app.views import errors
from tests import factories


def broken(request: HttpRequest) -> HttpResponse:
    """Stand for any mistake of ours."""
    raise RuntimeError("broken")


urlpatterns = [path("broken/", broken), *site]
handler500 = errors.server_error


@pytest.mark.django_db
def test_a_missing_page_offers_a_way_on(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    shown = response.content.decode()
    assert "Nothing is here" in shown
    assert 'href="/explore/"' in shown
    assert "csrf" not in shown


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/%00", "/@%00/", "/@a/%ED%A0%80/", "/@a/b/v%C2%B2/"])
def test_odd_addresses_are_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_a_page_open_too_long_says_what_to_do() -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(factories.user())
    response = careful.post("/accounts/logout/")
    assert response.status_code == 403
    assert "reload the page" in response.content.decode()


@pytest.mark.django_db
def test_a_request_too_large_is_refused_with_a_page(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = client.post("/accounts/login/", {"login": "a" * 100, "password": "b"})
    assert response.status_code == 400
    assert "cannot be read" in response.content.decode()


def test_our_own_mistakes_need_no_database(settings: Settings) -> None:
    request = RequestFactory().get("/")
    # Looking the session up might be what fails; this test may not touch a database at all.
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "unknown"
    response = errors.server_error(request)
    assert response.status_code == 500
    assert "Something went wrong here" in response.content.decode()


@pytest.mark.django_db
def test_a_broken_view_gives_that_page(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    response = client.get("/broken/")
    assert response.status_code == 500
    shown = response.content.decode()
    assert "Something went wrong here" in shown
    assert "RuntimeError" not in shown


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_every_page_opens_in_both_languages(code: int) -> None:
    views = {
        400: errors.bad_request,
        403: errors.forbidden,
        404: errors.not_found,
        500: errors.server_error,
    }
    for language in ("en", "fr"):
        with translation.override(language):
            response = views[code](RequestFactory().get("/"))
        assert response.status_code == code
        assert f'<html lang="{language}">' in response.content.decode()
