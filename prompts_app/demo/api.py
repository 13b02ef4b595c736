"""OpenAI's request and response shapes, as far as the demo server speaks them.

Formats: https://platform.openai.com/docs/api-reference (chat, images, models).
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from prompts_app.demo import tokens
from prompts_app.demo.wire import WireError

CONTEXT_TOKENS = 32_000
CREATED = 1_767_225_600  # 2026-01-01: the list of models never changes
SIZES = ("512x512", "1024x1024")


@dataclass(frozen=True)
class DemoModel:
    """A model the server offers; ``kind`` is "text" or "image"."""

    id: str
    kind: str


MODELS = (
    DemoModel("demo-large", "text"),
    DemoModel("demo-small", "text"),
    DemoModel("demo-picture", "image"),
)


@dataclass(frozen=True)
class ChatRequest:
    """A checked request for an answer; ``max_tokens`` counts rule tokens, None means no limit."""

    model: str
    messages: list[dict[str, str]]
    parameters: dict[str, Any]
    max_tokens: int | None
    stream: bool
    include_usage: bool


@dataclass(frozen=True)
class PictureRequest:
    """A checked request for ``n`` pictures of ``size`` pixels a side."""

    prompt: str
    size: int
    n: int


def model_list() -> dict[str, Any]:
    """The answer to GET /v1/models."""
    return {"object": "list", "data": [model_card(model.id) for model in MODELS]}


def model_card(model_id: str) -> dict[str, Any]:
    """One model's card; raises WireError 404 for an unknown one."""
    known(model_id, None)
    return {
        "id": model_id,
        "object": "model",
        "created": CREATED,
        "owned_by": "scripted-rules",
    }


def known(model_id: object, kind: str | None) -> str:
    """Return the model's name, or raise WireError 404 when there is none of that kind."""
    for model in MODELS:
        if model.id == model_id and kind in (None, model.kind):
            return model.id
    raise WireError(404, "model_not_found", f"The model {model_id!r} does not exist here.")


def read_chat(raw: dict[str, Any]) -> ChatRequest:
    """Check a chat request; raises WireError 400 or 404. Unknown parameters are ignored."""
    if not isinstance(raw.get("model"), str):
        raise WireError(400, "invalid_model", "model must be a string.")
    model = known(raw["model"], "text")
    messages = _messages(raw.get("messages"))
    if tokens.count_prompt(messages) > CONTEXT_TOKENS:
        text = f"The prompt is longer than this model's {CONTEXT_TOKENS} tokens."
        raise WireError(400, "context_length_exceeded", text)
    limit = raw.get("max_completion_tokens", raw.get("max_tokens"))
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise WireError(400, "invalid_max_tokens", "max_tokens must be a whole number above zero.")
    stream = raw.get("stream") or False
    options = raw.get("stream_options") or {}
    if not isinstance(stream, bool) or not isinstance(options, dict):
        raise WireError(400, "invalid_stream", "stream must be true or false.")
    response_format = raw.get("response_format") or {"type": "text"}
    if not isinstance(response_format, dict) or response_format.get("type") not in (
        "text",
        "json_object",
    ):
        text = "response_format.type must be text or json_object."
        raise WireError(400, "invalid_response_format", text)
    asks_json = response_format["type"] == "json_object"
    if asks_json and not any("json" in message["content"].lower() for message in messages):
        text = "With response_format json_object, the messages must contain the word JSON."
        raise WireError(400, "invalid_response_format", text)
    parameters = {"response_format": response_format["type"]}
    include_usage = options.get("include_usage") is True
    return ChatRequest(model, messages, parameters, limit, stream, include_usage)


def _messages(raw: object) -> list[dict[str, str]]:
    if not isinstance(raw, list) or not raw:
        raise WireError(400, "invalid_messages", "messages must be a list that is not empty.")
    messages = []
    for message in raw:
        if not isinstance(message, dict) or message.get("role") not in (
            "system",
            "developer",
            "user",
            "assistant",
        ):
            raise WireError(400, "invalid_messages", "Each message needs a known role.")
        messages.append({"role": message["role"], "content": _text(message.get("content"))})
    return messages


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
        for part in content
    ):
        return "".join(part["text"] for part in content)
    raise WireError(400, "invalid_messages", "A message's content must be text.")


def read_picture(raw: dict[str, Any]) -> PictureRequest:
    """Check a picture request; raises WireError 400 or 404."""
    known(raw.get("model"), "image")
    prompt = raw.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise WireError(400, "invalid_prompt", "prompt must be text.")
    if len(tokens.split(prompt)) > CONTEXT_TOKENS:
        raise WireError(400, "context_length_exceeded", "The prompt is too long.")
    size = raw.get("size") or "1024x1024"
    if size == "auto":
        size = "1024x1024"
    if size not in SIZES:
        raise WireError(400, "invalid_size", f"size must be one of {', '.join(SIZES)}.")
    count = raw.get("n")
    count = 1 if count is None else count
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 4:
        raise WireError(400, "invalid_n", "n must be a whole number from 1 to 4.")
    if raw.get("response_format") not in (None, "b64_json"):
        raise WireError(400, "invalid_response_format", "Pictures are sent as b64_json only.")
    return PictureRequest(prompt, int(size.partition("x")[0]), count)


class Completion:
    """One answer in OpenAI's shapes, whole or in pieces.

    Usage counts rule tokens (see ``tokens``): those of the prompt's messages and of the answer as
    sent. ``finish_reason`` is "length" when ``max_tokens`` cut the answer, else "stop".
    """

    def __init__(self, request: ChatRequest, text: str) -> None:
        pieces = tokens.split(text)
        self.pieces = pieces[: request.max_tokens]
        self.finish_reason = "stop" if len(self.pieces) == len(pieces) else "length"
        prompt_tokens = tokens.count_prompt(request.messages)
        self.usage = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": len(self.pieces),
            "total_tokens": prompt_tokens + len(self.pieces),
        }
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": request.model,
        }

    def whole(self) -> dict[str, Any]:
        """The answer in one object."""
        message = {"role": "assistant", "content": "".join(self.pieces), "refusal": None}
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": self.finish_reason,
        }
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": self.usage,
        }

    def chunk(self, delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
        """One piece of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice]}

    def usage_chunk(self) -> dict[str, Any]:
        """The last piece of a stream whose client asked for usage."""
        return {
            **self._head,
            "object": "chat.completion.chunk",
            "choices": [],
            "usage": self.usage,
        }
