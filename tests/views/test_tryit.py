"""The try page: what it offers to compare with, and what it says before anything runs."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import (
    Entry,
    LLMModel,
    RefusalCount,
    Reservation,
    Spending,
    Try,
    Version,
)
from prompts_app.services.cases import withdraw_case
from tests import factories

pytestmark = pytest.mark.django_db

ENGINEERED = "Summarise this in five words, and name its author: {{ text }}"
JSON = {"Accept": "application/json"}


@pytest.fixture
def entry() -> Entry:
    """An entry whose published version 2 is measured against the one-liner that is version 1."""
    entry = factories.entry(content=factories.content("Summarise: {{ text }}"))
    factories.version(entry, factories.content(ENGINEERED))
    entry.refresh_from_db()
    return entry


def address(entry: Entry) -> str:
    return f"/@{entry.owner.profile.handle}/{entry.slug}/try/"


def models(entry: Entry, number: int) -> list[LLMModel]:
    return [factories.site_model(entry, f"model-{letter}") for letter in "abcd"[:number]]


def form(entry: Entry, model: LLMModel, **more: Any) -> dict[str, Any]:
    return {
        "attempt": str(uuid.uuid4()),
        "value-text": "A text",
        "model": str(model.pk),
        "case": "",
    } | more


def page(client: Client, entry: Entry, language: str = "en") -> str:
    response = client.get(address(entry), headers={"Accept-Language": language})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


def chosen(shown: str) -> str:
    """Return what is compared with as the page opens; "" where there is no choice."""
    found = re.search(r'name="compare" value="(\w+)"[^>]* checked', shown)
    return found[1] if found else ""


def columns(shown: str) -> list[tuple[str, str]]:
    """Return title and model of the columns that are not hidden."""
    found = re.findall(
        r"<section class=\"column\"[^>]*data-try-column>.*?<span data-title>(.*?)</span>"
        r".*?data-model>(.*?)</span>",
        shown,
        re.S,
    )
    return [(title, model) for title, model in found]


def test_the_one_liner_stands_beside_it_unless_there_is_nothing_to_gain(
    client: Client, entry: Entry
) -> None:
    models(entry, 1)
    shown = page(client, entry)
    assert chosen(shown) == "baseline"
    assert columns(shown) == [("Version 2", "model-a"), ("The one-liner, version 1", "model-a")]
    assert 'data-columns="2"' in shown
    assert client.cookies.keys() == {"csrftoken"}
    # Without models, without another version to compare with, there is no choice.
    entry.baseline = entry.published
    entry.save()
    shown = page(client, entry)
    assert chosen(shown) == ""
    assert columns(shown) == [("Version 2", "model-a")]
    entry.tryable.clear()
    assert "This prompt cannot be run live at the moment." in page(client, entry)


def test_a_baseline_that_the_form_cannot_fill_is_not_offered(client: Client, entry: Entry) -> None:
    models(entry, 1)
    needs = factories.content(
        "Say it in {{ tone }}: {{ text }}",
        variables=[factories.variable("text"), factories.variable("tone")],
    )
    has_default = needs | {
        "variables": [factories.variable("text"), factories.variable("tone", default="prose")]
    }
    other_kind = factories.content("Draw: {{ text }}", kind="image")
    published = entry.published
    for content, offered in ((needs, False), (has_default, True), (other_kind, False)):
        baseline = factories.version(entry, content)
        Entry.objects.filter(pk=entry.pk).update(
            baseline=baseline, published=published, kind="text"
        )
        assert bool(chosen(page(client, entry))) is offered
    response = client.post(address(entry), form(entry, models_of(entry)[0], compare="baseline"))
    assert response.status_code == 422


def models_of(entry: Entry) -> list[LLMModel]:
    return list(entry.tryable.order_by("name"))


@pytest.mark.parametrize(("number", "boxes"), [(1, 0), (2, 0), (3, 3)])
def test_other_models_are_offered_where_there_are_any(
    client: Client, entry: Entry, number: int, boxes: int
) -> None:
    models(entry, number)
    shown = page(client, entry)
    assert ('value="models"' in shown) is (number > 1)
    assert shown.count('name="others"') == boxes
    # Places for as many answers as there can be; a script fills them in.
    assert shown.count("data-try-column ") + shown.count("data-try-column>") == max(2, number)
    assert len(columns(shown)) == 2


def run(client: Client, entry: Entry, data: dict[str, Any]) -> list[tuple[str, int]]:
    """Have columns admitted; return model and version of each."""
    response = client.post(address(entry), data, headers=JSON)
    assert response.status_code == 200, response.content.decode()
    found = [(one["model"], one["version"]) for one in response.json()["columns"]]
    kept = Try.objects.filter(group=data["attempt"]).order_by("column")
    assert [(one.model_asked, one.version.number) for one in kept] == found
    assert {one.state for one in kept} == {Try.State.WAITING}
    return found


def test_columns_come_in_the_order_of_the_form(client: Client, entry: Entry) -> None:
    a, b, c = models(entry, 3)
    assert run(client, entry, form(entry, b, compare="baseline")) == [
        ("model-b", 2),
        ("model-b", 1),
    ]
    several = form(entry, b, compare="models", others=[str(c.pk), str(a.pk)])
    assert run(client, entry, several) == [("model-b", 2), ("model-a", 2), ("model-c", 2)]
    # The model that answers anyway is none to compare it with.
    twice = form(entry, b, compare="models", others=[str(b.pk), str(a.pk)])
    assert run(client, entry, twice) == [("model-b", 2), ("model-a", 2)]


def test_of_two_models_the_other_one_needs_no_choosing(client: Client, entry: Entry) -> None:
    _a, b = models(entry, 2)
    assert run(client, entry, form(entry, b, compare="models")) == [("model-b", 2), ("model-a", 2)]


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"compare": "models"}, "Choose one or two other models."),
        ({"compare": "models", "others": ["a"]}, "Choose one or two other models."),
        ({"compare": "models", "others": ["b", "c", "d"]}, "Choose at most two other models."),
        ({"compare": "models", "others": ["999999"]}, "Choose among the listed models."),
        ({"compare": "everything"}, "Choose one of the listed answers."),
    ],
)
def test_a_wish_that_cannot_be_is_told_at_its_field(
    client: Client, entry: Entry, wish: dict[str, Any], message: str
) -> None:
    made = dict(zip("abcd", models(entry, 4), strict=True))
    wish = wish | {
        "others": [str(made[one].pk) if one in made else one for one in wish.get("others", [])]
    }
    response = client.post(address(entry), form(entry, made["a"], **wish), headers=JSON)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert "data-try-fields" in response.content.decode()
    assert not Try.objects.exists()


def test_a_refused_group_is_one_refusal_with_one_reason(client: Client, entry: Entry) -> None:
    (model,) = models(entry, 1)
    allowed = Spending.of(entry.owner)
    allowed.tries_per_visitor = 0
    allowed.save()
    data = form(entry, model, compare="baseline")
    response = client.post(address(entry), data, headers=JSON)
    assert response.status_code == 429
    assert response.json()["code"] == "visitor_limit"
    assert not Try.objects.exists()
    assert RefusalCount.objects.get().count == 1
    shown = client.post(address(entry), data).content.decode()
    assert shown.count("You have used all your tries for today.") == 1
    # What was chosen stays chosen.
    assert chosen(shown) == "baseline"


def offered(shown: str) -> list[tuple[str, bool]]:
    """Return the examples of a page, by name, and whether each is chosen; the last is none."""
    found = re.findall(r'<a href="\?case=[^"]*" data-case="[^"]*"([^>]*)><span[^>]*>(.*?)<', shown)
    own = re.search(r'<a href="\?case=" data-case=""([^>]*)>A text of your own', shown)
    chosen = [(name, "aria-current" in marks) for marks, name in found]
    return [*chosen, ("", "aria-current" in own[1])] if own else chosen


def text_in(shown: str) -> str:
    """Return the text that the form's field holds."""
    found = re.search(
        r'<(?:textarea|input)[^>]* name="value-text"[^>]*?(?: value="([^"]*)")?[^>]*>', shown
    )
    assert found
    return found[1] or ""


def test_it_opens_with_the_first_example_ready_to_run(client: Client, entry: Entry) -> None:
    models(entry, 1)
    gone = factories.case(entry, "Gone", values={"text": "A secret"})
    withdraw_case(gone)
    for name in ("One", "Two", "Three", "Four"):
        factories.case(entry, name, values={"text": f"Text {name}"})
    shown = page(client, entry)
    assert offered(shown) == [("One", True), ("Two", False), ("Three", False), ("", False)]
    assert text_in(shown) == "Text One"
    assert "A secret" not in shown
    assert "Text Four" not in shown
    # To look is free.
    assert (Try.objects.count(), Reservation.objects.count()) == (0, 0)
    # What the form holds is what runs.
    posted = form(entry, models_of(entry)[0]) | {"value-text": text_in(shown)}
    assert client.post(address(entry), posted).status_code == 303
    assert Try.objects.count() == 1
    assert Try.objects.get().values == {"text": "Text One"}


def test_one_may_choose_another_example_or_write_a_text_of_ones_own(
    client: Client, entry: Entry
) -> None:
    models(entry, 1)
    cases = [
        factories.case(entry, name, values={"text": f"Text {name}"})
        for name in ("One", "Two", "Three", "Four")
    ]
    for query, names, text in (
        (f"?case={cases[1].pk}", [("One", False), ("Two", True), ("Three", False)], "Text Two"),
        (f"?case={cases[3].pk}", [("Four", True), ("One", False), ("Two", False)], "Text Four"),
        ("?case=", [("One", False), ("Two", False), ("Three", False)], ""),
        ("?case=none", [("One", False), ("Two", False), ("Three", False)], ""),
        (f"?case={uuid.uuid4()}", [("One", False), ("Two", False), ("Three", False)], ""),
    ):
        shown = client.get(address(entry) + query).content.decode()
        own = not any(is_chosen for _name, is_chosen in names)
        assert offered(shown) == [*names, ("", own)]
        assert text_in(shown) == text


def test_a_form_with_something_wrong_comes_back_as_it_was_sent(
    client: Client, entry: Entry
) -> None:
    models(entry, 1)
    one, two = (factories.case(entry, name, values={"text": name}) for name in ("One", "Two"))
    wrong = {"model": "none", "case": str(two.pk), "value-text": "Mine"}
    sent = form(entry, models_of(entry)[0]) | wrong
    response = client.post(address(entry), sent)
    assert response.status_code == 422
    assert text_in(response.content.decode()) == "Mine"
    assert f'name="case" value="{two.pk}"' in response.content.decode()
    assert f'name="case" value="{one.pk}"' not in response.content.decode()


def test_without_examples_there_is_no_choice_among_them(client: Client, entry: Entry) -> None:
    models(entry, 1)
    shown = page(client, entry)
    assert offered(shown) == []
    assert text_in(shown) == ""


def test_before_run_it_says_who_gets_the_text_and_what_is_left(
    client: Client, entry: Entry
) -> None:
    models(entry, 1)
    factories.model(factories.provider(entry.owner, "https://api.example.org/v1"), "theirs")
    entry.tryable.set(LLMModel.objects.all())
    shown = page(client, entry)
    assert "Your text goes to 127.0.0.1, api.example.org." in shown
    assert "the author cannot read it" in shown
    assert "20 of 20 tries left for you today." in shown
    assert "of this prompt" not in shown
    Spending.objects.update(tries_per_entry=5)
    for _number in range(4):
        factories.attempt(entry)
    assert "1 of 5 tries of this prompt left today." in page(client, entry)


def test_it_opens_in_french(client: Client, entry: Entry) -> None:
    models(entry, 3)
    assert '<html lang="fr">' in page(client, entry, "fr")


def test_more_cases_and_models_make_no_more_queries(
    client: Client, entry: Entry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    models(entry, 1)
    factories.run(_version(entry), factories.case(entry))
    page(client, entry)
    with django_assert_num_queries(8):
        page(client, entry)
    for name in ("model-b", "model-c"):
        factories.site_model(entry, name)
    for _number in range(4):
        factories.run(_version(entry), factories.case(entry))
    page(client, entry)
    with django_assert_num_queries(8):
        page(client, entry)


def _version(entry: Entry) -> Version:
    assert entry.published is not None
    return entry.published
