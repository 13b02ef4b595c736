"""Prices, costs and bounds; presets; guesses about models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.llm.addresses import check_base_url
from prompts_app.llm.errors import CODES, RETRYABLE, LLMError
from prompts_app.llm.kinds import guess_kind
from prompts_app.llm.presets import PRESETS, preset
from prompts_app.llm.prices import (
    TOKENS_PER_PICTURE,
    cost,
    known_price,
    picture_bound,
    upper_bound,
)
from prompts_app.llm.types import Endpoint, Price, Usage

OPENAI = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("model", "base_url", "price"),
    [
        ("gpt-4o-mini", OPENAI, Price(150_000, 600_000)),
        ("gpt-4o-mini", "https://gateway.example.com/v1", Price(150_000, 600_000)),
        ("no-such-model", OPENAI, None),
        ("no-such-model", "https://gateway.example.com/v1", None),
        ("gpt-4o-mini", "https://api.mistral.ai/v1", None),
        ("anything", "http://127.0.0.1:11434/v1", Price()),
        ("gpt-4o-mini", "http://ollama:11434/v1", Price()),
    ],
)
def test_known_price(model: str, base_url: str, price: Price | None) -> None:
    assert known_price(model, base_url) == price


def test_a_picture_sold_by_the_token_is_bounded() -> None:
    price = known_price("gpt-image-1", OPENAI)
    assert price is not None
    assert price.picture == 0
    # The dearest picture on OpenAI's price list costs 25 cents.
    assert 250_000 < picture_bound(price, "a cat") < 1_000_000
    assert picture_bound(Price(picture=40_000)) == 40_000


TOKENS = st.integers(0, 10**7)
PRICES = st.builds(Price, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**7))


@given(PRICES, TOKENS, TOKENS, st.integers(0, 4))
def test_cost_rounds_up(price: Price, prompt: int, completion: int, pictures: int) -> None:
    exact = prompt * price.input + completion * price.output + pictures * price.picture * 10**6
    charged = cost(price, Usage(prompt, completion), pictures)
    assert exact <= charged * 10**6 < exact + 10**6


def test_cost_of_what_was_not_counted() -> None:
    assert cost(Price(10**6, 10**6), Usage(None, 5)) == 5
    assert cost(Price(10**6, 10**6), Usage()) == 0
    assert not Usage(None, 5).known


MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.just("user"), "content": st.text(st.characters())}),
    max_size=5,
)


@given(PRICES, MESSAGES, st.integers(0, 10**5), st.data())
def test_the_bound_bounds(
    price: Price, messages: list[dict[str, str]], most: int, data: st.DataObject
) -> None:
    bound = upper_bound(price, messages, most)
    # No tokenizer makes more tokens than there are bytes; templates add a few to each message.
    size = sum(len(m["content"].encode("utf-8", "surrogatepass")) + 10 for m in messages)
    prompt, completion = data.draw(st.integers(0, size)), data.draw(st.integers(0, most))
    assert cost(price, Usage(prompt, completion)) <= bound
    assert upper_bound(price, messages, most + 1) >= bound


def test_picture_bound_covers_its_tokens() -> None:
    price = Price(5_000_000, 40_000_000)
    assert cost(price, Usage(5, TOKENS_PER_PICTURE)) <= picture_bound(price, "a cat")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gpt-5-mini", "text"),
        ("claude-sonnet-4-5", "text"),
        ("gemini-2.5-flash", "text"),
        ("llama3.2:1b", "text"),
        ("mistral-small-latest", "text"),
        ("qwen/qwen3-235b-a22b", "text"),
        ("olivegte", "text"),
        ("gpt-image-1", "image"),
        ("dall-e-3", "image"),
        ("gemini-2.5-flash-image", "image"),
        ("black-forest-labs/FLUX.1-schnell", "image"),
        ("stable-diffusion-xl", "image"),
        ("imagen-4.0-generate-001", "image"),
        ("text-embedding-3-small", "other"),
        ("nomic-embed-text:latest", "other"),
        ("bge-m3", "other"),
        ("whisper-1", "other"),
        ("gpt-4o-transcribe", "other"),
        ("tts-1-hd", "other"),
        ("omni-moderation-latest", "other"),
        ("llama-guard-4-12b", "other"),
        ("gpt-realtime", "other"),
        ("sora-2", "other"),
        ("veo-3.0-generate", "other"),
        ("mistral-ocr-latest", "other"),
        ("davinci-002", "other"),
    ],
)
def test_guess_kind(name: str, kind: str) -> None:
    assert guess_kind(name) == kind


def test_presets() -> None:
    slugs = " ".join(one.slug for one in PRESETS)
    assert slugs == "openai anthropic google mistral openrouter groq ollama vllm other"
    for one in PRESETS:
        assert preset(one.slug) is one
        if one.base_url:
            assert check_base_url(one.base_url, allow_private=one.is_local) == one.base_url
        if one.needs_key:
            assert one.key_url.startswith("https://")
            assert not one.is_local
    assert preset("none") is None


def test_an_endpoint_does_not_show_its_key() -> None:
    assert "sk-secret" not in repr(Endpoint(OPENAI, "sk-secret"))


def test_an_error_says_what_it_is() -> None:
    error = LLMError("rate_limited", detail="slow down")
    assert str(error) == "rate_limited: slow down"
    assert error.retryable
    assert not LLMError("unauthorized").retryable
    assert RETRYABLE <= CODES
