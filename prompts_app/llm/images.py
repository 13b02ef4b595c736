"""What a picture model answered, and whether its bytes are a picture at all."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from prompts_app.llm.answer import Answer, clean_json
from prompts_app.llm.calls import Opened, parse_json
from prompts_app.llm.errors import LLMError
from prompts_app.llm.failures import not_json
from prompts_app.llm.types import PictureResult, Usage


@dataclass(frozen=True, slots=True)
class PictureAnswer:
    """The provider's response: the bytes, or the `url` at which they are. `raw` has neither."""

    data: bytes | None
    url: str
    revised_prompt: str | None
    usage: Usage
    raw: dict[str, Any]


def media_type(data: bytes) -> str | None:
    """The media type by a file's first bytes: PNG, JPEG, WebP or GIF; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return None


def parse(body: bytes, api_key: str) -> PictureAnswer:
    """Read the answer of `POST /images/generations`. Raises LLMError."""
    try:
        answer, _ = parse_json(body)
    except ValueError:
        answer = None
    if answer is None:
        if body.strip():
            raise not_json(body, api_key)
        raise LLMError("empty_answer", detail="an empty response", status=200)
    # An error object, in any of its shapes, is found as in a chat.
    noted = Answer(0, api_key)
    noted.add(answer)
    pictures = answer.get("data")
    if not pictures:
        raise LLMError("empty_answer", detail="an answer without a picture", status=200)
    picture = pictures[0] if isinstance(pictures, list) else None
    if not isinstance(picture, dict):
        raise LLMError("bad_answer", detail="data is not a list of pictures", status=200)
    text, url = picture.get("b64_json"), picture.get("url")
    if isinstance(url, str) and url.startswith("data:"):
        text = url.partition(",")[2]
    data = None
    if isinstance(text, str) and text:
        data = _decoded(text)
    elif not isinstance(url, str) or not url:
        raise LLMError("empty_answer", detail="an answer without a picture", status=200)
    revised = picture.get("revised_prompt")
    return PictureAnswer(
        data=data,
        url=url if data is None and isinstance(url, str) else "",
        revised_prompt=clean_json(revised) if isinstance(revised, str) and revised else None,
        usage=_usage(answer.get("usage"), noted.usage),
        raw=_without_pictures(answer),
    )


def _decoded(text: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        failure = LLMError("bad_answer", detail="the picture is not base64", status=200)
    raise failure


def _usage(usage: object, noted: Usage) -> Usage:
    """Picture models count `input_tokens` and `output_tokens`; some as chat models do."""
    if noted.known or not isinstance(usage, dict):
        return noted
    chat = {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
    }
    counted = Answer(0, "")
    counted.add({"usage": chat})
    return counted.usage


def _without_pictures(answer: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in answer.items() if key != "data"}
    kept["data"] = [
        {key: value for key, value in one.items() if key not in ("b64_json", "url")}
        for one in answer["data"]
        if isinstance(one, dict)
    ]
    result: dict[str, Any] = clean_json(kept)
    return result


def result(answer: PictureAnswer, data: bytes, opened: Opened) -> PictureResult:
    """The picture with what is known about it. Raises LLMError where it is no picture."""
    kind = media_type(data)
    if kind is None:
        raise LLMError("bad_answer", detail="the bytes are no picture", status=200)
    labels = set()
    if not answer.usage.known:
        labels.add("no_usage")
    if answer.data is None:
        labels.add("fetched_url")
    model, ident = answer.raw.get("model"), answer.raw.get("id")
    return PictureResult(
        data=data,
        media_type=kind,
        revised_prompt=answer.revised_prompt,
        model_answered=model if isinstance(model, str) else None,
        response_id=ident if isinstance(ident, str) else None,
        usage=answer.usage,
        refused=opened.left_out,
        sent=opened.sent,
        latency_ms=opened.milliseconds(),
        raw=answer.raw,
        labels=frozenset(labels),
    )
