"""Rules on how the model answered: refusal, end, time, cost, language, and a judge's opinion."""

from decimal import Decimal
from typing import Any, ClassVar, Final

from prompts_app.assertions import bounded
from prompts_app.assertions.base import (
    MAX_VALUE,
    Assertion,
    Finding,
    Output,
    Parameter,
    Sentence,
    gettext_noop,
    shown,
    untestable,
)
from prompts_app.assertions.refusals import refusal

FINISH_REASONS: Final = ("stop", "length", "content_filter", "tool_calls")

# Codes (ISO 639-1) of the languages that are told apart well.
LANGUAGES: Final = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi",
    "hu", "id", "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv",
    "sw", "ta", "te", "th", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip

_MILLION: Final = 1_000_000


class IsRefusal(Assertion):
    """The model refused: the provider says so, there is no text, or it uses a known phrase."""

    name = "is-refusal"
    title = gettext_noop("Is a refusal")
    says = gettext_noop("is a refusal")
    says_not = gettext_noop("is not a refusal")

    def find(self, output: Output) -> Finding:
        """What makes it a refusal."""
        text = output.text or ""
        if output.refused:
            return Finding(True, "refusal_marked")
        if not text.strip():
            return Finding(True, "empty")
        phrase = refusal(text)
        if phrase is None:
            return Finding(False, "no_refusal")
        return Finding(True, "refusal_phrase", {"found": shown(phrase)})


class FinishReason(Assertion):
    """The provider's reason for the end of the answer."""

    name = "finish-reason"
    title = gettext_noop("Why it ended")
    parameters = (
        Parameter("value", "choice", gettext_noop("Finish reason"), choices=FINISH_REASONS),
    )
    needs_text = False
    says = gettext_noop("ends by itself")
    says_not = gettext_noop("does not end by itself")
    # What the rule says of each reason but "stop", and then of its negation.
    sentences: ClassVar = {
        "length": (
            gettext_noop("is cut at the token limit"),
            gettext_noop("is not cut at the token limit"),
        ),
        "content_filter": (
            gettext_noop("is ended by the content filter"),
            gettext_noop("is not ended by the content filter"),
        ),
        "tool_calls": (
            gettext_noop("asks for a tool"),
            gettext_noop("does not ask for a tool"),
        ),
    }

    def sentence(self) -> Sentence:
        """The rule in words; each reason has its own."""
        says = self.sentences.get(self.given["value"], (self.says, self.says_not))
        return Sentence(says[self.negated])

    def find(self, output: Output) -> Finding:
        """The reason given, capitals or not."""
        if not output.finish_reason:
            return untestable("no_finish_reason")
        same = output.finish_reason.lower() == self.given["value"]
        return Finding(same, "finish_reason", {"reason": shown(output.finish_reason)})


class Latency(Assertion):
    """The whole answer came within so many milliseconds."""

    name = "latency"
    title = gettext_noop("Time for the answer")
    parameters = (
        Parameter("threshold", "number", gettext_noop("At most, in milliseconds"), min=0, max=1e7),
    )
    needs_text = False
    says = gettext_noop("comes within %(threshold)s ms")
    says_not = gettext_noop("takes more than %(threshold)s ms")

    def find(self, output: Output) -> Finding:
        """How long it took."""
        if output.latency_ms is None:
            return untestable("no_latency")
        within = output.latency_ms <= self.given["threshold"]
        return Finding(within, "latency", {"milliseconds": round(output.latency_ms)})


class Cost(Assertion):
    """The answer cost at most so many dollars."""

    name = "cost"
    title = gettext_noop("Cost of the answer")
    parameters = (
        Parameter("threshold", "number", gettext_noop("At most, in dollars"), min=0, max=1e6),
    )
    needs_text = False
    says = gettext_noop("costs at most %(dollars)s")
    says_not = gettext_noop("costs more than %(dollars)s")

    def find(self, output: Output) -> Finding:
        """What it cost, compared in micro-dollars without rounding."""
        if output.cost_microusd is None:
            return untestable("no_cost")
        most = Decimal(str(self.given["threshold"])) * _MILLION
        values = {"microusd": output.cost_microusd}
        return Finding(output.cost_microusd <= most, "cost", values)

    def said(self) -> dict[str, Any]:
        """The dollars, to the last digit."""
        return {"dollars": Decimal(str(self.given["threshold"]))}


class Language(Assertion):
    """The answer is in this language. No name of promptfoo's."""

    name = "language"
    title = gettext_noop("Language")
    parameters = (Parameter("value", "choice", gettext_noop("Language"), choices=LANGUAGES),)
    says = gettext_noop("is in %(language)s")
    says_not = gettext_noop("is not in %(language)s")

    def said(self) -> dict[str, Any]:
        """The language's code, to be named in the reader's language."""
        return {"language": self.given["value"]}

    def find(self, output: Output) -> Finding:
        """The language it is in."""
        return bounded.run("language", output.text, self.given["value"])


class LlmRubric(Assertion):
    """A model judges the answer; its call is not made here."""

    name = "llm-rubric"
    title = gettext_noop("A model’s judgement")
    parameters = (
        Parameter("value", "text", gettext_noop("What the judge looks for"), max=MAX_VALUE),
        Parameter(
            "threshold",
            "number",
            gettext_noop("Least score, from 0 to 1 (optional)"),
            required=False,
            min=0,
            max=1,
        ),
    )
    says = gettext_noop("satisfies a model that judges: %(value)s")
    says_not = gettext_noop("does not satisfy a model that judges: %(value)s")
    says_score = gettext_noop("scores at least %(threshold)s with a model that judges: %(value)s")
    says_not_score = gettext_noop(
        "does not score %(threshold)s with a model that judges: %(value)s"
    )

    def sentence(self) -> Sentence:
        """The rule in words, with the least score when there is one."""
        if self.given["threshold"] is None:
            return super().sentence()
        return Sentence(self.says_not_score if self.negated else self.says_score, self.said())

    def find(self, output: Output) -> Finding:
        """Nothing: a judge has to be asked (`rubric`)."""
        return untestable("needs_judge")
