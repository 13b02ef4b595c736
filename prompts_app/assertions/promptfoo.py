"""Rules as promptfoo takes them, for a file that a reader runs with a key of their own.

Source: promptfoo's reference of deterministic metrics. It has no name for `ends-with` and `length`,
which become JavaScript, nor one for `language`. Its expressions are JavaScript's: one that is none
there would fail whatever the answer, and one with other signs would look for something else. Its
schemas are draft 7: any other would end the test with an error, other rules' verdicts with it.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from prompts_app.assertions.base import Spec
from prompts_app.assertions.draft7 import as_draft_7
from prompts_app.assertions.javascript import has_expression
from prompts_app.assertions.registry import NOT, given


def exported(spec: Spec) -> dict[str, Any] | None:
    """`spec` (one that passed `registry.check`) as promptfoo's assertion; None: it has no such.

    Texts are as they are. promptfoo reads them as templates: whoever writes its file escapes them.
    """
    kind = str(spec["type"])
    base = kind.removeprefix(NOT)
    if base == "language" or (base == "regex" and not has_expression(spec["value"])):
        return None
    if base in _SCRIPTS:
        negation = NOT if kind != base else ""
        return {"type": f"{negation}javascript", "value": _SCRIPTS[base](given(spec))}
    made = {key: value for key, value in spec.items() if value is not None}
    if base in ("is-json", "contains-json") and "value" in made:
        made["value"] = as_draft_7(made["value"])
        if made["value"] is None:
            return None
    return made


def _ends_with(values: dict[str, Any]) -> str:
    return f"output.endsWith({json.dumps(values['value'])})"


def _length(values: dict[str, Any]) -> str:
    bounds = []
    if values["min"] is not None:
        bounds.append(f"[...output].length >= {values['min']}")
    if values["max"] is not None:
        bounds.append(f"[...output].length <= {values['max']}")
    return " && ".join(bounds)


_SCRIPTS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "ends-with": _ends_with,
    "length": _length,
}
