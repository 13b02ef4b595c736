"""Providers' refusals, in whatever shape they come, as `LLMError`."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from prompts_app.llm.errors import LLMError

DETAIL_CHARS = 400
# Of what a provider wrote, this much is searched for words that explain it.
_READ_CHARS = 4000
NOT_BILLED = frozenset({400, 401, 403, 404, 429})
_LONGEST_RETRY = 86_400.0

_KEY_LIKE = re.compile(r"(?i)\bbearer\s+\S+|\b(?:sk|gsk|pk|key)[-_][\w-]{12,}|\bAIza[\w-]{20,}")
_TAGS = re.compile(r"(?s)<(script|style)\b.*?</\1\s*>|<[^>]*>")
_CONTEXT = re.compile(
    r"(?i)context[ _](length|window|size)|maximum context|context_length|too many (input )?tokens|"
    r"(prompt|input|request|messages?) (is|are|was) too (long|large)|reduce the length|"
    r"exceeds? the (maximum|available|model'?s?) .{0,40}(token|context)|string_above_max_length"
)
_NO_MODEL = re.compile(
    r"(?i)model_not_found|unknown[ _]model|no such model|not a valid model|invalid model( name)?\b|"
    r"model\b.{0,120}(does not exist|not found|not exist|is not available|decommissioned)"
)
_FILTERED = re.compile(
    r"(?i)content[ _](filter|policy|management)|moderation_blocked|safety (system|filter)|"
    r"responsibleai"
)
_BAD_KEY = re.compile(
    r"(?i)(api[ _]key|token) (is )?(not valid|invalid)|invalid[ _](api[ _]key|token)"
)


def scrub(text: str, api_key: str) -> str:
    """The text without the API key, and without anything else that looks like one."""
    if len(api_key) >= 4:
        text = text.replace(api_key, "•••")
    return _KEY_LIKE.sub("•••", text)


def detail(text: str, api_key: str) -> str:
    """One short printable line, scrubbed, from whatever a provider wrote."""
    text = scrub(text, api_key)[:_READ_CHARS]
    if "<" in text and ">" in text:
        text = _TAGS.sub(" ", text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= DETAIL_CHARS else text[: DETAIL_CHARS - 1] + "…"


def error_fields(body: object) -> tuple[str, str, str]:
    """Message, code (with type) and parameter of an error body, whatever its shape.

    Known shapes: OpenAI's `{"error": {"message", "type", "code", "param"}}`, the same in a list
    (Google), `{"error": "…"}` (Ollama), `{"message", "code"}` (vLLM, Mistral), `{"detail": …}`
    (FastAPI), plain text and HTML.
    """
    for _ in range(4):
        if isinstance(body, list):
            body = body[0] if body else ""
        elif isinstance(body, dict) and isinstance(body.get("error"), dict | list | str):
            body = body["error"] or body.get("message") or body.get("detail") or ""
        elif isinstance(body, dict) and isinstance(body.get("detail"), dict | list | str):
            body = body["detail"]
        else:
            break
    if not isinstance(body, dict):
        return (body if isinstance(body, str) else json.dumps(body), "", "")
    message = next(
        (body[k] for k in ("message", "msg", "error") if isinstance(body.get(k), str)), ""
    )
    code = " ".join(str(body[k]) for k in ("code", "type", "status") if body.get(k) is not None)
    where = body.get("param")
    if isinstance(body.get("loc"), list) and body["loc"]:
        where = body["loc"][-1]
    if not message:
        message = json.dumps(body, ensure_ascii=False)
    return message, code, where if isinstance(where, str) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as asked by `retry-after-ms` or `Retry-After` (RFC 9110: seconds or date)."""
    millis = headers.get("retry-after-ms", "")
    if re.fullmatch(r"\d{1,9}(\.\d+)?", millis.strip()):
        return min(float(millis) / 1000, _LONGEST_RETRY)
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return min(float(value), _LONGEST_RETRY)
    if not value:
        return None
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max((when - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_RETRY)


def _code_of_words(text: str) -> str | None:
    """The code that the words of a 400 (or of an error within a stream) stand for, if any."""
    text = text[:_READ_CHARS]
    if _CONTEXT.search(text):
        return "context_too_long"
    if _FILTERED.search(text):
        return "content_filter"
    if _BAD_KEY.search(text):
        return "unauthorized"
    if _NO_MODEL.search(text):
        return "model_not_found"
    return None


def from_status(status: int, headers: Mapping[str, str], body: object, api_key: str) -> LLMError:
    """The error for an HTTP status of 300 or more. `body` is parsed JSON or text."""
    message, code, _ = error_fields(body)
    words = f"{code} {message}"
    name = "bad_request"
    retryable: bool | None = None
    if 300 <= status < 400:
        name = "redirected"
    elif status in (400, 409, 422):
        name = _code_of_words(words) or "bad_request"
    elif status == 401:
        name = "unauthorized"
    elif status == 402:
        name = "no_credit"
    elif status == 403:
        name = "forbidden"
    elif status == 404:
        name = "model_not_found"
    elif status == 413:
        name = "context_too_long"
    elif status == 429:
        name = "no_credit" if "insufficient_quota" in code else "rate_limited"
    elif status >= 500 or status in (408, 425):
        name = "provider_error"
        # 501 and 505 say that this will never work.
        retryable = status not in (501, 505)
    return LLMError(
        name,
        detail=detail(f"HTTP {status}: {message}" if message else f"HTTP {status}", api_key),
        retryable=retryable,
        retry_after=retry_after(headers) if status in (408, 425, 429) or status >= 500 else None,
        billed=status not in NOT_BILLED,
        status=status,
    )


def from_event(body: object, api_key: str) -> LLMError:
    """The error for an error object that came with status 200, in a stream or instead of one.

    It counts as billed: the provider had begun to answer.
    """
    message, code, _ = error_fields(body)
    words = f"{code} {message}"
    name = "provider_error"
    if re.search(r"(?i)insufficient_quota|\b402\b", code):
        name = "no_credit"
    elif re.search(r"(?i)rate.?limit|\b429\b|resource_exhausted", code):
        name = "rate_limited"
    elif re.search(r"(?i)authentication|\b401\b", code):
        name = "unauthorized"
    else:
        name = _code_of_words(words) or name
    return LLMError(name, detail=detail(message, api_key), status=200)


def not_json(sample: bytes, api_key: str) -> LLMError:
    """The error for a page or text where an answer should be."""
    text = sample[:2000].decode("utf-8", "replace")
    kind = "HTML instead of an answer: " if text.lstrip()[:1] == "<" else "not an answer: "
    return LLMError("not_json", detail=detail(kind + text, api_key), status=200)
