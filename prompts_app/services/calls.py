"""One call of a model: what to send, what it may cost at most, and what it did cost."""

import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from prompts_app.llm import prices
from prompts_app.llm.errors import LLMError
from prompts_app.llm.types import (
    ChatCall,
    Finished,
    PictureCall,
    PictureResult,
    Price,
    Usage,
)
from prompts_app.models import LLMModel
from prompts_app.models.execution import Execution
from prompts_app.services import providers, versions

# Sent where the author set no maximum: an answer without an end has no upper price.
DEFAULT_MAX_TOKENS = 1500

A = TypeVar("A", bound=Execution, covariant=True)


@dataclass(frozen=True, slots=True)
class Plan:
    """A call ready to be made. `bound` is the most it can cost, in micro-dollars."""

    call: ChatCall | PictureCall
    price: Price
    bound: int

    @property
    def host(self) -> str:
        """The host that receives the text."""
        return providers.host_of(self.call.endpoint.base_url)

    def cost(self, usage: Usage) -> int | None:
        """Return what a finished call cost; None where the provider did not say."""
        if isinstance(self.call, PictureCall):
            if not self.price.input and not self.price.output:
                return self.price.picture
            return prices.cost(self.price, usage, pictures=1) if usage.known else None
        if not self.price.input and not self.price.output:
            return 0
        return prices.cost(self.price, usage) if usage.known else None

    def cost_of_failure(self, error: LLMError) -> int | None:
        """Return what a failed call cost: nothing only where the provider cannot have billed."""
        return self.cost(error.usage or Usage()) if error.billed else 0


@dataclass(frozen=True, slots=True)
class Admitted(Generic[A]):
    """A try, or a run of a draft, whose money is set aside: the call may be made."""

    attempt: A
    plan: Plan
    reservation: uuid.UUID


def outcome(result: Finished | PictureResult) -> dict[str, Any]:
    """Return what an answer says of itself, as fields of an Execution."""
    fields: dict[str, Any] = {
        "model_answered": (result.model_answered or "")[:120],
        "labels": sorted(result.labels),
        "parameters_left_out": sorted(result.refused),
        "prompt_tokens": result.usage.prompt_tokens,
        "completion_tokens": result.usage.completion_tokens,
        "latency_ms": result.latency_ms,
    }
    if isinstance(result, Finished):
        fields |= {
            "output": result.text,
            "finish_reason": (result.finish_reason or "")[:40],
            "first_token_ms": result.ttft_ms,
        }
    return fields


def failure(error: LLMError) -> dict[str, Any]:
    """Return what a failed call leaves, as fields of an Execution."""
    return {
        "state": Execution.State.FAILED,
        "error_code": error.code,
        "error_detail": error.detail,
        "output": error.partial,
        "parameters_left_out": sorted(error.refused),
    }


# Of a picture that came and is none.
NOT_A_PICTURE: dict[str, Any] = {
    "state": Execution.State.FAILED,
    "error_code": "bad_answer",
    "error_detail": "The provider's answer is not a PNG, JPEG or WebP picture.",
}


def chat_plan(model: LLMModel, messages: list[dict[str, str]], parameters: dict[str, Any]) -> Plan:
    """Return the call that sends `messages` to a text model. Raises keys.KeyUnreadable."""
    price = providers.price_of(model)
    given = {"max_tokens": DEFAULT_MAX_TOKENS} | parameters
    return Plan(
        ChatCall(
            endpoint=providers.endpoint_of(model.provider),
            model=model.name,
            messages=messages,
            parameters=given,
            refused=frozenset(model.refused),
        ),
        price,
        prices.upper_bound(price, messages, given["max_tokens"]),
    )


def plan(model: LLMModel, content: dict[str, Any], values: dict[str, str]) -> Plan:
    """Return the call that runs a version's content with `values` on `model`.

    Raises keys.KeyUnreadable.
    """
    messages = versions.messages_with(content, values)
    if model.kind == LLMModel.Kind.TEXT:
        return chat_plan(model, messages, content["parameters"])
    price = providers.price_of(model)
    prompt = versions.picture_prompt(messages)
    return Plan(
        PictureCall(
            endpoint=providers.endpoint_of(model.provider),
            model=model.name,
            prompt=prompt,
            size=content["parameters"].get("size"),
            refused=frozenset(model.refused),
        ),
        price,
        prices.picture_bound(price, prompt),
    )
