"""Files of prompts as documents of which everything can be made; nothing is written here.

Rules are looked into for up to a second each, so call it with no transaction open.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from prompts_app.assertions import registry
from prompts_app.receipts.canonical import content_hash
from prompts_app.services import fitting
from prompts_app.services.versions import prompt_hash
from prompts_app.transfer.document import EntryDocument, Loss, Problem, VersionDocument
from prompts_app.transfer.notes import shown
from prompts_app.transfer.promptfoo_asserts import foreign_of
from prompts_app.transfer.recognise import FORMATS

MAX_ENTRIES: Final = 5_000
# Seconds for all the rules of a file; what is left after that stays a sentence.
_PATIENCE: Final = 10.0


@dataclass(frozen=True)
class Ready:
    """A document that fits, and the content hash and prompt hash of each of its versions."""

    document: EntryDocument
    hashes: tuple[tuple[str, str], ...]


def read(data: bytes, key: str) -> Iterator[Ready | Problem]:
    """Yield what the reader of the format `key` finds, as far as it can be made, in order.

    Beside the reader's problems and losses there are these of its own. Problems: "does_not_fit"
    (detail: the title, path: where), "too_many_entries" (detail: how many were read). Losses:
    "rule_refused", "rule_unchecked" (detail of both: the constraint), "same_version",
    "empty_version", "raw_not_kept" (detail of these: the number, from 1).
    """
    rules = Rules()
    entries = 0
    for found in FORMATS[key].read(data):
        if isinstance(found, Problem):
            yield found
        elif entries == MAX_ENTRIES:
            yield Problem(found.line or 1, "too_many_entries", str(MAX_ENTRIES))
            return
        else:
            entries += 1
            yield ready(found, rules)


class Rules:
    """Looks into rules, each once, for as long as there is patience."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._until = time.monotonic() + patience
        self._known: dict[str, str] = {}

    def refusal(self, spec: Mapping[str, Any]) -> str:
        """Return why a rule cannot test anything, as the code of a loss; "" where it can."""
        key = json.dumps(spec, sort_keys=True)
        if key not in self._known:
            if not registry.sound(spec):
                self._known[key] = "rule_refused"
            elif time.monotonic() > self._until:
                return "rule_unchecked"
            else:
                self._known[key] = "rule_refused" if registry.check(spec) else ""
        return self._known[key]


def ready(document: EntryDocument, rules: Rules) -> Ready | Problem:
    """Return the document as it will be made, with what that loses; a Problem if it cannot be."""
    path = fitting.unfit(document)
    if path:
        return Problem(document.line or 1, "does_not_fit", document.title[:80], path)
    losses: list[Loss] = []
    made: list[tuple[VersionDocument, tuple[str, str]]] = []
    # Of each version in the document the place it has afterwards.
    places: list[int] = []
    for number, version in enumerate(document.versions):
        content = _tested(version.content, rules, losses)
        if not any(message["content"].strip() for message in content["messages"]):
            losses.append(Loss(0, "", "empty_version", str(number + 1)))
        else:
            try:
                hashes = content_hash(content), prompt_hash(content)
            except ValueError:
                # A number that canonical JSON has no exact form for.
                return Problem(
                    document.line or 1,
                    "does_not_fit",
                    document.title[:80],
                    f"versions[{number}].parameters",
                )
            if made and made[-1][1][0] == hashes[0]:
                losses.append(Loss(0, "", "same_version", str(number + 1)))
            else:
                made.append((replace(version, content=content), hashes))
        places.append(max(len(made) - 1, 0))
    if not made:
        return Problem(document.line or 1, "empty_prompt")
    runs = []
    for number, run in enumerate(document.runs):
        raw = run.raw
        if raw is not None and not fitting.keeps_raw(raw):
            losses.append(Loss(0, "", "raw_not_kept", str(number + 1)))
            raw = None
        runs.append(replace(run, version=places[run.version], raw=raw))
    baseline = None if document.baseline is None else places[document.baseline]
    return Ready(
        replace(
            document,
            versions=tuple(version for version, _hashes in made),
            baseline=baseline,
            runs=tuple(runs),
            losses=(*document.losses, *losses),
        ),
        tuple(hashes for _version, hashes in made),
    )


def _tested(content: dict[str, Any], rules: Rules, losses: list[Loss]) -> dict[str, Any]:
    """Return the content with only such rules as can test something; others are kept, not run."""
    kept = []
    for constraint in content["constraints"]:
        spec = constraint.get("assertion")
        refusal = rules.refusal(spec) if spec is not None else ""
        if spec is not None and refusal:
            kept.append({"text": constraint["text"], "foreign": foreign_of(spec)})
            loss = Loss(0, "", refusal, shown(constraint["text"]))
            # Versions mostly have the same constraints: one mention is enough.
            if loss not in losses:
                losses.append(loss)
        else:
            kept.append(constraint)
    return content | {"constraints": kept}
