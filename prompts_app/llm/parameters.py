"""The parameters of a request, and what to leave out when a model refuses one."""

import re
from collections.abc import Mapping
from typing import Any

from prompts_app.llm.failures import error_fields
from prompts_app.llm.types import ChatCall, PictureCall

MAX_RETRIES = 3

_UNSUPPORTED = re.compile(
    r"(?i)unsupported|not supported|(does|do|is|are) ?n[o']t support|unrecognized|unknown|"
    r"unexpected|extra (inputs|fields)|not permitted|not allowed|deprecated|cannot be used|"
    r"can't be used|incompatible|invalid (parameter|argument|field)|max_completion_tokens"
)
_PROMPT_AT_FAULT = re.compile(r"(?i)must contain the word")

# Where a message names several, the first of these is left out first: the ones that change
# the answer least.
_ORDER = (
    "stream_options",
    "top_p",
    "temperature",
    "response_format",
    "size",
    "max_tokens",
    "max_completion_tokens",
)


def chat_parameters(call: ChatCall, refused: frozenset[str]) -> tuple[dict[str, Any], set[str]]:
    """The parameters to send, and the names of those left out because the model refuses them."""
    given = call.parameters
    wanted: dict[str, Any] = {
        name: given[name] for name in ("temperature", "top_p") if given.get(name) is not None
    }
    if given.get("response_format") == "json_object":
        wanted["response_format"] = {"type": "json_object"}
    left_out = {name for name in wanted if name in refused}
    sent = {name: value for name, value in wanted.items() if name not in refused}
    limit = given.get("max_tokens")
    if limit is not None:
        if "max_tokens" not in refused:
            sent["max_tokens"] = limit
        else:
            left_out.add("max_tokens")
            # Newer OpenAI models take the same limit under another name. Without any limit
            # the cost has no bound but the site's own cap, so the other name is tried first.
            if "max_completion_tokens" not in refused:
                sent["max_completion_tokens"] = limit
            else:
                left_out.add("max_completion_tokens")
    return sent, left_out


def picture_parameters(
    call: PictureCall, refused: frozenset[str]
) -> tuple[dict[str, Any], set[str]]:
    """As `chat_parameters`, for a picture; `response_format` asks for the bytes themselves."""
    wanted: dict[str, Any] = {"response_format": "b64_json"}
    if call.size:
        wanted["size"] = call.size
    sent = {name: value for name, value in wanted.items() if name not in refused}
    return sent, set(wanted) - set(sent)


def refused_parameter(body: object, sent: Mapping[str, Any]) -> str | None:
    """Which of the parameters sent an error body (400 or 422) refuses; None if it is not that.

    A limit on tokens counts as refused only where the provider does not know it: one that is
    merely too large is the author's to correct, not to be dropped.
    """
    message, code, param = error_fields(body)
    text = f"{message} {code}"
    if _PROMPT_AT_FAULT.search(text):
        return None
    names = [name for name in _ORDER if name in sent]
    param = param.split(".", 1)[0]
    if param in names:
        named = [param]
    elif param and param not in ("body", "extra_body"):
        return None
    else:
        named = [name for name in names if re.search(rf"(?<!\w){name}(?!\w)", message)]
    for name in named:
        if name in ("max_tokens", "max_completion_tokens") and not _UNSUPPORTED.search(text):
            continue
        return name
    return None
