"""What went wrong in visitors' tries, on the studio's pages of models and of limits."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from prompts_app.llm.errors import CODES
from prompts_app.llm.types import LABELS
from prompts_app.models import Entry, LLMModel, Try, User
from prompts_app.services import days, tries
from prompts_app.services.troubles import Trouble, troubles
from prompts_app.templatetags.troubles import ADVICE, trouble_advice, trouble_sentence
from tests import factories

pytestmark = pytest.mark.django_db

MODELS = reverse("studio_providers")
LIMITS = reverse("studio_limits")


@pytest.fixture
def owner() -> User:
    """An author."""
    return factories.profile().user


@pytest.fixture
def entry(owner: User) -> Entry:
    """An entry of theirs."""
    return factories.entry(owner)


@pytest.fixture
def model(owner: User) -> LLMModel:
    """A model of a provider of their own."""
    return factories.model(factories.provider(owner), "own-model")


@pytest.fixture
def signed_in(client: Client, owner: User) -> Client:
    """The author’s browser."""
    client.force_login(owner)
    return client


def failed(entry: Entry, code: str, model: LLMModel | None = None, **fields: Any) -> Try:
    """A try that failed; what the visitor wrote and got is a secret."""
    given: dict[str, Any] = {
        "state": "failed",
        "error_code": code,
        "values": {"text": "secret"},
        "output": "secret",
        "error_detail": "secret",
        "model": model,
        "model_asked": model.name if model is not None else "gone-model",
        "provider_host": "host.example",
    }
    return factories.attempt(entry, **(given | fields))


def rows(client: Client, language: str = "en") -> list[list[str]]:
    """The cells of each trouble: model, what happened, what to do, tries, when."""
    page = client.get(MODELS, headers={"Accept-Language": language}).content.decode()
    assert "secret" not in page
    return [
        [
            " ".join(html.unescape(re.sub("<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr data-trouble>.*?</tr>", page, re.DOTALL)
    ]


def test_a_refused_key_is_named_with_what_to_do(
    signed_in: Client, entry: Entry, model: LLMModel
) -> None:
    for _ in range(3):
        failed(entry, "unauthorized", model)
    [row] = rows(signed_in)
    assert row[0] == "own-model host.example"
    assert row[1] == "The provider refused the key."
    assert row[2] == "Paste the provider’s key again, or make a new one."
    assert row[3] == "3"
    page = signed_in.get(MODELS).content.decode()
    assert f'href="{reverse("studio_provider", args=[model.provider_id])}">own-model' in page


def test_of_the_sites_own_provider_the_operator_is_told(signed_in: Client, entry: Entry) -> None:
    sites = factories.site_model(entry)
    failed(entry, "no_credit", sites)
    failed(entry, "context_too_long", sites)
    advice = {row[1]: row[2] for row in rows(signed_in)}
    assert advice == {
        "The credit with the provider is used up.": (
            "Tell the operator of this site, whose provider it is."
        ),
        "The input is too long for this model.": "Give variables a shorter maximum length.",
    }


def test_of_a_model_that_is_no_more_there_is_nothing_to_do(
    signed_in: Client, entry: Entry, model: LLMModel
) -> None:
    failed(entry, "unauthorized", model)
    model.provider.delete()
    [row] = rows(signed_in)
    assert (row[0], row[2]) == ("own-model host.example", "Nothing: this model is no more.")


def test_what_prevents_answers_comes_first(
    signed_in: Client, entry: Entry, model: LLMModel
) -> None:
    earlier = timezone.now() - timedelta(hours=1)
    failed(entry, "silent", model, created_at=earlier)
    failed(entry, "", model, state="done", labels=["length"])
    assert [row[1] for row in rows(signed_in)] == [
        "The answer stopped on its way.",
        "The answer stops at its token limit.",
    ]


def test_answers_are_counted_by_each_of_their_labels(
    signed_in: Client, entry: Entry, model: LLMModel
) -> None:
    done = {"state": "done", "error_code": ""}
    failed(entry, "", model, **done, labels=["length", "no_usage"])
    failed(entry, "", model, **done, labels=["no_usage"])
    failed(entry, "", model, **done, labels=["fetched_url"])
    failed(entry, "", model, **done, labels=[])
    assert sorted((row[1], row[3]) for row in rows(signed_in)) == [
        ("The answer stops at its token limit.", "1"),
        ("The provider did not count the tokens.", "2"),
    ]


def test_it_says_when_and_whether_the_model_has_answered_since(
    signed_in: Client, entry: Entry, model: LLMModel
) -> None:
    now = timezone.now()
    failed(entry, "provider_error", model, created_at=now - timedelta(hours=3))
    failed(entry, "provider_error", model, created_at=now - timedelta(hours=2))
    assert "It has answered since." not in rows(signed_in)[0][4]
    for ago, said in ((timedelta(hours=4), False), (timedelta(hours=1), True)):
        failed(entry, "", model, state="done", created_at=now - ago)
        assert ("It has answered since." in rows(signed_in)[0][4]) is said


def test_only_tries_of_the_last_days_count_and_only_those_that_are_over(
    signed_in: Client, entry: Entry
) -> None:
    failed(entry, "silent", created_at=timezone.now() - timedelta(days=14))
    failed(entry, "", state="running")
    failed(entry, "", state="waiting")
    failed(entry, "not_started", state="stopped")
    assert rows(signed_in) == []
    assert "What went wrong" not in signed_in.get(MODELS).content.decode()
    assert "#troubles" not in signed_in.get(LIMITS).content.decode()


def test_what_visitors_erase_stays_counted_and_nothing_else(
    signed_in: Client, entry: Entry
) -> None:
    tries.erase_try(failed(entry, "cut_off"))
    assert [row[3] for row in rows(signed_in)] == ["1"]


def test_nobody_reads_of_others_tries(signed_in: Client) -> None:
    failed(factories.entry(), "silent")
    assert rows(signed_in) == []


def test_the_page_of_limits_leads_there(signed_in: Client, entry: Entry) -> None:
    failed(entry, "silent")
    failed(entry, "cut_off")
    failed(entry, "", state="stopped")
    page = signed_in.get(LIMITS).content.decode()
    assert "In the last 14 days 2 tries came to no answer." in page
    assert f'href="{MODELS}#troubles"' in page


def test_it_opens_in_french(signed_in: Client, entry: Entry) -> None:
    failed(entry, "no_first_token")
    with translation.override("fr"):
        assert rows(signed_in, "fr")[0][1] == trouble_sentence("no_first_token")


@pytest.mark.parametrize("code", sorted(CODES | LABELS - {"fetched_url"} | {"stopped", "not_kept"}))
def test_every_code_has_a_sentence_and_advice(code: str) -> None:
    now = timezone.now()
    trouble = Trouble("m", "h", code, 1, True, 1, now, now)
    assert code in ADVICE
    assert trouble_sentence(code) not in ("", code)
    assert trouble_sentence(code) != trouble_sentence("unheard of")
    assert "again in a moment" not in trouble_sentence(code)
    assert trouble_advice(trouble).endswith(".")


def test_more_troubles_make_no_more_queries(
    signed_in: Client, owner: User, entry: Entry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        failed(entry, f"code-{number}")
    with django_assert_num_queries(1):
        assert len(troubles(owner, days.today())) == 5
