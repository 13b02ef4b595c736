"""Providers and what they offer: keys, lists, models in use, the site's own."""

import threading
from collections.abc import Iterator
from itertools import product

import pytest
from django.core.cache import cache
from django.db import close_old_connections, connections
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.forms.limits import DollarsField
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import Price
from prompts_app.models import LLMModel, Provider, SiteGrant, User
from prompts_app.services import keys, offers, providers
from tests import factories
from tests.engines.provider import Provider as Server
from tests.engines.provider import whole

CANARY = "sk-canary-0123456789abcdef"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def operator(db: None) -> User:
    return factories.user(is_staff=True)


def saved(owner: User, provider: Provider, **fields: str | None) -> Provider:
    values = {"name": "Mine", "preset": "", "base_url": provider.base_url, "api_key": None}
    return providers.save_provider(owner, provider, **(values | fields))  # type: ignore[arg-type]


def test_a_new_address_forgets_what_the_old_one_refused(operator: User) -> None:
    made = factories.provider(operator, "https://a.example.org/v1")
    model = factories.model(made, refused=["temperature"])
    saved(operator, made, name="Renamed")
    model.refresh_from_db()
    assert model.refused == ["temperature"]
    saved(operator, made, base_url="https://a.example.org/v2")
    model.refresh_from_db()
    assert model.refused == []
    assert keys.decrypt(made.key_encrypted) == "sk-test"


@pytest.mark.parametrize(
    "base_url",
    ["https://b.example.org/v1", "http://a.example.org/v1", "https://a.example.org:8443/v1"],
)
def test_a_key_does_not_follow_to_another_origin(operator: User, base_url: str) -> None:
    made = factories.provider(operator, "https://a.example.org/v1")
    assert not saved(operator, made, base_url=base_url).key_encrypted
    made.refresh_from_db()
    assert not made.key_encrypted


def test_the_same_origin_spelled_otherwise_keeps_the_key(operator: User) -> None:
    made = factories.provider(operator, "https://a.example.org/v1")
    saved(operator, made, base_url="https://a.example.org:443/other")
    made.refresh_from_db()
    assert keys.decrypt(made.key_encrypted) == "sk-test"


def test_a_list_counts_until_address_or_key_change(operator: User, server: Server) -> None:
    made = factories.provider(operator, server.base_url, api_key=CANARY)
    assert offers.last_listing(made) is None
    long = "x" * (offers.LONGEST_NAME + 1)
    server.script(whole(200, {"data": [{"id": n} for n in ("b", "A", long, f"m-{CANARY}")]}))
    listing = offers.ask_for_models(made)
    assert listing.names == ("A", "b")
    assert offers.last_listing(made) == listing
    saved(operator, made, name="Renamed")
    assert offers.last_listing(made) == listing
    saved(operator, made, api_key="another")
    assert offers.last_listing(made) is None
    offers.ask_for_models(made)
    saved(operator, made, base_url=server.base_url + "/deeper")
    assert offers.last_listing(made) is None


def test_a_failed_test_leaves_room_for_the_next(operator: User, server: Server) -> None:
    made = factories.provider(operator, server.base_url)
    server.script(whole(500, "broken"), whole(200, {"data": [{"id": "works"}]}))
    with pytest.raises(LLMError):
        offers.ask_for_models(made)
    assert offers.ask_for_models(made).names == ("works",)


def test_placeholder_keys_hide_no_models(operator: User, server: Server) -> None:
    made = factories.provider(operator, server.base_url, api_key="test")
    server.script(whole(200, {"data": [{"id": "latest-1"}]}))
    assert offers.ask_for_models(made).names == ("latest-1",)


def test_offers_are_filtered_sorted_and_priced(operator: User) -> None:
    made = factories.provider(operator, "https://api.openai.com/v1")
    offers.use_models(made, ["gpt-4o"])
    names = ["text-embedding-3-small", "gpt-image-1", "gpt-4o-mini", "gpt-4o", "my-model"]
    found, number = offers.offers(made, names, most=3)
    assert [(one.name, one.kind) for one in found] == [
        ("gpt-4o-mini", "text"),
        ("my-model", "text"),
        ("gpt-image-1", "image"),
    ]
    assert number == 4
    assert found[0].price == Price(input=150_000, output=600_000)
    assert found[1].price is None
    found, number = offers.offers(made, names, wanted="  MINI gpt ", most=3)
    assert ([one.name for one in found], number) == (["gpt-4o-mini"], 1)


def test_models_used_again_keep_their_own_prices(operator: User) -> None:
    made = factories.provider(operator, "https://api.openai.com/v1")
    [model] = offers.use_models(made, ["gpt-4o-mini", "gpt-4o-mini"])
    offers.set_terms({model: offers.Terms("text", 1, 2, 3)})
    offers.stop_using([model])
    assert not LLMModel.objects.usable_by(operator).exists()
    [again] = offers.use_models(made, ["gpt-4o-mini"])
    assert (again.pk, again.input_price, again.output_price) == (model.pk, 1, 2)
    assert again.picture_price is None
    assert LLMModel.objects.usable_by(operator).get() == again


@pytest.mark.django_db(transaction=True)
def test_two_tabs_adding_at_once_stay_within_the_limit() -> None:
    made = factories.provider(factories.user())
    offers.use_models(made, [f"model-{n}" for n in range(offers.MOST_IN_USE - 1)])
    start = threading.Barrier(4)
    refused = []

    def add(name: str) -> None:
        close_old_connections()
        start.wait()
        try:
            offers.use_models(made, [name])
        except offers.TooManyModels:
            refused.append(name)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add, args=(f"new-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert made.served.filter(enabled=True).count() == offers.MOST_IN_USE


def test_has_price_says_what_usable_by_says(operator: User) -> None:
    made = factories.provider(operator)
    for kind, *amounts in product(("text", "image"), (None, 0), (None, 0), (None, 0)):
        fields = dict(zip(("input_price", "output_price", "picture_price"), amounts, strict=True))
        factories.model(made, f"{kind} {amounts}", kind=kind, **fields)
    usable = set(LLMModel.objects.usable_by(operator))
    assert {model for model in made.served.all() if providers.has_price(model)} == usable
    assert 0 < len(usable) < 16


def test_only_a_grant_shows_the_sites_providers(operator: User) -> None:
    site = factories.site_provider()
    factories.model(site, "in-use")
    factories.model(site, "not-in-use", enabled=False)
    factories.site_provider(source=Provider.Source.OLLAMA, active=False)
    assert providers.granted(operator) is None
    grant = SiteGrant.objects.create(user=operator, daily_cap=5)
    found = providers.granted(operator)
    assert found is not None
    assert found[0] == grant
    assert [[model.name for model in one.in_use] for one in found[1]] == [["in-use"]]  # type: ignore[attr-defined]


def test_deleting_takes_key_and_models(operator: User) -> None:
    made = factories.provider(operator)
    factories.model(made)
    providers.delete_provider(made)
    assert not Provider.objects.exists()
    assert not LLMModel.objects.exists()


def test_the_key_is_nowhere_in_the_database(operator: User, server: Server) -> None:
    made = factories.provider(operator, server.base_url, api_key=CANARY)
    server.script(whole(200, {"data": [{"id": CANARY}, {"id": "plain"}]}))
    offers.ask_for_models(made)
    assert CANARY not in str(cache.get(f"provider-list:{made.pk}"))
    assert CANARY.encode() not in bytes(Provider.objects.get().key_encrypted)


@given(st.integers(min_value=0, max_value=10**11))
def test_a_price_survives_being_shown_and_sent_back(amount: int) -> None:
    field = DollarsField()
    assert field.clean(str(field.prepare_value(amount))) == amount
