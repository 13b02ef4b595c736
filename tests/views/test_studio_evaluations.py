"""Evidence in the studio: start an evaluation at a price, follow, stop and resume it; baselines."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, Evaluation, LLMModel, Provider, Run, SiteGrant, Spending
from prompts_app.services import captures, evaluations, judging, stored, versions, wishes
from prompts_app.services.wishes import Wish
from prompts_app.templatetags.ledger import dollars
from tests import factories

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
POLITE = {"text": "Is polite", "assertion": {"type": "icontains", "value": "please"}}
KIND = {"text": "Is kind", "assertion": {"type": "llm-rubric", "value": "is kind"}}


@pytest.fixture
def entry(client: Client) -> Entry:
    """An entry with a naive version, a published one with a tested constraint, and two cases."""
    made = factories.entry()
    factories.version(made, factories.content("Politely: {{ text }}", constraints=[POLITE]))
    for number in (1, 2):
        factories.case(made, f"Case {number}")
    client.force_login(made.owner)
    made.refresh_from_db()
    return made


@pytest.fixture
def model(entry: Entry) -> LLMModel:
    """A model of the author's own."""
    return model_of(entry)


def model_of(entry: Entry, name: str = "model-a", **fields: Any) -> LLMModel:
    """Return a further model of the author's own."""
    provider = entry.owner.providers.first() or factories.provider(entry.owner)
    return factories.model(provider, name, **fields)


def address(entry: Entry, name: str = "studio_evidence", *more: object) -> str:
    """Return the address of a page about the entry's evidence."""
    return reverse(name, args=[entry.slug, *more])


def wish_of(entry: Entry, *models: LLMModel, **fields: Any) -> Wish:
    """Return both versions with every case on `models`."""
    picked: dict[str, Any] = {
        "versions": list(entry.versions.all()),
        "models": list(models),
        "cases": list(entry.cases.all()),
    }
    return Wish(**(picked | fields))


def sent(wish: Wish, agreed: object = 10**9, **fields: Any) -> dict[str, Any]:
    """Return what the form sends for a wish."""
    return {
        "do": "start",
        "key": str(uuid.uuid4()),
        "agreed": str(agreed),
        "versions": [str(one.number) for one in wish.versions],
        "models": [str(one.pk) for one in wish.models],
        "cases": [str(one.pk) if one else "none" for one in wish.cases],
        "repeats": str(wish.repeats),
        "judge": str(wish.judge.pk) if wish.judge else "",
    } | fields


def started(entry: Entry, *models: LLMModel, **fields: Any) -> Evaluation:
    """Return an evaluation of both versions on `models`, none of whose runs is made."""
    return evaluations.start(entry, wish_of(entry, *models, **fields))


def body(response: Any) -> str:
    """Return a page's text without the tags, blanks gathered."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def test_before_the_first_version_the_page_says_what_to_do(client: Client) -> None:
    entry = factories.entry(published=False)
    client.force_login(entry.owner)
    assert "Publish the first one." in body(client.get(address(entry)))
    assert client.post(address(entry), {"do": "start"}).status_code == 404
    assert client.get(address(entry, "studio_evaluation_cost")).status_code == 404


def test_without_models_cases_or_tests_the_page_says_what_to_do(client: Client) -> None:
    entry = factories.entry()
    client.force_login(entry.owner)
    page = body(client.get(address(entry)))
    assert "No model yet" in page
    assert "No worker is running" in page
    assert "is measured against nothing yet" in page
    model_of(entry)
    captures.report_worker()
    page = body(client.get(address(entry)))
    assert "No test cases yet" in page
    assert "No worker is running" not in page
    factories.case(entry)
    assert "No constraint of version 1 has a test" in body(client.get(address(entry)))


def test_what_is_likely_wanted_is_chosen_and_its_cost_stands_there(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    other = model_of(entry, "model-b")
    factories.version(entry)
    entry.tryable.add(other)
    page = client.get(address(entry))
    form = page.context["form"]
    assert form["versions"].value() == ["3", "1"]
    assert form["models"].value() == [str(other.pk)]
    assert len(form["cases"].value()) == 2
    shown = [entry.versions.get(number=number) for number in (3, 1)]
    expected = wishes.estimate(entry, wish_of(entry, other, versions=shown))
    assert page.context["cost"].estimate == expected
    words = f"2 versions × 1 model × 2 test cases = 4 runs, at most {dollars(expected.bound)}"
    assert words in body(page)
    assert f"Left today: {dollars(expected.left_today['own'])}." in body(page)


def test_the_models_and_cases_of_the_published_version_are_chosen_again(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    host = {"model_asked": "model-b", "provider_host": "127.0.0.1"}
    other = model_of(entry, "model-b")
    assert entry.published is not None
    case = entry.cases.get(name="Case 2")
    factories.run(entry.published, case, judge_due=timezone.now(), **host)
    judging.catch_up()
    page = client.get(address(entry))
    assert page.context["form"]["models"].value() == [str(other.pk)]
    assert page.context["form"]["cases"].value() == [str(case.pk)]
    assert "Version 1 has not been run with all the test cases" in body(page)
    page = client.get(address(entry), {"run": "baseline"})
    assert page.context["form"]["versions"].value() == ["1"]
    assert page.context["cost"].estimate.total == 1


def test_the_cost_follows_the_choice(client: Client, entry: Entry, model: LLMModel) -> None:
    wish = wish_of(entry, model, model_of(entry, "model-b"), repeats=3)
    expected = wishes.estimate(entry, wish)
    query = {name: value for name, value in sent(wish).items() if name not in ("do", "key")}
    part = client.get(address(entry, "studio_evaluation_cost"), query, headers=HTMX)
    assert "<html" not in part.content.decode()
    words = "2 versions × 2 models × 2 test cases × 3 repeats = 24 runs, at most "
    assert words + dollars(expected.bound) in body(part)
    assert f'name="agreed" value="{expected.bound}"' in part.content.decode()
    assert "may not cover it" not in body(part)
    Spending.objects.filter(owner=entry.owner).update(daily_limit=expected.bound - 1)
    part = client.get(address(entry, "studio_evaluation_cost"), query, headers=HTMX)
    assert "Today’s budget may not cover it." in body(part)
    LLMModel.objects.update(input_price=0, output_price=0)
    part = client.get(address(entry, "studio_evaluation_cost"), query, headers=HTMX)
    assert "= 24 runs, free" in body(part)
    assert "Left today" not in body(part)
    for wrong in ({}, query | {"models": []}, query | {"repeats": "\x00"}, {"versions": "x"}):
        part = client.get(address(entry, "studio_evaluation_cost"), wrong, headers=HTMX)
        assert part.status_code == 200
        assert "runs" not in body(part)
    assert not Evaluation.objects.exists()


def test_two_purses_are_told_apart(client: Client, entry: Entry, model: LLMModel) -> None:
    site = factories.site_model(name="model-a")
    SiteGrant.objects.create(user=entry.owner, daily_cap=50)
    wish = wish_of(entry, model, site)
    part = client.get(address(entry, "studio_evaluation_cost"), sent(wish), headers=HTMX)
    assert "Left today of what the operator pays: $0.000050." in body(part)
    assert "Today’s budget may not cover it." in body(part)
    page = body(client.get(address(entry)))
    assert "model-a (Mine)" in page
    assert "model-a (The site’s models)" in page.replace("&#x27;", "’")


def test_the_cost_is_shown_without_a_script(client: Client, entry: Entry, model: LLMModel) -> None:
    wish = wish_of(entry, model, repeats=5)
    page = client.post(address(entry), sent(wish, do="cost"))
    assert page.status_code == 200
    assert "× 5 repeats = 20 runs, at most" in body(page)
    assert page.context["form"]["repeats"].value() == "5"
    page = client.post(address(entry), sent(wish, do="cost", models=[]))
    assert page.status_code == 422
    assert "Choose at least one model." in body(page)
    assert not Evaluation.objects.exists()


def test_an_evaluation_is_started_once(client: Client, entry: Entry, model: LLMModel) -> None:
    wish = wish_of(entry, model, repeats=2)
    data = sent(wish, wishes.estimate(entry, wish).bound)
    first = client.post(address(entry), data)
    evaluation = Evaluation.objects.get()
    assert str(evaluation.pk) == data["key"]
    assert first["Location"] == address(entry, "studio_evaluation", evaluation.pk)
    assert evaluation.runs.filter(state=Run.State.WAITING).count() == evaluation.total == 8
    again = client.post(address(entry), data | {"repeats": "20", "agreed": "0"})
    assert again["Location"] == first["Location"]
    assert Run.objects.count() == 8
    page = body(client.get(address(entry)))
    assert "An evaluation is under way." in page
    assert "v1, v2" in page


def test_a_one_time_id_of_somebody_else_starts_nothing(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    strange = factories.entry()
    key = Evaluation.objects.create(entry=strange, total=1, repeats=1, bound=0).pk
    response = client.post(address(entry), sent(wish_of(entry, model), key=str(key)))
    assert response.status_code == 404
    for wrong in ("", "x", "\x00"):
        response = client.post(address(entry), sent(wish_of(entry, model), key=wrong))
        assert response.status_code == 422
        assert "Reload the page and start again." in body(response)
    assert not Run.objects.exists()


@pytest.mark.parametrize("agreed", ["", "0", "1", "-5", "x", "\x00"])
def test_nobody_pays_more_than_what_was_shown(
    client: Client, entry: Entry, model: LLMModel, agreed: str
) -> None:
    wish = wish_of(entry, model)
    expected = wishes.estimate(entry, wish)
    page = client.post(address(entry), sent(wish, agreed=agreed))
    assert page.status_code == 422
    assert not Evaluation.objects.exists()
    if agreed.lstrip("-").isdigit() or not agreed:
        assert "Its cost has changed." in body(page)
        assert f'name="agreed" value="{expected.bound}"' in page.content.decode()
        key = page.context["form"]["key"].value()
        client.post(address(entry), sent(wish, expected.bound, key=key))
        assert Evaluation.objects.get().bound == expected.bound
    else:
        assert "Reload the page and start again." in body(page)


def unreadable(entry: Entry) -> None:
    Provider.objects.update(key_encrypted=b"made with another key")


def withdrawn(entry: Entry) -> None:
    versions.withdraw_version(entry.versions.get(number=1))


def disabled(entry: Entry) -> None:
    LLMModel.objects.update(enabled=False)


def with_pictures(entry: Entry) -> None:
    kind = {"kind": "image", "constraints": [], "variables": [factories.variable("text")]}
    factories.version(entry, factories.content("A cup: {{ text }}", **kind))
    model_of(entry, "painter", kind=LLMModel.Kind.IMAGE)


def with_tone(entry: Entry) -> None:
    tone = [factories.variable("text"), factories.variable("tone")]
    factories.version(entry, factories.content("{{ text }} {{ tone }}", variables=tone))


@pytest.mark.parametrize(
    ("change", "fields", "field", "sentence"),
    [
        (None, {"versions": []}, "versions", "Choose at least one version."),
        (None, {"versions": ["7"]}, "versions", "One of these versions is withdrawn."),
        (None, {"models": []}, "models", "Choose at least one model."),
        (None, {"models": ["99999999999999999999"]}, "models", "not usable any more."),
        (None, {"models": ["\x00"]}, "models", "not usable any more."),
        (None, {"cases": []}, "cases", "Choose at least one test case."),
        (None, {"cases": ["none"]}, "cases", "One of these test cases is gone."),
        (None, {"cases": ["\x00"]}, "cases", "One of these test cases is gone."),
        (None, {"repeats": ""}, "repeats", "Choose a number from 1 to 20."),
        (None, {"repeats": "0"}, "repeats", "Choose a number from 1 to 20."),
        (None, {"repeats": "21"}, "repeats", "Choose a number from 1 to 20."),
        (None, {"repeats": "²"}, "repeats", "Choose a number from 1 to 20."),
        (None, {"repeats": "9" * 30}, "repeats", "Choose a number from 1 to 20."),
        (None, {"judge": "x"}, "judge", "This model is not usable any more."),
        (withdrawn, {}, "versions", "One of these versions is withdrawn."),
        (disabled, {}, "models", "not usable any more."),
        (unreadable, {}, "models", "The key for “model-a” cannot be read on this server."),
        (with_pictures, {"versions": ["2", "3"]}, "models", "Texts and pictures are evaluated"),
        (with_tone, {"versions": ["3"]}, "cases", "Version 3 needs a value for “tone”, and “Case"),
    ],
)
def test_what_cannot_be_evaluated_is_said_at_its_field(
    client: Client,
    entry: Entry,
    model: LLMModel,
    change: Any,
    fields: dict[str, Any],
    field: str,
    sentence: str,
) -> None:
    data = sent(wish_of(entry, model, repeats=4)) | fields
    if change is not None:
        change(entry)
    response = client.post(address(entry), data)
    assert response.status_code == 422
    form = response.context["form"]
    assert list(form.errors) == [field]
    assert sentence in str(form.errors[field])
    assert form["repeats"].value() == data["repeats"]
    assert form["versions"].value() == data["versions"]
    assert form["key"].value() == data["key"]
    if change is not disabled and field != "judge":
        assert escape(sentence) in response.content.decode()
    assert not Evaluation.objects.exists()


def test_too_many_runs_are_refused_at_the_repeats(client: Client, entry: Entry) -> None:
    models = [model_of(entry, f"model-{number}") for number in range(26)]
    response = client.post(address(entry), sent(wish_of(entry, *models, repeats=20)))
    assert response.status_code == 422
    sentence = "These are 2,080 runs; at most 2,000 can be asked for at once."
    assert response.context["form"].errors == {"repeats": [sentence]}
    client.cookies["language"] = "fr"
    response = client.post(address(entry), sent(wish_of(entry, *models, repeats=20)))
    assert response.status_code == 422


def test_the_row_without_a_case_is_there_only_where_it_can_be_run(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    def offered() -> list[str]:
        choices = client.get(address(entry)).context["form"].fields["cases"].choices
        return [str(label) for _key, label in choices]

    assert offered() == ["Case 1", "Case 2"]
    default = [factories.variable("text", default="A text")]
    version = factories.version(entry, factories.content("Kindly {{ text }}", variables=default))
    assert offered() == ["Case 1", "Case 2", "the variables’ defaults"]
    wish = wish_of(entry, model, versions=[version], cases=[None])
    client.post(address(entry), sent(wish))
    run = Run.objects.get()
    assert (run.case, run.values) == (None, {"text": "A text"})
    response = client.post(address(entry), sent(wish_of(entry, model, cases=[None])))
    assert response.status_code == 422
    assert "needs a value for “text”: run it on test cases only." in body(response)


def test_a_prompt_without_variables_is_run_as_it_is(client: Client) -> None:
    entry = factories.entry(content=factories.content("Tell a joke."))
    factories.case(entry)
    client.force_login(entry.owner)
    model_of(entry)
    form = client.get(address(entry)).context["form"]
    assert form.fields["cases"].choices == [("none", "as it is")]
    assert form["cases"].value() == ["none"]


@pytest.fixture
def judged(entry: Entry) -> Entry:
    """The entry with a published version whose constraint a model judges."""
    factories.version(entry, factories.content("Kindly: {{ text }}", constraints=[POLITE, KIND]))
    entry.refresh_from_db()
    return entry


def test_a_judging_model_is_asked_for_where_a_rule_needs_one(
    client: Client, judged: Entry, model: LLMModel
) -> None:
    page = client.get(address(judged))
    assert page.context["form"]["judge"].value() == str(model.pk)
    assert "A model judges 1 constraint: at most $" in body(page)
    part = address(judged, "studio_evaluation_cost")
    wish = wish_of(judged, model, versions=[judged.versions.get(number=3)], judge=model)
    expected = wishes.estimate(judged, wish)
    response = client.get(part, sent(wish), headers=HTMX)
    assert f"at most {dollars(expected.judge_bound)} of it." in body(response)
    assert "hx-swap-oob" not in response.content.decode()
    query = sent(wish)
    del query["judge"]
    response = client.get(part, query, headers=HTMX)
    assert f"at most {dollars(expected.judge_bound)} of it." in body(response)
    assert 'name="judge"' in response.content.decode()
    response = client.get(part, query | {"judge": ""}, headers=HTMX)
    assert "1 constraint needs a model that judges and stays open." in body(response)
    wish = wish_of(judged, model, versions=[judged.versions.get(number=2)], judge=model)
    response = client.get(part, sent(wish), headers=HTMX)
    assert "hx-swap-oob" in response.content.decode()
    assert 'name="judge"' not in response.content.decode()
    assert "judges" not in body(response)


def test_a_demo_model_judges_only_where_it_was_chosen(client: Client, judged: Entry) -> None:
    demo = Provider.objects.create(
        source=Provider.Source.DEMO, name="Demo model", base_url="http://127.0.0.1:9/v1"
    )
    SiteGrant.objects.create(user=judged.owner, daily_cap=10**6)
    scripted = factories.model(demo, "demo-small")
    assert judged.published is not None
    page = client.get(address(judged))
    assert page.context["form"]["judge"].value() == ""
    assert "1 constraint needs a model that judges and stays open." in body(page)
    assert "No stored answer waits" in body(page)
    run = factories.run(judged.published, judge=scripted)
    page = client.get(address(judged))
    assert page.context["form"]["judge"].value() == ""
    assert page.context["judge_form"]["judge"].value() == ""
    assert "Choose a model." in body(page)
    assert "Judge 1 answer" not in body(page)
    client.post(address(judged), {"do": "judge", "judge": scripted.pk, "agreed": str(10**9)})
    run.refresh_from_db()
    assert run.judge_due is not None
    real = model_of(judged, "model-z")
    assert client.get(address(judged)).context["form"]["judge"].value() == str(real.pk)


def test_a_judge_whose_key_cannot_be_read_is_refused_at_its_field(
    client: Client, judged: Entry, model: LLMModel
) -> None:
    other = factories.provider(judged.owner, name="Other")
    judge = factories.model(other, "judge-a")
    Provider.objects.filter(pk=other.pk).update(key_encrypted=b"made with another key")
    response = client.post(address(judged), sent(wish_of(judged, model, judge=judge)))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["judge"]
    assert judged.published is not None
    factories.run(judged.published)
    page = body(client.post(address(judged), {"do": "judge", "judge": judge.pk}))
    assert "The key for “judge-a” cannot be read" in page


def test_stored_answers_are_judged_at_the_price_that_was_shown(
    client: Client, judged: Entry, model: LLMModel
) -> None:
    assert "No stored answer waits" in body(client.get(address(judged)))
    page = client.post(address(judged), {"do": "judge", "judge": model.pk}, follow=True)
    assert "No stored answer waits" in body(page)
    assert judged.published is not None
    run = factories.run(judged.published)
    number, bound = stored.most(judged, model)
    assert number == 1
    button = f"Judge 1 answer, at most {dollars(bound)}"
    assert button in body(client.get(address(judged)))
    part = client.get(address(judged, "studio_judging_cost"), {"judge": model.pk}, headers=HTMX)
    assert button in body(part)
    assert "<html" not in part.content.decode()
    data = {"do": "judge", "judge": str(model.pk), "agreed": "0"}
    for less in (str(bound - 1), "", "x", "\x00"):
        response = client.post(address(judged), data | {"agreed": less})
        assert response.status_code == 422
        assert body(response).count("Its cost has changed.") == 1
        assert button in body(response)
    assert client.post(address(judged), data | {"do": "judge-cost"}).status_code == 200
    for wrong in ("", "x", "\x00", "9" * 30):
        assert client.post(address(judged), data | {"judge": wrong}).status_code == 422
    run.refresh_from_db()
    assert run.judge is None
    page = client.post(address(judged), data | {"agreed": str(bound)}, follow=True)
    assert "1 answer is being judged." in body(page)
    assert Run.objects.filter(pk=run.pk, judge=model, judge_due__isnull=False).exists()


def test_another_version_becomes_the_baseline(client: Client, entry: Entry) -> None:
    factories.version(entry)
    for wrong in ("", "1", "3", "9", "x", "\x00"):
        response = client.post(address(entry), {"do": "baseline", "version": wrong})
        assert response.status_code == 422
        assert list(response.context["baseline_form"].errors) == ["version"]
    page = client.post(address(entry), {"do": "baseline", "version": "2"}, follow=True)
    assert "Version 2 is the baseline now." in body(page)
    assert "Version 3 is measured against version 2" in body(page)
    entry.refresh_from_db()
    assert entry.baseline == entry.versions.get(number=2)


def test_the_one_liner_is_kept_and_offered_to_run(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    shown = client.get(address(entry)).content.decode()
    assert "optional" not in shown[shown.index("Write the one-liner") :]
    for wrong in ("", "  \n", "x" * 60_001, "a\x00b"):
        response = client.post(address(entry), {"do": "one-liner", "prompt": wrong})
        assert response.status_code == 422
        assert list(response.context["one_liner_form"].errors) == ["prompt"]
        assert ("Write the one-liner first." in body(response)) == (not wrong.strip())
    page = client.post(address(entry), {"do": "one-liner", "prompt": "Sum up"}, follow=True)
    assert "The one-liner is kept as version 3, the baseline." in body(page)
    assert page.context["form"]["versions"].value() == ["3"]
    assert "Version 3 is chosen, with the test cases and models of version 2." in body(page)
    entry.refresh_from_db()
    assert entry.published == entry.versions.get(number=2)
    assert entry.baseline is not None
    assert entry.baseline.content["messages"][0]["content"] == "Sum up\n\n{{ text }}"


def test_progress_is_told_in_words_until_it_is_over(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    evaluation = started(entry, model, repeats=2)
    there = address(entry, "studio_evaluation", evaluation.pk)
    page = client.get(there)
    assert "0 of 8 runs made; $0.00 of at most $" in body(page)
    assert "every 2s" in page.content.decode()
    assert "No worker is running" in body(page)
    assert "Stop" in body(page)
    runs = list(Run.objects.order_by("pk"))
    states: list[dict[str, Any]] = [
        *[{"state": "done"}] * 3,
        {"state": "failed", "attempts": 4, "error_code": "unreachable"},
        {"state": "waiting", "error_code": "rate_limited"},
        {"state": "waiting", "error_code": "interrupted"},
    ]
    for run, fields in zip(runs, states, strict=False):
        Run.objects.filter(pk=run.pk).update(**fields)
    captures.report_worker()
    page = client.get(there)
    said = body(page)
    assert "4 of 8 runs made, 2 waiting to try again (" in said
    assert "the provider is busy" in said
    assert "1 got no answer; $0.00 of at most" in said
    assert "1 run: The provider could not be reached." in said
    assert "No worker is running" not in said
    part = client.get(there, {"said": page.context["said"], "stage": "running"}, headers=HTMX)
    assert "<html" not in part.content.decode()
    assert "hx-swap-oob" not in part.content.decode()
    part = client.get(there, {"said": "running-25", "stage": "running"}, headers=HTMX)
    assert 'hx-swap-oob="innerHTML:[data-announce]"' in part.content.decode()
    Run.objects.filter(state="waiting").update(state="done", error_code="")
    part = client.get(there, {"said": "running-50", "stage": "running"}, headers=HTMX)
    assert "8 of 8 runs made, 1 got no answer" in body(part)
    assert "every 2s" not in part.content.decode()
    assert 'id="evaluation-actions" hx-swap-oob="true"' in part.content.decode()
    assert reverse("evidence", args=[entry.owner.profile.handle, entry.slug]) in (
        part.content.decode()
    )


def test_judging_goes_on_after_the_last_run_and_may_be_put_off(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    evaluation = started(entry, model)
    now = timezone.now()
    Run.objects.update(state="done", judge_due=now)
    there = address(entry, "studio_evaluation", evaluation.pk)
    page = client.get(there)
    assert "4 still to be judged" in body(page)
    assert "every 2s" in page.content.decode()
    Run.objects.update(judge_due=now + timedelta(hours=3))
    page = client.get(there)
    assert "4 answers are judged another day" in body(page)
    assert "every 2s" not in page.content.decode()


def test_an_evaluation_is_stopped_and_taken_up_again(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    evaluation = started(entry, model)
    there = address(entry, "studio_evaluation", evaluation.pk)
    running = Run.objects.order_by("pk").first()
    assert running is not None
    Run.objects.filter(pk=running.pk).update(state="running")
    stop = address(entry, "studio_evaluation_stop", evaluation.pk)
    page = client.post(stop, follow=True)
    assert page.redirect_chain == [(there, 302)]
    assert "stopping" in body(page)
    assert "Run what is missing" not in body(page)
    assert "It makes no further call." in body(client.post(stop, follow=True))
    resume = address(entry, "studio_evaluation_resume", evaluation.pk)
    assert "Wait until" in body(client.post(resume, {"agreed": "9" * 9}, follow=True))
    Run.objects.filter(pk=running.pk).update(state="done")
    number, bound = evaluations.missing(evaluation)
    page = client.get(there)
    assert "stopped" in body(page)
    assert f"3 runs, at most {dollars(bound)}" in body(page)
    assert "every 2s" not in page.content.decode()
    for wrong in ("", "x", "-1", "\x00", "²", "9" * 30):
        assert client.post(resume, {"agreed": wrong}).status_code == 404
    assert "Its cost has changed." in body(client.post(resume, {"agreed": "1"}, follow=True))
    assert Run.objects.filter(state="stopped").count() == number == 3
    client.post(resume, {"agreed": str(bound)})
    assert Run.objects.filter(state="waiting").count() == 3
    Run.objects.update(state="done")
    page = client.post(resume, {"agreed": "0"}, follow=True)
    assert "No run is missing." in body(page)
    assert "done" in body(page)


def test_runs_that_the_budget_did_not_reach_are_missing(
    client: Client, entry: Entry, model: LLMModel
) -> None:
    evaluation = started(entry, model)
    runs = Run.objects.order_by("pk")
    for run, code in zip(runs, ("budget", "budget", "evaluation_budget", "silent"), strict=True):
        attempts = int(code == "silent")
        Run.objects.filter(pk=run.pk).update(state="failed", error_code=code, attempts=attempts)
    page = client.get(address(entry, "studio_evaluation", evaluation.pk))
    assert page.context["errors"][0] == (2, "The budget for today is used up.")
    assert "1 run: The most this evaluation may cost is used up." in body(page)
    assert "1 of 4 runs made, 1 got no answer" in body(page)
    assert "Run what is missing" in body(page)
    assert "runs are missing" in body(client.get(address(entry)))


def test_evidence_is_its_authors_own(client: Client, entry: Entry, model: LLMModel) -> None:
    evaluation = started(entry, model)
    pages = [address(entry), address(entry, "studio_evaluation", evaluation.pk)]
    parts = [address(entry, f"studio_{name}_cost") for name in ("evaluation", "judging")]
    actions = [
        address(entry, f"studio_evaluation_{name}", evaluation.pk) for name in ("stop", "resume")
    ]
    for page in pages + parts:
        assert client.get(page).status_code == 200
        assert client.put(page).status_code == 405
    for part in [*parts, pages[1]]:
        assert client.post(part).status_code == 405
    for action in actions:
        assert client.get(action).status_code == 405
    for nonsense in ("", "sing", "\x00"):
        assert client.post(address(entry), {"do": nonsense}).status_code == 404
    other = factories.entry(entry.owner)
    assert client.get(address(other, "studio_evaluation", evaluation.pk)).status_code == 404
    assert client.get(address(entry, "studio_evaluation", uuid.uuid4())).status_code == 404
    client.force_login(factories.profile().user)
    for one in pages + parts:
        assert client.get(one).status_code == 404
    for one in [*actions, address(entry)]:
        assert client.post(one, sent(wish_of(entry, model)) | {"agreed": "9"}).status_code == 404
    client.logout()
    for one in pages + parts:
        assert client.get(one)["Location"].startswith(reverse("account_login"))
    for one in [*actions, address(entry)]:
        assert client.post(one)["Location"].startswith(reverse("account_login"))
    assert Run.objects.filter(state="waiting").count() == 4
    assert Evaluation.objects.count() == 1


def test_more_runs_make_no_more_queries(
    client: Client,
    judged: Entry,
    model: LLMModel,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    evaluation = started(judged, model)
    Run.objects.filter(version__number=1).update(state="done")
    there = address(judged, "studio_evaluation", evaluation.pk)
    expected = {}
    for page, most in ((address(judged), 30), (there, 14)):
        client.get(page)
        with django_assert_max_num_queries(most) as counted:
            client.get(page)
        expected[page] = len(counted)
    for number in range(6):
        more = model_of(judged, f"model-{number}")
        factories.case(judged)
        started(judged, model, more, repeats=3)
    Run.objects.filter(version__number=1).update(state="done")
    Run.objects.filter(repeat=2).update(state="failed", error_code="silent", attempts=4)
    for page, most in expected.items():
        with django_assert_max_num_queries(most):
            client.get(page)


def test_the_list_of_evaluations_has_pages(client: Client, entry: Entry, model: LLMModel) -> None:
    for _number in range(11):
        started(entry, model)
    assert len(client.get(address(entry)).context["evaluations"]) == 10
    assert len(client.get(address(entry), {"page": "2"}).context["evaluations"]) == 1
    for nonsense in ("x", "0", "99999999999999999999", "\x00"):
        assert client.get(address(entry), {"page": nonsense}).status_code == 200


def test_the_pages_speak_french(client: Client, judged: Entry, model: LLMModel) -> None:
    evaluation = started(judged, model)
    client.cookies["language"] = "fr"
    for where in (address(judged), address(judged, "studio_evaluation", evaluation.pk)):
        response = client.get(where)
        assert response.status_code == 200
        assert '<html lang="fr"' in response.content.decode()
    part = address(judged, "studio_evaluation_cost")
    assert client.get(part, sent(wish_of(judged, model)), headers=HTMX).status_code == 200
