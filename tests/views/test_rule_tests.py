"""A rule tried beside itself: what it says of the latest outputs, and that it costs nothing."""

import time

import pytest
from django.test import Client
from django.urls import reverse

from prompts_app.models import Draft, Entry, Reservation, Run
from prompts_app.services.rules import rule_of
from tests import factories
from tests.views.drafts import sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(client: Client) -> Entry:
    """An entry with two versions, the older one with outputs of its own, its author signed in."""
    made = factories.entry()
    case = factories.case(made, "A letter")
    factories.run(made.versions.get(), case, output="old " * 50)
    newest = factories.version(made)
    for words in (1, 2, 30):
        factories.run(newest, case, output="word " * words)
    factories.run(newest, case, output="", state=Run.State.FAILED)
    client.force_login(made.owner)
    return made


def tried(client: Client, entry: Entry, row: dict[str, str], **more: str) -> str:
    """What the row says after its button was pressed."""
    data = sent(constraints=["Something else.", row]) | {"test_rule": "constraints-1"} | more
    address = reverse("studio_entry", args=[entry.slug])
    response = client.post(address, data, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert Draft.objects.get(entry=entry).revision == 1
    return " ".join(response.content.decode().split())


def test_only_outputs_of_the_newest_version_count(client: Client, entry: Entry) -> None:
    said = tried(client, entry, {"rule": "word-count", "max": "5"})
    assert "Would pass 2 of 3 latest outputs of version 2." in said
    assert said.count("<li>") == 1
    assert "A letter, model-a" in said
    assert "Would pass 1 of 3" in tried(
        client, entry, {"rule": "word-count", "max": "5", "negated": "on"}
    )


def test_what_is_not_ready_says_why(client: Client, entry: Entry) -> None:
    assert "Choose a rule first." in tried(client, entry, {"text": "No rule."})
    assert "Regular expression" in tried(client, entry, {"rule": "regex", "value": "(("})
    assert tried(client, entry, {"rule": "regex"}, test_rule="constraints-9") == ""
    Run.objects.all().delete()
    assert "no outputs yet" in tried(client, entry, {"rule": "word-count", "max": "5"})


def test_a_rule_that_a_model_judges_is_not_asked(client: Client, entry: Entry) -> None:
    row = {"rule": "llm-rubric", "value": "It is kind."}
    assert "costs money" in tried(client, entry, row)
    rule = rule_of({"type": "llm-rubric", "value": "It is kind."})
    told = Run.objects.filter(version__number=2, state=Run.State.DONE).first()
    assert told is not None
    told.verdicts = {rule: {"state": "failed", "code": "judged", "values": {"reason": "Rude."}}}
    told.save()
    said = tried(client, entry, row)
    assert "Passed 0 of 1 output of version 2 that a model judged." in said
    assert "2 are not judged" in said
    assert not Reservation.objects.exists()


def test_a_rule_that_takes_for_ever_ends_in_time(client: Client, entry: Entry) -> None:
    version = entry.versions.get(number=2)
    for _number in range(25):
        factories.run(version, output="a" * 5_000 + "!")
    began = time.monotonic()
    said = tried(client, entry, {"rule": "regex", "value": "(a|aa|a.)+$"})
    assert time.monotonic() - began < 8
    assert "latest output" in said


def test_the_editor_takes_no_longer_for_more_outputs(client: Client, entry: Entry) -> None:
    version = entry.versions.get(number=2)
    for _number in range(40):
        factories.run(version, output="word")
    assert "of 20 latest outputs" in tried(client, entry, {"rule": "word-count", "max": "5"})
