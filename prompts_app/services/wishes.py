"""What an author wants evaluated, whether it can be, and what it costs at most."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from prompts_app.assertions.base import Spec
from prompts_app.assertions.rubric import is_judged
from prompts_app.models import Entry, LLMModel, TestCase, Version
from prompts_app.services import budget, calls, judges, keys, spending
from prompts_app.services.cases import values_for
from prompts_app.services.rules import rules_by_prompt

MAX_RUNS = 2000
MAX_REPEATS = 20


class CannotEvaluate(Exception):  # noqa: N818 - it reads as the condition it is
    """The evaluation cannot be started; `code` names the sentence, `values` stand in it.

    Codes: "nothing", "too_many" (total, most), "withdrawn", "wrong_kind", "not_usable" (model),
    "no_input" (case, version, variable), "key_unreadable" (model).
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Wish:
    """What an author picked. A case of None stands for the defaults of the variables."""

    versions: list[Version]
    models: list[LLMModel]
    cases: list[TestCase | None]
    repeats: int = 1
    judge: LLMModel | None = None

    @property
    def total(self) -> int:
        """How many runs that makes."""
        return len(self.versions) * len(self.models) * len(self.cases) * self.repeats


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many runs, and the most they cost in micro-dollars; `judge_bound` is a part of `bound`.

    `by_purse` is `bound` by who pays; `left_today` is what each purse concerned still allows today.
    """

    total: int
    bound: int
    judge_bound: int
    by_purse: dict[str, int]
    left_today: dict[str, int]

    @property
    def covered_today(self) -> bool:
        """Whether what is left today is enough, whatever the answers cost."""
        return all(bound <= self.left_today.get(purse, 0) for purse, bound in self.by_purse.items())


def estimate(entry: Entry, wish: Wish) -> Estimate:
    """Return what a wish comes to. Raises CannotEvaluate."""
    if not wish.total:
        raise CannotEvaluate("nothing")
    if wish.total > MAX_RUNS:
        raise CannotEvaluate("too_many", total=wish.total, most=MAX_RUNS)
    _check(entry, wish)
    by_purse: Counter[str] = Counter()
    judging = 0
    rules = rules_by_prompt(entry)
    for version in wish.versions:
        rubrics = [spec for spec in rules[version.prompt_hash].values() if is_judged(spec)]
        for case in wish.cases:
            values = values_for(version, case)
            for model in wish.models:
                bound = _bound(model, version, values)
                by_purse[budget.purse_of(model)] += bound * wish.repeats
        if wish.judge is not None and rubrics and version.content["kind"] == Entry.Kind.TEXT:
            answers = len(wish.cases) * len(wish.models) * wish.repeats
            judging += answers * sum(judge_bound(wish.judge, spec) for spec in rubrics)
    if wish.judge is not None and judging:
        by_purse[budget.purse_of(wish.judge)] += judging
    left = {
        one.name: one.left for one in spending.purses_today(entry.owner) if one.name in by_purse
    }
    return Estimate(wish.total, sum(by_purse.values()), judging, dict(by_purse), left)


def _check(entry: Entry, wish: Wish) -> None:
    if any(version.withdrawn_at for version in wish.versions):
        raise CannotEvaluate("withdrawn")
    kinds = {version.content["kind"] for version in wish.versions}
    if any({model.kind} != kinds for model in wish.models):
        raise CannotEvaluate("wrong_kind")
    wanted = [*wish.models, *([wish.judge] if wish.judge else [])]
    allowed = usable(entry, wanted)
    for model in wanted:
        if model.pk not in allowed:
            raise CannotEvaluate("not_usable", model=model.name)
    if wish.judge is not None and wish.judge.kind != LLMModel.Kind.TEXT:
        raise CannotEvaluate("not_usable", model=wish.judge.name)
    for version in wish.versions:
        for case in wish.cases:
            for name, value in values_for(version, case).items():
                if not value:
                    raise CannotEvaluate(
                        "no_input",
                        case=case.name if case else "",
                        version=version.number,
                        variable=name,
                    )


def usable(entry: Entry, models: list[LLMModel]) -> set[int]:
    """Return the ids of those of the models that the entry's owner may spend on."""
    found = LLMModel.objects.usable_by(entry.owner).filter(pk__in=[one.pk for one in models])
    return set(found.values_list("pk", flat=True))


def _bound(model: LLMModel, version: Version, values: dict[str, str]) -> int:
    try:
        return calls.plan(model, version.content, values).bound
    except keys.KeyUnreadable as error:
        raise CannotEvaluate("key_unreadable", model=model.name) from error


def judge_bound(judge: LLMModel, spec: Spec) -> int:
    """Return the most one judgement costs, in micro-dollars. Raises CannotEvaluate."""
    try:
        return judges.bound(judge, spec)
    except keys.KeyUnreadable as error:
        raise CannotEvaluate("key_unreadable", model=judge.name) from error
