"""Putting an answer together from the chunks of a stream, or from one whole JSON answer."""

from typing import Any

from prompts_app.llm.errors import LLMError
from prompts_app.llm.failures import detail, from_event
from prompts_app.llm.types import Usage

_MOST_TOKENS = 1_000_000_000
# A string of a few letters takes ten times their room.
_MOST_PIECES = 64
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
_KEPT = ("id", "created", "model", "system_fingerprint", "service_tier", "provider")


def clean_json(value: Any) -> Any:
    """The same JSON value with NUL and lone surrogates removed from every string."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean_json(key): clean_json(item) for key, item in value.items()}
    return value


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def _larger(old: int | None, new: int | None) -> int | None:
    return max((n for n in (old, new) if n is not None), default=None)


class Answer:
    """The answer so far. `add` takes one parsed object and returns the new text.

    `progressed` is set by `add` where the object held a piece of an answer, of reasoning or of
    a tool call, as opposed to an empty one.
    """

    def __init__(self, max_chars: int, api_key: str) -> None:
        self.labels: set[str] = set()
        self.finish_reason: str | None = None
        self.usage = Usage()
        self.full = False
        self.progressed = False
        self.odd: object = None
        self._raw_usage: dict[str, Any] | None = None
        self._ids: dict[str, Any] = {}
        self._pieces: list[str] = []
        self._length = 0
        self._max_chars = max_chars
        self._api_key = api_key
        self._high_surrogate = ""

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def model_answered(self) -> str | None:
        return self._id("model")

    @property
    def response_id(self) -> str | None:
        return self._id("id")

    def _id(self, name: str) -> str | None:
        value = self._ids.get(name)
        return value if isinstance(value, str) and value else None

    def add(self, chunk: object, *, is_error: bool = False) -> str:
        """Take one chunk or one whole answer. Raises LLMError for an error object or nonsense."""
        self.progressed = False
        if isinstance(chunk, list) and len(chunk) == 1:
            chunk = chunk[0]
        if is_error or (
            isinstance(chunk, dict) and (chunk.get("error") or chunk.get("object") == "error")
        ):
            raise from_event(chunk, self._api_key)
        if not isinstance(chunk, dict):
            raise LLMError("bad_answer", detail=detail(f"not an object: {chunk!r}", self._api_key))
        self._note(chunk)
        choices = chunk.get("choices")
        if not choices:
            if "choices" not in chunk and self.odd is None and not self._is_usage(chunk):
                self.odd = chunk
            return ""
        if not isinstance(choices, list):
            raise self._bad("choices is not a list")
        text = ""
        for choice in choices:
            if not isinstance(choice, dict):
                raise self._bad("a choice is not an object")
            if choice.get("index") in (0, None):
                text += self._choice(choice)
        return self._take(text) if text else ""

    def _is_usage(self, chunk: dict[str, Any]) -> bool:
        return isinstance(chunk.get("usage"), dict)

    def _bad(self, why: str) -> LLMError:
        return LLMError("bad_answer", detail=why, status=200)

    def _note(self, chunk: dict[str, Any]) -> None:
        usage = chunk.get("usage")
        if usage is None and isinstance(chunk.get("x_groq"), dict):
            usage = chunk["x_groq"].get("usage")
        if isinstance(usage, dict):
            # Sent twice, or growing with every chunk: the larger count is the safe one.
            self.usage = Usage(
                _larger(self.usage.prompt_tokens, _count(usage.get("prompt_tokens"))),
                _larger(self.usage.completion_tokens, _count(usage.get("completion_tokens"))),
            )
            self._raw_usage = usage
        if len(self._ids) < len(_KEPT):
            for name in _KEPT:
                value = chunk.get(name)
                if name not in self._ids and isinstance(value, str | int) and value != "":
                    self._ids[name] = clean_json(value[:200]) if isinstance(value, str) else value

    def _choice(self, choice: dict[str, Any]) -> str:
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            if reason == "error":
                raise from_event(choice, self._api_key)
            self.finish_reason = clean_json(reason[:100])
            self.progressed = True
        delta = choice.get("delta")
        if delta is None:
            delta = choice.get("message")
        if delta is None:
            return ""
        if not isinstance(delta, dict):
            raise self._bad("a delta is not an object")
        if delta.get("tool_calls") or delta.get("function_call"):
            self.labels.add("tool_calls_ignored")
            self.progressed = True
        for name in _REASONING:
            if delta.get(name):
                self.labels.add("reasoning_ignored")
                self.progressed = True
        text = self._content(delta.get("content"))
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self.labels.add("refusal")
            text += refusal
        return text

    def _content(self, content: object) -> str:
        if content is None:
            return ""
        if isinstance(content, str):
            return content
        if not isinstance(content, list):
            raise self._bad("content is neither text nor a list")
        text = ""
        for part in content:
            if isinstance(part, str):
                text += part
            elif isinstance(part, dict) and isinstance(part.get("text"), str):
                text += part["text"]
            elif isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
                self.labels.add("reasoning_ignored")
                self.progressed = True
        return text

    def _take(self, text: str) -> str:
        self.progressed = True
        if "\x00" in text:
            self.labels.add("nul_removed")
            text = text.replace("\x00", "")
        if self._high_surrogate or not text.isascii():
            text = self._without_surrogates(text)
        room = self._max_chars - self._length
        if len(text) > room:
            self.full = True
            self.labels.add("cut_at_cap")
            text = text[:room]
        if text:
            self._length += len(text)
            self._pieces.append(text)
            if len(self._pieces) > _MOST_PIECES:
                self._pieces = [self.text]
        return text

    def _without_surrogates(self, text: str) -> str:
        """Pairs are joined, also across two chunks; lone ones are removed and labelled."""
        text = self._high_surrogate + text
        self._high_surrogate = ""
        try:
            text.encode("utf-8")
            return text
        except UnicodeEncodeError:
            pass
        if "\ud800" <= text[-1] <= "\udbff":
            self._high_surrogate = text[-1]
            text = text[:-1]
        units = text.encode("utf-16-le", "surrogatepass")
        joined = units.decode("utf-16-le", "ignore")
        if len(joined.encode("utf-16-le")) != len(units):
            self.labels.add("surrogate_removed")
        return joined

    def finish_labels(self) -> frozenset[str]:
        """The labels, with those that depend on how it ended."""
        labels = set(self.labels)
        if self._high_surrogate:
            labels.add("surrogate_removed")
        if not self.usage.known:
            labels.add("no_usage")
        if self.finish_reason is None and not self.full:
            labels.add("no_finish_reason")
        if self.finish_reason in ("content_filter", "length"):
            labels.add(self.finish_reason)
        return frozenset(labels)

    @property
    def may_be_empty(self) -> bool:
        """An answer without text that is an answer all the same, and says why."""
        return "tool_calls_ignored" in self.labels or self.finish_reason in (
            "content_filter",
            "length",
        )

    def assembled(self) -> dict[str, Any]:
        """A `chat.completion` object as the provider would have sent it without a stream."""
        return {
            **self._ids,
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": self.text},
                    "finish_reason": self.finish_reason,
                }
            ],
            "usage": clean_json(self._raw_usage),
        }
