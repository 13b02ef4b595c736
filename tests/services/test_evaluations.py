"""Evaluations: every run made once, whatever happens; money and tallies right."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from prompts_app.llm import client
from prompts_app.models import (
    BudgetDay,
    Entry,
    Evaluation,
    LLMModel,
    ReceiptKey,
    Reservation,
    Run,
    SiteGrant,
    Tally,
    Version,
)
from prompts_app.models import Provider as SiteProvider
from prompts_app.services import (
    accounts,
    captures,
    evaluations,
    execution,
    judges,
    judging,
    outputs,
    results,
    stored,
    versions,
    wishes,
)
from prompts_app.services.rules import rule_of
from prompts_app.services.wishes import CannotEvaluate, Wish
from tests import factories
from tests.engines.provider import Hang, Provider, answer, completion, whole

SHORT = {"type": "word-count", "value": {"max": 3}}
POLITE = {"type": "icontains", "value": "please"}
RUBRIC = {"type": "llm-rubric", "value": "is kind"}
# An answer of `answer()`: 5 tokens at 1 and its words at 2 dollars a million.
TWO_WORDS, THREE_WORDS = 9, 11


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        started.script([*answer("Two words")])
        yield started


@pytest.fixture
def entry(transactional_db: None) -> Iterator[Entry]:
    """An entry in the database itself: runs are kept by other threads."""
    made = factories.entry(content=content("Summarise: {{ text }}", SHORT))
    yield made
    accounts.delete_author(made.owner)
    ReceiptKey.objects.all().delete()


@pytest.fixture
def model(entry: Entry, provider: Provider) -> LLMModel:
    return served(entry, provider)


def content(prompt: str, *assertions: dict[str, Any]) -> dict[str, Any]:
    constraints = [{"text": one["type"], "assertion": one} for one in assertions]
    return factories.content(prompt, constraints=[*constraints, {"text": "Is wise."}])


def served(entry: Entry, provider: Provider, name: str = "model-a", **fields: Any) -> LLMModel:
    made = factories.site_model(entry, name, **fields)
    made.provider.base_url = provider.base_url
    made.provider.save()
    return made


def published(entry: Entry) -> Version:
    entry.refresh_from_db()
    assert entry.published is not None
    return entry.published


def wish(entry: Entry, model: LLMModel, number: int = 1, **fields: Any) -> Wish:
    """Return a wish for `number` new cases on the published version."""
    if "cases" not in fields:
        fields["cases"] = [factories.case(entry) for _ in range(number)]
    start: dict[str, Any] = {"versions": [published(entry)], "models": [model]}
    return Wish(**(start | fields))


def work() -> None:
    """Make and judge what can be made now, as the worker does, one after another."""
    while claimed := execution.claim(1):
        client.run(execution.perform(claimed[0]))
    while runs := judging.claim_due():
        for asked in judging.judge_claimed(runs):
            client.run(judges.ask(asked))


def time_passes() -> None:
    """Let every lease, wait and rest be over."""
    over = timezone.now() - timedelta(seconds=1)
    Run.objects.filter(lease_until__isnull=False).update(lease_until=over)
    Run.objects.filter(not_before__isnull=False).update(not_before=over)
    SiteProvider.objects.update(rest_until=over)


def spent() -> int:
    day = BudgetDay.objects.get(purse=BudgetDay.Purse.SITE)
    assert day.reserved == 0
    total = Reservation.objects.aggregate(total=Sum("actual"))["total"]
    assert day.spent == total
    return int(total)


def outcomes(tally: Tally) -> dict[str, int]:
    return dict(tally.outcomes)


def test_every_run_is_made_once_judged_and_counted(entry: Entry, model: LLMModel) -> None:
    naive = versions.add_baseline(entry, "Sum up")
    wanted = wish(entry, model, number=3, repeats=2, versions=[published(entry), naive])
    expected = wishes.estimate(entry, wanted)
    evaluation = evaluations.start(entry, wanted)
    assert evaluations.progress(evaluation).waiting == expected.total == 12
    work()
    now = evaluations.progress(evaluation)
    assert (now.done, now.over, now.cost) == (12, True, 12 * TWO_WORDS)
    assert spent() == 12 * TWO_WORDS <= expected.bound
    runs = Run.objects.filter(evaluation=evaluation)
    assert len({(r.version_id, r.case_id, r.repeat) for r in runs}) == 12
    assert all(run.receipt and run.first_token_ms is not None for run in runs)
    assert {run.verdicts[rule_of(SHORT)]["state"] for run in runs} == {"passed"}
    assert Tally.objects.count() == 6
    assert all((t.runs, t.shown, outcomes(t)) == (2, 2, {"p": 2}) for t in Tally.objects.all())
    entry.refresh_from_db()
    assert entry.proof is not None
    assert (entry.proof["kept"], entry.proof["tested"]) == (1, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cases": []}, "nothing"),
        ({"repeats": 2001}, "too_many"),
        ({"cases": [None]}, "no_input"),
    ],
)
def test_what_cannot_be_made_is_refused(
    entry: Entry, model: LLMModel, change: dict[str, Any], code: str
) -> None:
    wanted = wish(entry, model, **change)
    with pytest.raises(CannotEvaluate) as refusal:
        evaluations.start(entry, wanted)
    assert refusal.value.code == code
    assert not Evaluation.objects.exists()
    assert not Run.objects.exists()


def test_models_and_versions_that_cannot_be_used(entry: Entry, model: LLMModel) -> None:
    wanted = wish(entry, model)
    SiteGrant.objects.all().delete()
    with pytest.raises(CannotEvaluate, match="not_usable"):
        evaluations.start(entry, wanted)
    picture = factories.site_model(entry, "painter", kind="image")
    with pytest.raises(CannotEvaluate, match="wrong_kind"):
        evaluations.start(entry, wish(entry, picture))
    first = published(entry)
    factories.version(entry)
    versions.withdraw_version(first)
    first.refresh_from_db()
    with pytest.raises(CannotEvaluate, match="withdrawn"):
        evaluations.start(entry, wish(entry, model, versions=[first]))


def test_a_lost_call_counts_in_full_and_runs_again_once(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    evaluation = evaluations.start(entry, wish(entry, model, number=2, repeats=4))
    (lost,) = execution.claim(1)
    assert execution.take_back_lost() == 0, "its worker may still be alive"
    time_passes()
    assert execution.take_back_lost() == 1
    work()
    now = evaluations.progress(evaluation)
    assert (now.done, now.over) == (8, True)
    assert now.cost == spent() == 8 * TWO_WORDS + lost.plan.bound
    again = Run.objects.get(pk=lost.run.pk)
    assert (again.attempts, again.earlier_cost, again.error_code) == (2, lost.plan.bound, "")
    # The one believed dead was only slow: what it brings comes too late, and corrects its cost.
    provider.script([*answer("Much too late")])
    client.run(execution.perform(lost))
    again.refresh_from_db()
    assert (again.output, again.earlier_cost) == ("Two words", THREE_WORDS)
    assert evaluations.progress(evaluation).cost == spent() == 8 * TWO_WORDS + THREE_WORDS
    assert sum(tally.runs for tally in Tally.objects.all()) == 8


def test_whoever_dies_every_time_is_given_up(entry: Entry, model: LLMModel) -> None:
    evaluation = evaluations.start(entry, wish(entry, model, repeats=4))
    run = Run.objects.earliest("created_at")
    bounds = 0
    for _ in range(execution.MAX_ATTEMPTS):
        (claimed,) = execution.claim(1)
        assert claimed.run == run
        bounds += claimed.plan.bound
        time_passes()
        assert execution.take_back_lost() == 1
    run.refresh_from_db()
    assert (run.state, run.error_code, run.earlier_cost) == ("failed", "interrupted", bounds)
    work()
    tally = Tally.objects.get()
    # The evaluation costs no more than it said, so that less is left for the others.
    assert evaluations.progress(evaluation).cost == spent() <= evaluation.bound
    assert tally.unanswered >= 1


def test_a_busy_provider_is_left_alone_for_as_long_as_it_asks(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    provider.script(whole(429, {"error": {"message": "slow down"}}, "application/json",
                          "Retry-After: 40"))  # fmt: skip
    evaluations.start(entry, wish(entry, model, number=3))
    (claimed,) = execution.claim(1)
    begun = timezone.now()
    client.run(execution.perform(claimed))
    run = Run.objects.get(pk=claimed.run.pk)
    assert (run.state, run.error_code) == ("waiting", "rate_limited")
    assert run.not_before is not None
    assert timedelta(seconds=39) < run.not_before - begun < timedelta(seconds=45)
    assert not execution.claim(1), "the others wait as well"
    assert len(provider.requests) == 1
    time_passes()
    provider.script([*answer("Two words")])
    work()
    run.refresh_from_db()
    assert (run.state, run.attempts, run.error_code, run.earlier_cost) == ("done", 2, "", 0)
    assert spent() == 3 * TWO_WORDS


def test_a_call_that_never_gets_an_answer_is_counted_as_that(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    provider.script(whole(500, {"error": {"message": "broken"}}))
    evaluation = evaluations.start(entry, wish(entry, model, repeats=4))
    for _ in range(execution.MAX_ATTEMPTS):
        work()
        time_passes()
    now = evaluations.progress(evaluation)
    assert now.failed == 4
    assert len(provider.requests) <= 4 * execution.MAX_ATTEMPTS
    tally = Tally.objects.get()
    assert (tally.runs, tally.unanswered) == (0, 4)
    # It may have been billed for, so not every attempt was covered by what was announced.
    assert now.cost == spent() <= evaluation.bound
    assert now.errors["evaluation_budget"] == now.never_made > 0
    number, more = evaluations.missing(evaluation)
    assert number == now.never_made
    provider.script([*answer("Two words")])
    evaluations.resume(evaluation)
    evaluation.refresh_from_db()
    assert evaluation.bound == now.cost + more
    work()
    assert evaluations.progress(evaluation).done == number
    assert spent() <= evaluation.bound


def test_an_empty_answer_is_not_asked_for_again(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    provider.script(whole(200, completion("")))
    evaluations.start(entry, wish(entry, model))
    work()
    run = Run.objects.get()
    assert (run.state, run.error_code, run.attempts) == ("failed", "empty_answer", 1)


def test_a_provider_gets_no_more_calls_at_once_than_it_allows(
    entry: Entry, model: LLMModel
) -> None:
    SiteProvider.objects.update(at_once=3)
    evaluations.start(entry, wish(entry, model, number=5))
    claimed = [one for _ in range(4) for one in execution.claim(1)]
    assert len(claimed) == 3
    client.run(execution.perform(claimed[0]))
    assert len(execution.claim(1)) == 1


def test_whoever_waits_for_one_run_comes_before_a_matrix(entry: Entry, model: LLMModel) -> None:
    evaluations.start(entry, wish(entry, model, number=3))
    single = captures.request_capture(published(entry), model, {"text": "x"})
    (claimed,) = execution.claim(1)
    assert claimed.run == single


def test_stopping_and_going_on(entry: Entry, model: LLMModel) -> None:
    evaluation = evaluations.start(entry, wish(entry, model, number=4))
    (under_way,) = execution.claim(1)
    assert evaluations.stop(evaluation) == 3
    work()
    client.run(execution.perform(under_way))
    work()
    now = evaluations.progress(evaluation)
    assert (now.done, now.stopped, now.over) == (1, 3, True)
    assert evaluations.resume(evaluation) == 3
    work()
    assert evaluations.progress(evaluation).done == 4
    assert Tally.objects.count() == 4


def test_a_used_up_budget_leaves_runs_to_be_made_another_day(entry: Entry, model: LLMModel) -> None:
    evaluation = evaluations.start(entry, wish(entry, model, number=2))
    SiteGrant.objects.update(daily_cap=0)
    work()
    now = evaluations.progress(evaluation)
    assert (now.failed, now.never_made, now.errors) == (2, 2, {"budget": 2})
    assert not Tally.objects.exists()
    SiteGrant.objects.update(daily_cap=1_000_000)
    assert evaluations.resume(evaluation) == 2
    work()
    assert evaluations.progress(evaluation).done == 2


def test_a_new_rule_judges_what_is_there_and_costs_nothing(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    evaluations.start(entry, wish(entry, model, number=2))
    work()
    before, asked = spent(), len(provider.requests)
    factories.version(entry, content("Summarise: {{ text }}", SHORT, POLITE))
    assert Run.objects.filter(version__entry=entry, judge_due__isnull=False).count() == 2
    work()
    assert (spent(), len(provider.requests)) == (before, asked)
    for run in Run.objects.all():
        assert run.verdicts[rule_of(POLITE)]["state"] == "failed"
    rules = sorted((rule_of(SHORT), rule_of(POLITE)))
    for tally in Tally.objects.all():
        assert tally.rules == rules
        assert outcomes(tally) == {"pf" if rules[0] == rule_of(SHORT) else "fp": 1}
    entry.refresh_from_db()
    assert entry.proof is not None
    assert (entry.proof["kept"], entry.proof["tested"], entry.proof["runs"]) == (1, 2, 2)


def test_other_words_make_other_evidence(entry: Entry, model: LLMModel) -> None:
    evaluations.start(entry, wish(entry, model))
    work()
    factories.version(entry, content("Sum up: {{ text }}", SHORT))
    entry.refresh_from_db()
    assert entry.proof is None


def test_the_one_liner_is_measured_by_the_same_rules(entry: Entry, model: LLMModel) -> None:
    naive = versions.add_baseline(entry, "Sum up")
    assert naive.content["messages"][0]["content"] == "Sum up\n\n{{ text }}"
    assert published(entry).number == 1
    assert entry.baseline == naive
    evaluations.start(entry, wish(entry, model, versions=[naive]))
    work()
    assert Run.objects.get().verdicts[rule_of(SHORT)]["state"] == "passed"
    assert versions.add_baseline(entry, "Sum up") == naive, "the same one is not added twice"


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("  ", "empty"),
        ("Summarise: {{ text }}", "same"),
        ("Summarise {{ nope }}: {{ text }}", "unknown_variable"),
    ],
)
def test_a_one_liner_that_compares_nothing_is_refused(
    entry: Entry, model: LLMModel, prompt: str, code: str
) -> None:
    with pytest.raises(versions.NotPublishable) as refusal:
        versions.add_baseline(entry, prompt)
    assert refusal.value.code == code
    assert entry.versions.count() == 1


def test_a_one_liner_is_never_the_published_one(entry: Entry, model: LLMModel) -> None:
    first = published(entry)
    naive = versions.add_baseline(entry, "Sum up")
    second = factories.version(entry)
    assert second.number == 3
    versions.withdraw_version(second)
    assert published(entry) == first
    assert entry.baseline == naive
    # What visitors see decides whether there is something to publish.
    with pytest.raises(versions.NotPublishable, match="unchanged"):
        versions.add_version(entry, first.content, "")
    versions.withdraw_version(first)
    entry.refresh_from_db()
    assert entry.published is None


def test_hiding_changes_what_is_shown_and_not_what_counts(entry: Entry, model: LLMModel) -> None:
    evaluations.start(entry, wish(entry, model, repeats=4))
    work()
    run = Run.objects.latest("created_at")
    outputs.set_hidden(run, True)
    tally = Tally.objects.get()
    assert (tally.runs, tally.shown, outcomes(tally)) == (4, 3, {"p": 4})
    with pytest.raises(outputs.Kept):
        outputs.delete_output(run)


def test_pasted_answers_are_judged_and_never_counted(entry: Entry, model: LLMModel) -> None:
    run = captures.paste_output(published(entry), output="Four words are many", model_name="x")
    work()
    run.refresh_from_db()
    assert run.verdicts[rule_of(SHORT)]["state"] == "failed"
    assert not Tally.objects.exists()


def test_withdrawing_keeps_what_was_found_and_none_of_the_text(
    entry: Entry, model: LLMModel
) -> None:
    factories.version(entry, content("Summarise: {{ text }}", {"type": "contains", "value": "Two"}))
    evaluations.start(entry, wish(entry, model))
    work()
    version = published(entry)
    assert "Two" in str(Run.objects.get().verdicts)
    versions.withdraw_version(version)
    work()
    run = Run.objects.get()
    assert run.output == ""
    assert "Two" not in str(run.verdicts)
    # By the rules of the version that is left, which sends the same words.
    assert outcomes(Tally.objects.get()) == {"p": 1}


def test_a_model_judges_for_a_price(entry: Entry, model: LLMModel, provider: Provider) -> None:
    factories.version(entry, content("Summarise: {{ text }}", SHORT, RUBRIC))
    judge = factories.model(model.provider, "judge")
    wanted = wish(entry, model, number=2, judge=judge)
    expected = wishes.estimate(entry, wanted)
    assert expected.judge_bound > 0
    evaluation = evaluations.start(entry, wanted)
    while claimed := execution.claim(1):
        client.run(execution.perform(claimed[0]))
    reply = '{"reason": "It is rude.", "pass": false, "score": 0.1}'
    provider.script(whole(200, completion(reply)))
    work()
    for run in Run.objects.all():
        verdict = run.verdicts[rule_of(RUBRIC)]
        assert (verdict["state"], verdict["judge"]) == ("failed", "judge")
        assert verdict["values"]["reason"] == "It is rude."
        # 5 tokens in, 2 out.
        assert run.judge_cost == 9
    now = evaluations.progress(evaluation)
    assert now.cost == spent() == 2 * (TWO_WORDS + 9) <= expected.bound
    assert now.over


def test_without_a_judge_its_rules_stay_open_until_one_is_asked(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    factories.version(entry, content("Summarise: {{ text }}", RUBRIC))
    evaluations.start(entry, wish(entry, model))
    work()
    assert outcomes(Tally.objects.get()) == {"-p": 1} or outcomes(Tally.objects.get()) == {"p-": 1}
    number, bound = stored.most(entry, model)
    assert (number, bound > 0) == (1, True)
    provider.script(whole(200, completion('{"reason": "Kind.", "pass": true, "score": 1}')))
    assert stored.judge_all(entry, model) == 1
    work()
    assert outcomes(Tally.objects.get()) == {"pp": 1}
    assert stored.most(entry, model) == (0, 0)


def test_a_judge_that_fails_has_told_nothing(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    factories.version(entry, content("Summarise: {{ text }}", RUBRIC))
    evaluations.start(entry, wish(entry, model, judge=model))
    work()
    assert Run.objects.get().verdicts[rule_of(RUBRIC)]["code"] == "judge_failed"
    assert set(outcomes(Tally.objects.get())) <= {"-p", "p-"}
    # The downloads say the same as the page.
    assert [row["states"] for row in results.results_of(published(entry))] == [["open", "stated"]]
    # Whoever only publishes another rule pays for no further judgement.
    asked = len(provider.requests)
    factories.version(entry, content("Summarise: {{ text }}", RUBRIC, POLITE))
    work()
    assert len(provider.requests) == asked
    assert stored.most(entry, model)[0] == 1
    provider.script(whole(200, completion('{"reason": "Kind.", "pass": true, "score": 1}')))
    stored.judge_all(entry, model)
    assert stored.most(entry, model)[0] == 0, "it is being judged"
    work()
    assert Run.objects.get().verdicts[rule_of(RUBRIC)]["state"] == "passed"


def test_a_judge_without_money_waits_for_the_next_day(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    factories.version(entry, content("Summarise: {{ text }}", RUBRIC))
    evaluations.start(entry, wish(entry, model, judge=model))
    while claimed := execution.claim(1):
        client.run(execution.perform(claimed[0]))
    SiteGrant.objects.update(daily_cap=0)
    work()
    run = Run.objects.get()
    assert rule_of(RUBRIC) not in run.verdicts
    assert run.judge_due is not None
    assert run.judge_due > timezone.now()


def test_told_to_stop_the_worker_gives_its_calls_back(
    entry: Entry, model: LLMModel, provider: Provider
) -> None:
    provider.script([Hang()])
    evaluation = evaluations.start(entry, wish(entry, model, repeats=3))
    (claimed,) = execution.claim(1)

    async def told_to_stop() -> None:
        task = asyncio.create_task(execution.perform(claimed))
        await asyncio.to_thread(provider.wait_for_request)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    client.run(told_to_stop())
    run = Run.objects.get(pk=claimed.run.pk)
    assert (run.state, run.error_code, run.earlier_cost) == (
        "waiting",
        "interrupted",
        claimed.plan.bound,
    )
    provider.script([*answer("Two words")])
    work()
    assert evaluations.progress(evaluation).done == 3
