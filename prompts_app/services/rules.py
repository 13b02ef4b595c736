"""Rules of constraints: what they are known by, and which of them concern a run."""

from collections.abc import Mapping
from typing import Any

from prompts_app.assertions.base import Spec
from prompts_app.models import Entry
from prompts_app.receipts.canonical import content_hash

_LENGTH = 16


def rule_of(spec: Spec) -> str:
    """Return what a rule is known by: the first 16 hex digits of its canonical form's SHA-256."""
    return content_hash(dict(spec))[:_LENGTH]


def rules_of(content: Mapping[str, Any]) -> dict[str, Spec]:
    """Return the rules of a content's constraints as rule → specification."""
    specs = (one.get("assertion") for one in content.get("constraints", ()))
    return {rule_of(spec): spec for spec in specs if spec}


def is_told(verdicts: Mapping[str, Mapping[str, Any]], rule: str) -> bool:
    """Say whether a rule has told something: a judging model that failed has not."""
    return rule in verdicts and verdicts[rule]["code"] != "judge_failed"


def rules_by_prompt(entry: Entry) -> dict[str, dict[str, Spec]]:
    """Return prompt hash → the rules that runs of that prompt are judged by.

    Those of every version that sends the same words; and for the baseline's prompt also those of
    the published version, which it is measured against.
    """
    found: dict[str, dict[str, Spec]] = {}
    published: dict[str, Spec] = {}
    baseline = None
    for version in entry.versions.all():
        if version.pk == entry.baseline_id:
            baseline = version.prompt_hash
        if version.withdrawn_at is None:
            own = rules_of(version.content)
            found.setdefault(version.prompt_hash, {}).update(own)
            if version.pk == entry.published_id:
                published = own
    if baseline is not None:
        found[baseline] = found.get(baseline, {}) | published
    return found
