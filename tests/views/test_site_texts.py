"""Legal notice and privacy: the operator's words, in the reader's language where there are any."""

import logging

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prompts_app.models import SiteText, User
from prompts_app.services import setup
from tests import factories

pytestmark = pytest.mark.django_db

LEGAL, PRIVACY = reverse("legal"), reverse("privacy")
HOME = reverse("home")


def write(kind: str, language: str, text: str) -> None:
    SiteText.objects.create(kind=kind, language=language, text=text)


def test_a_footer_leads_only_where_there_is_a_text(client: Client) -> None:
    page = client.get(HOME).content.decode()
    assert LEGAL not in page
    assert PRIVACY not in page
    assert client.get(LEGAL).status_code == 404
    write("legal", "en", "Ada Byron, 12 St James's Square")
    page = client.get(HOME).content.decode()
    assert f'href="{LEGAL}"' in page
    assert PRIVACY not in page
    # Kept for everybody, as other public pages are.
    response = client.get(LEGAL)
    assert "X-Promptfolio-Keep" in response
    assert not response.cookies


def test_each_reads_in_their_language_or_in_the_one_there_is(client: Client) -> None:
    write("legal", "fr", "## Éditeur\n\nAda Byron, **Paris**")
    page = client.get(LEGAL).content.decode()
    assert '<html lang="en">' in page
    assert '<div class="prose" lang="fr">' in page
    assert "<strong>Paris</strong>" in page
    write("legal", "en", "Publisher: Ada Byron")
    assert "Publisher: Ada Byron" in client.get(LEGAL).content.decode()
    client.cookies["language"] = "fr"
    page = client.get(LEGAL).content.decode()
    assert "Éditeur" in page
    assert "Mentions légales" in page


def test_the_text_is_data(client: Client) -> None:
    write("privacy", "en", "<script>alert(1)</script> [x](javascript:alert(1)) {{ 1|add:1 }}")
    page = client.get(PRIVACY).content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "{{ 1|add:1 }}" in page


def test_the_operator_writes_them_in_the_admin(client: Client) -> None:
    operator = User.objects.create_superuser("operator@example.org", factories.PASSWORD)
    factories.second_step(operator)
    client.force_login(operator)
    add = reverse("admin:prompts_app_sitetext_add")
    fields = {"kind": "privacy", "language": "en", "text": "We keep *nothing*."}
    assert client.post(add, fields).status_code == 302
    # One for each language.
    assert client.post(add, fields).status_code == 200
    assert client.post(add, fields | {"language": "fr", "text": "a\x00b"}).status_code == 200
    assert "<em>nothing</em>" in Client().get(PRIVACY).content.decode()
    kept = SiteText.objects.get()
    client.post(reverse("admin:prompts_app_sitetext_delete", args=[kept.pk]), {"post": "yes"})
    assert PRIVACY not in Client().get(HOME).content.decode()


def test_an_open_site_without_them_is_warned_of(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def warned() -> list[str]:
        found = run_checks(databases=["default"])
        return [str(one.msg) for one in found if one.id == "promptfolio.W001"]

    assert warned() == []
    settings.ACCOUNT_SIGNUP = "open"
    assert warned() == ["Sign-up is open, and the site has no text for: legal, privacy."]
    write("legal", "fr", "Ada Byron, Paris")
    assert warned() == ["Sign-up is open, and the site has no text for: privacy."]
    with caplog.at_level(logging.WARNING, "promptfolio.setup"):
        setup.warn_of_missing_texts()
    assert "“privacy”" in caplog.text


def test_where_no_mail_goes_out_the_pages_say_so(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_SIGNUP = "open"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    pages = [
        reverse(name)
        for name in (
            *("account_reset_password", "account_reset_password_done", "account_signup"),
            "account_email_verification_sent",
        )
    ]
    for goes, times in ((False, 1), (True, 0)):
        settings.MAIL_GOES_OUT = goes
        for page in pages:
            shown = client.get(page).content.decode()
            assert shown.count("This site sends no mail") == times, page
