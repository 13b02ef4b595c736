"""One provider in the studio: its test, models in use, prices, address and key."""

import logging
import re
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prompts_app.models import LLMModel, Provider, User
from prompts_app.services import keys, offers
from tests import factories
from tests.engines.provider import Provider as Server
from tests.engines.provider import whole

pytestmark = pytest.mark.django_db

CANARY = "sk-canary-0123456789abcdef"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def author(client: Client) -> User:
    """An operator, since the servers of these tests listen on this machine."""
    owner = factories.profile(factories.user(is_staff=True)).user
    client.force_login(owner)
    return owner


@pytest.fixture
def provider(author: User, server: Server) -> Provider:
    return factories.provider(author, server.base_url, api_key=CANARY)


def address(provider: Provider) -> str:
    return reverse("studio_provider", args=[provider.pk])


def listed(*names: str) -> dict[str, object]:
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}


def connect(**fields: str) -> dict[str, str]:
    return {"do": "save", "name": "Mine", "base_url": "", "api_key": "", "at_once": "4"} | fields


def test_opening_the_page_calls_nobody(client: Client, provider: Provider, server: Server) -> None:
    for query in ({}, {"q": "gpt"}, {"q": "\x00"}, {"q": "x" * 5000}, {"do": "test"}):
        assert client.get(address(provider), query).status_code == 200
    assert server.requests == []


def test_an_unknown_wish_is_not_there(client: Client, provider: Provider) -> None:
    assert client.post(address(provider), {"do": "nonsense"}).status_code == 404
    assert client.post(address(provider)).status_code == 404


def test_a_test_lists_models_and_the_list_is_kept(
    client: Client, provider: Provider, server: Server
) -> None:
    server.script(whole(200, listed("zeta-chat", "alpha-chat", "dall-e-3", "text-embedding-3")))
    page = client.post(address(provider), {"do": "test"}, follow=True).content.decode()
    assert "It answers and lists 4 models." in page
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    again = client.get(address(provider)).content.decode()
    places = [again.index(name) for name in ("alpha-chat", "zeta-chat", "dall-e-3", "text-embed")]
    assert places == sorted(places)
    assert len(server.requests) == 1


def test_an_empty_list_points_to_adding_by_name(
    client: Client, provider: Provider, server: Server
) -> None:
    server.script(whole(200, listed()))
    page = client.post(address(provider), {"do": "test"}, follow=True).content.decode()
    assert "It answers, but lists no models." in page
    assert "Add a model by name" in page


def test_a_refused_key_is_said_with_its_cause(
    client: Client, provider: Provider, server: Server
) -> None:
    server.script(whole(401, {"error": {"message": "Incorrect API key provided"}}))
    answer = client.post(address(provider), {"do": "test"})
    assert answer.status_code == 422
    assert "The provider refused the key." in answer.content.decode()
    assert "Incorrect API key provided" in answer.content.decode()


def test_a_provider_that_wants_a_key_says_so(client: Client, author: User, server: Server) -> None:
    keyless = factories.provider(author, server.base_url, api_key=None)
    server.script(whole(401, {"error": {"message": "no key"}}))
    page = client.post(address(keyless), {"do": "test"}).content.decode()
    assert "The provider wants a key." in page
    assert "authorization" not in server.requests[0].headers


def test_a_web_page_is_no_list(client: Client, provider: Provider, server: Server) -> None:
    server.script(whole(200, "<html><h1>Welcome</h1><script>x</script></html>", "text/html"))
    answer = client.post(address(provider), {"do": "test"})
    assert answer.status_code == 422
    assert "answers with a web page" in answer.content.decode()
    assert "Welcome" in answer.content.decode()
    assert "<h1>Welcome" not in answer.content.decode()


def test_a_wrong_path_is_said(client: Client, provider: Provider, server: Server) -> None:
    server.script(whole(404, {"detail": "Not Found"}))
    page = client.post(address(provider), {"do": "test"}).content.decode()
    assert "There is no list of models at this address." in page


def test_nothing_answers(client: Client, author: User) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        silent = factories.provider(author, f"http://127.0.0.1:{port}/v1")
        answer = client.post(address(silent), {"do": "test"})
    assert answer.status_code == 422
    assert "Nothing answers at this address." in answer.content.decode()


def test_an_author_cannot_reach_the_inner_network(client: Client, server: Server) -> None:
    owner = factories.profile().user
    client.force_login(owner)
    # The address of someone who was an operator when it was written.
    left = factories.provider(owner, server.base_url, api_key=CANARY)
    answer = client.post(address(left), {"do": "test"})
    assert answer.status_code == 422
    assert server.requests == []


def test_a_key_of_another_server_key(client: Client, provider: Provider) -> None:
    Provider.objects.update(key_encrypted=b"gAAAAAB-not-ours")
    answer = client.post(address(provider), {"do": "test"})
    assert answer.status_code == 422
    assert "Paste it again below" in answer.content.decode()


def test_one_test_at_a_time(client: Client, provider: Provider, server: Server) -> None:
    cache.set(f"provider-test:{provider.owner_id}", True, 60)
    page = client.post(address(provider), {"do": "test"}).content.decode()
    assert "Another test is still running." in page
    assert server.requests == []


def test_no_page_and_no_log_ever_shows_the_key(
    client: Client, provider: Provider, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"You sent Authorization: Bearer {CANARY} ({CANARY})"
    bodies = [
        client.get(address(provider)),
        client.get(reverse("studio_providers")),
        client.get(reverse("studio_provider_new")),
        client.get(reverse("studio_provider_delete", args=[provider.pk])),
    ]
    scripts = [
        whole(status, body, kind)
        for status in (200, 301, 400, 401, 403, 404, 429, 500)
        for body, kind in (
            ({"error": {"message": echo, "code": CANARY, "param": CANARY}}, "application/json"),
            (f"<p>{echo}</p>", "text/html"),
            ([{"error": echo}], "application/json"),
        )
    ]
    for script in scripts:
        server.script(script)
        bodies.append(client.post(address(provider), {"do": "test"}, follow=True))
    server.script(whole(200, listed(CANARY, f"model-{CANARY}", "honest-model")))
    bodies.append(client.post(address(provider), {"do": "test"}, follow=True))
    assert "honest-model" in bodies[-1].content.decode()
    wrong = connect(base_url="nonsense", api_key=CANARY)
    bodies.append(client.post(address(provider), wrong))
    bodies.append(client.post(address(provider), connect(api_key=f"{CANARY} {CANARY}")))
    bodies.append(client.post(address(provider), {"do": "remove_key"}, follow=True))
    for answer in bodies:
        assert CANARY not in answer.content.decode()
        assert CANARY not in str(answer.headers)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert CANARY not in logged.replace(server.base_url, "")


def test_an_empty_key_keeps_the_stored_one(client: Client, provider: Provider) -> None:
    path = provider.base_url + "/deeper"
    client.post(address(provider), connect(name="Renamed", base_url=path))
    provider.refresh_from_db()
    assert (provider.name, provider.base_url) == ("Renamed", path)
    assert keys.decrypt(provider.key_encrypted) == CANARY


def test_another_origin_removes_the_key_and_says_so(client: Client, provider: Provider) -> None:
    new = connect(base_url="https://elsewhere.example.org/v1")
    page = client.post(address(provider), new, follow=True).content.decode()
    assert "so the key was removed" in page
    provider.refresh_from_db()
    assert not provider.key_encrypted


def test_another_origin_with_its_own_key(client: Client, provider: Provider) -> None:
    new = connect(base_url="https://elsewhere.example.org/v1", api_key="sk-of-elsewhere")
    page = client.post(address(provider), new, follow=True).content.decode()
    assert "so the key was removed" not in page
    provider.refresh_from_db()
    assert keys.decrypt(provider.key_encrypted) == "sk-of-elsewhere"


def test_a_key_can_be_removed(client: Client, provider: Provider) -> None:
    page = client.post(address(provider), {"do": "remove_key"}, follow=True).content.decode()
    assert "The key is removed." in page
    assert "Remove the key" not in page
    provider.refresh_from_db()
    assert not provider.key_encrypted


def test_a_refused_address_keeps_what_was_typed(client: Client, provider: Provider) -> None:
    answer = client.post(
        address(provider), connect(name="New name", base_url="nonsense", api_key=CANARY)
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="New name"' in page
    assert 'value="nonsense"' in page
    assert "Paste the key again" in page
    provider.refresh_from_db()
    assert provider.name == "Mine"


def test_ticked_models_come_with_the_prices_that_are_known(client: Client, author: User) -> None:
    openai = factories.provider(author, "https://api.openai.com/v1", preset="openai")
    names = ["gpt-4o-mini", "house-model", "gpt-image-1", "dall-e-3"]
    page = client.post(address(openai), {"do": "tick", "model": names}, follow=True)
    text = page.content.decode()
    assert "4 models are added." in text
    assert "dall-e-3, house-model have no price yet" in text
    kept = {model.name: model for model in openai.served.all()}
    assert (kept["gpt-4o-mini"].input_price, kept["gpt-4o-mini"].output_price) == (150000, 600000)
    assert kept["gpt-image-1"].kind == LLMModel.Kind.IMAGE
    assert kept["gpt-image-1"].picture_price == 0
    assert kept["dall-e-3"].picture_price is None
    assert kept["house-model"].input_price is None
    assert 'value="0.15"' in text
    assert LLMModel.objects.usable_by(author).count() == 2


def test_ticking_nothing_or_nonsense(client: Client, provider: Provider) -> None:
    for names in ([], [""], ["x" * 121], ["a\x00b"], ["a\u202eb"]):
        answer = client.post(address(provider), {"do": "tick", "model": names})
        assert answer.status_code == 422, names
        assert '<a href="#list">Go to the first one</a>' in answer.content.decode()
    assert not provider.served.exists()


def test_adding_by_name(client: Client, provider: Provider) -> None:
    page = client.post(address(provider), {"do": "name", "name": " my/model:7b "}, follow=True)
    assert "1 model is added." in page.content.decode()
    assert provider.served.get().name == "my/model:7b"
    for name in ("", "x" * 121, "two\nlines", "\x00"):
        answer = client.post(address(provider), {"do": "name", "name": name})
        assert answer.status_code == 422, name


def test_there_is_an_end_to_models_in_use(client: Client, provider: Provider) -> None:
    offers.use_models(provider, [f"model-{n}" for n in range(offers.MOST_IN_USE)])
    for sent in ({"do": "name", "name": "more"}, {"do": "tick", "model": ["model-1", "more"]}):
        answer = client.post(address(provider), sent)
        assert answer.status_code == 422
        assert "At most 200 models" in answer.content.decode()
    assert client.post(address(provider), {"do": "name", "name": "model-1"}).status_code == 302


def row(model: LLMModel, **fields: str) -> dict[str, str]:
    values = {"kind": "text", "input": "1", "output": "2"} | fields
    return {f"m{model.pk}-{name}": value for name, value in values.items()}


def test_prices_are_dollars_with_a_point_or_a_comma(client: Client, provider: Provider) -> None:
    made = factories.model(provider)
    for typed, kept in (
        ("0.15", 150_000),
        ("0,15", 150_000),
        ("0", 0),
        ("$3", 3_000_000),
        ("0.000001", 1),
        ("12.5000000", 12_500_000),
    ):
        client.post(address(provider), {"do": "terms", **row(made, input=typed)})
        made.refresh_from_db()
        assert made.input_price == kept, typed


@pytest.mark.parametrize("typed", ["abc", "-1", "0.0000001", "1e3", "1,000.50", "9" * 40, "\x00"])
def test_bad_prices_save_nothing_and_stay_in_the_field(
    client: Client, provider: Provider, typed: str
) -> None:
    good, bad = factories.model(provider, "a-good"), factories.model(provider, "bad")
    sent = {"do": "terms", **row(good, input="7"), **row(bad, input=typed)}
    answer = client.post(address(provider), sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="7"' in page
    assert page.count("field__error") == 1
    good.refresh_from_db()
    assert good.input_price == 1_000_000


def test_one_price_wants_the_other(client: Client, provider: Provider) -> None:
    made = factories.model(provider)
    answer = client.post(address(provider), {"do": "terms", **row(made, output="")})
    assert answer.status_code == 422
    assert "Give this price, too." in answer.content.decode()


def test_without_a_price_it_cannot_be_used(client: Client, provider: Provider) -> None:
    made = factories.model(provider)
    sent = {"do": "terms", **row(made, input="", output="")}
    page = client.post(address(provider), sent, follow=True).content.decode()
    assert "model-a has no price yet and cannot be used" in page
    assert "no price: cannot be used" in page
    assert provider.owner is not None
    assert not LLMModel.objects.usable_by(provider.owner).exists()


def test_a_model_of_pictures_has_a_price_for_each(client: Client, provider: Provider) -> None:
    made = factories.model(provider)
    sent = {"do": "terms", **row(made, kind="image")}
    page = client.post(address(provider), sent, follow=True).content.decode()
    assert "no price: cannot be used" in page
    assert f'name="m{made.pk}-picture"' in page
    sent = {"do": "terms", **row(made, kind="image", input="", output="", picture="0,04")}
    client.post(address(provider), sent)
    made.refresh_from_db()
    assert (made.input_price, made.picture_price) == (None, 40_000)
    client.post(address(provider), {"do": "terms", **row(made, kind="text")})
    made.refresh_from_db()
    assert (made.kind, made.picture_price) == ("text", None)


def test_an_unknown_kind_is_refused(client: Client, provider: Provider) -> None:
    made = factories.model(provider)
    answer = client.post(address(provider), {"do": "terms", **row(made, kind="film")})
    assert answer.status_code == 422
    assert "Choose what the model makes." in answer.content.decode()


def test_stopped_models_go_and_come_back_as_they_were(client: Client, provider: Provider) -> None:
    made = factories.model(provider, "mine", input_price=77)
    sent = {"do": "terms", **row(made, input="nonsense", remove="on")}
    assert client.post(address(provider), sent).status_code == 302
    made.refresh_from_db()
    assert (made.enabled, made.input_price) == (False, 77)
    client.post(address(provider), {"do": "name", "name": "mine"})
    made.refresh_from_db()
    assert (made.enabled, made.input_price) == (True, 77)


def test_rows_that_were_not_sent_stay(client: Client, provider: Provider) -> None:
    shown, other = factories.model(provider, "shown"), factories.model(provider, "other-tab")
    stranger = factories.model(factories.provider(factories.user()), "stranger")
    sent = {"do": "terms", **row(shown, input="9"), **row(stranger, input="9", remove="on")}
    client.post(address(provider), sent)
    for model, price in ((shown, 9_000_000), (other, 1_000_000), (stranger, 1_000_000)):
        model.refresh_from_db()
        assert (model.enabled, model.input_price) == (True, price)


def test_a_long_list_is_filtered_and_loses_nothing(
    client: Client, provider: Provider, server: Server
) -> None:
    factories.model(provider, "already-mine")
    server.script(whole(200, listed(*(f"vendor/Model-{n:03}" for n in range(400)))))
    client.post(address(provider), {"do": "test"})
    page = client.get(address(provider)).content.decode()
    assert "60 of 400 are shown" in page
    assert page.count('name="model"') == 60
    refused = client.post(address(provider), {"do": "tick"}).content.decode()
    assert re.findall(r'name="model" value="([^"]+)" autofocus', refused) == ["vendor/Model-000"]
    assert refused.count(" autofocus") == 1
    narrowed = client.get(address(provider), {"q": "model 39"}).content.decode()
    assert narrowed.count('name="model"') == 14
    assert "already-mine" in narrowed
    answer = client.post(
        address(provider) + "?q=model+39", {"do": "tick", "model": ["vendor/Model-399"]}
    )
    assert answer["Location"] == address(provider) + "?q=model+39"
    assert set(provider.served.values_list("name", flat=True)) == {
        "already-mine",
        "vendor/Model-399",
    }
    nothing = client.get(address(provider), {"q": "<nobody>"}).content.decode()
    assert "No model on the list has such a name." in nothing


def test_queries_are_the_same_for_5_and_500_models(client: Client, provider: Provider) -> None:
    counts = []
    for number in (5, 500):
        names = tuple(f"model-{n}" for n in range(number))
        kept = (offers._signature(provider), names, provider.owner.date_joined)  # type: ignore[union-attr]
        cache.set(offers._list_key(provider), kept)
        offers.use_models(provider, names[: offers.MOST_IN_USE])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(provider)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_the_page_opens_in_french(client: Client, provider: Provider) -> None:
    made = factories.model(provider, input_price=1_150_000)
    page = client.get(address(provider), headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="fr">' in page
    assert f'name="m{made.pk}-input" value="1,15"' in page


def test_how_many_calls_it_gets_at_once_is_kept(client: Client, provider: Provider) -> None:
    assert 'value="4"' in client.get(address(provider)).content.decode()
    url = provider.base_url
    client.post(address(provider), connect(base_url=url, at_once="32"))
    provider.refresh_from_db()
    assert provider.at_once == 32
    for wrong in ("", "0", "33", "-1", "many", "²", "9" * 40, "\x00"):
        answer = client.post(address(provider), connect(base_url=url, at_once=wrong))
        assert answer.status_code == 422
        assert answer.context["form"].errors == {"at_once": ["Choose a number from 1 to 32."]}


def test_a_provider_that_asked_for_a_rest_says_until_when(
    client: Client, provider: Provider
) -> None:
    Provider.objects.update(rest_until=timezone.now() + timedelta(minutes=5))
    assert "It said that it is busy" in client.get(address(provider)).content.decode()
    Provider.objects.update(rest_until=timezone.now() - timedelta(seconds=1))
    assert "It said that it is busy" not in client.get(address(provider)).content.decode()
