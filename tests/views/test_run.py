"""The page of one run: the answer, what was sent, and how far to trust it."""

import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, Run
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
    with django_assert_max_num_queries(3):
        page(client, run)
