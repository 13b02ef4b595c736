"""What a call costs, in whole micro-dollars, and what it can cost at most."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, TieredPrices

from prompts_app.llm.addresses import is_private_host
from prompts_app.llm.kinds import guess_kind
from prompts_app.llm.types import Price, Usage

MILLION = 1_000_000

# A byte-level tokenizer never makes more tokens than bytes; chat templates add markers around
# each message (4 to 10 tokens) and some a preamble of their own (Llama 3: about 30).
TOKENS_PER_MESSAGE = 32
TOKENS_PER_CALL = 64

# The largest picture sold by the token that we know of: gpt-image-1, high, 1024x1536, counts
# 6,208 tokens (OpenAI's image guide). The rest is margin.
TOKENS_PER_PICTURE = 10_000

# Prices that rise with the input's length do so at 128,000 tokens or later; prompts here stay
# far below, so tiers from here on are left aside.
_LONG_INPUT = 100_000


def known_price(model: str, base_url: str) -> Price | None:
    """The list price of a model at a provider; None where nobody has noted one.

    From the data shipped with genai-prices; nothing is fetched. The provider is known by its
    address; at an address not in the data, the model's name alone decides (a gateway in front
    of a known model). A host on this machine or network costs nothing. Where the price depends
    on the hour, the dearest counts.
    """
    if is_private_host(base_url):
        return Price()
    return _list_price(model, base_url.rstrip("/") + "/", datetime.now(UTC).date().isoformat())


@lru_cache(maxsize=2048)
def _list_price(model: str, base_url: str, day: str) -> Price | None:
    info = _find(model, base_url)
    if info is None:
        return None
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    dearest = Price()
    found = False
    for hour in range(24):
        prices = info.get_prices(start + timedelta(hours=hour))
        output = _micro(prices.output_mtok)
        if guess_kind(model) == "image":
            output = max(output or 0, _micro(prices.output_image_mtok) or 0) or None
        given = _micro(prices.input_mtok)
        if given is None or output is None:
            continue
        found = True
        dearest = Price(input=max(given, dearest.input), output=max(output, dearest.output))
    return dearest if found else None


def _find(model: str, base_url: str) -> ModelInfo | None:
    snapshot = get_snapshot()
    name = model.removeprefix("models/")
    for url in (base_url, None):
        try:
            return snapshot.find_provider_model(name, None, None, url)[1]
        except LookupError:
            if url is not None and _provider_known(url):
                return None
    return None


def _provider_known(base_url: str) -> bool:
    try:
        get_snapshot().find_provider(None, None, base_url)
    except LookupError:
        return False
    return True


def _micro(dollars: Decimal | TieredPrices | None) -> int | None:
    """Dollars per million tokens, tiers and all, as micro-dollars per million tokens."""
    if dollars is None:
        return None
    if isinstance(dollars, TieredPrices):
        near = [tier.price for tier in dollars.tiers if tier.start < _LONG_INPUT]
        dollars = max([dollars.base, *near])
    return int((Decimal(dollars) * MILLION).to_integral_value(rounding=ROUND_CEILING))


def _ceil_div(amount: int, by: int) -> int:
    return -(-amount // by)


def cost(price: Price, usage: Usage, pictures: int = 0) -> int:
    """What a call cost: micro-dollars, rounded up. Tokens the provider did not count are free here;

    ask `usage.known` first where that matters.
    """
    tokens = (usage.prompt_tokens or 0) * price.input + (
        usage.completion_tokens or 0
    ) * price.output
    return _ceil_div(tokens, MILLION) + pictures * price.picture


def upper_bound(price: Price, messages: list[dict[str, str]], max_tokens: int) -> int:
    """The most a call can cost, in micro-dollars, if the provider keeps to `max_tokens`.

    Every UTF-8 byte of the contents counts as one token, plus a fixed allowance for each
    message and for the call.
    """
    size = sum(len(m["content"].encode("utf-8", "surrogatepass")) for m in messages)
    tokens = size + TOKENS_PER_MESSAGE * len(messages) + TOKENS_PER_CALL
    return _ceil_div(tokens * price.input + max(max_tokens, 0) * price.output, MILLION)


def picture_bound(price: Price, prompt: str = "") -> int:
    """The most one picture can cost, in micro-dollars, whether sold by the picture or the token."""
    size = len(prompt.encode("utf-8", "surrogatepass")) + TOKENS_PER_MESSAGE + TOKENS_PER_CALL
    tokens = size * price.input + TOKENS_PER_PICTURE * price.output
    return price.picture + _ceil_div(tokens, MILLION)
