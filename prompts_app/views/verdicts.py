"""What rules found in one output, constraint by constraint, as pages show it."""

from collections.abc import Mapping
from typing import Any

from prompts_app.services.rules import rule_of
from prompts_app.templatetags.assertions import verdict_reason
from prompts_app.templatetags.constraints import stated

_STATES = {"passed": "kept", "failed": "broken", "untestable": "untestable"}

Verdicts = Mapping[str, Mapping[str, Any]]


def constraints_of(content: Mapping[str, Any], verdicts: Verdicts) -> list[dict[str, str]]:
    """Return the constraints of a content with what `verdicts`, those of one output, say of each.

    As shared/_constraints.html takes them: {"text", "test": the rule in words or "", "schema",
    "state": "kept", "broken", "untestable" or "" where nothing has been told, "reason": what was
    found, as a sentence, "judge": the model that judged or ""}. A withdrawn content (empty) has
    none.
    """
    constraints = content.get("constraints", ())
    shown = stated(constraints)
    for one, constraint in zip(shown, constraints, strict=True):
        spec = constraint.get("assertion")
        verdict = verdicts.get(rule_of(spec)) if spec else None
        one |= {"judge": ""}
        if verdict is not None:
            one |= {
                "state": _STATES[verdict["state"]],
                "reason": verdict_reason(verdict),
                "judge": verdict.get("judge", ""),
            }
    return shown
