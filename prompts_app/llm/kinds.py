"""Guessing from its name what a model makes, to preselect models from a provider's list."""

import re
from typing import Literal

Kind = Literal["text", "image", "other"]

_OTHER = re.compile(
    r"embed|(^|[^a-z])(bge|gte|e5|minilm)([^a-z]|$)|rerank|moderation|guard|whisper|transcri|tts|"
    r"speech|audio|voice|realtime|live-|sora|veo-|video|lyria|music|(^|[^a-z])ocr|(^|/)aqa$|"
    r"computer-use|(^|/)(babbage|davinci)-|-instruct-0914|robotics|search-api",
)
_IMAGE = re.compile(
    r"dall-?e|gpt-image|chatgpt-image|imagen|-image(-|$|:)|flux|stable-?diffusion|sdxl|sd3|"
    r"ideogram|recraft|playground-v|qwen-image|text-to-image|seedream|hidream|kolors",
)


def guess_kind(model_name: str) -> Kind:
    """What a model of this name makes: "text", "image" or "other" (embeddings, sound, film, …).

    Only a guess to preselect by; an unknown name counts as text.
    """
    name = model_name.lower()
    if _OTHER.search(name):
        return "other"
    if _IMAGE.search(name):
        return "image"
    return "text"
