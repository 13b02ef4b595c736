"""The studio's list of providers, adding one, and deleting one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prompts_app.models import LLMModel, Provider, SiteGrant, User
from prompts_app.services import keys, providers
from tests import factories

pytestmark = pytest.mark.django_db

CANARY = "sk-canary-0123456789abcdef"


@pytest.fixture
def author(client: Client) -> User:
    owner = factories.profile().user
    client.force_login(owner)
    return owner


@pytest.fixture
def operator(client: Client) -> User:
    owner = factories.profile(factories.user(is_staff=True)).user
    client.force_login(owner)
    return owner


def sent(**fields: str) -> dict[str, str]:
    return {
        "preset": "other",
        "name": "Mine",
        "base_url": "",
        "api_key": "",
        "at_once": "4",
    } | fields


def test_every_address_asks_strangers_to_sign_in(client: Client) -> None:
    made = factories.provider(factories.profile().user)
    for address in (
        reverse("studio_providers"),
        reverse("studio_provider_new"),
        reverse("studio_provider", args=[made.pk]),
        reverse("studio_provider_delete", args=[made.pk]),
    ):
        assert client.get(address)["Location"].startswith(reverse("account_login")), address
        assert client.post(address)["Location"].startswith(reverse("account_login")), address


def test_an_account_without_a_profile_makes_one_first(client: Client) -> None:
    client.force_login(factories.user())
    assert client.get(reverse("studio_providers"))["Location"] == reverse("studio_profile")


def test_another_authors_provider_is_not_there(client: Client, author: User) -> None:
    made = factories.provider(factories.user())
    for number in (made.pk, 10**30, made.pk + 1000):
        for name in ("studio_provider", "studio_provider_delete"):
            address = reverse(name, args=[number])
            assert client.get(address).status_code == 404
            assert client.post(address, {"do": "save"}).status_code == 404
    assert Provider.objects.filter(pk=made.pk).exists()


def test_the_sites_provider_cannot_be_opened(client: Client, author: User) -> None:
    made = factories.site_provider()
    assert client.get(reverse("studio_provider", args=[made.pk])).status_code == 404


def test_wrong_methods(client: Client, author: User) -> None:
    assert client.post(reverse("studio_providers")).status_code == 405
    assert client.put(reverse("studio_provider_new")).status_code == 405
    made = factories.provider(author)
    assert client.put(reverse("studio_provider", args=[made.pk])).status_code == 405
    assert client.put(reverse("studio_provider_delete", args=[made.pk])).status_code == 405


def test_the_list_shows_whose_models_run_where(client: Client, author: User) -> None:
    empty = client.get(reverse("studio_providers"))
    assert "Add a provider" in empty.content.decode()
    made = factories.provider(author, "https://models.example.org/v1", api_key=CANARY)
    factories.model(made, "priced")
    factories.model(made, "unpriced", output_price=None)
    factories.model(made, "gone", enabled=False)
    page = client.get(reverse("studio_providers")).content.decode()
    assert "models.example.org" in page
    assert "1 without a price" in page
    assert "The site’s own models" not in page
    assert CANARY not in page


def test_the_sites_models_show_once_granted(client: Client, author: User) -> None:
    demo = factories.site_provider(
        "https://own.example.org/v1", name="House", source=Provider.Source.DEMO
    )
    factories.model(demo, "house-large", input_price=150_000, output_price=600_000)
    factories.model(demo, "house-brush", kind="image")
    factories.model(demo, "house-unknown", input_price=None)
    assert "house-large" not in client.get(reverse("studio_providers")).content.decode()
    SiteGrant.objects.create(user=author, daily_cap=2_500_000)
    page = client.get(reverse("studio_providers")).content.decode()
    for shown in ("house-large", "$0.15", "$0.60", "$0.04", "$2.50", "own.example.org"):
        assert shown in page, shown
    assert "no price: cannot be used" in page
    assert "demo model: scripted rules, not a language model" in page


def test_more_rows_take_the_same_number_of_queries(client: Client, author: User) -> None:
    SiteGrant.objects.create(user=author, daily_cap=1)
    site = factories.site_provider()

    def fill(number: int) -> None:
        for owner in range(number):
            mine = factories.provider(author, name=f"Provider {owner}")
            for made in (mine, site):
                factories.model(made, f"model-{number}-{owner}")

    counts = []
    for number in (1, 12):
        fill(number)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("studio_providers")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_a_preset_fills_in_what_is_left_empty(client: Client, author: User) -> None:
    address = reverse("studio_provider_new")
    page = client.get(address, {"preset": "mistral"}).content.decode()
    assert 'value="https://api.mistral.ai/v1"' in page
    assert "https://console.mistral.ai/api-keys" in page
    answer = client.post(address, sent(preset="mistral", name="", api_key=f"  {CANARY}\n"))
    made = Provider.objects.get(owner=author)
    assert answer["Location"] == reverse("studio_provider", args=[made.pk])
    assert (made.name, made.preset, made.base_url) == (
        "Mistral",
        "mistral",
        "https://api.mistral.ai/v1",
    )
    assert made.source == Provider.Source.STUDIO
    assert keys.decrypt(made.key_encrypted) == CANARY
    assert CANARY.encode() not in bytes(made.key_encrypted)


def test_an_unknown_preset_is_ignored(client: Client, author: User) -> None:
    for word in ("nonsense", "\x00", "é" * 500):
        assert client.get(reverse("studio_provider_new"), {"preset": word}).status_code == 200
    assert client.post(reverse("studio_provider_new"), {}).status_code == 422


def test_a_preset_that_needs_a_key_asks_for_it(client: Client, author: User) -> None:
    answer = client.post(reverse("studio_provider_new"), sent(preset="groq"))
    assert answer.status_code == 422
    assert "Groq answers nobody without one." in answer.content.decode()
    elsewhere = sent(preset="groq", name="", base_url="https://proxy.example.org/v1/", api_key="k")
    client.post(reverse("studio_provider_new"), elsewhere)
    made = Provider.objects.get(owner=author)
    assert (made.name, made.preset) == ("proxy.example.org", "other")
    assert made.base_url == "https://proxy.example.org/v1"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write the address"),
        ("not an address", "This is not an address"),
        ("https://exa mple.org", "This is not an address"),
        ("ftp://example.org/v1", "begins with https://"),
        ("http://example.org/v1", "so that the key stays secret"),
        ("https://me:secret@example.org/v1", "Leave name and password out"),
        ("https://example.org/v1?key=1", "from the “?” or “#” on"),
        ("https:///v1", "names no server"),
        ("https://example.org:99999/v1", "is not a port"),
        ("https://localhost/v1", "only the site’s operator"),
        ("https://127.0.0.1/v1", "only the site’s operator"),
        ("https://10.1.2.3/v1", "only the site’s operator"),
        ("https://[::1]/v1", "only the site’s operator"),
        ("https://0x7f000001/v1", "only the site’s operator"),
        ("https://printer.local/v1", "only the site’s operator"),
        ("https://example.org/\x00", "NUL"),
        ("https://example.org/" + "a" * 300, "at most 300 fit"),
        ("https://" + "ü" * 60 + ".example.org/" + "a" * 230, "at most 300 fit"),
    ],
)
def test_addresses_are_refused_with_a_sentence(
    client: Client, author: User, typed: str, sentence: str
) -> None:
    answer = client.post(
        reverse("studio_provider_new"), sent(name="Kept name", base_url=typed, api_key=CANARY)
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="Kept name"' in page
    assert "Paste the key again" in page
    assert CANARY not in page
    assert not Provider.objects.exists()


def test_operators_may_name_private_addresses(client: Client, operator: User) -> None:
    client.post(reverse("studio_provider_new"), sent(preset="ollama", name=""))
    made = Provider.objects.get(owner=operator)
    assert (made.name, made.base_url) == ("Ollama", "http://127.0.0.1:11434/v1")
    assert providers.endpoint_of(made).allow_private


def test_a_local_preset_has_no_address_for_others(client: Client, author: User) -> None:
    answer = client.post(reverse("studio_provider_new"), sent(preset="ollama"))
    assert answer.status_code == 422
    assert "Write the address" in answer.content.decode()


@pytest.mark.parametrize("key", ["two words", "clé", "a\x00b", "k" * 1001, "a\u202eb"])
def test_what_cannot_be_a_key_is_refused_unseen(client: Client, author: User, key: str) -> None:
    answer = client.post(
        reverse("studio_provider_new"), sent(base_url="https://example.org/v1", api_key=key)
    )
    assert answer.status_code == 422
    assert "This cannot be a key" in answer.content.decode()
    assert key not in answer.content.decode()


def test_deleting_says_what_goes_and_keeps_the_outputs(client: Client, author: User) -> None:
    made = factories.provider(author, name="Old one")
    served = factories.model(made)
    entry = factories.entry(author, title="Triage of tickets")
    entry.tryable.add(served)
    assert entry.published is not None
    run = factories.run(entry.published, model=served, model_asked="model-a")
    address = reverse("studio_provider_delete", args=[made.pk])
    page = client.get(address).content.decode()
    assert "Triage of tickets" in page
    assert "1 model" in page
    answer = client.post(address, follow=True)
    assert "“Old one” is deleted." in answer.content.decode()
    assert not LLMModel.objects.exists()
    run.refresh_from_db()
    assert (run.model, run.model_asked) == (None, "model-a")


def test_the_pages_open_in_french(client: Client, author: User) -> None:
    made = factories.provider(author)
    for address in (
        reverse("studio_providers"),
        reverse("studio_provider_new"),
        reverse("studio_provider_delete", args=[made.pk]),
    ):
        page = client.get(address, headers={"accept-language": "fr"})
        assert page.status_code == 200
        assert '<html lang="fr">' in page.content.decode()
