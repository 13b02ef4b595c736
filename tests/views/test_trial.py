"""A visitor's own try: its columns, what the rules found, and that nobody else gets it."""

import uuid
from typing import Any

import pytest
from django.test import Client

from prompts_app.models import Entry, Try
from prompts_app.services import judging, versions
from prompts_app.services.rules import rules_of
from tests import factories

pytestmark = pytest.mark.django_db

RULES = [
    {"text": "Says thanks.", "assertion": {"type": "icontains", "value": "thanks"}},
    {"text": "Is brief.", "assertion": {"type": "word-count", "value": {"max": 3}}},
    {"text": "Is kind.", "assertion": {"type": "llm-rubric", "value": "It is kind."}},
    {"text": "Helps."},
]


@pytest.fixture
def entry() -> Entry:
    """An entry with rules, measured against the one-liner that is its version 1."""
    entry = factories.entry(content=factories.content("Answer: {{ text }}"))
    factories.version(entry, factories.content("Answer kindly: {{ text }}", constraints=RULES))
    entry.refresh_from_db()
    return entry


def group(entry: Entry, *outputs: str, **fields: Any) -> list[Try]:
    """Return a try of several columns: the published version, then its baseline."""
    made = uuid.uuid4()
    columns = []
    for number, output in enumerate(outputs):
        version = entry.published if number == 0 else entry.baseline
        columns.append(
            factories.attempt(
                entry,
                id=made if number == 0 else uuid.uuid4(),
                group=made,
                column=number,
                version=version,
                output=output,
                **fields,
            )
        )
    return columns


def page(client: Client, attempt: Try, language: str = "en") -> str:
    response = client.get(f"/tries/{attempt.pk}/", headers={"Accept-Language": language})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    return response.content.decode()


def judged(attempt: Try) -> None:
    """Keep what the published version's rules say of a try."""
    published = attempt.entry.published
    assert published is not None
    rules = rules_of(published.content)
    assert rules
    attempt.verdicts = judging.judge_now(published.content, attempt, float("inf"))
    attempt.save()


def test_a_group_stands_side_by_side_at_the_address_of_each(client: Client, entry: Entry) -> None:
    first, second = group(entry, "Thanks a lot", "No, I will not do that, ever")
    judged(first)
    judged(second)
    for shown in (page(client, first), page(client, second)):
        stands_side_by_side(shown)


def stands_side_by_side(shown: str) -> None:
    assert shown.count("<section") == 2
    for words in (
        *("Version 2", "The one-liner, version 1", "Thanks a lot", "I will not do that"),
        *("Keeps 2 of 2 tested constraints.", "Keeps 0 of 2 tested constraints."),
        "A model has to judge it, which is not done live.",
        '<mark class="var">A visitor&#x27;s text</mark>',
    ):
        assert words in shown
    # The baseline is told by the same four constraints.
    assert shown.count("Helps.") == 2
    assert shown.count("stated</span>") == 2


def test_what_runs_came_to_stands_beside_the_published_version(
    client: Client, entry: Entry
) -> None:
    assert entry.published is not None
    assert entry.baseline is not None
    case = factories.case(entry)
    factories.run(entry.published, case, output="Thanks")
    factories.run(entry.published, case, output="No")
    factories.run(entry.baseline, case, output="No")
    factories.judged(entry)
    first, second = group(entry, "Thanks", "No")
    judged(first)
    judged(second)
    shown = page(client, first)
    assert "Kept in 3 of 4 recorded checks." in shown
    assert "recorded: broken in 1 of 2 runs" in shown
    assert "recorded: kept in 2 of 2 runs" in shown
    assert f"/@{entry.owner.profile.handle}/{entry.slug}/evidence/" in shown
    # A version published since is not what was tried.
    factories.version(entry, factories.content("Another: {{ text }}", constraints=RULES[:1]))
    shown = page(client, first)
    assert "recorded" not in shown
    assert "Keeps 2 of 2 tested constraints." in shown


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        ("running", {}, "Still running."),
        ("waiting", {}, "Still running."),
        ("failed", {"error_code": "rate_limited"}, "The provider is busy."),
        ("stopped", {"output": "Half an ans"}, "Stopped before the end."),
        ("done", {}, "None of its constraints was tested here."),
    ],
)
def test_every_end_is_told(
    client: Client, entry: Entry, state: str, fields: dict[str, Any], words: str
) -> None:
    attempt = factories.attempt(entry, state=state, **fields)
    shown = page(client, attempt)
    assert words in shown
    assert ("Helps." in shown) is (state == "done")
    assert f'data-try-kept="{attempt.pk}" data-state="{state}"' in shown


def test_what_nobody_began_in_time_is_taken_back_by_whoever_looks(
    client: Client, entry: Entry
) -> None:
    first, _second = group(entry, "", "", state="waiting")
    Try.objects.update(created_at="2026-01-01T00:00:00Z", cost=None)
    assert page(client, first).count("This try was never begun. Nothing was spent.") == 2
    assert set(Try.objects.values_list("state", "cost")) == {("stopped", 0)}


def test_a_visitor_deletes_all_columns_at_once(client: Client, entry: Entry) -> None:
    first, second = group(entry, "Thanks", "No")
    judged(second)
    other = factories.attempt(entry)
    assert client.get(f"/tries/{first.pk}/delete/").status_code == 405
    assert client.post(f"/tries/{second.pk}/delete/").status_code == 302
    for attempt in (first, second):
        assert client.get(f"/tries/{attempt.pk}/").status_code == 404
        attempt.refresh_from_db()
        assert (attempt.values, attempt.output, attempt.verdicts) == ({}, "", {})
    assert client.get(f"/tries/{other.pk}/").status_code == 200


def test_it_goes_with_the_version_that_was_withdrawn(client: Client, entry: Entry) -> None:
    first, _second = group(entry, "Thanks", "No")
    assert entry.published is not None
    assert entry.baseline is not None
    versions.withdraw_version(entry.baseline)
    shown = page(client, first)
    assert shown.count("<section") == 1
    versions.withdraw_version(entry.published)
    assert client.get(f"/tries/{first.pk}/").status_code == 404


def test_nobody_guesses_an_address(client: Client, entry: Entry) -> None:
    assert client.get(f"/tries/{uuid.uuid4()}/").status_code == 404
    assert client.get("/tries/1/").status_code == 404


def test_it_opens_in_french(client: Client, entry: Entry) -> None:
    first, second = group(entry, "Merci", "Non")
    judged(first)
    assert '<html lang="fr">' in page(client, second, "fr")
