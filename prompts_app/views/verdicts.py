"""What rules found, constraint by constraint, in one output or over all counted runs."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from prompts_app.services.cells import Counts
from prompts_app.services.groups import Group
from prompts_app.services.rules import rule_of
from prompts_app.templatetags.assertions import verdict_reason
from prompts_app.templatetags.constraints import stated

_STATES = {"passed": "kept", "failed": "broken", "untestable": "untestable"}

Verdicts = Mapping[str, Mapping[str, Any]]


def constraints_of(content: Mapping[str, Any], verdicts: Verdicts) -> list[dict[str, str]]:
    """Return the constraints of a content with what `verdicts`, those of one output, say of each.

    As shared/_constraints.html takes them: {"text", "test": the rule in words or "", "schema",
    "foreign": as `stated` has them, "state": "kept", "broken", "untestable" or "" where nothing has
    been told, "reason": what was found, as a sentence, "judge": the model that judged or ""}. A
    withdrawn content (empty) has none.
    """
    constraints = content.get("constraints", ())
    shown = stated(constraints)
    for one, constraint in zip(shown, constraints, strict=True):
        spec = constraint.get("assertion")
        verdict = verdicts.get(rule_of(spec)) if spec and verdicts else None
        one |= {"judge": ""}
        if verdict is not None:
            one |= {
                "state": _STATES[verdict["state"]],
                "reason": verdict_reason(verdict),
                "judge": verdict.get("judge", ""),
            }
    return shown


def hide_rules(constraints: list[dict[str, str]]) -> None:
    """Take away how constraints are tested and what was found, which quote prompts."""
    for one in constraints:
        one |= {"test": "", "schema": "", "reason": "", "foreign": ""}


def standings_of(
    content: Mapping[str, Any], group: Group | None, story_url: str
) -> list[dict[str, str]]:
    """Return the constraints of a content with what they come to over all counted runs.

    As `constraints_of`, with "said": "kept in 12 of 12 runs", and "url": the story of each, which
    is `story_url` with its number. `group` is that of the same content (evidence.totals_of).
    """
    shown = constraints_of(content, {})
    for number, one in enumerate(shown, 1):
        result = group.results[number - 1] if group is not None else None
        state = result.state if result is not None else "stated"
        one["state"] = state if state in _STATES.values() else ""
        counts = result.counts if result is not None else Counts()
        one["said"] = said_of(counts) if one["test"] else ""
        one["url"] = f"{story_url}{number}" if state != "stated" else ""
    return shown


def said_of(counts: Counts) -> str:
    """Return what the checks of one constraint come to: "kept in 12 of 12 runs"."""
    checks = counts.checks
    values = {
        "passed": number_format(counts.passed),
        "failed": number_format(counts.failed),
        "untestable": number_format(counts.untestable),
        "open": number_format(counts.open),
        "checks": number_format(checks),
    }
    match counts.state:
        case "kept":
            said = ngettext(
                "kept in %(passed)s of %(checks)s run",
                "kept in %(passed)s of %(checks)s runs",
                checks,
            )
        case "broken":
            said = ngettext(
                "broken in %(failed)s of %(checks)s run",
                "broken in %(failed)s of %(checks)s runs",
                checks,
            )
        case "untestable":
            said = ngettext(
                "not testable in %(untestable)s of %(checks)s run",
                "not testable in %(untestable)s of %(checks)s runs",
                checks,
            )
        case "open":
            said = ngettext(
                "kept in %(passed)s run so far, %(open)s not judged yet",
                "kept in %(passed)s runs so far, %(open)s not judged yet",
                counts.passed,
            )
        case _:
            return gettext("not tested yet")
    return said % values
