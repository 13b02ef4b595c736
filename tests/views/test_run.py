"""The page of one run: the answer, what was sent, and how far to trust it."""

import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prompts_app.assertions.base import Verdict
from prompts_app.models import Entry, Run
from prompts_app.services.judging import kept_form
from prompts_app.services.rules import rules_of
from tests import factories

pytestmark = pytest.mark.django_db


def made(**fields: Any) -> Run:
    entry = factories.entry(content=factories.content("Summarise: {{ text }}"))
    assert entry.published is not None
    return factories.run(entry.published, factories.case(entry, "The case"), **fields)


def page(client: Client, run: Run) -> str:
    response = client.get(f"/runs/{run.pk}/")
    assert response.status_code == 200
    return response.content.decode()


def test_a_run_says_all_there_is_to_say(client: Client) -> None:
    run = made(
        output="An **answer**",
        labels=["length", "no_usage"],
        parameters_left_out=["temperature"],
        parameters_sent={"max_tokens": 1500, "response_format": {"type": "json_object"}},
        finish_reason="length",
        values={"text": "the very input"},
    )
    shown = page(client, run)
    for text in (
        "<strong>answer</strong>",
        "The case",
        "model-a",
        "model-a-2026",
        "models.example.org",
        "$0.0012",
        "300 ms",
        "1.5 s",
        "cut at the token limit",
        "The answer stops at its token limit.",
        "The provider did not count the tokens.",
        "Left out, because the model does not take it: temperature.",
        "This site called the provider and kept the response.",
        '<mark class="var">the very input</mark>',
        "json_object",
    ):
        assert text in shown, text


def test_what_the_provider_did_not_say_is_not_shown(client: Client) -> None:
    run = made(
        origin=Run.Origin.PASTED,
        model_asked="",
        model_answered="",
        provider_host="",
        prompt_tokens=None,
        completion_tokens=None,
        cost=None,
        first_token_ms=None,
        latency_ms=None,
        finish_reason="",
    )
    shown = page(client, run)
    for text in ("Tokens", "Cost", "Provider", "None", "free"):
        assert text not in shown, text
    assert "This site did not see it made." in shown


DATES = {"text": "Dates in ISO", "assertion": {"type": "regex", "value": r"\d{4}-\d\d-\d\d"}}
BRIEF = {"text": "Brief", "assertion": {"type": "word-count", "value": {"max": 3}}}
POLITE = {"text": "Polite", "assertion": {"type": "llm-rubric", "value": "It is polite"}}


def stating(*constraints: dict[str, Any], prompt: str = "Read it.") -> dict[str, Any]:
    return factories.content(prompt + " {{ text }}", constraints=list(constraints))


def told(shown: str) -> list[str]:
    """Return what the page says of each constraint, in plain words."""
    found = re.findall(r'<li class="constraint .*?</li>', shown, re.DOTALL)
    return [" ".join(unescape(re.sub("<.*?>", " ", one)).split()) for one in found]


def test_each_constraint_says_what_was_found(client: Client) -> None:
    entry = factories.entry(content=stating(DATES, BRIEF, POLITE, {"text": "Kind"}))
    assert entry.published is not None
    run = factories.run(entry.published, output="2026-05-01, and so much more")
    factories.judged(entry)
    assert told(page(client, run)) == [
        r"✓ Dates in ISO tested: matches the expression \d{4}-\d\d-\d\d “2026-05-01” matches. kept",
        "✗ Brief tested: has at most 3 words Words: 5. broken",
        "○ Polite tested: satisfies a model that judges: It is polite not judged yet",
        "○ Kind stated, not tested",
    ]


def test_a_model_that_judged_is_named(client: Client) -> None:
    entry = factories.entry(content=stating(POLITE))
    assert entry.published is not None
    (rule,) = rules_of(entry.published.content)
    verdict = kept_form(
        Verdict(
            "passed", "judged", {"model": "judge-large", "reason": "It says please.", "score": None}
        ),
        judge="judge-large",
    )
    run = factories.run(entry.published, verdicts={rule: verdict})
    shown = page(client, run)
    assert "judge-large judged: It says please." in shown
    assert 'Judged by</dt><dd class="mono">judge-large</dd>' in shown


def test_a_run_shared_with_the_published_version_is_judged_again(client: Client) -> None:
    entry = factories.entry(content=stating(DATES))
    assert entry.published is not None
    run = factories.run(entry.published, output="2026-05-01 and nothing else")
    factories.version(entry, stating(BRIEF))
    factories.judged(entry)
    shown = page(client, run)
    assert shown.index("Constraints of version 2") < shown.index("rejudged: captured for version 1")
    assert [one.split(" tested")[0] for one in told(shown)] == ["✗ Brief", "✓ Dates in ISO"]


def test_an_answer_of_the_baseline_is_measured_by_the_published_constraints(client: Client) -> None:
    entry = factories.entry(content=stating(prompt="Naive."))
    assert entry.published is not None
    run = factories.run(entry.published, output="some day")
    factories.version(entry, stating(DATES))
    factories.judged(entry)
    shown = page(client, run)
    assert "An answer of the baseline, which version 2 is measured against" in shown
    assert [one.split(" tested")[0] for one in told(shown)] == ["✗ Dates in ISO"]


def test_other_versions_leave_a_run_alone(client: Client) -> None:
    entry = factories.entry(content=stating(prompt="First."))
    middle = factories.version(entry, stating(DATES, prompt="Second."))
    factories.version(entry, stating(BRIEF, prompt="Third."))
    run = factories.run(middle, output="2026-05-01")
    factories.judged(entry)
    assert [one.split(" tested")[0] for one in told(page(client, run))] == ["✓ Dates in ISO"]


def test_an_answer_that_came_late_says_so(client: Client) -> None:
    assert "Answered at call number 3: those before it failed." in page(client, made(attempts=3))
    assert "Answered at call" not in page(client, made(attempts=1))


def test_the_tests_can_be_taken_away(client: Client) -> None:
    entry = factories.entry()
    assert entry.published is not None
    first = factories.receipt(entry.published).run
    address = f"/@{entry.owner.profile.handle}/{entry.slug}/evidence/promptfooconfig.yaml"
    assert f'href="{address}">Check it yourself' in page(client, first)
    factories.version(entry)
    shown = page(client, first)
    assert f'href="{address}?version=1">Check it yourself' in shown
    assert f'<a href="/verify/?run={first.pk}">receipt</a>' in shown
    assert client.get(f"{address}?version=1").status_code == 200


def test_a_demo_run_says_so(client: Client) -> None:
    assert "Demo model: scripted rules, not a language model." in page(client, made(is_demo=True))


def test_an_answer_in_json_stays_as_it_came(client: Client) -> None:
    shown = page(client, made(output='{\n  "total": "*12*"\n}'))
    assert "{\n  &quot;total&quot;: &quot;*12*&quot;\n}" in shown


def test_what_a_model_says_is_text(client: Client) -> None:
    shown = page(client, made(output="<script>alert(1)</script>", values={"text": "<script>x"}))
    assert "<script>alert" not in shown
    assert "<script>x" not in shown


def test_a_picture_is_shown(client: Client) -> None:
    entry = factories.entry(content=factories.content("A mug", kind="image"))
    assert entry.published is not None
    picture = factories.picture(entry.owner, entry=entry)
    run = factories.run(entry.published, output="", picture=picture)
    assert f"/media/{picture.pk}.png" in page(client, run)


@pytest.mark.parametrize(
    "fields",
    [{"hidden": True}, {"state": Run.State.FAILED}, {"state": Run.State.WAITING}],
    ids=["hidden", "failed", "waiting"],
)
def test_runs_that_are_no_proof_are_not_found(client: Client, fields: dict[str, Any]) -> None:
    assert client.get(f"/runs/{made(**fields).pk}/").status_code == 404


def test_runs_of_a_draft_are_its_owners(client: Client) -> None:
    run = made()
    Entry.objects.update(visibility=Entry.Visibility.DRAFT)
    assert client.get(f"/runs/{run.pk}/").status_code == 404
    client.force_login(factories.user())
    assert client.get(f"/runs/{run.pk}/").status_code == 404
    client.force_login(run.version.entry.owner)
    assert client.get(f"/runs/{run.pk}/").status_code == 200


@pytest.mark.parametrize("path", [f"/runs/{uuid.UUID(int=7)}/", "/runs/1/", "/runs/x/"])
def test_what_does_not_exist_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_only_reading_is_allowed_and_no_cookie_is_set(client: Client) -> None:
    run = made()
    assert client.post(f"/runs/{run.pk}/").status_code == 405
    assert not client.get(f"/runs/{run.pk}/").cookies


def test_the_page_speaks_french(client: Client) -> None:
    response = client.get(f"/runs/{made().pk}/", headers={"accept-language": "fr"})
    shown = response.content.decode()
    assert '<html lang="fr">' in shown
    assert "0,0012" in shown


def test_queries_are_few(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = made()
    page(client, run)
    factories.version(run.version.entry)
    with django_assert_max_num_queries(4):
        page(client, run)
