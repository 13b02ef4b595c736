"""What goes into a call and what comes out of it: frozen values, no behaviour."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is and how to sign in.

    `base_url` is what the OpenAI client calls the base URL, e.g. `https://api.openai.com/v1`.
    An empty `api_key` sends no Authorization header. `allow_private` lets the host be on a
    loopback or private address; only an operator's own configuration may set it.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars per million tokens (`input`, `output`) and per picture (`picture`)."""

    input: int = 0
    output: int = 0
    picture: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; None where it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def known(self) -> bool:
        """Both counts are there, so that a cost can be computed."""
        return self.prompt_tokens is not None and self.completion_tokens is not None


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines in seconds and caps in characters or bytes.

    `connect`: until the connection stands, TLS included. `first_token`: from sending the
    request to the first piece of an answer. `silence`: between two pieces; comments and empty
    pieces do not count. `total`: the whole call, retries for refused parameters included.
    `max_chars`: an answer is cut there and labelled. `max_event_bytes`: one server-sent event.
    `max_bytes`: everything received, whatever it is.
    """

    first_token: float = 60.0
    silence: float = 30.0
    total: float = 300.0
    connect: float = 10.0
    max_chars: int = 200_000
    max_event_bytes: int = 1_048_576
    max_bytes: int = 67_108_864


@dataclass(frozen=True, slots=True)
class ChatCall:
    """One chat completion.

    `messages` are `{"role": …, "content": …}`. Of `parameters` these are sent: `temperature`,
    `top_p`, `max_tokens`, `response_format` ("text" or "json_object"); None counts as absent.
    `refused` names parameters the model is known to refuse; where it holds `max_tokens`, the
    limit is sent as `max_completion_tokens`, unless that is named too.
    """

    endpoint: Endpoint
    model: str
    messages: list[dict[str, str]]
    parameters: dict[str, Any] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    limits: Limits = Limits()


PICTURE_LIMITS = Limits(first_token=180.0, silence=60.0, total=240.0, max_bytes=33_554_432)


@dataclass(frozen=True, slots=True)
class PictureCall:
    """One picture. `size` is "WIDTHxHEIGHT" or None for the model's own default."""

    endpoint: Endpoint
    model: str
    prompt: str
    size: str | None = None
    refused: frozenset[str] = frozenset()
    limits: Limits = PICTURE_LIMITS


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer; never empty, free of NUL and lone surrogates."""

    text: str


LABELS: frozenset[str] = frozenset(
    {
        "no_usage",  # the provider did not count tokens
        "refusal",  # the provider marked the text as a refusal
        "no_finish_reason",  # the answer ended without saying why
        "cut_at_cap",  # cut at Limits.max_chars
        "content_filter",  # finish_reason content_filter
        "length",  # finish_reason length: the token limit was reached
        "tool_calls_ignored",  # the model asked for a tool; nothing was executed
        "reasoning_ignored",  # reasoning came beside the answer and was left out
        "nul_removed",  # NUL characters were removed
        "surrogate_removed",  # lone surrogates were removed
        "bad_utf8",  # bytes that are not UTF-8 became U+FFFD
        "not_streamed",  # a whole JSON answer came where a stream was asked for
        "fetched_url",  # the picture came as an address and was fetched from there
    }
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A complete answer; the last event of a stream.

    `finish_reason`, `model_answered` and `response_id` are the provider's words. `refused`
    names the parameters left out because the model refuses them: the known ones that would
    have been sent, and the newly learned (`refused - call.refused`). `sent` holds the
    parameters as sent. `ttft_ms` (to the first text; None without any or without a stream) and
    `latency_ms` count from the request that was answered. `raw` is the provider's response,
    for a stream a `chat.completion` object assembled from it; always plain JSON. `labels` are
    of `LABELS`.
    """

    text: str
    finish_reason: str | None
    model_answered: str | None
    response_id: str | None
    usage: Usage
    refused: frozenset[str]
    sent: dict[str, Any]
    ttft_ms: int | None
    latency_ms: int
    raw: dict[str, Any]
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PictureResult:
    """One picture: `data` are the bytes of a PNG, JPEG, WebP or GIF file, as `media_type` says.

    They are unchecked beyond their first bytes: decode them before showing them to anybody.
    `raw` is the provider's response without the picture. The rest as in `Finished`.
    """

    data: bytes
    media_type: str
    revised_prompt: str | None
    model_answered: str | None
    response_id: str | None
    usage: Usage
    refused: frozenset[str]
    sent: dict[str, Any]
    latency_ms: int
    raw: dict[str, Any]
    labels: frozenset[str] = frozenset()
