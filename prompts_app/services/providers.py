"""Providers: the site's own from the environment, and those authors add in the studio."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, QuerySet

from prompts_app.llm import addresses, kinds, prices
from prompts_app.llm.types import Endpoint, Price
from prompts_app.models import LLMModel, Provider, SiteGrant, User
from prompts_app.services import keys

OPENAI = "https://api.openai.com/v1"
DEMO_MODELS: dict[str, tuple[str, Price | None]] = {
    "demo-small": ("text", Price()),
    "demo-large": ("text", Price()),
    "demo-picture": ("image", Price()),
}


def endpoint_of(provider: Provider) -> Endpoint:
    """Return where the provider is and its key in the clear. Raises keys.KeyUnreadable."""
    if provider.source == Provider.Source.ENVIRONMENT:
        key = settings.OPENAI_API_KEY
    else:
        key = keys.decrypt(provider.key_encrypted)
    return Endpoint(
        base_url=provider.base_url,
        api_key=key,
        # The operator may point anywhere; what an author typed must not reach the inner network.
        allow_private=provider.owner is None or provider.owner.is_staff,
    )


def host_of(base_url: str) -> str:
    """Return the host that receives the text, as pages name it."""
    return urlsplit(base_url).hostname or base_url


def price_of(model: LLMModel) -> Price:
    """Return the model's price; what is not set counts as zero (usable_by keeps those out)."""
    return Price(
        input=model.input_price or 0,
        output=model.output_price or 0,
        picture=model.picture_price or 0,
    )


def has_price(model: LLMModel) -> bool:
    """Say whether what the model costs is known: only then can it be used (see usable_by)."""
    if model.kind == LLMModel.Kind.IMAGE:
        return model.picture_price is not None
    return model.input_price is not None and model.output_price is not None


def own_providers(owner: User) -> QuerySet[Provider]:
    """Return the providers an author added, each with the models in use as `in_use`."""
    return _with_models(Provider.objects.filter(owner=owner).order_by("name", "pk"))


def granted(owner: User) -> tuple[SiteGrant, list[Provider]] | None:
    """Return the author's grant with the site's own providers; None without a grant."""
    grant = SiteGrant.objects.filter(user=owner).first()
    if grant is None:
        return None
    found = Provider.objects.filter(owner__isnull=True, active=True).order_by("pk")
    return grant, list(_with_models(found))


def _with_models(found: QuerySet[Provider]) -> QuerySet[Provider]:
    served = LLMModel.objects.filter(enabled=True).order_by("-kind", "name")
    return found.prefetch_related(Prefetch("served", served, to_attr="in_use"))


def save_provider(
    owner: User,
    provider: Provider | None,
    *,
    name: str,
    preset: str,
    base_url: str,
    api_key: str | None,
    at_once: int | None = None,
) -> Provider:
    """Add or change an author's provider. None keeps the stored `api_key` or `at_once`.

    A key belongs to the origin it was given for: another origin blanks it.
    """
    old_url = provider.base_url if provider else ""
    if provider is None:
        provider = Provider(owner=owner, source=Provider.Source.STUDIO)
    elif addresses.origin(old_url) != addresses.origin(base_url):
        provider.key_encrypted = b""
    provider.name = name
    provider.preset = preset
    provider.base_url = base_url
    if at_once is not None:
        provider.at_once = at_once
    if api_key is not None:
        provider.key_encrypted = keys.encrypt(api_key)
    with transaction.atomic():
        provider.save()
        if old_url not in ("", base_url):
            # Learned from the models at the old address.
            provider.served.update(refused=[])
    return provider


def remove_key(provider: Provider) -> None:
    """Forget a provider's key."""
    provider.key_encrypted = b""
    provider.save(update_fields=["key_encrypted"])


def choose_models(provider: Provider, chosen: Mapping[str, tuple[str, Price | None]]) -> None:
    """Serve exactly `chosen`: name → (kind, price or None). Others stay known but disabled."""
    with transaction.atomic():
        provider.served.exclude(name__in=chosen).update(enabled=False)
        for name, (kind, price) in chosen.items():
            LLMModel.objects.update_or_create(
                provider=provider,
                name=name,
                defaults={
                    "kind": kind,
                    "enabled": True,
                    "input_price": price.input if price else None,
                    "output_price": price.output if price else None,
                    "picture_price": price.picture if price else None,
                },
            )


def delete_provider(provider: Provider) -> None:
    """Delete a provider with its key and models; runs made on them keep their names."""
    provider.delete()


def remember_refused(model: LLMModel, refused: Iterable[str]) -> None:
    """Remember parameters the model answered 400 to, so that they are left out from now on."""
    known = set(model.refused)
    if set(refused) - known:
        model.refused = sorted(known | set(refused))
        model.save(update_fields=["refused"])


def sync_site_provider(ollama_models: list[str]) -> Provider | None:
    """Make the site's own provider match the environment; return it, or None without one.

    First what the operator set, then an Ollama that answers here, then the demo model.
    """
    source = base_url = name = ""
    names: dict[str, tuple[str, Price | None]] = {}
    if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL:
        source, base_url = Provider.Source.ENVIRONMENT, settings.OPENAI_BASE_URL or OPENAI
        name = urlsplit(base_url).hostname or base_url
        for model in settings.LLM_MODELS:
            price = prices.known_price(model.name, base_url)
            if model.input_price is not None and model.output_price is not None:
                price = Price(input=model.input_price, output=model.output_price)
            kind = kinds.guess_kind(model.name)
            names[model.name] = ("image" if kind == "image" else "text", price)
    elif ollama_models:
        source, base_url = Provider.Source.OLLAMA, settings.OLLAMA_URL.rstrip("/") + "/v1"
        name = "Ollama"
        names = {model: ("text", Price()) for model in ollama_models}
    elif settings.DEMO_MODEL_URL:
        source, base_url, name = Provider.Source.DEMO, settings.DEMO_MODEL_URL, "Demo model"
        names = DEMO_MODELS
    with transaction.atomic():
        Provider.objects.filter(owner__isnull=True).exclude(source=source).update(active=False)
        if not source:
            return None
        provider, _created = Provider.objects.update_or_create(
            owner=None,
            source=source,
            defaults={"name": name, "base_url": base_url, "active": True},
        )
        if names or source != Provider.Source.ENVIRONMENT:
            choose_models(provider, names)
    return provider
