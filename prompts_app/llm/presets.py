"""Well-known providers with an OpenAI-compatible endpoint, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """`key_url` is the page on which a key is made; `needs_key` says that calls fail without."""

    slug: str
    name: str
    base_url: str
    key_url: str
    needs_key: bool

    @property
    def is_local(self) -> bool:
        """Runs on the operator's own machine."""
        return self.base_url.startswith("http://")


PRESETS: tuple[Preset, ...] = (
    Preset(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        "https://platform.openai.com/api-keys",
        True,
    ),
    Preset(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1",
        "https://console.anthropic.com/settings/keys",
        True,
    ),
    Preset(
        "google",
        "Google Gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://aistudio.google.com/apikey",
        True,
    ),
    Preset(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        "https://console.mistral.ai/api-keys",
        True,
    ),
    Preset(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "https://openrouter.ai/settings/keys",
        True,
    ),
    Preset(
        "groq",
        "Groq",
        "https://api.groq.com/openai/v1",
        "https://console.groq.com/keys",
        True,
    ),
    Preset("ollama", "Ollama", "http://127.0.0.1:11434/v1", "", False),
    Preset("vllm", "vLLM", "http://127.0.0.1:8000/v1", "", False),
    Preset("other", "Other", "", "", False),
)


def preset(slug: str) -> Preset | None:
    """The preset of that slug; None where there is none."""
    return next((one for one in PRESETS if one.slug == slug), None)
