"""The one exception that leaves this package, and the codes it carries."""

from prompts_app.llm.types import Usage

CODES: frozenset[str] = frozenset(
    {
        "unreachable",  # no connection: refused, unknown host, TLS failure, connect timeout
        "blocked_address",  # the host resolves to an address that may not be called
        "bad_url",  # the base URL itself is not allowed
        "bad_key",  # the API key holds characters that cannot be sent
        "no_first_token",  # connected, but nothing of an answer in time
        "silent",  # the answer stopped coming
        "too_slow",  # the whole call took longer than allowed
        "unauthorized",  # 401
        "forbidden",  # 403
        "model_not_found",  # 404, or a 400 that says so
        "context_too_long",  # the provider says that the input does not fit
        "bad_request",  # any other 400, 405, 409, 413, 422
        "rate_limited",  # 429
        "no_credit",  # 402, or a 429 that says the quota is used up
        "content_filter",  # refused by the provider's filter before an answer
        "provider_error",  # 5xx, or an error event within the stream
        "not_found",  # 404 where no model was named: the base URL is wrong
        "redirected",  # 3xx: redirects are never followed
        "not_json",  # an HTML page, plain text or broken JSON where an answer should be
        "bad_answer",  # JSON, but not of a shape that can hold an answer
        "cut_off",  # the connection ended before the answer did
        "empty_answer",  # a complete answer without any text
        "too_large",  # one event, or the whole answer, exceeds the cap in bytes
    }
)

RETRYABLE: frozenset[str] = frozenset(
    {
        "unreachable",
        "no_first_token",
        "silent",
        "too_slow",
        "rate_limited",
        "provider_error",
        "cut_off",
        "empty_answer",
    }
)


class LLMError(Exception):
    """A call to a provider that did not end in an answer.

    `code` is one of `CODES`. `retryable` says whether the same call may succeed later without
    anybody changing anything. `retry_after` is what the provider asked for, in seconds.
    `billed` is False only where the provider cannot have billed: never connected, or answered
    400, 401, 403, 404 or 429. `detail` is for the author who owns the provider (English, at
    most a few hundred characters, without the API key). `partial` is the text received before
    the failure. `usage` is what the provider had reported by then, if anything. `status` is
    the HTTP status, where there was one. `refused` names parameters found to be refused by the
    model during this call, as in `Finished.refused`.
    """

    def __init__(
        self,
        code: str,
        *,
        detail: str = "",
        retryable: bool | None = None,
        retry_after: float | None = None,
        billed: bool = True,
        partial: str = "",
        usage: Usage | None = None,
        status: int | None = None,
        refused: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.retryable = code in RETRYABLE if retryable is None else retryable
        self.retry_after = retry_after
        self.billed = billed
        self.detail = detail
        self.partial = partial
        self.usage = usage
        self.status = status
        self.refused = refused

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code

    def __repr__(self) -> str:
        return f"LLMError({self.code!r}, billed={self.billed}, detail={self.detail!r})"
