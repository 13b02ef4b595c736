"""A long form that is refused says so above its fields, and begins at the first that is wrong."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prompts_app.models import Entry
from tests import factories

pytestmark = pytest.mark.django_db

# How the page says it; the address of the first wrong field; the field that has the focus.
Refused = tuple[str, str, str]


def told(page: str) -> Refused:
    notices = re.findall(
        r'class="notice notice--error" role="alert">.*?</strong>(.*?) <a href="#([\w-]+)">Go to',
        page,
        re.DOTALL,
    )
    assert len(notices) == 1
    target = notices[0][1]
    assert f'id="{target}"' in page
    focused = re.findall(r"<(?:input|textarea|select)\b[^>]*\bautofocus\b[^>]*>", page)
    names = {re.search(r'name="([\w-]+)"', one)[1] for one in focused}  # type: ignore[index]
    assert len(names) == 1
    # Nothing before the notice is wrong, and nothing wrong stands before the focus.
    assert page.index("notice--error") < page.index('aria-invalid="true"')
    assert page.index("autofocus") < page.index('class="field__error"')
    return notices[0][0], target, names.pop()


NOT_SAVED = "Not saved. What has to change is said at its field."
LIMITS = {
    "daily_limit": "1",
    "tries_per_visitor": "many",
    "tries_per_entry": "1",
    "tries_per_day": "none",
    "tries_at_once": "1",
    "tries_at_once_per_entry": "1",
    "time_zone": "UTC",
}
NEW = {"language": "en", "visibility": "draft", "kind": "text"}


@pytest.mark.parametrize(
    ("route", "sent", "said"),
    [
        ("studio_limits", LIMITS, (NOT_SAVED, "id_tries_per_visitor", "tries_per_visitor")),
        (
            "studio_limits",
            LIMITS | {"tries_per_visitor": "1", "tries_per_day": "1", "time_zone": "Moon"},
            (NOT_SAVED, "id_time_zone", "time_zone"),
        ),
        (
            "studio_provider_new",
            {"preset": "other", "base_url": "ftp://x", "at_once": "no"},
            (NOT_SAVED, "id_base_url", "base_url"),
        ),
        ("studio_entry_new", NEW, (NOT_SAVED, "id_title", "title")),
        (
            "studio_entry_new",
            NEW | {"title": "T", "prompt": "a\x00b", "summary": "a\x00b"},
            (NOT_SAVED, "id_prompt", "prompt"),
        ),
        (
            "studio_entry_new",
            NEW | {"title": "T", "visibility": "all", "tags": "x" * 700},
            (NOT_SAVED, "id_tags", "tags"),
        ),
        (
            "studio_import",
            {},
            (
                "Nothing is brought in yet. What has to change is said at its field.",
                "id_file",
                "file",
            ),
        ),
        ("studio_profile", {"handle": "me"}, (NOT_SAVED, "id_name", "name")),
        ("studio_link_new", {"save": "1"}, (NOT_SAVED, "id_company", "company")),
    ],
)
def test_the_page_says_where(client: Client, route: str, sent: Any, said: Refused) -> None:
    client.force_login(factories.profile().user)
    response = client.post(reverse(route), sent)
    assert response.status_code == 422
    assert told(response.content.decode()) == said


@pytest.fixture
def entry(client: Client) -> Entry:
    made = factories.entry()
    client.force_login(made.owner)
    return made


@pytest.mark.parametrize(
    ("route", "sent", "said"),
    [
        ("studio_entry_settings", {"slug": "a b"}, (NOT_SAVED, "id_title", "title")),
        (
            "studio_case_new",
            {"name": "N", "value-text": "a\x00b", "watch_for": "a\x00b"},
            (NOT_SAVED, "id_value-text", "value-text"),
        ),
        (
            "studio_versions",
            {"revision": "1", "change_note": "x" * 5000},
            (
                "Not published. What has to change is said at its field.",
                "id_change_note",
                "change_note",
            ),
        ),
    ],
)
def test_so_do_the_forms_of_an_entry(
    client: Client, entry: Entry, route: str, sent: Any, said: Refused
) -> None:
    entry.draft.content = factories.content("Another: {{ text }}")
    entry.draft.save()
    response = client.post(reverse(route, args=[entry.slug]), sent)
    assert response.status_code == 422
    assert told(response.content.decode()) == said


@pytest.mark.parametrize(
    ("sent", "target"),
    [
        ({"do": "save", "name": "", "base_url": "x", "at_once": "1"}, "id_base_url"),
        ({"do": "save", "name": "x" * 99, "at_once": "1"}, "id_name"),
        ({"do": "name", "name": ""}, "id_model_name"),
        ({"do": "terms", "m{pk}-kind": "none", "m{pk}-input": "x"}, "id_m{pk}-kind"),
        ({"do": "terms", "m{pk}-kind": "text", "m{pk}-output": "x"}, "id_m{pk}-output"),
    ],
)
def test_a_provider_leads_to_the_form_that_was_sent(
    client: Client, sent: dict[str, str], target: str
) -> None:
    owner = factories.profile().user
    provider = factories.provider(owner)
    model = factories.model(provider)
    client.force_login(owner)
    data = {key.format(pk=model.pk): value for key, value in sent.items()}
    response = client.post(reverse("studio_provider", args=[provider.pk]), data)
    assert response.status_code == 422
    page = response.content.decode()
    target = target.format(pk=model.pk)
    assert re.findall(r'href="#([\w-]+)">Go to the first one', page) == [target]
    assert page.count(f' id="{target}"') == 1
    focused = re.findall(r"<[^>]*\bautofocus\b[^>]*>", page)
    assert len(focused) == 1
    assert f'id="{target}"' in focused[0]


def test_a_page_that_was_only_asked_for_takes_nobody_anywhere(client: Client, entry: Entry) -> None:
    provider = factories.model(factories.provider(entry.owner)).provider
    for address in (
        reverse("studio_limits"),
        reverse("studio_provider", args=[provider.pk]),
        reverse("studio_entry", args=[entry.slug]),
        reverse("studio_entry_settings", args=[entry.slug]),
        reverse("studio_import"),
        reverse("studio_profile"),
    ):
        assert "autofocus" not in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("route", "sent", "said"),
    [
        (
            "account_login",
            {"login": "", "password": "x"},
            (
                "You are not signed in yet. What has to change is said at its field.",
                "id_login",
                "login",
            ),
        ),
        (
            "account_login",
            {"login": "a@example.org"},
            (
                "You are not signed in yet. What has to change is said at its field.",
                "id_password",
                "password",
            ),
        ),
        (
            "account_signup",
            {"email": "no address", "password1": "x"},
            (
                "No account is made yet. What has to change is said at its field.",
                "id_email",
                "email",
            ),
        ),
    ],
)
def test_so_do_the_doors(
    client: Client, settings: Any, route: str, sent: Any, said: Refused
) -> None:
    settings.ACCOUNT_SIGNUP = "open"
    response = client.post(reverse(route), sent)
    assert response.status_code == 422
    assert told(response.content.decode()) == said
