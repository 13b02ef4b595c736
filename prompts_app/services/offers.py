"""What a provider offers, and which of it an author uses at which price."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from prompts_app.llm import client, kinds, prices
from prompts_app.llm.types import Price
from prompts_app.models import LLMModel, Provider
from prompts_app.services import providers

# Every model in use is a row of one form, and a form has an end.
MOST_IN_USE = 200
LONGEST_NAME = 120
LIST_KEPT_SECONDS = 24 * 3600
# Longer than the deadline of a test (client.LIST_LIMITS), for processes that die in one.
_TEST_SECONDS = 60
# Shorter ones are placeholders such as "ollama", which name models as well.
_SECRET_LENGTH = 12


class StillTesting(Exception):  # noqa: N818 - it reads as the condition it is
    """Another test of the same author has not ended yet."""


class TooManyModels(Exception):  # noqa: N818 - it reads as the condition it is
    """More than MOST_IN_USE models of one provider would be in use."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The names a provider gave when it was tested, and when that was."""

    names: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """A model on a provider's list that is not in use. `kind` is "text", "image" or "other"."""

    name: str
    kind: str
    price: Price | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a model makes and costs: micro-dollars per million tokens, and per picture."""

    kind: str
    input: int | None
    output: int | None
    picture: int | None


def ask_for_models(provider: Provider) -> Listing:
    """Ask a provider for its models: the test of address and key. The list is kept for a day.

    An author waits for one test at a time, so that slow providers do not take up the server.
    Raises LLMError, keys.KeyUnreadable and StillTesting.
    """
    endpoint = providers.endpoint_of(provider)
    running = f"provider-test:{provider.owner_id}"
    if not cache.add(running, True, _TEST_SECONDS):
        raise StillTesting
    try:
        names = client.run(client.list_models(endpoint))
    finally:
        cache.delete(running)
    secret = endpoint.api_key if len(endpoint.api_key) >= _SECRET_LENGTH else None
    kept = sorted(
        (n for n in names if len(n) <= LONGEST_NAME and not (secret and secret in n)),
        key=str.casefold,
    )
    listing = Listing(tuple(kept), timezone.now())
    # Plain values: what is kept must be readable after an upgrade, too.
    kept_as = (_signature(provider), listing.names, listing.at)
    cache.set(_list_key(provider), kept_as, LIST_KEPT_SECONDS)
    return listing


def last_listing(provider: Provider) -> Listing | None:
    """Return the list of the last test, unless address or key have changed since."""
    kept = cache.get(_list_key(provider))
    if kept is None:
        return None
    signature, names, at = kept
    return Listing(names, at) if signature == _signature(provider) else None


def _list_key(provider: Provider) -> str:
    return f"provider-list:{provider.pk}"


def _signature(provider: Provider) -> str:
    seen = provider.base_url.encode() + b"\0" + bytes(provider.key_encrypted)
    return hashlib.sha256(seen).hexdigest()


def offers(
    provider: Provider, names: Iterable[str], *, wanted: str = "", most: int
) -> tuple[list[Offer], int]:
    """Return the first `most` listed models not in use, and how many there are in all.

    `wanted` are words of which each must stand in the name. Text comes first, then pictures.
    """
    used = set(provider.served.filter(enabled=True).values_list("name", flat=True))
    words = wanted.casefold().split()
    found = [
        (name, kinds.guess_kind(name))
        for name in names
        if name not in used and all(word in name.casefold() for word in words)
    ]
    rank = {"text": 0, "image": 1, "other": 2}
    found.sort(key=lambda one: rank[one[1]])
    return [
        Offer(name, kind, prices.known_price(name, provider.base_url))
        for name, kind in found[:most]
    ], len(found)


def use_models(provider: Provider, names: Iterable[str]) -> list[LLMModel]:
    """Use these models too, at their list price where one is known; return them.

    One that was in use before comes back as it was. Raises TooManyModels.
    """
    wanted = list(dict.fromkeys(names))
    with transaction.atomic():
        # Two tabs adding at once would each see room for theirs.
        Provider.objects.select_for_update().get(pk=provider.pk)
        used = set(provider.served.filter(enabled=True).values_list("name", flat=True))
        if len(used.union(wanted)) > MOST_IN_USE:
            raise TooManyModels
        known = set(provider.served.filter(name__in=wanted).values_list("name", flat=True))
        provider.served.filter(name__in=wanted).update(enabled=True)
        LLMModel.objects.bulk_create(
            _at_list_price(provider, name) for name in wanted if name not in known
        )
        return list(provider.served.filter(name__in=wanted))


def _at_list_price(provider: Provider, name: str) -> LLMModel:
    kind = LLMModel.Kind.IMAGE if kinds.guess_kind(name) == "image" else LLMModel.Kind.TEXT
    price = prices.known_price(name, provider.base_url)
    if price is None:
        return LLMModel(provider=provider, name=name, kind=kind)
    return LLMModel(
        provider=provider,
        name=name,
        kind=kind,
        input_price=price.input,
        output_price=price.output,
        # Known prices of pictures are prices of their tokens.
        picture_price=price.picture if kind == LLMModel.Kind.IMAGE else None,
    )


def set_terms(terms: Mapping[LLMModel, Terms]) -> None:
    """Write down what models make and cost."""
    for model, new in terms.items():
        model.kind = new.kind
        model.input_price, model.output_price = new.input, new.output
        model.picture_price = new.picture if new.kind == LLMModel.Kind.IMAGE else None
    LLMModel.objects.bulk_update(
        terms, ["kind", "input_price", "output_price", "picture_price"], batch_size=100
    )


def stop_using(models: Iterable[LLMModel]) -> None:
    """Stop offering models; what was run on them stays, and so do their prices."""
    LLMModel.objects.filter(pk__in=[model.pk for model in models]).update(enabled=False)
