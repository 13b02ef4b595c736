"""The models of an Ollama on this machine."""

import asyncio

from prompts_app.llm.client import get_json, model_names
from prompts_app.llm.errors import LLMError
from prompts_app.llm.kinds import guess_kind
from prompts_app.llm.types import Endpoint, Limits

BASE = "http://127.0.0.1:11434"
SECONDS = 0.5


async def local_ollama(base: str = BASE) -> list[str]:
    """Names of the chat models, in Ollama's order (newest first).

    Empty where nothing answers within half a second, and where there are none. Never raises
    LLMError.
    """
    limits = Limits(connect=SECONDS, first_token=SECONDS, total=SECONDS, max_bytes=4_194_304)
    until = asyncio.get_running_loop().time() + SECONDS
    endpoint = Endpoint(base, allow_private=True)
    try:
        body = await get_json(f"{base.rstrip('/')}/api/tags", endpoint, limits, until)
        names = model_names(body)
    except LLMError:
        return []
    return [name for name in names if guess_kind(name) == "text"]
