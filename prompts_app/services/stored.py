"""Stored answers judged by a model afterwards, where a rule asks for one."""

from collections.abc import Iterator

from django.utils import timezone

from prompts_app.assertions.base import Spec
from prompts_app.assertions.rubric import is_judged
from prompts_app.models import Entry, LLMModel, Run
from prompts_app.services.rules import is_told, rules_by_prompt
from prompts_app.services.wishes import MAX_RUNS, CannotEvaluate, judge_bound, usable


def most(entry: Entry, judge: LLMModel) -> tuple[int, int]:
    """Return how many stored answers no model has judged yet, and the most that costs.

    Raises CannotEvaluate.
    """
    found = [rules for _run, rules in _not_judged(entry)]
    # Many answers share few rules.
    specs = {rule: spec for rules in found for rule, spec in rules.items()}
    bounds = {rule: judge_bound(judge, spec) for rule, spec in specs.items()}
    return len(found), sum(bounds[rule] for rules in found for rule in rules)


def waiting(entry: Entry) -> int:
    """Return how many stored answers no model has judged yet."""
    return sum(1 for _found in _not_judged(entry))


def judge_all(entry: Entry, judge: LLMModel) -> int:
    """Have a model judge the stored answers that none has judged yet; return how many.

    Raises CannotEvaluate.
    """
    if not usable(entry, [judge]) or judge.kind != LLMModel.Kind.TEXT:
        raise CannotEvaluate("not_usable", model=judge.name)
    found = [run.pk for run, _rules in _not_judged(entry)]
    return Run.objects.filter(pk__in=found).update(judge=judge, judge_due=timezone.now())


def _not_judged(entry: Entry) -> Iterator[tuple[Run, dict[str, Spec]]]:
    rubrics = {
        prompt: {rule: spec for rule, spec in rules.items() if is_judged(spec)}
        for prompt, rules in rules_by_prompt(entry).items()
    }
    runs = (
        Run.objects.counted()
        .filter(
            version__entry=entry,
            version__prompt_hash__in=[prompt for prompt, rules in rubrics.items() if rules],
            version__withdrawn_at__isnull=True,
            state=Run.State.DONE,
            picture__isnull=True,
        )
        # Whose judge is at work: asked again, it would be paid again.
        .exclude(judge__isnull=False, judge_due__isnull=False)
        .only("verdicts", "version__prompt_hash")
        .select_related("version")[:MAX_RUNS]
    )
    for run in runs:
        rules = rubrics[run.version.prompt_hash]
        missing = {rule: spec for rule, spec in rules.items() if not is_told(run.verdicts, rule)}
        if missing:
            yield run, missing
