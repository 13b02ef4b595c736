"""Running the draft from the editor: what is refused, and that nothing typed is lost by it."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prompts_app import http
from prompts_app.models import Draft, DraftRun, Entry, Picture
from prompts_app.services import draft_runs, tryit
from prompts_app.templatetags.prompts import picture_url
from tests import factories
from tests.sharing import text_of
from tests.views.drafts import sent

pytestmark = pytest.mark.django_db
STREAM = {"accept": "text/event-stream"}


@pytest.fixture
def entry(client: Client) -> Entry:
    """An unpublished entry whose author is signed in and has a model."""
    made = factories.entry(published=False, content=factories.content("Shorten: {{ text }}"))
    factories.model(factories.provider(made.owner))
    client.force_login(made.owner)
    return made


def typed(entry: Entry, **fields: Any) -> dict[str, str]:
    """What a browser sends: a draft with a default for its variable, an id, and the model."""
    return typed_for(entry, str(draft_runs.models_for(entry).get().pk), **fields)


def typed_for(entry: Entry, model: str, **fields: Any) -> dict[str, str]:
    """The same for one of several models."""
    variable = {"name": "text", "type": "text", "label": "Text", "default": "A text"}
    return sent(
        messages=[("user", "Shorten this: {{ text }}")],
        variables=[variable | fields.pop("variable", {})],
        **{
            "run_id": str(uuid.uuid4()),
            "run_model": model,
            **fields,
        },
    )


def address(entry: Entry) -> str:
    return reverse("studio_draft_run", args=[entry.slug])


def test_what_is_typed_runs_without_being_saved(client: Client, entry: Entry) -> None:
    data = typed(entry)
    response = client.post(address(entry), data, headers=STREAM)
    assert response.status_code == 200
    assert response[http.STREAM_HEADER].startswith(data["run_id"])
    admitted = tryit.handover.take(uuid.UUID(data["run_id"]))
    assert "Shorten this: A text" in str(admitted.plan.call)
    assert Draft.objects.get(entry=entry).revision == 1


def test_without_scripts_it_is_saved_first(client: Client, entry: Entry) -> None:
    data = typed(entry)
    response = client.post(address(entry), data)
    assert response.status_code == 303
    assert response["Location"].endswith("#draft-run")
    tryit.handover.take(uuid.UUID(data["run_id"]))
    assert (
        Draft.objects.get(entry=entry).content["messages"][0]["content"].startswith("Shorten this")
    )


def test_a_stale_draft_shows_both_texts_and_runs_nothing(client: Client, entry: Entry) -> None:
    Draft.objects.filter(entry=entry).update(revision=2)
    response = client.post(address(entry), typed(entry))
    assert response.status_code == 409
    assert "data-conflict" in response.text
    assert not DraftRun.objects.exists()


def test_the_same_id_runs_once(client: Client, entry: Entry) -> None:
    data = typed(entry)
    client.post(address(entry), data, headers=STREAM)
    again = client.post(address(entry), data, headers=STREAM)
    assert again.status_code == 422
    assert DraftRun.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"run_model": "0"},
        {"run_model": ""},
        {"run_id": "no id"},
        {"variable": {"default": ""}},
        {"temperature": "hot"},
    ],
)
def test_what_cannot_run_says_why_and_costs_nothing(
    client: Client, entry: Entry, wrong: dict[str, Any]
) -> None:
    response = client.post(address(entry), typed(entry, **wrong), headers=STREAM)
    assert response.status_code == 422
    assert len(response.json()["message"]) > 10
    assert not DraftRun.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"run_model": "0"}, "Choose one of the listed models."),
        ({"run_model": ""}, "Choose a model."),
        ({"run_id": "no id"}, "Press “Run” once more."),
        ({"run_id": "no id", "temperature": "hot"}, "Press “Run” once more."),
        ({"temperature": "hot"}, "Not run. What has to change is said at its field."),
    ],
)
def test_without_scripts_it_is_said_beside_run_why_it_did_not(
    client: Client, entry: Entry, wrong: dict[str, Any], said: str
) -> None:
    other = factories.model(factories.provider(entry.owner), "model-b")
    data = typed_for(entry, str(other.pk)) | wrong
    response = client.post(address(entry), data)
    assert response.status_code == 422
    page = response.text
    beside = page[page.index('id="draft-run"') :]
    assert said in beside
    top = page[page.index('role="alert"') : page.index('id="messages"')]
    assert said in top or "Go to the first one" in top
    assert ('href="#draft-run"' in top) == ("temperature" not in wrong)
    focused = re.findall(r'<[^>]*name="([\w-]+)"[^>]*\bautofocus\b', page)
    first = ["temperature"] if "temperature" in wrong else [one for one in wrong if "model" in one]
    assert focused == first
    # Pressed again it runs: on the model that was chosen, under a number that is one.
    again = response.context["run_form"]
    assert uuid.UUID(str(again["run_id"].value()))
    if "run_model" not in wrong:
        assert f'<option value="{other.pk}" selected' in beside
    assert not DraftRun.objects.exists()
    assert Draft.objects.get(entry=entry).revision == 1


def test_a_wrong_field_comes_back_with_what_was_typed(client: Client, entry: Entry) -> None:
    response = client.post(address(entry), typed(entry, temperature="hot"))
    assert response.status_code == 422
    assert "Shorten this: {{ text }}" in response.text
    assert 'value="hot"' in response.text


def test_others_cannot_run_it(client: Client, entry: Entry) -> None:
    data = typed(entry)
    client.force_login(factories.profile().user)
    assert client.post(address(entry), data, headers=STREAM).status_code == 404
    client.logout()
    assert client.post(address(entry), data, headers=STREAM).status_code == 302
    assert not DraftRun.objects.exists()


def test_a_picture_prompt_offers_picture_models_alone(client: Client) -> None:
    entry = factories.entry(published=False, content=factories.content("A boat", kind="image"))
    own = factories.provider(entry.owner)
    factories.model(own, "writer")
    factories.model(own, "painter", kind="image")
    client.force_login(entry.owner)
    page = client.get(reverse("studio_entry", args=[entry.slug])).text
    offered = page[page.index('id="draft-run"') :]
    assert "painter" in offered
    assert "writer" not in offered


def test_a_picture_of_a_draft_is_seen_by_its_author_and_goes_with_the_run(client: Client) -> None:
    entry = factories.entry(content=factories.content("A boat", kind="image"))
    run = DraftRun.objects.create(
        entry=entry, content=entry.draft.content, state=DraftRun.State.DONE, values={}
    )
    picture = factories.picture(entry.owner, attempt=run)
    path = picture_url(picture)
    for viewer in (None, factories.profile().user):
        if viewer is not None:
            client.force_login(viewer)
        assert client.get(path).status_code == 404
    client.force_login(entry.owner)
    assert path in client.get(reverse("studio_entry", args=[entry.slug])).text
    response = client.get(path)
    assert response["Cache-Control"] == "private, no-cache"
    assert text_of(response)
    DraftRun.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert draft_runs.delete_expired() > 0
    assert not Picture.objects.exists()
    assert client.get(path).status_code == 404
