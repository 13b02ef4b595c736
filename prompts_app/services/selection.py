"""What an author can evaluate an entry with, and what is likely to be wanted."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prompts_app.assertions.base import Spec
from prompts_app.assertions.rubric import is_judged
from prompts_app.models import Entry, LLMModel, Run, Tally, TestCase, Version
from prompts_app.services.cases import live_cases
from prompts_app.services.providers import host_of
from prompts_app.services.rules import rules_by_prompt


@dataclass(frozen=True, slots=True)
class Selection:
    """Everything that can be picked. `rules`: prompt hash → the rules that concern its runs.

    `without`: whether some version can be run without a test case.
    """

    entry: Entry
    versions: list[Version]
    models: list[LLMModel]
    cases: list[TestCase]
    judges: list[LLMModel]
    rules: dict[str, dict[str, Spec]]
    without: bool

    def judged_rules(self, versions: Iterable[Version]) -> set[str]:
        """Return the rules of `versions` that a model has to judge by."""
        return {
            rule
            for version in versions
            if version.content["kind"] == Entry.Kind.TEXT
            for rule, spec in self.rules[version.prompt_hash].items()
            if is_judged(spec)
        }

    @property
    def tested(self) -> int:
        """How many constraints of the published version have a rule."""
        assert self.entry.published is not None
        constraints = self.entry.published.content["constraints"]
        return sum(bool(one.get("assertion")) for one in constraints)


def selection_for(entry: Entry) -> Selection:
    """Return what a published entry can be evaluated with."""
    versions = list(entry.versions.filter(withdrawn_at__isnull=True))
    kinds = {version.content["kind"] for version in versions}
    usable = list(LLMModel.objects.usable_by(entry.owner).order_by("name", "provider"))
    needs_cases = any(version.content["variables"] for version in versions)
    return Selection(
        entry=entry,
        versions=versions,
        models=[model for model in usable if model.kind in kinds],
        cases=live_cases(entry) if needs_cases else [],
        judges=[model for model in usable if model.kind == LLMModel.Kind.TEXT],
        rules=rules_by_prompt(entry),
        without=any(_needs_no_case(version) for version in versions),
    )


def likely(selection: Selection, versions: Sequence[Version]) -> dict[str, list[Any]]:
    """Return a first choice for `versions`: lists of "versions", "models", "cases" and "judge".

    Models and test cases are those the published version was run with. Before its first run: the
    models that visitors may try, or else the first one, and every test case.
    """
    entry = selection.entry
    assert entry.published is not None
    places = set(
        Tally.objects.filter(entry=entry, prompt_hash=entry.published.prompt_hash).values_list(
            "case_id", "model_asked", "provider_host"
        )
    )
    ran_on = {place[1:] for place in places}
    models = [one for one in selection.models if (one.name, _host(one)) in ran_on]
    if not models:
        tryable = set(entry.tryable.values_list("pk", flat=True))
        models = [one for one in selection.models if one.pk in tryable] or selection.models[:1]
    return {
        "versions": list(versions),
        "models": models,
        "cases": _likely_cases(selection, versions, {place[0] for place in places}),
        "judge": _likely_judge(selection),
    }


def baseline_lags(entry: Entry) -> bool:
    """Say whether the published version has runs where the baseline has none to compare."""
    if entry.baseline is None or entry.published is None:
        return False
    old, new = entry.baseline.prompt_hash, entry.published.prompt_hash
    places: dict[str, set[Any]] = {old: set(), new: set()}
    for prompt, *place in Tally.objects.filter(entry=entry, prompt_hash__in=(old, new)).values_list(
        "prompt_hash", "case_id", "model_asked", "provider_host"
    ):
        places[prompt].add(tuple(place))
    return old != new and bool(places[new] - places[old])


def _likely_cases(
    selection: Selection, versions: Sequence[Version], ran_with: Container[UUID | None]
) -> list[TestCase | None]:
    if not any(version.content["variables"] for version in versions):
        # Every test case would send the same words.
        return [None]
    cases: list[TestCase | None] = [one for one in selection.cases if one.pk in ran_with]
    if not cases:
        cases = list(selection.cases)
    return cases or ([None] if selection.without else [])


def _likely_judge(selection: Selection) -> list[LLMModel]:
    """The one that judged last, or else the first; of real models only: rules cannot judge."""
    last = (
        Run.objects.filter(version__entry=selection.entry, judge__isnull=False)
        .order_by("-created_at")
        .values_list("judge", flat=True)
        .first()
    )
    real = [one for one in selection.judges if not one.provider.is_demo]
    return ([one for one in real if one.pk == last] or real)[:1]


def _needs_no_case(version: Version) -> bool:
    return all(one["default"] for one in version.content["variables"])


def _host(model: LLMModel) -> str:
    return host_of(model.provider.base_url)
